"""What the Client API gives when a session starts, and the Platform API when one is explained."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from templates_server.tribes.models import Explanation, OutcomeWord, Scalar


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


class AskedExplanation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose session is explained, by one of the ids. `fields` is what an app would say; null: that is not known.

    `at` is when the session would start, by what is known of the person now; null: now.
    """

    user_id: Annotated[str, Meta(examples=["ada"])] | None = None
    anonymous_id: str | None = None
    fields: dict[str, Scalar | None] | None = None
    at: Annotated[str, Meta(max_length=64, description="A time as in RFC 3339.")] | None = None


class ExplainedScenario(msgspec.Struct, frozen=True):
    """A targeted scenario: whether the person is in any of its tribes, and whether it is the one that is shown."""

    name: str
    outcome: OutcomeWord
    chosen: bool
    in_time: bool
    starts: str | None
    ends: str | None
    why: str
    tribes: list[Explanation]


class ExplainedEntity(msgspec.Struct, frozen=True):
    """What is shown of an entity. `known` false: what an app says decides; `scenario` and `enabled` are null then."""

    entity: str
    published: bool
    known: bool
    scenario: str | None
    enabled: bool | None
    why: str
    scenarios: list[ExplainedScenario]


class SessionExplanation(msgspec.Struct, frozen=True):
    """What a session that starts now would show; `merged_visitor` is the visitor asked for who is this user now."""

    person: str
    kind: Literal["user", "visitor"]
    merged_visitor: str | None
    at: str
    revision: str
    entities: list[ExplainedEntity]
