"""`mtribes space`: Spaces, and their models as documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from mtribes_cli.confirming import require_key
from mtribes_cli.context import Context
from mtribes_cli.documents import STDIN, Output, note_push, pulled, read_document, space_of
from mtribes_cli.errors import ExitCode, Problem
from mtribes_cli.histories import DEFAULT_LIMIT, history
from mtribes_cli.options import (
    FileArgument,
    ForceOption,
    FormatOption,
    HistoryLimitOption,
    NoteOption,
    OldRevisionOption,
    OrganizationOption,
    OutputOption,
    SpaceOption,
    YesOption,
)
from mtribes_cli.result import Result, Table
from mtribes_cli.wire import ModelChange

app = typer.Typer(rich_markup_mode=None, add_completion=False)
SpaceArgument = Annotated[str | None, typer.Argument(metavar="[SPACE]", help="Its key; else mtribes.toml's.")]


@app.command("list")
def list_command(call: typer.Context, organization: OrganizationOption = None) -> Result:
    """List the Spaces that you can see, or those of one organization.

    $ mtribes space list --organization acme
    """
    return list_spaces(call.obj, organization)


@app.command("show")
def show_command(call: typer.Context, space: SpaceArgument = None) -> Result:
    """Show one Space.

    $ mtribes space show vod
    """
    return show_space(call.obj, space)


@app.command("create")
def create_command(
    call: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="Such as vod: small letters, digits and dashes.")],
    organization: OrganizationOption = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="TEXT", help="What people call it; else the key.")
    ] = None,
) -> Result:
    """Create a Space with an empty model.

    $ mtribes space create vod --organization acme --name "Video on demand"
    """
    return create_space(call.obj, CreateSpace(key, organization, name))


@app.command("rename")
def rename_command(
    call: typer.Context,
    space: Annotated[str, typer.Argument(metavar="SPACE", help="Its key.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What people call it from now on.")],
    *,
    note: NoteOption = None,
) -> Result:
    """Give a Space another name. Its key stays: code and files contain it.

    The name is part of the model: renaming makes a new revision of it.

    $ mtribes space rename vod "Video on demand"
    """
    return rename_space(call.obj, space, name, note=note)


@app.command("delete")
def delete_command(
    call: typer.Context,
    space: Annotated[str, typer.Argument(metavar="SPACE", help="Its key.")],
    *,
    yes: YesOption = False,
) -> Result:
    """Delete a Space and everything in it, for good.

    Its model, tribes, deliveries and keys are deleted, and its users, visitors, sessions and events, in all
    environments. Apps that use its keys get nothing from then on.

    $ mtribes space delete radio
    """
    return delete_space(call.obj, space, is_confirmed=yes)


@app.command("pull")
def pull_command(
    call: typer.Context,
    space: SpaceArgument = None,
    output: OutputOption = STDIN,
    revision: OldRevisionOption = None,
    format_name: FormatOption = None,
) -> Result:
    """Write the model of a Space to stdout or a file.

    $ mtribes space pull vod --output vod.yaml
    """
    return pull_model(call.obj, PullModel(space, Output(output, format_name), revision))


@app.command("push")
def push_command(
    call: typer.Context,
    file: FileArgument,
    *,
    space: SpaceOption = None,
    force: ForceOption = False,
    note: NoteOption = None,
) -> Result:
    """Replace the model of a Space by a document; the Space is the one that the document names.

    $ mtribes space push vod.yaml
    """
    return push_model(call.obj, PushModel(file, space, force=force, note=note))


@app.command("history")
def history_command(
    call: typer.Context, space: SpaceArgument = None, limit: HistoryLimitOption = DEFAULT_LIMIT
) -> Result:
    """List who changed the model of a Space, when and why: the newest revision first.

    $ mtribes space history vod
    """
    return model_history(call.obj, space, limit)


@app.command("validate")
def validate_command(call: typer.Context, file: FileArgument, space: SpaceOption = None) -> Result:
    """Check a model; every problem is listed by its path, and nothing is stored.

    $ mtribes space validate vod.yaml
    """
    return validate_model(call.obj, CompareModel(file, space))


@app.command("diff")
def diff_command(call: typer.Context, file: FileArgument, space: SpaceOption = None) -> Result:
    """Show what a model would change in generated code; exit 3 if code that uses it would break.

    $ mtribes space diff vod.yaml
    """
    return diff_model(call.obj, CompareModel(file, space))


@dataclass(frozen=True)
class CreateSpace:
    """A Space to make."""

    key: str
    organization: str | None
    name: str | None


@dataclass(frozen=True)
class PullModel:
    """A model to fetch, and where to put it."""

    space: str | None
    output: Output
    revision: int | None


@dataclass(frozen=True)
class PushModel:
    """A model to send."""

    file: str
    space: str | None
    force: bool
    note: str | None


@dataclass(frozen=True)
class CompareModel:
    """A model to hold against what the Space has."""

    file: str
    space: str | None


def list_spaces(context: Context, organization: str | None) -> Result:
    """Key, name, organization and revision of each."""
    spaces = context.client.spaces(organization)
    rows = [(one.key, one.name, one.organization, str(one.revision)) for one in spaces]
    table = Table(("KEY", "NAME", "ORGANIZATION", "REVISION"), rows, empty="There is no Space that you can see.")
    return Result([asdict(one) for one in spaces], (table,))


def show_space(context: Context, space: str | None) -> Result:
    """All that the server says of one Space."""
    found = context.client.space(context.settings.space(space))
    facts = [(name, str(value)) for name, value in asdict(found).items() if value is not None]
    return Result(asdict(found), (Table((), facts),))


def create_space(context: Context, wanted: CreateSpace) -> Result:
    """The new Space."""
    organization = context.settings.organization(wanted.organization)
    created = context.client.create_space(organization, key=wanted.key, name=wanted.name)
    return Result(asdict(created), (f"Created {created.key} in {created.organization}.",))


def rename_space(context: Context, space: str, name: str, *, note: str | None) -> Result:
    """The Space with its new name."""
    renamed = context.client.rename_space(space, name=name, note=note)
    said = f"The Space {renamed.key} is called {renamed.name}; its model is at revision {renamed.revision}."
    return Result(asdict(renamed), (said,))


def delete_space(context: Context, space: str, *, is_confirmed: bool) -> Result:
    """Delete a Space once its key was typed."""
    found = context.client.space(space)
    warning = (
        f"This deletes the Space {found.key} ({found.name}) of {found.organization}, for good: its model, tribes, "
        "deliveries and keys, and the users, visitors, sessions and events of all its environments."
    )
    require_key(context, "Space", found.key, warning=warning, is_confirmed=is_confirmed)
    context.client.delete_space(found.id)
    return Result({"space": found.key, "id": found.id, "deleted": True}, (f"Deleted {found.key}.",))


def pull_model(context: Context, wanted: PullModel) -> Result:
    """The model, on stdout or in a file."""
    space = context.settings.space(wanted.space)
    return pulled(
        context,
        wanted.output,
        as_json=lambda: context.client.model(space, revision=wanted.revision),
        as_yaml=lambda: context.client.model_yaml(space, revision=wanted.revision),
    )


def push_model(context: Context, wanted: PushModel) -> Result:
    """The revision that the Space has now."""
    document = read_document(context, wanted.file)
    space = space_of(context, document, wanted.space)
    pushed = context.client.push_model(space, document.to_send(force=wanted.force, note=wanted.note))
    note_push(context, document, pushed.revision)
    said = f"{space} is at revision {pushed.revision}" + ("." if pushed.changed else "; nothing changed.")
    return Result({"space": space, **asdict(pushed)}, (said,))


def model_history(context: Context, space: str | None, limit: int) -> Result:
    """Who changed the model, the newest revision first."""
    where = context.settings.space(space)
    found = context.client.model_history(where, limit=limit)
    return history(context, found, limit=limit, empty=f"{where} has no model yet.")


def validate_model(context: Context, wanted: CompareModel) -> Result:
    """That it is good, and how much it would change; a bad one raises DocumentError with every problem."""
    document = read_document(context, wanted.file)
    space = space_of(context, document, wanted.space)
    diff = context.client.diff_model(space, document.content, content_type=document.content_type)
    breaking = sum(change.breaking for change in diff.changes)
    said = (
        f"{document.name} is good. Against revision {diff.revision} of {space}:"
        f" {_changes(len(diff.changes))}, {breaking or 'none'} breaking."
    )
    data = {"space": space, "revision": diff.revision, "changes": len(diff.changes), "breaking": breaking}
    return Result(data, (said,))


def diff_model(context: Context, wanted: CompareModel) -> Result:
    """Every change, and the names that change with it in each language."""
    document = read_document(context, wanted.file)
    space = space_of(context, document, wanted.space)
    diff = context.client.diff_model(space, document.content, content_type=document.content_type)
    said = f"Against revision {diff.revision} of {space}: {_changes(len(diff.changes))}."
    body = (said, *(line for change in diff.changes for line in _change_lines(change)))
    exit_code = ExitCode.NOT_ALL_WELL if diff.breaking else ExitCode.DONE
    problems = tuple(
        Problem(f"{change.kind}: code that uses it breaks", change.path, "BREAKING_CHANGE")
        for change in diff.changes
        if change.breaking
    )
    return Result({"space": space, **asdict(diff)}, body, exit_code, problems)


def _change_lines(change: ModelChange) -> Iterator[str]:
    yield f"{change.kind:8}  {change.path}" + ("  (breaks)" if change.breaking else "")
    for name in change.identifiers:
        yield f"          {name.language}: {name.before or 'nothing'} -> {name.after or 'nothing'}"


def _changes(number: int) -> str:
    return "1 change" if number == 1 else f"{number or 'no'} changes"
