"""What the Platform API says of an event that is stored."""

from __future__ import annotations

import msgspec

from templates_server.features.events.listing.store import StoredEvent
from templates_server.features.events.schemas import EventView
from templates_server.features.people.identity import PersonKind
from templates_server.primitives.timestamps import to_rfc3339


def event_view(event: StoredEvent) -> EventView:
    """Return an event as lists and streams have it."""
    return EventView(
        event.event_id,
        event.name,
        event.called if event.kind == PersonKind.USER else None,
        event.called if event.kind == PersonKind.VISITOR else None,
        event.session_id,
        event.entity,
        None if event.data is None else msgspec.json.decode(event.data),
        None if event.metadata is None else msgspec.json.decode(event.metadata),
        to_rfc3339(event.happened),
        to_rfc3339(event.received),
    )
