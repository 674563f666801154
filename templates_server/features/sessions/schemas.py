"""What the Client API gives when a session starts, and the Platform API when one is explained."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from templates_server.features.tribes.schemas import Explanation, OutcomeWord, Scalar


class ItemState(msgspec.Struct, frozen=True):
    """An experience in a section's list; `properties` complete, by raw key."""

    id: str
    experience: str
    enabled: bool
    properties: dict[str, Any]


class EntityState(msgspec.Struct, frozen=True, omit_defaults=True):
    """The state of an entity. An experience has `properties`, a section `items`; `scenario` can be null."""

    enabled: bool
    scenario: str | None
    properties: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    items: tuple[ItemState, ...] | msgspec.UnsetType = msgspec.UNSET


class StartedSession(msgspec.Struct, frozen=True):
    """A session that was stored; `states` has every entity, by `collection.child`."""

    session: str
    revision: str
    states: dict[str, EntityState]


class AskedExplanation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose session is explained, by one of the ids. `fields` is what an app would say; null: that is not known.

    `at` is when the session would start, by what is known of the person now; null: now.
    """

    user_id: Annotated[str, Meta(examples=["ada"])] | None = None
    anonymous_id: str | None = None
    fields: dict[str, Scalar | None] | None = None
    at: Annotated[str, Meta(max_length=64, description="An RFC 3339 time.")] | None = None


class ExplainedScenario(msgspec.Struct, frozen=True):
    """A targeted scenario: whether the person is in any of its tribes, and whether it was chosen."""

    name: str
    outcome: OutcomeWord
    chosen: bool
    in_time: bool
    starts: str | None
    ends: str | None
    why: str
    tribes: list[Explanation]


class ExplainedEntity(msgspec.Struct, frozen=True):
    """The explained state of an entity.

    If `known` is false, it depends on fields that the app sends, and `scenario` and `enabled` are null.
    """

    entity: str
    published: bool
    known: bool
    scenario: str | None
    enabled: bool | None
    why: str
    scenarios: list[ExplainedScenario]


class SessionExplanation(msgspec.Struct, frozen=True):
    """What a session started now would show; `merged_visitor` is the visitor if it was merged into this user."""

    person: str
    kind: Literal["user", "visitor"]
    merged_visitor: str | None
    at: str
    revision: str
    entities: list[ExplainedEntity]
