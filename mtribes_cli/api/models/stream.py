"""Events and sessions of a stream, as they travel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from mtribes_cli.api.decoding import JsonObject


@dataclass(frozen=True)
class StreamEvent:
    """An event that has arrived: of a user, or else of a visitor."""

    id: str
    name: str
    user_id: str | None
    anonymous_id: str | None
    metadata: Mapping[str, object]
    timestamp: str

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """Read the data of a message `event`."""
        fields = JsonObject(value, place)
        return cls(
            fields.text("id"),
            fields.text("name"),
            fields.optional_text("user_id"),
            fields.optional_text("anonymous_id"),
            fields.mapping("metadata") if fields.any("metadata") is not None else {},
            fields.text("timestamp"),
        )


@dataclass(frozen=True)
class StreamSession:
    """A session that has started: of a user, or else of a visitor."""

    session: str
    user_id: str | None
    anonymous_id: str | None
    started: str
    app_version: str | None
    app_platform: str | None

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """Read the data of a message `session`."""
        fields = JsonObject(value, place)
        return cls(
            fields.text("session"),
            fields.optional_text("user_id"),
            fields.optional_text("anonymous_id"),
            fields.text("started"),
            fields.optional_text("app_version"),
            fields.optional_text("app_platform"),
        )


def read_skipped(value: object, place: str) -> int:
    """Read how many events and sessions were left out: the data of a message `skipped`."""
    return JsonObject(value, place).whole("skipped")
