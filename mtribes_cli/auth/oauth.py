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
    from mtribes_cli.api.client.oauth import OAuthClient
    from mtribes_cli.api.models.oauth import IssuedToken, OAuthServer
    from mtribes_cli.api.server_url import Host
    from mtribes_cli.auth.context import AuthContext

CLIENT_ID = "mtribes-cli"
LOCAL_GRANT = "urn:mtribes:params:oauth:grant-type:local"


def sign_in_locally(context: AuthContext, host: Host) -> TokenSet:
    """Sign in with the one-time code in the data folder of a local server, and store the sign-in."""
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
    """Return the one-time code in the data folder of the local server. Raises NotSignedInError."""
    try:
        return read_regular_file(context.folders.server / "local-code", MAX_STATE_FILE_BYTES).decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise NotSignedInError(
            f"The server at {host.url} does not support signing in without a browser.",
            f"{START_LOCAL} Or run `mtribes login --browser`.",
        ) from None


def _local_form(code: str) -> dict[str, str]:
    return {"grant_type": LOCAL_GRANT, "client_id": CLIENT_ID, "code": code}


def service_sign_in(client: OAuthClient, client_id: str, secret: str, *, now_seconds: float) -> TokenSet:
    """Return a service account's token for its secret (RFC 6749, 4.4). It is not stored here."""
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    return _sign_in(client.issue_token(form, may_repeat=True), now_seconds)


def refresh_tokens(client: OAuthClient, refresh_token: str, now_seconds: float) -> TokenSet:
    """Return new tokens for expired ones (RFC 6749, 6), not stored here. Raises NotSignedInError if rejected."""
    form = {"grant_type": "refresh_token", "client_id": CLIENT_ID, "refresh_token": refresh_token}
    issued = client.issue_token(form, may_repeat=True)
    renewed = _sign_in(issued, now_seconds)
    return (
        renewed if renewed.refresh_token else TokenSet(renewed.access_token, refresh_token, renewed.expires_at_seconds)
    )


def end_at_server(client: OAuthClient, ended: TokenSet) -> None:
    """Revoke a sign-in at the server: the refresh token and those derived from it (RFC 7009, 2.1)."""
    if ended.refresh_token:
        form = {"token": ended.refresh_token, "token_type_hint": "refresh_token", "client_id": CLIENT_ID}
        client.revoke_token(form)


def save_tokens(context: AuthContext, host: Host, issued: IssuedToken) -> TokenSet:
    """Store the sign-in of an issued token for later commands, and return it."""
    sign_in = _sign_in(issued, context.clock.now_seconds())
    context.credentials.keep(host.url, sign_in, is_new=True)
    return sign_in


def _sign_in(issued: IssuedToken, now_seconds: float) -> TokenSet:
    """Return the token set with an expiry by this machine's clock: the server's clock does not matter."""
    expires_at_seconds = now_seconds + issued.expires_in_seconds if issued.expires_in_seconds else None
    return TokenSet(issued.access_token, issued.refresh_token, expires_at_seconds)


def verify_issuer(server: OAuthServer, host: Host) -> OAuthServer:
    """Raise unless the server is the one requested (RFC 8414, 3.3) and its sign-in pages are its own."""
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
