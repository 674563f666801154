"""What the Platform API says of an event, and of the names of events."""

from __future__ import annotations

from typing import Any

import msgspec


class EventView(msgspec.Struct, frozen=True):
    """An event of a user or, where `user_id` is null, of a visitor. `timestamp`: when it happened; `received`: here."""

    id: str
    name: str
    user_id: str | None
    anonymous_id: str | None
    session: str | None
    entity: str | None
    data: dict[str, Any] | None
    metadata: dict[str, str] | None
    timestamp: str
    received: str


class EventNameView(msgspec.Struct, frozen=True):
    """A name of events that arrive. `events` counts all that arrived since the name is known, `first` being when.

    `differing` are those that were not as the model said when they arrived. At most 50 `metadata_keys` are told.
    """

    name: str
    events: int
    modelled: bool
    differing: int
    metadata_keys: list[str]
    first: str
    last: str
