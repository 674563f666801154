"""The two endpoints of the device flow that programs use: the device authorization endpoint and the grant."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import AccessDeniedError, InvalidGrantError, InvalidRequestError, UnauthorizedClientError
from authlib.oauth2.rfc6749.grants import BaseGrant, TokenEndpointMixin
from authlib.oauth2.rfc8628 import (
    AuthorizationPendingError,
    DeviceAuthorizationEndpoint,
    ExpiredTokenError,
    SlowDownError,
)

from templates_server.features.accounts import store as accounts_store
from templates_server.features.auth.clients import DEVICE_GRANT_TYPE, Client
from templates_server.features.auth.device import store, user_codes
from templates_server.features.auth.device.store import DeviceCode, NewDeviceCode
from templates_server.features.auth.grant_support import (
    ALL_AUTHENTICATION_METHODS,
    CODE_LENGTH,
    USED_UP,
    GrantServer,
    issue_first_tokens,
)
from templates_server.features.auth.oauth_request import ProtocolRequest
from templates_server.primitives.ids import random_text
from templates_server.primitives.timestamps import SECOND
from templates_server.security.secrets import hash_secret

VERIFICATION_PATH = "/device"
INTERVAL_SECONDS = 5


class DeviceAuthorization(DeviceAuthorizationEndpoint):
    """The device authorization: a device code for the program, a user code for the person (RFC 8628, 3.1 and 3.2)."""

    CLIENT_AUTH_METHODS = ALL_AUTHENTICATION_METHODS
    EXPIRES_IN = store.LIFETIME // SECOND
    server: GrantServer

    @property
    def INTERVAL(self) -> int:  # noqa: N802 - Authlib's name
        """The minimum interval between two polls, in seconds."""
        return INTERVAL_SECONDS

    def authenticate_client(self, request: ProtocolRequest) -> Client:
        """Return the authenticated client; raise UnauthorizedClientError if it may not use the flow."""
        client: Client = super().authenticate_client(request)
        _check_grant(client)
        return client

    def generate_device_code(self) -> str:
        """Return a new device code for the program."""
        return random_text(CODE_LENGTH)

    def generate_user_code(self) -> str:
        """Return a new user code as it is shown to the person."""
        user_code = user_codes.new_user_code()
        while store.is_taken(self.server.connection, user_code):
            user_code = user_codes.new_user_code()
        return user_codes.format_user_code(user_code)

    def get_verification_uri(self) -> str:
        """Return the URL where the person enters the code."""
        return self.server.authority.issuer + VERIFICATION_PATH

    def save_device_credential(self, client_id: str, scope: str | None, data: dict[str, Any]) -> None:
        """Store the issued codes."""
        client = self.server.query_client(client_id)
        user_code = user_codes.parse_user_code(data["user_code"])
        if client is None or user_code is None:
            raise LookupError("the client and the code were good a moment ago")
        issued = NewDeviceCode(
            hash_secret(data["device_code"]), user_code, client_id, client.get_allowed_scope(scope), data["interval"]
        )
        store.add_device_code(self.server.connection, issued, now=self.server.now)


class DeviceGrant(BaseGrant, TokenEndpointMixin):
    """The device grant: exchanges a device code that a person allowed for tokens, once (RFC 8628, 3.4 and 3.5)."""

    GRANT_TYPE = DEVICE_GRANT_TYPE
    TOKEN_ENDPOINT_AUTH_METHODS = ALL_AUTHENTICATION_METHODS
    server: GrantServer

    def validate_token_request(self) -> None:
        """Use up the code; raise an error of RFC 8628 if that is not possible."""
        client = self.authenticate_token_endpoint_client()
        _check_grant(client)
        device_code = self.request.form.get("device_code")
        if device_code is None:
            raise InvalidRequestError("The device_code is missing.")
        code = self._use_code(hash_secret(device_code), client.get_client_id())
        self.request.client, self.request.user, self._scopes = client, self._account_of(code), code.scopes

    def create_token_response(self) -> tuple[int, dict[str, Any], Any]:
        """Return the response with the first tokens of the sign-in."""
        return 200, issue_first_tokens(self, self._scopes), self.TOKEN_RESPONSE_HEADER

    def _use_code(self, code_hash: bytes, client_id: str) -> DeviceCode:
        connection, now = self.server.connection, self.server.now
        used = store.use_device_code(connection, code_hash, client_id=client_id, now=now)
        if used is not None:
            return used
        found = store.find_device_code(connection, code_hash, client_id=client_id)
        if found is None or found.redeemed is not None:
            raise InvalidGrantError(USED_UP)
        if store.has_ended(found, now):
            raise ExpiredTokenError("The code has expired. Request a new one.")
        if found.decision == store.REFUSED:
            raise AccessDeniedError("The user denied the request.")
        if not store.record_poll(connection, code_hash, now):
            raise SlowDownError(f"Polling too fast. Wait {store.SLOWER_BY_SECONDS} seconds longer between requests.")
        raise AuthorizationPendingError("Waiting for the user to allow or deny the request.")

    def _account_of(self, code: DeviceCode) -> accounts_store.Account:
        account = accounts_store.find_account(self.server.connection, code.account_id or "")
        if account is None:
            raise InvalidGrantError(USED_UP)
        return account


def _check_grant(client: Client) -> None:
    """Raise UnauthorizedClientError unless the client may use the device flow."""
    if not client.check_grant_type(DEVICE_GRANT_TYPE):
        raise UnauthorizedClientError("This client is not allowed to use the device flow.")
