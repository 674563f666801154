"""What the Client API gives when a session starts."""

from __future__ import annotations

from typing import Any

import msgspec


class ItemState(msgspec.Struct, frozen=True):
    """An experience in a section's list; `properties` complete, by raw key."""

    id: str
    experience: str
    enabled: bool
    properties: dict[str, Any]


class EntityState(msgspec.Struct, frozen=True, omit_defaults=True):
    """The state of an entity: an experience has `properties`, a section has `items`; `scenario` null: there is none."""

    enabled: bool
    scenario: str | None
    properties: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    items: tuple[ItemState, ...] | msgspec.UnsetType = msgspec.UNSET


class StartedSession(msgspec.Struct, frozen=True):
    """A session that was stored; `states` has every entity, by `collection.child`."""

    session: str
    revision: str
    states: dict[str, EntityState]
