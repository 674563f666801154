"""`mtribes visitor`: the people of an environment who have not said who they are."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from mtribes_cli.context import Context
from mtribes_cli.documents import STDIN, pulled_json
from mtribes_cli.options import EnvironmentOption, OutputOption, SpaceOption
from mtribes_cli.people import (
    DEFAULT_LIMIT,
    AttributeOption,
    LimitOption,
    Place,
    TagOption,
    TagsArgument,
    asked_people,
    confirm_erasure,
    facts_of,
    list_visitors,
    removed_words,
)
from mtribes_cli.result import Result, Table

app = typer.Typer(rich_markup_mode=None, add_completion=False)
VisitorArgument = Annotated[str, typer.Argument(metavar="VISITOR", help="The visitor's anonymous id.")]


@app.command("list")
def list_command(  # noqa: PLR0913 - one parameter an option
    call: typer.Context,
    *,
    search: Annotated[
        str | None,
        typer.Option("--search", metavar="TEXT", help="Only those with this in their anonymous id or e-mail address."),
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
    query = asked_people(limit, tag=tag, attribute=attribute, search=search)
    return list_visitors(call.obj, Place(space, environment), query)


@app.command("get")
def get_command(
    call: typer.Context, visitor: VisitorArgument, space: SpaceOption = None, environment: EnvironmentOption = None
) -> Result:
    """Show what is kept of a visitor.

    $ mtribes visitor get phone-1 --space vod --environment production
    """
    return get_visitor(call.obj, Place(space, environment), visitor)


@app.command("export")
def export_command(
    call: typer.Context,
    visitor: VisitorArgument,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
    output: OutputOption = STDIN,
) -> Result:
    """Write all that is known of a visitor: profile, devices, sessions, events.

    $ mtribes visitor export phone-1 --environment staging --output v.json
    """
    return export_visitor(call.obj, Place(space, environment), visitor, output=output)


@app.command("delete")
def delete_command(
    call: typer.Context,
    visitor: VisitorArgument,
    *,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> Result:
    """Remove a visitor and all that is known of them, for good.

    A visitor who was merged into a user is removed with the user: `mtribes user delete`.

    $ mtribes visitor delete phone-1 --space vod --environment production
    """
    return delete_visitor(call.obj, Place(space, environment), visitor, is_confirmed=yes)


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
    return tag_visitor(call.obj, Place(space, environment), visitor, tags=tags)


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
    return untag_visitor(call.obj, Place(space, environment), visitor, tags=tags)


def get_visitor(context: Context, place: Place, visitor: str) -> Result:
    """The profile of a visitor."""
    found = context.client.visitor(*place.settled(context), visitor)
    return Result(asdict(found), (Table((), list(facts_of(found))),))


def export_visitor(context: Context, place: Place, visitor: str, *, output: str) -> Result:
    """Everything that is known of a visitor, as one JSON document."""
    space, environment = place.settled(context)
    return pulled_json(context, output, lambda: context.client.everything_of_visitor(space, environment, visitor))


def delete_visitor(context: Context, place: Place, visitor: str, *, is_confirmed: bool) -> Result:
    """What was removed."""
    space, environment = place.settled(context)
    confirm_erasure(context, visitor, f"{environment} of {space}", is_confirmed=is_confirmed)
    erased = context.client.delete_visitor(space, environment, visitor)
    told = removed_words(erased.removed)
    return Result(asdict(erased), (f"Removed {erased.anonymous_id} from {environment} of {space}: {told}.",))


def tag_visitor(context: Context, place: Place, visitor: str, *, tags: list[str]) -> Result:
    """Add tags, one after the other."""
    space, environment = place.settled(context)
    for tag in tags:
        context.client.tag_visitor(space, environment, visitor, tag=tag)
    return Result({"anonymous_id": visitor, "tags": tags}, (f"{visitor} has {', '.join(tags)}.",))


def untag_visitor(context: Context, place: Place, visitor: str, *, tags: list[str]) -> Result:
    """Remove tags, one after the other."""
    space, environment = place.settled(context)
    for tag in tags:
        context.client.untag_visitor(space, environment, visitor, tag=tag)
    return Result({"anonymous_id": visitor, "tags": tags}, (f"{visitor} no longer has {', '.join(tags)}.",))
