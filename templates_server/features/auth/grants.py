"""The grants: a code with PKCE, a refresh token, client credentials, the local server's code."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, InvalidScopeError, UnauthorizedClientError
from authlib.oauth2.rfc6749.grants import (
    AuthorizationCodeGrant,
    BaseGrant,
    ClientCredentialsGrant,
    RefreshTokenGrant,
    TokenEndpointMixin,
)
from authlib.oauth2.rfc7636 import CodeChallenge

from templates_server.features.accounts import store as accounts_store
from templates_server.features.accounts.store import Account
from templates_server.features.auth import oauth_store
from templates_server.features.auth.clients import LOCAL_GRANT_TYPE
from templates_server.features.auth.grant_support import (
    ALL_AUTHENTICATION_METHODS,
    CODE_LENGTH,
    USED_UP,
    GrantServer,
    issue_first_tokens,
)
from templates_server.features.auth.oauth_request import ProtocolRequest
from templates_server.features.auth.oauth_store import AuthorizationCode, TokenFamily
from templates_server.primitives.ids import random_text
from templates_server.primitives.timestamps import LATEST_AHEAD
from templates_server.security.secrets import hash_secret, is_well_formed

S256_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
NO_ADMINISTRATOR = (
    "No organization on this server has an administrator. Stop the server and run `mtribes-server account add EMAIL "
    "--organization KEY --role administrator`."
)


class RequiredS256(CodeChallenge):
    """PKCE with S256 only (RFC 7636, 4.3; RFC 9700, 2.1.1)."""

    SUPPORTED_CODE_CHALLENGE_METHOD: ClassVar = ["S256"]

    def validate_code_challenge(self, grant: PkceCodeGrant, redirect_uri: str) -> None:
        """Reject an authorization request whose challenge is missing or is not S256."""
        data = grant.request.payload.data
        if data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("The code_challenge_method must be S256.")
        if not S256_CHALLENGE.fullmatch(data.get("code_challenge", "")):
            raise InvalidRequestError("The code_challenge must be the base64url form of a SHA-256.")
        super().validate_code_challenge(grant, redirect_uri)


class PkceCodeGrant(AuthorizationCodeGrant):
    """The authorization code grant, with consent in a browser (RFC 6749, 4.1)."""

    TOKEN_ENDPOINT_AUTH_METHODS = ALL_AUTHENTICATION_METHODS
    server: GrantServer

    def generate_authorization_code(self) -> str:
        """Return a new code."""
        return random_text(CODE_LENGTH)

    def save_authorization_code(self, code: str, request: ProtocolRequest) -> None:
        """Store the consent."""
        now = self.server.now
        family = oauth_store.new_family(
            request.user.id, client_id=request.client.get_client_id(), scopes=request.scope, now=now
        )
        data = request.payload.data
        issued = AuthorizationCode(
            hash_secret(code), family, data["redirect_uri"], data["code_challenge"], now + oauth_store.CODE_LIFETIME
        )
        oauth_store.add_code(self.server.connection, issued, now=now)

    def query_authorization_code(self, code: str, client: Any) -> AuthorizationCode | None:
        """Return the code and use it up: it cannot be used again, even if the request is otherwise invalid."""
        connection, now, client_id = self.server.connection, self.server.now, client.get_client_id()
        used = oauth_store.use_code(connection, hash_secret(code), client_id=client_id, now=now)
        if used is None:
            oauth_store.revoke_family_of_code(connection, hash_secret(code), client_id=client_id, now=now)
        return used if used and now < used.expires <= now + oauth_store.CODE_LIFETIME + LATEST_AHEAD else None

    def delete_authorization_code(self, _code: AuthorizationCode) -> None:
        """Do nothing: the code was used up when it was found. Its row stays, so that a replay is detected."""

    def authenticate_user(self, code: AuthorizationCode) -> Account | None:
        """Return the account that gave consent."""
        self.request.credential = code.family
        return accounts_store.find_account(self.server.connection, code.family.account_id)


class RefreshGrant(RefreshTokenGrant):
    """The refresh token grant: an access token and the next refresh token (RFC 6749, 6; RFC 9700, 4.14.2).

    The next token is derived from the previous one, so a client that lost the response can retry and get the same one.
    """

    TOKEN_ENDPOINT_AUTH_METHODS = ALL_AUTHENTICATION_METHODS
    server: GrantServer

    def authenticate_refresh_token(self, refresh_token: str) -> TokenFamily | None:
        """Return the family of the token if it is active."""
        if not is_well_formed(refresh_token):
            return None
        return oauth_store.find_refresh_family(self.server.connection, hash_secret(refresh_token), self.server.now)

    def authenticate_user(self, family: TokenFamily) -> Account | None:
        """Return the account that signed in."""
        return accounts_store.find_account(self.server.connection, family.account_id)

    def issue_token(self, user: Account, family: TokenFamily) -> dict[str, Any]:
        """Return the response with the next token; the current one is used up."""
        presented = self.request.form["refresh_token"]
        successor = self.server.successor_of(presented)
        self._exchange(family, hash_secret(presented), hash_secret(successor))
        self.request.credential = family
        return {**super().issue_token(user, family), "refresh_token": successor}

    def revoke_old_credential(self, _family: TokenFamily) -> None:
        """Do nothing: the token was used up when its successor was created."""

    def _exchange(self, family: TokenFamily, presented_hash: bytes, successor_hash: bytes) -> None:
        """Exchange the token for its successor, or repeat a recent exchange; any other reuse revokes the sign-in."""
        connection, now = self.server.connection, self.server.now
        if oauth_store.use_refresh_token(connection, presented_hash, now):
            oauth_store.add_refresh_token(connection, successor_hash, family=family, now=now)
        elif not oauth_store.is_repeatable(connection, presented_hash, successor_hash=successor_hash, now=now):
            oauth_store.revoke_family(connection, family.id, now)
            raise InvalidGrantError(USED_UP)


class ServiceAccountGrant(ClientCredentialsGrant):
    """The client credentials grant of a service account (RFC 6749, 4.4), with a form or a JSON body."""

    TOKEN_ENDPOINT_AUTH_METHODS = ALL_AUTHENTICATION_METHODS
    server: GrantServer

    def validate_token_request(self) -> None:
        """Reject a scope that the account does not have."""
        super().validate_token_request()
        asked = frozenset((self.request.payload.scope or "").split())
        if not asked <= self.request.client.account.scopes:
            raise InvalidScopeError("The service account does not have all of these scopes.")

    def create_token_response(self) -> tuple[int, dict[str, Any], Any]:
        """Return the response; for a JSON request, with the three members that its clients expect."""
        status, token, headers = super().create_token_response()
        if self.request.is_json:
            token = {name: token[name] for name in ("access_token", "expires_in", "token_type")}
        return status, token, headers


class LocalCodeGrant(BaseGrant, TokenEndpointMixin):
    """The grant for the code in a local server's data folder; it signs in as the first administrator."""

    GRANT_TYPE = LOCAL_GRANT_TYPE
    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar = ["none"]
    server: GrantServer

    def validate_token_request(self) -> None:
        """Reject an invalid code, or a server without an administrator."""
        client = self.authenticate_token_endpoint_client()
        if not client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError("This client is not allowed to use the local grant.")
        account = accounts_store.find_first_administrator(self.server.connection)
        if account is None:
            raise InvalidGrantError(NO_ADMINISTRATOR)
        if not self.server.use_local_code(self.request.form.get("code", "")):
            raise InvalidGrantError(USED_UP)
        self.request.client, self.request.user = client, account

    def create_token_response(self) -> tuple[int, dict[str, Any], Any]:
        """Return the response with all permissions of the administrator."""
        return 200, issue_first_tokens(self, self.request.client.get_allowed_scope(None)), self.TOKEN_RESPONSE_HEADER
