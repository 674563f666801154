"""`mtribes user`: the people whom an environment knows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Literal

import typer

from mtribes_cli.context import Context
from mtribes_cli.parameters import people
from mtribes_cli.parameters.documents import STDIN, write_json_document
from mtribes_cli.parameters.options import EnvironmentOption, OutputOption, SpaceOption
from mtribes_cli.parameters.people import (
    DEFAULT_LIMIT,
    AttributeOption,
    LimitOption,
    TagOption,
    TagsArgument,
    confirm_erasure,
    facts_of,
    list_users,
    people_query,
    removed_words,
)
from mtribes_cli.terminal.result import Result, Table

app = typer.Typer(rich_markup_mode=None, add_completion=False)
UserArgument = Annotated[str, typer.Argument(metavar="USER", help="User ID, as used in your own systems.")]


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
    query = people_query(limit, tag=tag, attribute=attribute)
    return list_users(call.obj, people.EnvironmentScope(space, environment), query)


@app.command("search")
def search_command(  # noqa: PLR0913 - one parameter an option
    call: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Part of the user ID or e-mail address.")],
    *,
    tag: TagOption = None,
    attribute: AttributeOption = None,
    limit: LimitOption = DEFAULT_LIMIT,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
) -> Result:
    """Find users by part of their user ID or e-mail address (case-insensitive).

    $ mtribes user search @example.com --environment production
    """
    query = people_query(limit, tag=tag, attribute=attribute, search=text)
    return list_users(call.obj, people.EnvironmentScope(space, environment), query)


@app.command("get")
def get_command(
    call: typer.Context, user: UserArgument, space: SpaceOption = None, environment: EnvironmentOption = None
) -> Result:
    """Show the profile of a user.

    $ mtribes user get ada --space vod --environment production
    """
    return get_user(call.obj, UserScope(user, space, environment))


@app.command("export")
def export_command(
    call: typer.Context,
    user: UserArgument,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
    output: OutputOption = STDIN,
) -> Result:
    """Export all data of a user: profile, visitors, devices, sessions and events.

    $ mtribes user export ada --environment production --output ada.json
    """
    return export_user(call.obj, UserScope(user, space, environment), output)


@app.command("delete")
def delete_command(
    call: typer.Context,
    user: UserArgument,
    *,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Skip the confirmation prompt.")] = False,
) -> Result:
    """Permanently delete a user and all related data.

    $ mtribes user delete ada --space vod --environment production
    """
    return delete_user(call.obj, UserScope(user, space, environment), is_confirmed=yes)


@app.command("ingest")
def ingest_command(  # noqa: PLR0913 - one parameter an option
    call: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV, NDJSON or JSON array file, or - for stdin.")],
    *,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
    format_name: Annotated[
        Literal["csv", "ndjson", "json"] | None,
        typer.Option("--format", help="Input format (default: detected from the extension or the content)."),
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(metavar="TEXT", help="CSV delimiter: , ; | or tab (default: detected).")
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Encoding of the input, such as cp1252 (default: UTF-8, or by its BOM)."),
    ] = None,
    becomes: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="COLUMN=FIELD", help="Map a column to a field. COLUMN= skips the column. Repeatable."
        ),
    ] = None,
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--type",
            metavar="COLUMN=TYPE",
            help="Type of a CSV column: text, number, boolean or date (default: text). Repeatable.",
        ),
    ] = None,
    rejects: Annotated[
        str | None, typer.Option(metavar="FILE", help="File for rejected rows (default: next to the input).")
    ] = None,
    max_errors: Annotated[
        int | None, typer.Option(metavar="NUMBER", min=0, help="Stop after more than this many rejected rows.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Validate the input locally without sending it.")] = False,
) -> Result:
    """Import users from a file. New users are created, existing ones updated.

    If interrupted, run the same command to resume.

    $ mtribes user ingest users.csv --space vod --environment production
    """
    from mtribes_cli.ingest.csv_header import column_settings  # noqa: PLC0415 - start-up time of the other commands
    from mtribes_cli.ingest.encoding import validate_encoding  # noqa: PLC0415 - the same
    from mtribes_cli.ingest.job import IngestOptions, ingest  # noqa: PLC0415 - the same
    from mtribes_cli.ingest.reader import Input  # noqa: PLC0415 - the same

    context: Context = call.obj
    columns = column_settings(becomes or (), types or ())
    codec = None if encoding is None else validate_encoding(encoding)
    what = Input(file, format_name, delimiter, columns, is_checked=dry_run, encoding=codec)
    place = (context.settings.space(space), context.settings.environment(environment))
    return ingest(context, IngestOptions(*place, what, rejects, max_errors, is_dry_run=dry_run))


@app.command("tag")
def tag_command(
    call: typer.Context,
    user: UserArgument,
    tags: TagsArgument,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
) -> Result:
    """Add tags to a user.

    $ mtribes user tag ada sports/football --environment production
    """
    return tag_user(call.obj, UserScope(user, space, environment), tags)


@app.command("untag")
def untag_command(
    call: typer.Context,
    user: UserArgument,
    tags: TagsArgument,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
) -> Result:
    """Remove tags from a user.

    $ mtribes user untag ada sports/football --environment production
    """
    return untag_user(call.obj, UserScope(user, space, environment), tags)


@dataclass(frozen=True)
class UserScope:
    """Which user is meant, and of which environment as far as flags say it."""

    user: str
    space: str | None
    environment: str | None

    def resolve(self, context: Context) -> tuple[str, str, str]:
        """Space, environment and user; what flags leave open `mtribes.toml` says."""
        return context.settings.space(self.space), context.settings.environment(self.environment), self.user


def get_user(context: Context, place: UserScope) -> Result:
    """The profile of a user."""
    found = context.client.user(*place.resolve(context))
    return Result(asdict(found), (Table((), list(facts_of(found))),))


def export_user(context: Context, place: UserScope, output: str) -> Result:
    """Everything that is known of a user, as one JSON document."""
    space, environment, user = place.resolve(context)
    return write_json_document(context, output, lambda: context.client.everything(space, environment, user))


def delete_user(context: Context, place: UserScope, *, is_confirmed: bool) -> Result:
    """What was removed."""
    space, environment, user = place.resolve(context)
    confirm_erasure(context, user, f"{environment} of {space}", is_confirmed=is_confirmed)
    erased = context.client.delete_user(space, environment, user)
    told = removed_words(erased.removed)
    return Result(asdict(erased), (f"Deleted {erased.user_id} from {environment} of {space}: {told}.",))


def tag_user(context: Context, place: UserScope, tags: list[str]) -> Result:
    """That the user has them."""
    space, environment, user = place.resolve(context)
    for tag in tags:
        context.client.tag_user(space, environment, user, tag=tag)
    return _tagged(place, tags, f"{user} has {', '.join(tags)}.")


def untag_user(context: Context, place: UserScope, tags: list[str]) -> Result:
    """That the user has them no longer."""
    space, environment, user = place.resolve(context)
    for tag in tags:
        context.client.untag_user(space, environment, user, tag=tag)
    return _tagged(place, tags, f"{user} no longer has {', '.join(tags)}.")


def _tagged(place: UserScope, tags: list[str], said: str) -> Result:
    return Result({"user_id": place.user, "tags": tags}, (said,))
