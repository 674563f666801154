"""`mtribes logout`: end a sign-in, at the server and here."""

from __future__ import annotations

import typer

from mtribes_cli.auth.credential_store import TokenSet
from mtribes_cli.auth.host_trust import require_own_project
from mtribes_cli.auth.oauth import end_at_server
from mtribes_cli.auth.token_provider import from_environment, not_signed_in
from mtribes_cli.context import Context
from mtribes_cli.errors import MtribesError
from mtribes_cli.terminal.result import Result

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command("logout")
def logout_command(call: typer.Context) -> Result:
    """Sign out on this machine and on the server. Works locally even if the server is unreachable.

    $ mtribes logout
    """
    return logout(call.obj)


def logout(context: Context) -> Result:
    """Whether the server was told; here it is forgotten in any case."""
    host = context.host
    kept = context.credentials.get(host.url)
    if kept is None:
        raise not_signed_in(host)
    require_own_project(context)
    context.credentials.forget(host.url)
    is_ended = _ended(context, kept)
    stronger = from_environment(context)
    if stronger:
        context.console.warning(f"{stronger} is still set, and its credentials remain valid.")
    return Result({"host": host.url, "ended_at_server": is_ended}, (f"Signed out of {host.url}.",))


def _ended(context: Context, kept: TokenSet) -> bool:
    if kept.refresh_token is None:
        context.console.notice("The token itself remains valid. Revoke it on the server if it is no longer needed.")
        return False
    try:
        end_at_server(context.client, kept)
    except MtribesError as error:
        context.console.warning(f"Signed out on this machine, but not on the server: {error.what}")
        return False
    return True
