"""What the commands for users and visitors share: options of lists, and tables of people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, TypeVar

import typer

from mtribes_cli.context import Context
from mtribes_cli.errors import InterruptedCommandError, UsageError
from mtribes_cli.result import Result, Table
from mtribes_cli.wire import User
from mtribes_cli.wire_people import PeopleQuery, Visitor

Person = TypeVar("Person")
DEFAULT_LIMIT = 100
MAX_LIMIT = 100_000
"""All that are listed are held in memory; files of everybody come from `tribe export`."""

TagOption = Annotated[
    str | None, typer.Option("--tag", metavar="TAG", help="Only people with this tag, or with one below it.")
]
AttributeOption = Annotated[
    str | None,
    typer.Option("--attribute", metavar="NAME=VALUE", help="Only people whose attribute has this value."),
]
LimitOption = Annotated[
    int, typer.Option("--limit", metavar="NUMBER", min=1, max=MAX_LIMIT, help="List at most this many.")
]
TagsArgument = Annotated[list[str], typer.Argument(metavar="TAG...", help="Such as sports/football/australia.")]


@dataclass(frozen=True)
class Place:
    """An environment of a Space, as far as flags state it."""

    space: str | None
    environment: str | None

    def settled(self, context: Context) -> tuple[str, str]:
        """Return Space and environment; `mtribes.toml` states what flags leave open."""
        return context.settings.space(self.space), context.settings.environment(self.environment)


def counted(number: int, singular: str) -> str:
    """Return a number with its noun, such as `1 user` or `1,200 users`."""
    return f"{number:,} {singular}{'' if number == 1 else 's'}"


def asked_people(limit: int, *, tag: str | None, attribute: str | None, search: str | None = None) -> PeopleQuery:
    """Return what to ask for. Raises UsageError where `--attribute` is not NAME=VALUE."""
    if attribute is not None and not attribute.partition("=")[1]:
        raise UsageError(f"--attribute {attribute!r} has no value.", "Write --attribute plan=gold.")
    return PeopleQuery(limit, tag, attribute, search)


def list_users(context: Context, place: Place, query: PeopleQuery) -> Result:
    """Return the users that match, and say where there are more."""
    space, environment = place.settled(context)
    users = _first(context, query, context.client.users(space, environment, query))
    rows = [_row(one.user_id, one) for one in users]
    empty = f"No user matches in {environment} of {space}."
    return Result([asdict(one) for one in users], (Table(("USER", "E-MAIL", "TAGS", "LAST SEEN"), rows, empty=empty),))


def list_visitors(context: Context, place: Place, query: PeopleQuery) -> Result:
    """Return the visitors that match, and say where there are more."""
    space, environment = place.settled(context)
    visitors = _first(context, query, context.client.visitors(space, environment, query))
    rows = [_row(one.anonymous_id, one) for one in visitors]
    empty = f"No visitor matches in {environment} of {space}."
    table = Table(("VISITOR", "E-MAIL", "TAGS", "LAST SEEN"), rows, empty=empty)
    return Result([asdict(one) for one in visitors], (table,))


def _row(called: str, person: User | Visitor) -> Sequence[str]:
    return called, person.email or "", ", ".join(person.tags), person.last_seen or ""


def _first(context: Context, query: PeopleQuery, found: Sequence[Person]) -> Sequence[Person]:
    """Return as many as were asked for; where more were found, say that on stderr."""
    if len(found) > query.limit:
        context.console.notice(f"Only the first {query.limit:,} are listed. Pass a larger --limit for more.")
    return found[: query.limit]


def facts_of(person: User | Visitor) -> Iterator[tuple[str, str]]:
    """Return what is kept of somebody, as pairs of words; attributes by their names."""
    for name, value in asdict(person).items():
        if isinstance(value, Mapping):
            yield from ((f"attributes.{attribute}", _shown(item)) for attribute, item in value.items())
        elif value:
            yield name, value if isinstance(value, str) else ", ".join(value)


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def confirm_erasure(context: Context, person: str, place: str, *, is_confirmed: bool) -> None:
    """Go on if `--yes` was given, or somebody says so. Raises InterruptedCommandError for a no."""
    question = f"Remove {person} and all that is known of them from {place}, for good?"
    if not is_confirmed and not context.console.confirm(question, flag="--yes", default=False):
        raise InterruptedCommandError("You said no: nothing was removed.", "Give --yes, or answer yes.")


def removed_words(removed: Mapping[str, int]) -> str:
    """Return how much of each kind was removed, such as `1 profile, 2 devices`."""
    return ", ".join(f"{count} {_noun(name, count)}" for name, count in removed.items())


def _noun(plural: str, count: int) -> str:
    singular = plural.removesuffix("s")
    return singular if count == 1 else f"{singular}s"
