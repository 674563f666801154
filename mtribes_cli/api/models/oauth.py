"""Responses of the authorization server (RFC 6749, 8414, 8628)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from mtribes_cli.api.decoding import Field, JsonObject, Model

MAX_LIFETIME_SECONDS = 366 * 24 * 3600
"""The longest lifetime: a token that claims to live longer is renewed by then."""
DEFAULT_INTERVAL_SECONDS = 5  # RFC 8628, 3.2
MAX_INTERVAL_SECONDS = 300


def _lifetime_seconds(fields: JsonObject, name: str) -> int:
    return min(max(fields.whole(name), 0), MAX_LIFETIME_SECONDS)


def _interval_seconds(fields: JsonObject, name: str) -> int:
    interval = fields.optional_whole(name)
    return min(max(DEFAULT_INTERVAL_SECONDS if interval is None else interval, 1), MAX_INTERVAL_SECONDS)


@dataclass(frozen=True)
class OAuthServer(Model):
    """The metadata of the authorization server (RFC 8414)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str | None
    device_authorization_endpoint: str | None


@dataclass(frozen=True)
class DeviceCodes(Model):
    """The response of the device authorization endpoint (RFC 8628, 3.2)."""

    device_code: Annotated[str, Field(reader=JsonObject.secret)]
    user_code: str
    verification_uri: str
    verification_uri_complete: str | None
    expires_in_seconds: Annotated[int, Field("expires_in", _lifetime_seconds)]
    interval_seconds: Annotated[int, Field("interval", _interval_seconds)]


@dataclass(frozen=True)
class IssuedToken(Model):
    """The response of the token endpoint (RFC 6749, 5.1)."""

    access_token: Annotated[str, Field(reader=JsonObject.secret)]
    expires_in_seconds: Annotated[int, Field("expires_in", _lifetime_seconds, default=0)]
    refresh_token: Annotated[str | None, Field(reader=JsonObject.optional_secret)]
