"""What the endpoints of OAuth 2 read and give, as types; how they mean it is in `protocol` and `grants`."""

from __future__ import annotations

import msgspec


class Metadata(msgspec.Struct, frozen=True):
    """Metadata of the authorization server (RFC 8414, section 2)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str
    device_authorization_endpoint: str
    scopes_supported: list[str]
    response_types_supported: list[str]
    response_modes_supported: list[str]
    grant_types_supported: list[str]
    code_challenge_methods_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    revocation_endpoint_auth_methods_supported: list[str]
    authorization_response_iss_parameter_supported: bool


class TokenRequest(msgspec.Struct, frozen=True):
    """A request for tokens (RFC 6749, 4.1.3, 4.4.2 and 6; RFC 8628, 3.4); which fields it needs depends on the grant.

    `audience` is taken and passed over, as older clients send it.
    """

    grant_type: str
    client_id: str | msgspec.UnsetType = msgspec.UNSET
    client_secret: str | msgspec.UnsetType = msgspec.UNSET
    code: str | msgspec.UnsetType = msgspec.UNSET
    redirect_uri: str | msgspec.UnsetType = msgspec.UNSET
    code_verifier: str | msgspec.UnsetType = msgspec.UNSET
    refresh_token: str | msgspec.UnsetType = msgspec.UNSET
    device_code: str | msgspec.UnsetType = msgspec.UNSET
    scope: str | msgspec.UnsetType = msgspec.UNSET
    audience: str | msgspec.UnsetType = msgspec.UNSET


class Tokens(msgspec.Struct, frozen=True):
    """Tokens (RFC 6749, 5.1); a service account gets no refresh token. `expires_in` in seconds."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str | msgspec.UnsetType = msgspec.UNSET
    refresh_token: str | msgspec.UnsetType = msgspec.UNSET


class RevocationRequest(msgspec.Struct, frozen=True):
    """The token to revoke (RFC 7009, section 2.1)."""

    token: str
    token_type_hint: str | msgspec.UnsetType = msgspec.UNSET
    client_id: str | msgspec.UnsetType = msgspec.UNSET
    client_secret: str | msgspec.UnsetType = msgspec.UNSET


class DeviceRequest(msgspec.Struct, frozen=True):
    """A device authorization request (RFC 8628, section 3.1)."""

    client_id: str
    scope: str | msgspec.UnsetType = msgspec.UNSET


class DeviceCodes(msgspec.Struct, frozen=True):
    """A device code and a user code (RFC 8628, section 3.2). Times are in seconds."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


class OAuthError(msgspec.Struct, frozen=True):
    """An OAuth error response (RFC 6749, section 5.2)."""

    error: str
    error_description: str | msgspec.UnsetType = msgspec.UNSET
    error_uri: str | msgspec.UnsetType = msgspec.UNSET
