"""Answers of the authorization server (RFC 6749, 8414, 8628)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from mtribes_cli.api.decoding import JsonObject, Model

MAX_LIFETIME_SECONDS = 366 * 24 * 3600
"""A token that is said to live longer is renewed by then."""
DEFAULT_INTERVAL_SECONDS = 5  # RFC 8628, 3.2
MAX_INTERVAL_SECONDS = 300


@dataclass(frozen=True)
class OAuthServer(Model):
    """The metadata of the authorization server (RFC 8414)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str | None
    device_authorization_endpoint: str | None


@dataclass(frozen=True)
class DeviceCodes:
    """The answer of the device authorization endpoint (RFC 8628, 3.2)."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str | None
    expires_in_seconds: int
    interval_seconds: int

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """Codes, and where to enter one of them."""
        fields = JsonObject(value, place)
        interval = fields.optional_whole("interval")
        return cls(
            fields.secret("device_code"),
            fields.text("user_code"),
            fields.text("verification_uri"),
            fields.optional_text("verification_uri_complete"),
            min(max(fields.whole("expires_in"), 0), MAX_LIFETIME_SECONDS),
            min(max(DEFAULT_INTERVAL_SECONDS if interval is None else interval, 1), MAX_INTERVAL_SECONDS),
        )


@dataclass(frozen=True)
class IssuedToken:
    """The answer of the token endpoint (RFC 6749, 5.1)."""

    access_token: str
    expires_in_seconds: int
    refresh_token: str | None

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """An access token, and perhaps the token that renews it."""
        fields = JsonObject(value, place)
        return cls(
            fields.secret("access_token"),
            min(max(fields.optional_whole("expires_in") or 0, 0), MAX_LIFETIME_SECONDS),
            fields.secret("refresh_token") if fields.optional_text("refresh_token") else None,
        )
