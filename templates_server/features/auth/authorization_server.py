"""The authorization server of Authlib over one transaction: clients, issued tokens and error responses.

An `OAuthServer` lives as long as its transaction. An error is a reply, not an exception, so that the transaction
commits the changes that the error must make, such as a used code. Only an authorization request that cannot be
redirected anywhere raises: its error is shown to the person, and it changes nothing.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    AccessDeniedError,
    AuthorizationServer,
    InvalidRequestError,
    OAuth2Request,
    UnsupportedResponseTypeError,
)
from authlib.oauth2.rfc6749.errors import UnsupportedGrantTypeError
from authlib.oauth2.rfc7009 import RevocationEndpoint
from sqlalchemy import Connection

from templates_server.errors import BadRequest
from templates_server.features.accounts import store as accounts_store
from templates_server.features.accounts.store import Account
from templates_server.features.auth import oauth_store
from templates_server.features.auth.clients import (
    PUBLIC_CLIENTS,
    Client,
    ServiceClient,
    scope_text,
)
from templates_server.features.auth.device.grant import DeviceAuthorization, DeviceGrant
from templates_server.features.auth.grant_support import ALL_AUTHENTICATION_METHODS, OAuthConfig
from templates_server.features.auth.grants import (
    LocalCodeGrant,
    PkceCodeGrant,
    RefreshGrant,
    RequiredS256,
    ServiceAccountGrant,
)
from templates_server.features.auth.oauth_request import ProtocolRequest, RefusedClient, read_credentials
from templates_server.features.auth.oauth_store import IssuedToken
from templates_server.primitives.ids import base62
from templates_server.primitives.timestamps import SECOND
from templates_server.security.authorization import ALL_SCOPES
from templates_server.security.secrets import RANDOM_LENGTH, SecretKind, add_checksum, hash_secret, new_secret

UNKNOWN_CLIENT_SECRET_HASH = hash_secret("nobody has this secret")


@dataclass(frozen=True)
class Reply:
    """A response of the protocol: JSON, or a redirect in the `Location` header."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def location(self) -> str | None:
        """The redirect target, if any."""
        return self.headers.get("Location")


@dataclass(frozen=True)
class ConsentQuestion:
    """A consent request for a person: the client, the permission and the redirect target."""

    client_name: str
    scopes: Sequence[str]
    redirect_uri: str


class Revocation(RevocationEndpoint):
    """The revocation of a token by its text (RFC 7009)."""

    CLIENT_AUTH_METHODS = ALL_AUTHENTICATION_METHODS
    server: OAuthServer

    def check_params(self, request: ProtocolRequest, _client: Client) -> None:
        """Require a token; the hint is optional, and an unknown one is ignored (RFC 7009, 2.1)."""
        if "token" not in request.form:
            raise InvalidRequestError("The token is missing.")

    def query_token(self, token: str, _hint: str | None) -> IssuedToken | None:
        """Return the token with that text."""
        return oauth_store.find_issued_token(self.server.connection, hash_secret(token))

    def revoke_token(self, token: IssuedToken, _request: ProtocolRequest) -> None:
        """Revoke the token."""
        oauth_store.revoke_token(self.server.connection, token, self.server.now)


