"""`mtribes whoami`: who is signed in where, and what they may do."""

from __future__ import annotations

from dataclasses import asdict

import typer

from mtribes_cli.auth.token_provider import from_environment
from mtribes_cli.context import Context
from mtribes_cli.terminal.result import Result, Table

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command("whoami")
def whoami_command(call: typer.Context) -> Result:
    """Show the signed-in user and their access.

    $ mtribes whoami
    """
    return whoami(call.obj)


def whoami(context: Context) -> Result:
    """The server's own answer, for the credentials that the next command would use."""
    me = context.client.me()
    by = from_environment(context) or "sign-in"
    facts = [
        ("host", context.host.url),
        ("signed in as", me.label),
        ("name", me.name or "-"),
        ("by", by),
        ("organizations", ", ".join(_membership(one.key, one.role) for one in me.organizations) or "-"),
        ("scopes", ", ".join(me.scopes) or "-"),
        ("expires", me.expires or "-"),
    ]
    data = {"host": context.host.url, "by": by, **asdict(me)}
    return Result(data, (Table((), facts),))


def _membership(key: str, role: str | None) -> str:
    return f"{key} ({role})" if role else key
