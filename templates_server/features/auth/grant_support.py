"""Support for all grants: the server they receive, the first tokens of a sign-in, constants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from authlib.oauth2.rfc6749.grants import BaseGrant
from sqlalchemy import Connection

from templates_server.features.auth import oauth_store
from templates_server.features.auth.clients import DEVICE_GRANT_TYPE, LOCAL_GRANT_TYPE, Client
from templates_server.features.auth.local_code import LocalCode
from templates_server.security.server_key import ServerKey

GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials", DEVICE_GRANT_TYPE)
ALL_AUTHENTICATION_METHODS = ["none", "client_secret_basic", "client_secret_post"]
CODE_LENGTH = 43
USED_UP = "The code or token is unknown, expired, revoked or already used."


@dataclass(frozen=True)
class OAuthConfig:
    """The configuration of the protocol besides the database: exact `issuer`, key, and a local server's code."""

    issuer: str
    key: ServerKey
    local_code: LocalCode | None = None

    @property
    def grant_types(self) -> tuple[str, ...]:
        """The grant types of the token endpoint."""
        return (*GRANT_TYPES, LOCAL_GRANT_TYPE) if self.local_code else GRANT_TYPES


class GrantServer(Protocol):
    """The interface of the authorization server for grants: one transaction at one time in milliseconds."""

    connection: Connection
    authority: OAuthConfig
    now: int

    def query_client(self, client_id: str) -> Client | None:
        """Return the client with an ID."""

    def successor_of(self, refresh_token: str) -> str:
        """Return the next refresh token after this one."""

    def use_local_code(self, code: str) -> bool:
        """Use up the code of this local server, and return whether it was valid."""


def issue_first_tokens(grant: BaseGrant, scopes: str) -> dict[str, Any]:
    """Issue and store the first tokens of a sign-in of the request's user."""
    request, now = grant.request, grant.server.now
    request.credential = oauth_store.new_family(
        request.user.id, client_id=request.client.get_client_id(), scopes=scopes, now=now
    )
    token: dict[str, Any] = grant.generate_token(user=request.user, scope=scopes)
    grant.save_token(token)
    return token
