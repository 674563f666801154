"""Names of events, and the events and sessions of a stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from mtribes_cli.api.decoding import Field, Model


@dataclass(frozen=True)
class EventName(Model):
    """A name of arriving events: how often they arrive, whether it is modelled, and how many differ from the model."""

    name: str
    events: int
    modelled: bool
    differing: int
    metadata_keys: tuple[str, ...]
    first: str
    last: str


@dataclass(frozen=True)
class StreamEvent(Model):
    """An event that has arrived: of a user, or else of a visitor."""

    id: str
    name: str
    user_id: str | None
    anonymous_id: str | None
    metadata: Annotated[Mapping[str, object], Field(default={})]
    timestamp: str


@dataclass(frozen=True)
class StreamSession(Model):
    """A session that has started: of a user, or else of a visitor."""

    session: str
    user_id: str | None
    anonymous_id: str | None
    started: str
    app_version: str | None
    app_platform: str | None


@dataclass(frozen=True)
class SkippedMessages(Model):
    """How many events and sessions were left out of the stream."""

    skipped: int
