"""`mtribes user`: the people whom an environment knows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Literal

import typer

from mtribes_cli import people
from mtribes_cli.context import Context
from mtribes_cli.documents import STDIN, pulled_json
from mtribes_cli.options import EnvironmentOption, OutputOption, SpaceOption
from mtribes_cli.people import (
    DEFAULT_LIMIT,
    AttributeOption,
    LimitOption,
    TagOption,
    TagsArgument,
    asked_people,
    confirm_erasure,
    facts_of,
    list_users,
    removed_words,
)
from mtribes_cli.result import Result, Table

app = typer.Typer(rich_markup_mode=None, add_completion=False)
UserArgument = Annotated[str, typer.Argument(metavar="USER", help="The user's id, as your own systems call them.")]


@app.command("list")
def list_command(  # noqa: PLR0913 - one parameter an option
    call: typer.Context,
    *,
    tag: TagOption = None,
    attribute: AttributeOption = None,
    limit: LimitOption = DEFAULT_LIMIT,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
) -> Result:
    """List users, in no particular order.

    $ mtribes user list --tag sports/football --environment production
    """
    query = asked_people(limit, tag=tag, attribute=attribute)
    return list_users(call.obj, people.Place(space, environment), query)


@app.command("search")
def search_command(  # noqa: PLR0913 - one parameter an option
    call: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="A part of the user id or the e-mail address.")],
    *,
    tag: TagOption = None,
    attribute: AttributeOption = None,
    limit: LimitOption = DEFAULT_LIMIT,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
) -> Result:
    """Find users by a part of their user id or e-mail address, in any case.

    $ mtribes user search @example.com --environment production
    """
    query = asked_people(limit, tag=tag, attribute=attribute, search=text)
    return list_users(call.obj, people.Place(space, environment), query)


@app.command("get")
def get_command(
    call: typer.Context, user: UserArgument, space: SpaceOption = None, environment: EnvironmentOption = None
) -> Result:
    """Show what is kept of a user.

    $ mtribes user get ada --space vod --environment production
    """
    return get_user(call.obj, Place(user, space, environment))


@app.command("export")
def export_command(
    call: typer.Context,
    user: UserArgument,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
    output: OutputOption = STDIN,
) -> Result:
    """Write all that is known of a user: profile, visitors, devices, sessions, events.

    $ mtribes user export ada --environment production --output ada.json
    """
    return export_user(call.obj, Place(user, space, environment), output)


@app.command("delete")
def delete_command(
    call: typer.Context,
    user: UserArgument,
    *,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> Result:
    """Remove a user and all that is known of them, for good.

    $ mtribes user delete ada --space vod --environment production
    """
    return delete_user(call.obj, Place(user, space, environment), is_confirmed=yes)


@app.command("ingest")
def ingest_command(  # noqa: PLR0913 - one parameter an option
    call: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV, NDJSON or a JSON array; - for stdin.")],
    *,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
    format_name: Annotated[
        Literal["csv", "ndjson", "json"] | None,
        typer.Option("--format", help="Else by the file's extension, or how it begins."),
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What separates cells of CSV: , ; | or tab. Else found out.")
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Encoding of the input, such as cp1252 (default: UTF-8, or by its BOM)."),
    ] = None,
    becomes: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=FIELD", help="What a column becomes; COLUMN= leaves it out. Repeat."),
    ] = None,
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--type",
            metavar="COLUMN=TYPE",
            help="text, number, boolean or date, of a column of CSV; else text. Repeat.",
        ),
    ] = None,
    rejects: Annotated[
        str | None, typer.Option(metavar="FILE", help="Where rows go that are not taken; else beside the input.")
    ] = None,
    max_errors: Annotated[
        int | None, typer.Option(metavar="NUMBER", min=0, help="Give up when more rows than this are not taken.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check what can be checked here; send nothing.")] = False,
) -> Result:
    """Bring users in from a file: new ones are created, known ones updated.

    Interrupted, the same command goes on where it stopped.

    $ mtribes user ingest users.csv --space vod --environment production
    """
    from mtribes_cli.ingest.csv_header import column_settings  # noqa: PLC0415 - start-up time of the other commands
    from mtribes_cli.ingest.decoding import checked_encoding  # noqa: PLC0415 - the same
    from mtribes_cli.ingest.importing import Ingest, ingest  # noqa: PLC0415 - the same
    from mtribes_cli.ingest.reading import Input  # noqa: PLC0415 - the same

    context: Context = call.obj
    columns = column_settings(becomes or (), types or ())
    codec = None if encoding is None else checked_encoding(encoding)
    what = Input(file, format_name, delimiter, columns, is_checked=dry_run, encoding=codec)
    place = (context.settings.space(space), context.settings.environment(environment))
    return ingest(context, Ingest(*place, what, rejects, max_errors, is_dry_run=dry_run))


@app.command("tag")
def tag_command(
    call: typer.Context,
    user: UserArgument,
    tags: TagsArgument,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
) -> Result:
    """Give a user tags.

    $ mtribes user tag ada sports/football --environment production
    """
    return tag_user(call.obj, Place(user, space, environment), tags)


@app.command("untag")
def untag_command(
    call: typer.Context,
    user: UserArgument,
    tags: TagsArgument,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
) -> Result:
    """Take tags from a user.

    $ mtribes user untag ada sports/football --environment production
    """
    return untag_user(call.obj, Place(user, space, environment), tags)


@dataclass(frozen=True)
class Place:
    """Which user is meant, and of which environment as far as flags say it."""

    user: str
    space: str | None
    environment: str | None

    def settled(self, context: Context) -> tuple[str, str, str]:
        """Space, environment and user; what flags leave open `mtribes.toml` says."""
        return context.settings.space(self.space), context.settings.environment(self.environment), self.user


def get_user(context: Context, place: Place) -> Result:
    """The profile of a user."""
    found = context.client.user(*place.settled(context))
    return Result(asdict(found), (Table((), list(facts_of(found))),))


def export_user(context: Context, place: Place, output: str) -> Result:
    """Everything that is known of a user, as one JSON document."""
    space, environment, user = place.settled(context)
    return pulled_json(context, output, lambda: context.client.everything(space, environment, user))


def delete_user(context: Context, place: Place, *, is_confirmed: bool) -> Result:
    """What was removed."""
    space, environment, user = place.settled(context)
    confirm_erasure(context, user, f"{environment} of {space}", is_confirmed=is_confirmed)
    erased = context.client.delete_user(space, environment, user)
    told = removed_words(erased.removed)
    return Result(asdict(erased), (f"Removed {erased.user_id} from {environment} of {space}: {told}.",))


def tag_user(context: Context, place: Place, tags: list[str]) -> Result:
    """That the user has them."""
    space, environment, user = place.settled(context)
    for tag in tags:
        context.client.tag_user(space, environment, user, tag=tag)
    return _tagged(place, tags, f"{user} has {', '.join(tags)}.")


def untag_user(context: Context, place: Place, tags: list[str]) -> Result:
    """That the user has them no longer."""
    space, environment, user = place.settled(context)
    for tag in tags:
        context.client.untag_user(space, environment, user, tag=tag)
    return _tagged(place, tags, f"{user} no longer has {', '.join(tags)}.")


def _tagged(place: Place, tags: list[str], said: str) -> Result:
    return Result({"user_id": place.user, "tags": tags}, (said,))
