"""What the Platform API says of an event."""

from __future__ import annotations

from typing import Any

import msgspec


class EventView(msgspec.Struct, frozen=True):
    """An event of a user or, if `user_id` is null, of a visitor.

    `timestamp` is when it happened, `received` when it arrived.
    """

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
