"""`mtribes visitor`: the people of an environment who have not said who they are."""

from __future__ import annotations

from typing import Annotated

import typer

from mtribes_cli.context import Context
from mtribes_cli.options import EnvironmentOption, SpaceOption
from mtribes_cli.people import (
    DEFAULT_LIMIT,
    AttributeOption,
    LimitOption,
    Place,
    TagOption,
    TagsArgument,
    asked_people,
    list_visitors,
)
from mtribes_cli.result import Result

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
