"""`mtribes tag`: the tags that users and visitors of an environment have."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from mtribes_cli.context import Context
from mtribes_cli.numbers import counted
from mtribes_cli.parameters.confirm import require_yes
from mtribes_cli.parameters.options import EnvironmentOption, SpaceOption, YesOption
from mtribes_cli.parameters.people import EnvironmentScope
from mtribes_cli.terminal.result import Kind, Result, Table

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command("list")
def list_command(
    call: typer.Context,
    search: Annotated[
        str | None, typer.Option("--search", metavar="TEXT", help="Only tags that contain this text.")
    ] = None,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
) -> Result:
    """List the tags in use, in alphabetical order.

    $ mtribes tag list --search football --space vod --environment production
    """
    return list_tags(call.obj, search, space=space, environment=environment)


@app.command("delete")
def delete_command(
    call: typer.Context,
    tag: Annotated[str, typer.Argument(metavar="TAG", help="Tag, such as sports/football.")],
    *,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
    yes: YesOption = False,
) -> Result:
    """Delete a tag from every user and visitor of an environment.

    Tags below it are kept: deleting sports/football leaves sports/football/australia.
    Tribes that filter by the tag are kept, too.

    $ mtribes tag delete sports/football --environment production
    """
    return delete_tag(call.obj, EnvironmentScope(space, environment), tag, is_confirmed=yes)


def delete_tag(context: Context, place: EnvironmentScope, tag: str, *, is_confirmed: bool) -> Result:
    """Delete a tag once that is confirmed; say whether it is done, or goes on at the server."""
    space, environment = place.resolve(context)
    question = f"Delete the tag {tag} from every user and visitor in {environment} of {space}?"
    require_yes(context, question, is_confirmed=is_confirmed)
    left = context.client.delete_tag(space, environment, tag)
    if left is None:
        done = {"tag": tag, "deleted": True, "users": 0, "visitors": 0}
        return Result(done, (f"Deleted the tag {tag} in {environment} of {space}.",))
    people = f"{counted(left.users, 'user')} and {counted(left.visitors, 'visitor')}"
    said = f"Deleting the tag {tag}: {people} remaining. The server continues in the background."
    return Result(
        asdict(left) | {"deleted": False}, (said, f"Run `mtribes tag list --search {tag}` to see the progress.")
    )


def list_tags(context: Context, search: str | None, *, space: str | None, environment: str | None) -> Result:
    """Each tag, and how many users and visitors have it."""
    tags = context.client.user_tags(
        context.settings.space(space), context.settings.environment(environment), search=search
    )
    empty = "No matching tags found." if search else "No tags found."
    rows = [(one.tag, str(one.users), str(one.visitors)) for one in tags]
    table = Table(("TAG", "USERS", "VISITORS"), rows, empty, (Kind.ID, Kind.NUMBER, Kind.NUMBER))
    return Result([asdict(one) for one in tags], (table,))