class OAuthServer(AuthorizationServer):
    """The authorization server for one transaction at one time (milliseconds)."""

    def __init__(self, connection: Connection, authority: OAuthConfig, *, now: int) -> None:
        super().__init__(scopes_supported=sorted(ALL_SCOPES))
        self.connection = connection
        self.authority = authority
        self.now = now
        self.register_token_generator("default", self._new_token)
        self.register_grant(PkceCodeGrant, [RequiredS256(required=True)])
        self.register_grant(RefreshGrant)
        self.register_grant(ServiceAccountGrant)
        self.register_grant(DeviceGrant)
        if authority.local_code is not None:
            self.register_grant(LocalCodeGrant)
        self.register_endpoint(Revocation)
        self.register_endpoint(DeviceAuthorization)

    # What the routes call

    def question(self, request: ProtocolRequest) -> ConsentQuestion | Reply:
        """Return the consent request, or an error redirect; raise BadRequest without a valid redirect target."""
        client, redirect_uri = self._redirect_target(request)
        try:
            _check_authorization(request)
            grant = self.get_consent_grant(request)
        except OAuth2Error as error:
            return self._error_redirect(request, error, redirect_uri)
        return ConsentQuestion(client.name, grant.request.scope.split(), redirect_uri)

    def decide(self, request: ProtocolRequest, account: Account | None) -> Reply:
        """Return the redirect with a code, or access denied for no account; raise BadRequest as `question` does."""
        _, redirect_uri = self._redirect_target(request)
        try:
            _check_authorization(request)
            grant = self.get_consent_grant(request, account)
        except OAuth2Error as error:
            return self._error_redirect(request, error, redirect_uri)
        if account is None:
            return self._error_redirect(request, AccessDeniedError("The user denied the request."), redirect_uri)
        reply: Reply = self.create_authorization_response(request, account, grant)
        return self._with_issuer(reply)

    def token(self, request: ProtocolRequest) -> Reply:
        """Return the response of the token endpoint."""
        try:
            _refuse_repeated(request)
            self._check_grant_type(request)
        except OAuth2Error as error:
            return self._reply_to(request, error)
        reply: Reply = self.create_token_response(request)
        return reply

    def revocation(self, request: ProtocolRequest) -> Reply:
        """Return the response of the revocation endpoint."""
        return self._endpoint(Revocation.ENDPOINT_NAME, request)

    def device_authorization(self, request: ProtocolRequest) -> Reply:
        """Return the response of the device authorization endpoint."""
        return self._endpoint(DeviceAuthorization.ENDPOINT_NAME, request)

    def _endpoint(self, name: str, request: ProtocolRequest) -> Reply:
        try:
            _refuse_repeated(request)
        except OAuth2Error as error:
            return self._reply_to(request, error)
        reply: Reply = self.create_endpoint_response(name, request)
        return reply

    # What Authlib calls

    def create_oauth2_request(self, request: ProtocolRequest) -> ProtocolRequest:
        """Return the request, which already has Authlib's form."""
        return request

    def handle_response(self, status: int, body: Any, headers: Sequence[tuple[str, str]]) -> Reply:
        """Return the outcome, independent of any framework."""
        return Reply(status, body, dict(headers))

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Do nothing: signals have no receivers."""

    def query_client(self, client_id: str) -> Client | None:
        """Return the client with an ID."""
        if client_id in PUBLIC_CLIENTS:
            return PUBLIC_CLIENTS[client_id]
        service = accounts_store.find_service_account(self.connection, client_id)
        return ServiceClient(service) if service else None

    def authenticate_client(self, request: ProtocolRequest, methods: Sequence[str], endpoint: str = "token") -> Client:
        """Authenticate the client by exactly one method; unknown IDs and wrong secrets give the same error."""
        credentials = read_credentials(request)
        client = self.query_client(credentials.client_id)
        if client is None:
            hmac.compare_digest(hash_secret(credentials.secret), UNKNOWN_CLIENT_SECRET_HASH)
            raise RefusedClient("Unknown client, or client authentication failed.")
        is_allowed = credentials.method in methods and client.check_endpoint_auth_method(credentials.method, endpoint)
        if not is_allowed or (credentials.secret and not client.check_client_secret(credentials.secret)):
            raise RefusedClient("Unknown client, or client authentication failed.")
        request.auth_method = credentials.method
        return client

    def save_token(self, token: Mapping[str, Any], request: OAuth2Request) -> None:
        """Store the token about to be returned; the first tokens of a sign-in start its family."""
        access_hash = hash_secret(token["access_token"])
        if isinstance(request.client, ServiceClient):
            service_account_id = request.client.account.id
            oauth_store.forget_expired_of_service(self.connection, service_account_id=service_account_id, now=self.now)
            oauth_store.add_service_token(
                self.connection,
                access_hash,
                service_account_id=service_account_id,
                scopes=token["scope"],
                now=self.now,
            )
            return
        family = request.credential
        if request.refresh_token is None:
            oauth_store.forget_expired(self.connection, account_id=family.account_id, now=self.now)
            oauth_store.add_family(self.connection, family, now=self.now)
            oauth_store.add_refresh_token(
                self.connection, hash_secret(token["refresh_token"]), family=family, now=self.now
            )
        oauth_store.add_access_token(self.connection, access_hash, family=family, scopes=token["scope"], now=self.now)

    # What the grants call

    def successor_of(self, refresh_token: str) -> str:
        """Return the next refresh token after this one: always the same, and only this server can compute it."""
        derived = int.from_bytes(self.authority.key.derive("refresh token", refresh_token))
        return add_checksum(f"{SecretKind.REFRESH}_{base62(derived, RANDOM_LENGTH)}")

    def use_local_code(self, code: str) -> bool:
        """Return whether that is the code of this local server, and replace the code if so."""
        return self.authority.local_code is not None and self.authority.local_code.use(code)

    # How it is done

    def _new_token(
        self, *, client: Client, scope: str | None, include_refresh_token: bool, **_ignored: object
    ) -> dict[str, Any]:
        is_service = isinstance(client, ServiceClient)
        lifetime = oauth_store.SERVICE_ACCESS_LIFETIME if is_service else oauth_store.ACCESS_LIFETIME
        granted = client.get_allowed_scope(scope) if is_service else scope_text((scope or "").split())
        token = {
            "access_token": new_secret(SecretKind.ACCESS),
            "expires_in": lifetime // SECOND,
            "token_type": "Bearer",
            "scope": granted,
        }
        if include_refresh_token:
            token["refresh_token"] = new_secret(SecretKind.REFRESH)
        return token

    def _redirect_target(self, request: ProtocolRequest) -> tuple[Client, str]:
        """Return the client and its redirect target; raise BadRequest unless both are valid."""
        parameters = request.parameters
        client = self.query_client(parameters.text("client_id"))
        if client is None or "client_id" in parameters.repeated:
            raise BadRequest(
                "Unknown application (client_id). Go back to the program that sent you here and sign in again."
            )
        redirect_uri = parameters.text("redirect_uri")
        if not client.check_redirect_uri(redirect_uri) or "redirect_uri" in parameters.repeated:
            raise BadRequest("The redirect URI does not belong to the application that sent you here.")
        return client, redirect_uri

    def _check_grant_type(self, request: ProtocolRequest) -> None:
        grant_type = request.parameters.get("grant_type")
        if grant_type is None:
            raise InvalidRequestError("The grant_type is missing.")
        if grant_type not in self.authority.grant_types:
            raise UnsupportedGrantTypeError(grant_type)
        if request.is_json and grant_type != "client_credentials":
            raise InvalidRequestError("JSON is supported for client_credentials only. Send a form instead.")

    def _error_redirect(self, request: ProtocolRequest, error: OAuth2Error, redirect_uri: str) -> Reply:
        """Return a redirect with the error."""
        error.redirect_uri = redirect_uri
        error.state = None if "state" in request.parameters.repeated else request.parameters.get("state")
        return self._with_issuer(self._reply_to(request, error))

    def _reply_to(self, request: ProtocolRequest, error: OAuth2Error) -> Reply:
        reply: Reply = self.handle_error_response(request, error)
        return reply

    def _with_issuer(self, reply: Reply) -> Reply:
        """Return the redirect with its issuer (RFC 9207, 2)."""
        location = add_params_to_uri(reply.location, [("iss", self.authority.issuer)])
        return Reply(reply.status, reply.body, {**reply.headers, "Location": location})


def _refuse_repeated(request: ProtocolRequest) -> None:
    """Raise InvalidRequestError if a parameter is repeated (RFC 6749, 3.1 and 3.2)."""
    if request.parameters.repeated:
        raise InvalidRequestError("A parameter was sent more than once.")


def _check_authorization(request: ProtocolRequest) -> None:
    """Raise an OAuth2Error for problems that Authlib ignores, or would quote verbatim in an error message."""
    _refuse_repeated(request)
    response_type = request.parameters.get("response_type")
    if response_type is None:
        raise InvalidRequestError("The response_type is missing.")
    if response_type != "code":
        raise UnsupportedResponseTypeError(response_type, description="The response_type must be code.")
    if request.parameters.get("response_mode") not in {None, "query"}:
        raise InvalidRequestError("The response_mode must be query.")
