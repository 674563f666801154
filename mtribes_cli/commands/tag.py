"""`mtribes tag`: the tags that users and visitors of an environment have."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from mtribes_cli.context import Context
from mtribes_cli.options import EnvironmentOption, SpaceOption
from mtribes_cli.result import Result, Table

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command("list")
def list_command(
    call: typer.Context,
    search: Annotated[str | None, typer.Option("--search", metavar="TEXT", help="Only tags with this in them.")] = None,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
) -> Result:
    """List the tags that somebody has, in alphabetical order.

    $ mtribes tag list --search football --space vod --environment production
    """
    return list_tags(call.obj, search, space=space, environment=environment)


def list_tags(context: Context, search: str | None, *, space: str | None, environment: str | None) -> Result:
    """Each tag, and how many users and visitors have it."""
    tags = context.client.user_tags(
        context.settings.space(space), context.settings.environment(environment), search=search
    )
    empty = "Nobody has such a tag." if search else "Nobody has a tag."
    rows = [(one.tag, str(one.users), str(one.visitors)) for one in tags]
    table = Table(("TAG", "USERS", "VISITORS"), rows, empty=empty)
    return Result([asdict(one) for one in tags], (table,))
