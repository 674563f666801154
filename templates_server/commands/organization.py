"""`mtribes-server organization add`: make room for a tenant."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from templates_server.commands.database import store
from templates_server.commands.errors import ExitCode
from templates_server.commands.options import Data, DatabaseUrl
from templates_server.features.accounts import store as accounts_store
from templates_server.primitives.timestamps import system_clock

app = typer.Typer(no_args_is_help=False)


@app.callback()
def organization() -> None:
    """The tenants of the server."""


@app.command("add", help="Create an organization. Add members with `account add`.")
def add(
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="Key of the organization, in kebab-case. It cannot be changed later.")
    ],
    *,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Display name (default: the key).")] = None,
    data: Data = None,
    database: DatabaseUrl = None,
) -> int:
    """Store the organization."""
    with store(data, database) as opened:
        opened.write(
            lambda connection: accounts_store.create_organization(connection, key, name=name or key, now=system_clock())
        )
    sys.stdout.write(f"Created organization {key}.\n")
    return ExitCode.DONE
