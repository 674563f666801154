"""`mtribes org`: the organizations that the signed-in person belongs to."""

from __future__ import annotations

from dataclasses import asdict

import typer

from mtribes_cli.context import Context
from mtribes_cli.result import Result, Table

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command("list")
def list_command(call: typer.Context) -> Result:
    """List the organizations that you belong to.

    $ mtribes org list
    """
    return list_organizations(call.obj)


def list_organizations(context: Context) -> Result:
    """Key, name and role of each."""
    organizations = context.client.organizations()
    rows = [(one.key, one.name, one.role or "") for one in organizations]
    table = Table(("KEY", "NAME", "ROLE"), rows, empty="You belong to no organization.")
    return Result([asdict(one) for one in organizations], (table,))
