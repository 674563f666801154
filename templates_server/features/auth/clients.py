"""The OAuth clients: the command line, which is public, and service accounts, which have a secret."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass

from templates_server.features.accounts.store import ServiceAccount
from templates_server.primitives.integers import whole_number
from templates_server.security.authorization import ALL_SCOPES, Scope
from templates_server.security.secrets import hash_secret

CLI_CLIENT_ID = "mtribes-cli"
LOCAL_GRANT_TYPE = "urn:mtribes:params:oauth:grant-type:local"
DEVICE_GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
LOOPBACK_REDIRECT = re.compile(r"http://(?:127\.0\.0\.1|\[::1\]):([1-9][0-9]{0,4})/callback")
MAX_PORT = 65535
SECRET_METHODS = frozenset({"client_secret_basic", "client_secret_post"})


@dataclass(frozen=True)
class PublicClient:
    """A public client on a person's own computer: no secret, and redirects to the loopback address only."""

    client_id: str
    name: str
    grant_types: frozenset[str]

    def get_client_id(self) -> str:
        """Return the client's ID."""
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """Return no default: the redirect URI is required."""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Return whether it is a plain loopback address, on any port (RFC 8252, 7.3)."""
        match = LOOPBACK_REDIRECT.fullmatch(redirect_uri)
        return match is not None and whole_number(match[1], most=MAX_PORT) is not None

    def check_client_secret(self, _secret: str) -> bool:
        """Return False: the client has no secret."""
        return False

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """Return whether the client may authenticate with this method."""
        return method == "none"

    def check_response_type(self, response_type: str) -> bool:
        """Return whether the client may use this response type at the authorization endpoint."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Return whether the client may use this grant type at the token endpoint."""
        return grant_type in self.grant_types

    def get_allowed_scope(self, scope: str | None) -> str:
        """Return the granted scope: the requested one, or all scopes if none is requested."""
        return scope_text(scope.split() if scope else ALL_SCOPES)


@dataclass(frozen=True)
class ServiceClient:
    """A service account as a client: a secret and no redirect."""

    account: ServiceAccount

    @property
    def name(self) -> str:
        """The display name of the client."""
        return self.account.name

    def get_client_id(self) -> str:
        """Return the client's ID."""
        return self.account.id

    def get_default_redirect_uri(self) -> None:
        """Return no default: service accounts have no redirect."""

    def check_redirect_uri(self, _redirect_uri: str) -> bool:
        """Return False: service accounts have no redirect."""
        return False

    def check_client_secret(self, secret: str) -> bool:
        """Return whether the secret is the account's; compared in constant time."""
        return hmac.compare_digest(hash_secret(secret), self.account.secret_hash)

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """Return whether the client may authenticate with this method."""
        return method in SECRET_METHODS

    def check_response_type(self, _response_type: str) -> bool:
        """Return False: service accounts do not use the authorization endpoint."""
        return False

    def check_grant_type(self, grant_type: str) -> bool:
        """Return whether the client may use this grant type at the token endpoint."""
        return grant_type == "client_credentials"

    def get_allowed_scope(self, scope: str | None) -> str:
        """Return the granted scope: the requested one within the account's scopes, or all of them by default."""
        asked = {Scope(name) for name in scope.split()} if scope else self.account.scopes
        return scope_text(asked & self.account.scopes)


Client = PublicClient | ServiceClient

COMMAND_LINE = PublicClient(
    CLI_CLIENT_ID,
    "the mtribes command line",
    frozenset({"authorization_code", "refresh_token", DEVICE_GRANT_TYPE, LOCAL_GRANT_TYPE}),
)
PUBLIC_CLIENTS = {COMMAND_LINE.client_id: COMMAND_LINE}


def scope_text(scopes: Iterable[str]) -> str:
    """Return the scopes in canonical form, each once."""
    return " ".join(sorted(set(scopes)))
