"""`mtribes visitor`: the people of an environment who have not said who they are."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from mtribes_cli.context import Context
from mtribes_cli.parameters.documents import STDIN, write_json_document
from mtribes_cli.parameters.options import EnvironmentOption, OutputOption, SpaceOption
from mtribes_cli.parameters.people import (
    DEFAULT_LIMIT,
    AttributeOption,
    EnvironmentScope,
    LimitOption,
    TagOption,
    TagsArgument,
    confirm_erasure,
    facts_of,
    list_visitors,
    people_query,
    removed_words,
)
from mtribes_cli.terminal.result import Result, Table

app = typer.Typer(rich_markup_mode=None, add_completion=False)
VisitorArgument = Annotated[str, typer.Argument(metavar="VISITOR", help="Anonymous ID of the visitor.")]


@app.command("list")
def list_command(  # noqa: PLR0913 - one parameter an option
    call: typer.Context,
    *,
    search: Annotated[
        str | None,
        typer.Option(
            "--search", metavar="TEXT", help="Only visitors whose anonymous ID or e-mail address contains this text."
        ),
    ] = None,
    tag: TagOption = None,
    attribute: AttributeOption = None,
    limit: LimitOption = DEFAULT_LIMIT,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
) -> Result:
    """List visitors, in no particular order.

    $ mtribes visitor list --attribute plan=trial --environment production
    """
    query = people_query(limit, tag=tag, attribute=attribute, search=search)
    return list_visitors(call.obj, EnvironmentScope(space, environment), query)


@app.command("get")
def get_command(
    call: typer.Context, visitor: VisitorArgument, space: SpaceOption = None, environment: EnvironmentOption = None
) -> Result:
    """Show the profile of a visitor.

    $ mtribes visitor get phone-1 --space vod --environment production
    """
    return get_visitor(call.obj, EnvironmentScope(space, environment), visitor)


@app.command("export")
def export_command(
    call: typer.Context,
    visitor: VisitorArgument,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
    output: OutputOption = STDIN,
) -> Result:
    """Export all data of a visitor: profile, devices, sessions and events.

    $ mtribes visitor export phone-1 --environment staging --output v.json
    """
    return export_visitor(call.obj, EnvironmentScope(space, environment), visitor, output=output)


@app.command("delete")
def delete_command(
    call: typer.Context,
    visitor: VisitorArgument,
    *,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Skip the confirmation prompt.")] = False,
) -> Result:
    """Permanently delete a visitor and all related data.

    To delete a visitor that was merged into a user, delete the user: `mtribes user delete`.

    $ mtribes visitor delete phone-1 --space vod --environment production
    """
    return delete_visitor(call.obj, EnvironmentScope(space, environment), visitor, is_confirmed=yes)


@app.command("tag")
def tag_command(
    call: typer.Context,
    visitor: VisitorArgument,
    tags: TagsArgument,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
) -> Result:
    """Add tags to a visitor. When the visitor signs in, the user gets them.

    $ mtribes visitor tag phone-1 sports/football --environment production
    """
    return tag_visitor(call.obj, EnvironmentScope(space, environment), visitor, tags=tags)


@app.command("untag")
def untag_command(
    call: typer.Context,
    visitor: VisitorArgument,
    tags: TagsArgument,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
) -> Result:
    """Remove tags from a visitor.

    $ mtribes visitor untag phone-1 sports/football --environment production
    """
    return untag_visitor(call.obj, EnvironmentScope(space, environment), visitor, tags=tags)


def get_visitor(context: Context, place: EnvironmentScope, visitor: str) -> Result:
    """The profile of a visitor."""
    found = context.client.visitor(*place.resolve(context), visitor)
    return Result(asdict(found), (Table((), list(facts_of(found))),))


def export_visitor(context: Context, place: EnvironmentScope, visitor: str, *, output: str) -> Result:
    """Everything that is known of a visitor, as one JSON document."""
    space, environment = place.resolve(context)
    return write_json_document(
        context, output, lambda: context.client.everything_of_visitor(space, environment, visitor)
    )


def delete_visitor(context: Context, place: EnvironmentScope, visitor: str, *, is_confirmed: bool) -> Result:
    """What was removed."""
    space, environment = place.resolve(context)
    confirm_erasure(context, visitor, f"{environment} of {space}", is_confirmed=is_confirmed)
    erased = context.client.delete_visitor(space, environment, visitor)
    told = removed_words(erased.removed)
    return Result(asdict(erased), (f"Deleted {erased.anonymous_id} from {environment} of {space}: {told}.",))


def tag_visitor(context: Context, place: EnvironmentScope, visitor: str, *, tags: list[str]) -> Result:
    """Add tags, one after the other."""
    space, environment = place.resolve(context)
    for tag in tags:
        context.client.tag_visitor(space, environment, visitor, tag=tag)
    return Result({"anonymous_id": visitor, "tags": tags}, (f"{visitor} has {', '.join(tags)}.",))


def untag_visitor(context: Context, place: EnvironmentScope, visitor: str, *, tags: list[str]) -> Result:
    """Remove tags, one after the other."""
    space, environment = place.resolve(context)
    for tag in tags:
        context.client.untag_visitor(space, environment, visitor, tag=tag)
    return Result({"anonymous_id": visitor, "tags": tags}, (f"{visitor} no longer has {', '.join(tags)}.",))
