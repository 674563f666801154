"""What the commands for users and visitors share: options of lists, and tables of people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, TypeVar

import typer

from mtribes_cli.api.models.people import PeopleQuery, RemovedUser, RemovedVisitor, User, Visitor
from mtribes_cli.context import Context
from mtribes_cli.errors import InterruptedCommandError, UsageError
from mtribes_cli.numbers import counted
from mtribes_cli.parameters.history import tell_limit
from mtribes_cli.terminal.result import Kind, Result, Table

Person = TypeVar("Person")
DEFAULT_LIMIT = 100
KINDS = (Kind.ID, Kind.ID, Kind.TEXT, Kind.TIME)
MAX_LIMIT = 100_000
"""The most people of a list, which is held in memory; `tribe export` writes files of everybody."""

TagOption = Annotated[
    str | None, typer.Option("--tag", metavar="TAG", help="Only people with this tag or one below it.")
]
AttributeOption = Annotated[
    str | None,
    typer.Option("--attribute", metavar="NAME=VALUE", help="Only people with this attribute value."),
]
LimitOption = Annotated[
    int, typer.Option("--limit", metavar="NUMBER", min=1, max=MAX_LIMIT, help="Maximum number to list.")
]
TagsArgument = Annotated[list[str], typer.Argument(metavar="TAG...", help="Tag, such as sports/football/australia.")]


@dataclass(frozen=True)
class EnvironmentScope:
    """An environment of a Space, as far as flags name it."""

    space: str | None
    environment: str | None

    def resolve(self, context: Context) -> tuple[str, str]:
        """Return Space and environment; `mtribes.toml` fills in what flags leave out."""
        return context.settings.space(self.space), context.settings.environment(self.environment)


def people_query(limit: int, *, tag: str | None, attribute: str | None, search: str | None = None) -> PeopleQuery:
    """Return the query. Raises UsageError if `--attribute` is not NAME=VALUE."""
    if attribute is not None and not attribute.partition("=")[1]:
        raise UsageError(f"--attribute {attribute!r} has no value.", "Use the form --attribute plan=gold.")
    return PeopleQuery(limit, tag, attribute, search)


def list_users(context: Context, place: EnvironmentScope, query: PeopleQuery) -> Result:
    """Return the users that match, and say if there are more."""
    space, environment = place.resolve(context)
    users = _first(context, query, context.client.users(space, environment, query))
    rows = [_row(one.user_id, one) for one in users]
    empty = f"No matching users in {environment} of {space}."
    return Result([asdict(one) for one in users], (Table(("USER", "E-MAIL", "TAGS", "LAST SEEN"), rows, empty, KINDS),))


def list_visitors(context: Context, place: EnvironmentScope, query: PeopleQuery) -> Result:
    """Return the visitors that match, and say if there are more."""
    space, environment = place.resolve(context)
    visitors = _first(context, query, context.client.visitors(space, environment, query))
    rows = [_row(one.anonymous_id, one) for one in visitors]
    empty = f"No matching visitors in {environment} of {space}."
    table = Table(("VISITOR", "E-MAIL", "TAGS", "LAST SEEN"), rows, empty, KINDS)
    return Result([asdict(one) for one in visitors], (table,))


def _row(called: str, person: User | Visitor) -> Sequence[str]:
    return called, person.email or "", ", ".join(person.tags), person.last_seen or ""


def _first(context: Context, query: PeopleQuery, found: Sequence[Person]) -> Sequence[Person]:
    """Return as many as were requested; if more were found, say so on stderr."""
    if len(found) > query.limit:
        tell_limit(context, query.limit, "first", "user" if isinstance(found[0], User) else "visitor")
    return found[: query.limit]


def facts_of(person: User | Visitor) -> Iterator[tuple[str, str]]:
    """Return what is stored of a person, as pairs of words; attributes by their names."""
    for name, value in asdict(person).items():
        if isinstance(value, Mapping):
            yield from ((f"attributes.{attribute}", _shown(item)) for attribute, item in value.items())
        elif value:
            yield name, value if isinstance(value, str) else ", ".join(value)


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def confirm_erasure(context: Context, person: str, place: str, *, is_confirmed: bool) -> None:
    """Continue if `--yes` was given, or somebody confirms. Raises InterruptedCommandError for a no."""
    question = f"Permanently delete {person} and all related data from {place}?"
    if not is_confirmed and not context.console.confirm(question, flag="--yes", default=False):
        raise InterruptedCommandError("Canceled. Nothing was deleted.", "Answer yes, or pass --yes.")


def removed_words(removed: RemovedUser | RemovedVisitor) -> str:
    """Return how many records of each kind were deleted, such as `1 profile, 2 devices`."""
    return ", ".join(counted(count, plural.removesuffix("s")) for plural, count in asdict(removed).items())
