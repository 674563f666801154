"""Names of events, and the events and sessions of a stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from mtribes_cli.api.decoding import JsonObject, Model


@dataclass(frozen=True)
class EventName(Model):
    """A name of events that arrive: how often, whether the model has it, and how many were not as the model says."""

    name: str
    events: int
    modelled: bool
    differing: int
    metadata_keys: tuple[str, ...]
    first: str
    last: str


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
class StreamSession(Model):
    """A session that has started: of a user, or else of a visitor."""

    session: str
    user_id: str | None
    anonymous_id: str | None
    started: str
    app_version: str | None
    app_platform: str | None


def read_skipped(value: object, place: str) -> int:
    """Read how many events and sessions were left out: the data of a message `skipped`."""
    return JsonObject(value, place).whole("skipped")
