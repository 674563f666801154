"""Signing in without a person: by a local server's code, a service account's secret; renewing and ending a sign-in.

With a person it is in `browser_flow` and `device_flow`; which of them, in `flow_selection`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtribes_cli.api.server_url import START_LOCAL
from mtribes_cli.auth.credential_store import TokenSet
from mtribes_cli.errors import NetworkError, NotSignedInError, SignInRefusedError
from mtribes_cli.files.bounded_reader import MAX_STATE_FILE_BYTES, read_regular_file

if TYPE_CHECKING:
    from mtribes_cli.api.client import Client
    from mtribes_cli.api.models.resources import IssuedToken, OAuthServer
    from mtribes_cli.api.server_url import Host
    from mtribes_cli.auth.context import AuthContext

CLIENT_ID = "mtribes-cli"
LOCAL_GRANT = "urn:mtribes:params:oauth:grant-type:local"


def sign_in_locally(context: AuthContext, host: Host) -> TokenSet:
    """By the code that a local server keeps in its data folder; it is good once. The sign-in is kept."""
    client = context.client_for(host)
    with context.credentials.locked():
        code = local_code(context, host)
        try:
            return save_tokens(context, host, client.issue_token(_local_form(code)))
        except SignInRefusedError:
            renewed = local_code(context, host)
            if renewed == code:
                raise
        return save_tokens(context, host, client.issue_token(_local_form(renewed)))  # another program was faster


def local_code(context: AuthContext, host: Host) -> str:
    """What the local server's data folder holds for whoever can read it; good once. Raises NotSignedInError."""
    try:
        return read_regular_file(context.folders.server / "local-code", MAX_STATE_FILE_BYTES).decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise NotSignedInError(
            f"The server at {host.url} does not support signing in without a browser.",
            f"{START_LOCAL} Or run `mtribes login --browser`.",
        ) from None


def _local_form(code: str) -> dict[str, str]:
    return {"grant_type": LOCAL_GRANT, "client_id": CLIENT_ID, "code": code}


def service_sign_in(client: Client, client_id: str, secret: str, *, now_seconds: float) -> TokenSet:
    """A service account's token, by its secret (RFC 6749, 4.4). Not kept here."""
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    return _sign_in(client.issue_token(form, may_repeat=True), now_seconds)


def refresh_tokens(client: Client, refresh_token: str, now_seconds: float) -> TokenSet:
    """A sign-in in place of one that has run out (RFC 6749, 6). Not kept here. Raises NotSignedInError when refused."""
    form = {"grant_type": "refresh_token", "client_id": CLIENT_ID, "refresh_token": refresh_token}
    issued = client.issue_token(form, may_repeat=True)
    renewed = _sign_in(issued, now_seconds)
    return (
        renewed if renewed.refresh_token else TokenSet(renewed.access_token, refresh_token, renewed.expires_at_seconds)
    )


def end_at_server(client: Client, ended: TokenSet) -> None:
    """Have the server end a sign-in: the refresh token, and with it what came of it (RFC 7009, 2.1)."""
    if ended.refresh_token:
        form = {"token": ended.refresh_token, "token_type_hint": "refresh_token", "client_id": CLIENT_ID}
        client.revoke_token(form)


def save_tokens(context: AuthContext, host: Host, issued: IssuedToken) -> TokenSet:
    """The sign-in that begins with what was issued; it is kept for later commands."""
    sign_in = _sign_in(issued, context.clock.now_seconds())
    context.credentials.keep(host.url, sign_in, is_new=True)
    return sign_in


def _sign_in(issued: IssuedToken, now_seconds: float) -> TokenSet:
    """Counted from when it came, by this machine's clock: what the server's clock says does not matter."""
    expires_at_seconds = now_seconds + issued.expires_in_seconds if issued.expires_in_seconds else None
    return TokenSet(issued.access_token, issued.refresh_token, expires_at_seconds)


def verify_issuer(server: OAuthServer, host: Host) -> OAuthServer:
    """The server must be who it was asked to be (RFC 8414, 3.3), and sign people in at home."""
    if server.issuer.rstrip("/") != host.url:
        raise NetworkError(
            f"The server at {host.url} identifies itself as {server.issuer}.",
            f"If that is correct, pass --host {server.issuer}.",
        )
    if not server.authorization_endpoint.startswith(f"{host.url}/"):
        raise NetworkError(
            f"{host.url} returned a sign-in address on another host.", "Contact the server's administrator."
        )
    return server
