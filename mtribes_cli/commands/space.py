"""`mtribes space`: Spaces, and their models as documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Annotated

import typer

from mtribes_cli.api.models.spaces import ModelChange, ModelDiff
from mtribes_cli.context import Context
from mtribes_cli.errors import ExitCode, Problem
from mtribes_cli.numbers import counted
from mtribes_cli.parameters.confirm import require_key
from mtribes_cli.parameters.documents import (
    STDIN,
    LocalDocument,
    Output,
    read_document,
    space_of,
    tree_of,
    update_local_revision,
    write_document,
)
from mtribes_cli.parameters.history import DEFAULT_LIMIT, history
from mtribes_cli.parameters.options import (
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
from mtribes_cli.terminal.result import Block, ChangeLine, Kind, Result, Table

RETYPED = "retyped"

app = typer.Typer(rich_markup_mode=None, add_completion=False)
SpaceArgument = Annotated[
    str | None, typer.Argument(metavar="[SPACE]", help="Space key (default: the Space in mtribes.toml).")
]


@app.command("list")
def list_command(call: typer.Context, organization: OrganizationOption = None) -> Result:
    """List the Spaces that you can access, or those of one organization.

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
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="Space key, such as vod: lowercase letters, digits and dashes.")
    ],
    organization: OrganizationOption = None,
    name: Annotated[str | None, typer.Option("--name", metavar="TEXT", help="Display name (default: the key).")] = None,
) -> Result:
    """Create a Space with an empty model.

    $ mtribes space create vod --organization acme --name "Video on demand"
    """
    return create_space(call.obj, CreateSpace(key, organization, name))


@app.command("rename")
def rename_command(
    call: typer.Context,
    space: Annotated[str, typer.Argument(metavar="SPACE", help="Space key.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="New display name.")],
    *,
    note: NoteOption = None,
) -> Result:
    """Rename a Space. Its key does not change, because code and files contain it.

    The name is part of the model, so renaming creates a new revision.

    $ mtribes space rename vod "Video on demand"
    """
    return rename_space(call.obj, space, name, note=note)


@app.command("delete")
def delete_command(
    call: typer.Context,
    space: Annotated[str, typer.Argument(metavar="SPACE", help="Space key.")],
    *,
    yes: YesOption = False,
) -> Result:
    """Permanently delete a Space and everything in it.

    Deletes its model, tribes, deliveries and keys, and the users, visitors, sessions and events in all
    environments. Apps that use its keys stop receiving content.

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
    """Replace the model of the Space that the document names.

    $ mtribes space push vod.yaml
    """
    return push_model(call.obj, PushModel(file, space, force=force, note=note))


@app.command("history")
def history_command(
    call: typer.Context, space: SpaceArgument = None, limit: HistoryLimitOption = DEFAULT_LIMIT
) -> Result:
    """List the changes to the model of a Space, newest first.

    $ mtribes space history vod
    """
    return model_history(call.obj, space, limit)


@app.command("validate")
def validate_command(call: typer.Context, file: FileArgument, space: SpaceOption = None) -> Result:
    """Validate a model and list all problems with their paths. Nothing is stored.

    $ mtribes space validate vod.yaml
    """
    return validate_model(call.obj, CompareModel(file, space))


@app.command("diff")
def diff_command(call: typer.Context, file: FileArgument, space: SpaceOption = None) -> Result:
    """Show what a model would change in generated code. Exit with 3 on breaking changes.

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
    kinds = (Kind.ID, Kind.TEXT, Kind.ID, Kind.NUMBER)
    empty = "No Spaces found."
    table = Table(("KEY", "NAME", "ORGANIZATION", "REVISION"), rows, empty, kinds)
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
    said = f"Space {renamed.key} is now called {renamed.name}. Its model is at revision {renamed.revision}."
    return Result(asdict(renamed), (said,))


def delete_space(context: Context, space: str, *, is_confirmed: bool) -> Result:
    """Delete a Space once its key was typed."""
    found = context.client.space(space)
    warning = (
        f"This permanently deletes the Space {found.key} ({found.name}) of {found.organization}: its model, "
        "tribes, deliveries and keys, and the users, visitors, sessions and events in all environments."
    )
    require_key(context, "Space", found.key, warning=warning, is_confirmed=is_confirmed)
    context.client.delete_space(found.id)
    return Result({"space": found.key, "id": found.id, "deleted": True}, (f"Deleted {found.key}.",))


def pull_model(context: Context, wanted: PullModel) -> Result:
    """The model, on stdout or in a file."""
    space = context.settings.space(wanted.space)
    return write_document(
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
    update_local_revision(context, document, pushed.revision)
    said = f"{space} is at revision {pushed.revision}" + ("." if pushed.changed else ". No changes.")
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
        f"{document.name} is valid. Compared with revision {diff.revision} of {space}: "
        f"{_changes(len(diff.changes))}, {breaking or 'none'} breaking."
    )
    data = {"space": space, "revision": diff.revision, "changes": len(diff.changes), "breaking": breaking}
    return Result(data, (said,))


def diff_model(context: Context, wanted: CompareModel) -> Result:
    """Every change, and the names that change with it in each language."""
    document = read_document(context, wanted.file)
    space = space_of(context, document, wanted.space)
    diff = context.client.diff_model(space, document.content, content_type=document.content_type)
    said = f"Compared with revision {diff.revision} of {space}: {_changes(len(diff.changes))}."
    types = _types(context, space, document, diff) if context.console.is_laid_out else {}
    body = (said, *(line for change in diff.changes for line in _change_lines(change, types.get(change.path))))
    exit_code = ExitCode.NOT_ALL_WELL if diff.breaking else ExitCode.DONE
    problems = tuple(
        Problem(f"{change.kind} (breaking change)", change.path, "BREAKING_CHANGE")
        for change in diff.changes
        if change.breaking
    )
    return Result({"space": space, **asdict(diff)}, body, exit_code, problems)


def _types(
    context: Context, space: str, document: LocalDocument, diff: ModelDiff
) -> Mapping[str, tuple[str, str] | None]:
    """Return the types before and after by the path of what has another one."""
    paths = [change.path for change in diff.changes if change.kind == RETYPED]
    if not paths:
        return {}
    before, after = context.client.model(space, revision=diff.revision), tree_of(document)
    return {path: _both(_type_at(before, path), _type_at(after, path)) for path in paths}


def _both(before: str | None, after: str | None) -> tuple[str, str] | None:
    return (before, after) if before and after and before != after else None


def _type_at(model: object, path: str) -> str | None:
    """Return the type of a property, a piece of metadata or a field, as the model has it."""
    found = model
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    stated = found.get("type") if isinstance(found, Mapping) else found
    return stated if isinstance(stated, str) else None


def _change_lines(change: ModelChange, types: tuple[str, str] | None) -> Iterator[Block]:
    before, after = types or (None, None)
    yield ChangeLine(f"{change.kind:8}", f"  {change.path}", before, after, is_breaking=change.breaking)
    for (old, new), names in groupby(change.identifiers, key=lambda name: (name.before, name.after)):
        languages = [name.language for name in names]
        lines = [ChangeLine("", each, old or "nothing", new or "nothing", " " * 10) for each in languages]
        plain, what = tuple(line.text for line in lines), ", ".join(languages)
        yield (
            ChangeLine("", f"{what}: {old}", indent=" " * 10, lines=plain)  # the name stays
            if old == new
            else lines[0]._replace(what=what, lines=plain)
        )


def _changes(number: int) -> str:
    return counted(number, "change") if number else "no changes"
