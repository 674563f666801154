"""`mtribes tribe`: sets of filters over people, who is in them, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from mtribes_cli.api.models.tribes import Explanation
from mtribes_cli.api.request import drop_none
from mtribes_cli.context import Context
from mtribes_cli.errors import UsageError
from mtribes_cli.export.request import export_request
from mtribes_cli.parameters.documents import (
    STDIN,
    Output,
    read_document,
    space_of,
    update_local_revision,
    write_document,
)
from mtribes_cli.parameters.field_option import read_fields
from mtribes_cli.parameters.history import DEFAULT_LIMIT, history
from mtribes_cli.parameters.impact import DryRunOption, tribes_impact
from mtribes_cli.parameters.options import (
    ColumnsOption,
    EnvironmentOption,
    ExportFormatOption,
    FileArgument,
    ForceOption,
    FormatOption,
    HistoryLimitOption,
    NoteOption,
    OldRevisionOption,
    OutputOption,
    RawOption,
    SpaceOption,
)
from mtribes_cli.terminal.result import Document, Kind, Result, Table

app = typer.Typer(rich_markup_mode=None, add_completion=False)
TribeArgument = Annotated[str, typer.Argument(metavar="TRIBE", help="Tribe key.")]
HEADLINES = {
    "matched": "{person} is in {tribe}",
    "not_matched": "{person} is not in {tribe}",
    "cannot_be_known_here": "Whether {person} is in {tribe} is unknown without more fields",
}
KINDS = (Kind.ID, Kind.TEXT, Kind.TEXT, Kind.TEXT, Kind.TEXT)
MARKS = {"matched": "yes", "not_matched": "no", "cannot_be_known_here": "?"}


@app.command("list")
def list_command(call: typer.Context, space: SpaceOption = None) -> Result:
    """List the tribes of a Space.

    $ mtribes tribe list --space vod
    """
    return list_tribes(call.obj, space)


@app.command("show")
def show_command(call: typer.Context, tribe: TribeArgument, space: SpaceOption = None) -> Result:
    """Show one tribe with its filters.

    $ mtribes tribe show gold-members --space vod
    """
    return show_tribe(call.obj, tribe, space)


@app.command("pull")
def pull_command(
    call: typer.Context,
    space: SpaceOption = None,
    output: OutputOption = STDIN,
    revision: OldRevisionOption = None,
    format_name: FormatOption = None,
) -> Result:
    """Write all tribes of a Space to stdout or a file.

    $ mtribes tribe pull --space vod --output tribes.yaml
    """
    return pull_tribes(call.obj, space, Output(output, format_name), revision)


@app.command("push")
def push_command(  # noqa: PLR0913 - one parameter an option
    call: typer.Context,
    file: FileArgument,
    *,
    space: SpaceOption = None,
    force: ForceOption = False,
    note: NoteOption = None,
    dry_run: DryRunOption = False,
) -> Result:
    """Replace all tribes of the Space that the document names.

    $ mtribes tribe push tribes.yaml
    """
    if dry_run:
        return try_tribes(call.obj, file, space)
    return push_tribes(call.obj, PushTribes(file, space, force=force, note=note))


@app.command("history")
def history_command(
    call: typer.Context, space: SpaceOption = None, limit: HistoryLimitOption = DEFAULT_LIMIT
) -> Result:
    """List the changes to the tribes of a Space, newest first.

    $ mtribes tribe history --space vod
    """
    return tribes_history(call.obj, space, limit)


@app.command("delete")
def delete_command(
    call: typer.Context, tribe: TribeArgument, space: SpaceOption = None, note: NoteOption = None
) -> Result:
    """Delete a tribe. Fails if a scenario targets it.

    $ mtribes tribe delete trial-ending --space vod
    """
    return delete_tribe(call.obj, tribe, space, note)


@app.command("count")
def count_command(
    call: typer.Context, tribe: TribeArgument, space: SpaceOption = None, environment: EnvironmentOption = None
) -> Result:
    """Count the users and visitors in a tribe.

    $ mtribes tribe count gold-members --space vod --environment production
    """
    return count_people(call.obj, TribeScope(tribe, space, environment))


@app.command("explain")
def explain_command(  # noqa: PLR0913 - one parameter an option
    call: typer.Context,
    tribe: TribeArgument,
    *,
    user: Annotated[str | None, typer.Option("--user", metavar="ID", help="User ID.")] = None,
    visitor: Annotated[
        str | None, typer.Option("--visitor", metavar="ID", help="Anonymous ID of a visitor, instead of a user.")
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option("--field", metavar="NAME=VALUE", help="Field that the app sends at session start. Repeatable."),
    ] = None,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
) -> Result:
    """Explain why a person is in a tribe or not: the value and result of each filter.

    $ mtribes tribe explain gold-members --user ada --env production
    """
    return explain_tribe(call.obj, ExplainTribe(TribeScope(tribe, space, environment), user, visitor, field))


@app.command("export")
def export_command(  # noqa: PLR0913 - one parameter an option
    call: typer.Context,
    tribe: TribeArgument,
    *,
    output: OutputOption = STDIN,
    format_name: ExportFormatOption = None,
    columns: ColumnsOption = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="CURSOR", help="Only users that changed since an earlier export.")
    ] = None,
    raw: RawOption = False,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
) -> Result:
    """Export the current users of a tribe to a file or stdout. If interrupted, run the same command to resume.

    $ mtribes tribe export gold-members --env production --output gold.csv
    """
    asked = export_request(output, format_name, columns=columns, raw=raw)
    return export_tribe(call.obj, TribeScope(tribe, space, environment), output, asked | drop_none(since=since))


@dataclass(frozen=True)
class PushTribes:
    """A document of tribes to send."""

    file: str
    space: str | None
    force: bool
    note: str | None


@dataclass(frozen=True)
class TribeScope:
    """A tribe of an environment, as far as flags say it."""

    tribe: str
    space: str | None
    environment: str | None

    def resolve(self, context: Context) -> tuple[str, str, str]:
        """Space, environment and tribe; what flags leave open `mtribes.toml` says."""
        return context.settings.space(self.space), context.settings.environment(self.environment), self.tribe


@dataclass(frozen=True)
class ExplainTribe:
    """Whom to explain, and what an app would say."""

    place: TribeScope
    user: str | None
    visitor: str | None
    fields: list[str] | None


def list_tribes(context: Context, space: str | None) -> Result:
    """Key, name, category, audience and number of filters of each."""
    tribes = context.client.tribes(context.settings.space(space))
    rows = [
        (one.key, one.name, one.category or "-", one.audience, f"{one.match} of {len(one.filters)}") for one in tribes
    ]
    table = Table(("KEY", "NAME", "CATEGORY", "AUDIENCE", "FILTERS"), rows, "No tribes found.", KINDS)
    return Result([asdict(one) for one in tribes], (table,))


def show_tribe(context: Context, tribe: str, space: str | None) -> Result:
    """The tribe as its document."""
    where = context.settings.space(space)
    if context.console.style.json:
        return Result(context.client.tribe(where, tribe))
    return Result(None, (Document(context.client.tribe_yaml(where, tribe)),))


def pull_tribes(context: Context, space: str | None, output: Output, revision: int | None) -> Result:
    """The document of all tribes, on stdout or in a file."""
    where = context.settings.space(space)
    return write_document(
        context,
        output,
        as_json=lambda: context.client.tribes_document(where, revision=revision),
        as_yaml=lambda: context.client.tribes_yaml(where, revision=revision),
    )


def push_tribes(context: Context, wanted: PushTribes) -> Result:
    """The revision that the tribes have now."""
    document = read_document(context, wanted.file)
    space = space_of(context, document, wanted.space)
    pushed = context.client.push_tribes(space, document.to_send(force=wanted.force, note=wanted.note))
    update_local_revision(context, document, pushed.revision)
    said = f"The tribes of {space} are at revision {pushed.revision}" + ("." if pushed.changed else ". No changes.")
    return Result({"space": space, **asdict(pushed)}, (said,))


def try_tribes(context: Context, file: str, space: str | None) -> Result:
    """What the push would change for people of each environment; nothing is pushed."""
    document = read_document(context, file)
    return tribes_impact(context, document, space_of(context, document, space))


def tribes_history(context: Context, space: str | None, limit: int) -> Result:
    """Who changed the tribes, the newest revision first."""
    where = context.settings.space(space)
    found = context.client.tribes_history(where, limit=limit)
    return history(context, found, limit=limit, empty=f"{where} has no tribe history yet.")


def delete_tribe(context: Context, tribe: str, space: str | None, note: str | None) -> Result:
    """That it is gone."""
    where = context.settings.space(space)
    context.client.delete_tribe(where, tribe, note=note)
    return Result({"space": where, "tribe": tribe}, (f"Deleted {tribe}.",))


def count_people(context: Context, place: TribeScope) -> Result:
    """How many there are."""
    found = context.client.count_tribe(*place.resolve(context))
    return Result(asdict(found), (str(found.count),))


def explain_tribe(context: Context, wanted: ExplainTribe) -> Result:
    """Whether they are in it, and every filter with what was found."""
    if bool(wanted.user) == bool(wanted.visitor):
        raise UsageError("No person specified.", "Pass either --user ID or --visitor ID.")
    fields = read_fields(wanted.fields)
    said = None if fields is None else json.dumps(fields)
    asked = drop_none(user=wanted.user, anonymous_id=wanted.visitor, fields=said)
    explained = context.client.explain_tribe(*wanted.place.resolve(context), asked=asked)
    rows = [(MARKS.get(one.outcome, "?"), one.why) for one in explained.filters]
    return Result(asdict(explained), (_headline(explained), Table((), rows)))


def export_tribe(context: Context, place: TribeScope, output: str, asked: Mapping[str, object]) -> Result:
    """Where it went, and the cursor for the next one."""
    from mtribes_cli.export.job import ExportOptions, export  # noqa: PLC0415 - start-up time

    space, environment, tribe = place.resolve(context)
    return export(context, ExportOptions(space, environment, ("tribes", tribe), asked, output, f"users of {tribe}"))


def _headline(explained: Explanation) -> str:
    called = explained.tribe + (f" ({explained.name})" if explained.name != explained.tribe else "")
    sentence = HEADLINES.get(explained.outcome, HEADLINES["cannot_be_known_here"])
    return f"{sentence.format(person=explained.person, tribe=called)}: {explained.why}."
