"""What a stream tells of a session that has started, besides events as the Platform API lists them."""

from __future__ import annotations

import msgspec


class ArrivedSession(msgspec.Struct, frozen=True):
    """A session of a user or, where `user_id` is null, of a visitor.

    What the app reports of itself is null where it does not.
    """

    session: str
    user_id: str | None
    anonymous_id: str | None
    started: str
    code_hash: str | None
    code_language: str | None
    app_version: str | None
    app_build: str | None
    app_platform: str | None
    os_version: str | None


class Skipped(msgspec.Struct, frozen=True):
    """How many events and sessions were not told, as more arrived than a stream tells."""

    skipped: int
