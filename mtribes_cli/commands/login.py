"""`mtribes login`: sign in, and keep the sign-in for later commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from mtribes_cli.auth.browser_flow import sign_in_with_browser
from mtribes_cli.auth.credential_store import TokenSet
from mtribes_cli.auth.device_flow import sign_in_with_code
from mtribes_cli.auth.flow_selection import sign_in_by_best_flow
from mtribes_cli.auth.host_trust import require_named_host, require_own_project
from mtribes_cli.auth.oauth import sign_in_locally
from mtribes_cli.auth.token_provider import StaticTokenProvider, from_environment, validate_token
from mtribes_cli.context import Context
from mtribes_cli.errors import UsageError
from mtribes_cli.files.text_encoding import decode_line
from mtribes_cli.terminal.result import Result

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command("login")
def login_command(
    call: typer.Context,
    *,
    browser: Annotated[
        bool, typer.Option("--browser", help="Sign in with a browser, even if none is detected.")
    ] = False,
    device: Annotated[
        bool, typer.Option("--device", help="Sign in with a code that you enter in a browser on another device.")
    ] = False,
    with_token: Annotated[bool, typer.Option("--with-token", help="Sign in with a token read from stdin.")] = False,
) -> Result:
    """Sign in to a server with a browser, or with a code for a browser on another device.

    $ mtribes login --host https://mtribes.example.com

    $ mtribes login --with-token --host https://mtribes.example.com < token.txt
    """
    return login(call.obj, Login(browser=browser, device=device, with_token=with_token))


@dataclass(frozen=True)
class Login:
    """How to sign in; none of them: as seems best."""

    browser: bool
    device: bool
    with_token: bool


def login(context: Context, wanted: Login) -> Result:
    """Who is signed in now."""
    if wanted.browser + wanted.device + wanted.with_token > 1:
        raise UsageError("--browser, --device and --with-token cannot be used together.", "Pass one of them.")
    host = context.host  # which may be what a project file names
    require_own_project(context)
    if wanted.with_token:
        require_named_host(context, host, "The token on stdin")
    token = _signed_in(context, wanted)
    me = context.client_with(StaticTokenProvider(token)).me()
    stronger = from_environment(context)
    if stronger:
        context.console.warning(f"{stronger} is set and takes precedence over this sign-in.")
    return Result({"host": context.host.url, "email": me.email, "name": me.name}, (_said(context, me.label),))


def _said(context: Context, label: str) -> str:
    return f"Signed in to {context.host.url} as {label}."


def _signed_in(context: Context, wanted: Login) -> str:
    """The access token of the sign-in, which is kept by then."""
    if wanted.with_token:
        return _with_token(context)
    if wanted.browser:
        return sign_in_with_browser(context, context.host, offers_code=False).access_token
    if wanted.device:
        return sign_in_with_code(context, context.host).access_token
    if context.host.is_local:
        return sign_in_locally(context, context.host).access_token
    return sign_in_by_best_flow(context, context.host).access_token


def _with_token(context: Context) -> str:
    """A token from stdin, kept once the server has accepted it."""
    token = validate_token(decode_line(context.console.read_stdin()), "stdin")
    context.client_with(StaticTokenProvider(token)).me()
    context.credentials.keep(context.host.url, TokenSet(token), is_new=True)
    return token
