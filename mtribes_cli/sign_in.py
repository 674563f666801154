"""The ways to get a sign-in: a browser, a service account's secret, a local server's code; and to renew and end one."""

from __future__ import annotations

import secrets
import sys
from typing import TYPE_CHECKING

from mtribes_cli.credentials import SignIn
from mtribes_cli.errors import AccessError, NetworkError, NotSignedInError
from mtribes_cli.hosts import START_LOCAL

if TYPE_CHECKING:
    from mtribes_cli.client import Client
    from mtribes_cli.context import Context
    from mtribes_cli.hosts import Host
    from mtribes_cli.wire import IssuedToken, OAuthServer

CLIENT_ID = "mtribes-cli"
LOCAL_GRANT = "urn:mtribes:params:oauth:grant-type:local"
BROWSER_TIMEOUT_SECONDS = 300.0


def has_browser(context: Context) -> bool:
    """Whether somebody is at the terminal, and a browser can be shown to them."""
    environment = context.environment
    if not context.console.is_interactive:
        return False
    has_display = bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))
    if environment.get("SSH_CONNECTION"):
        return has_display
    return has_display or bool(environment.get("BROWSER")) or not sys.platform.startswith("linux")


def sign_in_with_browser(context: Context, host: Host) -> SignIn:
    """The code flow with PKCE over a loopback redirect (RFC 8252, 7.3; RFC 7636; RFC 9207). It is kept."""
    from authlib.oauth2.rfc7636 import create_s256_code_challenge  # noqa: PLC0415 - start-up time

    from mtribes_cli.loopback import Loopback  # noqa: PLC0415 - start-up time

    client = context.client_for(host)
    server = _checked_server(client.oauth_server(), host)
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    with Loopback(state) as loopback:
        url = _authorize_url(server, loopback.redirect_uri, state, create_s256_code_challenge(verifier))
        context.console.instruction(f"Open this address in a browser to sign in:\n\n  {url}\n")
        if not context.browser(url):
            context.console.notice("No browser could be started here: open the address yourself.")
        answer = loopback.wait(BROWSER_TIMEOUT_SECONDS)
    code = _checked_code(answer, server)
    form = {
        "grant_type": "authorization_code",
        "client_id": CLIENT_ID,
        "code": code,
        "redirect_uri": loopback.redirect_uri,
        "code_verifier": verifier,
    }
    return _kept(context, host, client.issue_token(form))


def sign_in_locally(context: Context, host: Host) -> SignIn:
    """By the code that a local server keeps in its data folder; it is good once. The sign-in is kept."""
    with context.credentials.locked():
        try:
            code = (context.folders.server / "local-code").read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise NotSignedInError(
                f"The server at {host.url} offers no sign-in without a browser.",
                f"{START_LOCAL} Or run `mtribes login --browser`.",
            ) from None
        form = {"grant_type": LOCAL_GRANT, "client_id": CLIENT_ID, "code": code}
        return _kept(context, host, context.client_for(host).issue_token(form))


def service_sign_in(client: Client, client_id: str, secret: str, *, now_seconds: float) -> SignIn:
    """A service account's token, by its secret (RFC 6749, 4.4). Not kept here."""
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    return _sign_in(client.issue_token(form, may_repeat=True), now_seconds)


def refreshed(client: Client, refresh_token: str, now_seconds: float) -> SignIn:
    """A sign-in in place of one that has run out (RFC 6749, 6). Not kept here. Raises NotSignedInError when refused."""
    form = {"grant_type": "refresh_token", "client_id": CLIENT_ID, "refresh_token": refresh_token}
    issued = client.issue_token(form, may_repeat=True)
    renewed = _sign_in(issued, now_seconds)
    return renewed if renewed.refresh_token else SignIn(renewed.access_token, refresh_token, renewed.expires_at_seconds)


def end_at_server(client: Client, ended: SignIn) -> None:
    """Have the server end a sign-in: the refresh token, and with it what came of it (RFC 7009, 2.1)."""
    if ended.refresh_token:
        form = {"token": ended.refresh_token, "token_type_hint": "refresh_token", "client_id": CLIENT_ID}
        client.revoke_token(form)


def _kept(context: Context, host: Host, issued: IssuedToken) -> SignIn:
    sign_in = _sign_in(issued, context.clock.now_seconds())
    context.credentials.keep(host.url, sign_in, is_new=True)
    return sign_in


def _sign_in(issued: IssuedToken, now_seconds: float) -> SignIn:
    """Counted from when it came, by this machine's clock: what the server's clock says does not matter."""
    expires_at_seconds = now_seconds + issued.expires_in_seconds if issued.expires_in_seconds else None
    return SignIn(issued.access_token, issued.refresh_token, expires_at_seconds)


def _checked_server(server: OAuthServer, host: Host) -> OAuthServer:
    """The server must be who it was asked to be (RFC 8414, 3.3), and sign people in at home."""
    if server.issuer.rstrip("/") != host.url:
        raise NetworkError(
            f"The server at {host.url} calls itself {server.issuer}.", f"If that is right, use --host {server.issuer}."
        )
    if not server.authorization_endpoint.startswith(f"{host.url}/"):
        raise NetworkError(f"{host.url} sends people elsewhere to sign in.", "Tell whoever runs the server.")
    return server


def _authorize_url(server: OAuthServer, redirect_uri: str, state: str, challenge: str) -> str:
    from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # noqa: PLC0415 - start-up time

    url = prepare_grant_uri(
        server.authorization_endpoint,
        CLIENT_ID,
        "code",
        redirect_uri=redirect_uri,
        state=state,
        code_challenge=challenge,
        code_challenge_method="S256",
    )
    return str(url)


def _checked_code(answer: dict[str, str], server: OAuthServer) -> str:
    """The code, if it is from the server that was asked (RFC 9207, 2.4)."""
    if answer.get("iss") != server.issuer:
        raise AccessError("The sign-in was answered by another server.", "Run `mtribes login` again.")
    if "error" in answer:
        said = answer.get("error_description") or answer["error"]
        raise NotSignedInError(f"The sign-in was not granted: {said}", "Run `mtribes login` again.")
    if not answer.get("code"):
        raise AccessError("The sign-in was answered without a code.", "Run `mtribes login` again.")
    return answer["code"]
