"""Chooses the token for a host and renews it: MTRIBES_TOKEN, then a service account, then the stored sign-in."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from mtribes_cli.auth import oauth
from mtribes_cli.auth.credential_store import TokenSet
from mtribes_cli.auth.host_trust import require_named_host, require_own_project
from mtribes_cli.errors import NotSignedInError, UsageError

if TYPE_CHECKING:
    from mtribes_cli.api.client.oauth import OAuthClient
    from mtribes_cli.api.server_url import Host
    from mtribes_cli.auth.context import AuthContext

FRESHNESS_MARGIN_SECONDS = 60.0
CRASH_POINTS = (
    "renewal-begun",
    "renewal-answered",
    "private-file-staged",
    "private-file-replaced",
    "renewal-kept",
)
_TOKEN_ADVICE = "Copy it again: letters, digits and _, without spaces or quotes."  # noqa: S105 - advice, not a token


class HostTokenProvider:
    """The tokens of one host, in one command."""

    def __init__(self, context: AuthContext, host: Host) -> None:
        self._context = context
        self._host = host
        self._is_host_named = False

    def token(self, client: OAuthClient) -> str:
        """Return a token to send. Raises NotSignedInError if there is none."""
        require_own_project(self._context)
        given = token_variable(self._context)
        if given:
            self._require_named_host("MTRIBES_TOKEN")
            return given
        service = self._service()
        if service:
            self._require_named_host("MTRIBES_CLIENT_SECRET")
            return self._service_token(client, *service, refused=None)
        kept = self._context.credentials.get(self._host.url)
        if kept and self._is_fresh(kept):
            return kept.access_token
        return self._renewed_sign_in(client, kept).access_token

    def renew(self, client: OAuthClient, refused: str) -> str | None:
        """Return a new token in place of a rejected one; None if there can be none."""
        if token_variable(self._context):
            return None
        service = self._service()
        if service:
            return self._service_token(client, *service, refused=refused)
        kept = self._context.credentials.get(self._host.url)
        can_renew = self._host.is_local or (kept is not None and kept.refresh_token is not None)
        return self._renewed_sign_in(client, kept, refused=refused).access_token if can_renew else None

    def _require_named_host(self, secret: str) -> None:
        """Check the host once per command: the result holds for all its requests."""
        if not self._is_host_named:
            require_named_host(self._context, self._host, secret)
            self._is_host_named = True

    def _renewed_sign_in(self, client: OAuthClient, seen: TokenSet | None, refused: str | None = None) -> TokenSet:
        """Renew the sign-in under the lock, unless another process has renewed it in the meantime."""
        if seen is None and not self._host.is_local:
            raise not_signed_in(self._host)
        credentials = self._context.credentials
        with credentials.locked():
            kept = credentials.get(self._host.url)
            if kept and kept.access_token != refused and self._is_fresh(kept):
                return kept
            if kept and kept.refresh_token:
                return self._refreshed(client, kept.refresh_token)
            if self._host.is_local:
                return oauth.sign_in_locally(self._context, self._host)
        raise not_signed_in(self._host)

    def _refreshed(self, client: OAuthClient, refresh_token: str) -> TokenSet:
        """Renew the tokens. If killed anywhere, the stored token is the newest or the one before: both are valid."""
        self._context.failpoint("renewal-begun")
        try:
            renewed = oauth.refresh_tokens(client, refresh_token, self._context.clock.now_seconds())
        except NotSignedInError:
            if self._host.is_local:
                return oauth.sign_in_locally(self._context, self._host)
            raise NotSignedInError(f"Your sign-in to {self._host.url} has expired.", "Run `mtribes login`.") from None
        self._context.failpoint("renewal-answered")
        self._context.credentials.keep(self._host.url, renewed, is_new=False)
        self._context.failpoint("renewal-kept")
        return renewed

    def _service(self) -> tuple[str, str] | None:
        client_id, secret = (self._context.variable(f"MTRIBES_CLIENT_{part}") for part in ("ID", "SECRET"))
        if bool(client_id) != bool(secret):
            missing = "MTRIBES_CLIENT_SECRET" if client_id else "MTRIBES_CLIENT_ID"
            raise UsageError(f"{missing} is not set.", "Set both or neither.")
        return (client_id, secret) if client_id and secret else None

    def _service_token(self, client: OAuthClient, client_id: str, secret: str, *, refused: str | None) -> str:
        """Return the token, cached for its lifetime. The secret is part of the name, so an old one matches nothing."""
        digest = hashlib.sha256(f"{client_id}\n{secret}".encode()).hexdigest()
        name = f"{self._host.url} {digest}"
        credentials = self._context.credentials
        kept = credentials.service_token(name)
        if kept and kept.access_token != refused and self._is_fresh(kept):
            return kept.access_token
        issued = oauth.service_sign_in(client, client_id, secret, now_seconds=self._context.clock.now_seconds())
        try:
            credentials.keep_service_token(name, issued)
        except OSError as error:  # such as a home that cannot be written to: the token is got anew each time
            self._context.console.trace(f"could not save the token: {error.strerror}")
        return issued.access_token

    def _is_fresh(self, kept: TokenSet) -> bool:
        return kept.is_fresh(self._context.clock.now_seconds(), margin_seconds=FRESHNESS_MARGIN_SECONDS)


class StaticTokenProvider:
    """A token given for one use: checked before it is stored."""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self, client: OAuthClient) -> str:  # noqa: ARG002 - what TokenProvider asks
        """Return the token."""
        return self._token

    def renew(self, client: OAuthClient, refused: str) -> None:
        """Return None: there is no other token."""


def from_environment(context: AuthContext) -> str | None:
    """Return the variable whose credentials override stored ones, if there is one."""
    return next((name for name in ("MTRIBES_TOKEN", "MTRIBES_CLIENT_ID") if context.variable(name)), None)


def token_variable(context: AuthContext) -> str | None:
    """Return `MTRIBES_TOKEN`, if set. Raises UsageError if it cannot be a token; its text is not repeated."""
    token = context.variable("MTRIBES_TOKEN")
    return validate_token(token, "MTRIBES_TOKEN") if token else None


def validate_token(token: str, origin: str) -> str:
    """Return `token` if it can be sent at all."""
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(f"{origin} is not a valid token.", _TOKEN_ADVICE)
    return token


def not_signed_in(host: Host) -> NotSignedInError:
    """Return the error that nobody is signed in to a host."""
    return NotSignedInError(
        f"Not signed in to {host.url}.", "Run `mtribes login`, or set MTRIBES_TOKEN and MTRIBES_HOST."
    )
