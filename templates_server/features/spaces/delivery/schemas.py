"""What the Platform API reads and gives about what environments deliver."""

from __future__ import annotations

import enum
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from templates_server.http.route_docs import ParameterDocs


class Environment(msgspec.Struct, frozen=True):
    """An environment; `revision` is that of its delivery, `keys` the number of active keys."""

    name: str
    revision: int
    published: list[str]
    keys: int


FROM = ParameterDocs(
    "from",
    str,
    "A revision, or the name of an environment for its current delivery. Default: the revision before `to`, or, if "
    "`to` is another environment, the current delivery of this one.",
    example="0",
)
TO = ParameterDocs(
    "to",
    str,
    "A revision or the name of an environment. Default: the current delivery of the environment.",
    example="1",
)
Moment = Annotated[str, Meta(max_length=64, description="An RFC 3339 time.")]
ItemId = Annotated[str, Meta(pattern="^[A-Za-z0-9._-]{1,64}$")]


class ItemDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An experience in the list of a section."""

    id: ItemId
    experience: str
    enabled: bool | None = None
    properties: dict[str, Any] | None = None


class ScenarioDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A state of an entity: an experience has `properties`, a section has `items`."""

    enabled: bool | None = None
    properties: dict[str, Any] | None = None
    items: list[ItemDocument] | None = None


class TargetedDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A scenario for people in any of the tribes, from `starts` (inclusive) to `ends` (exclusive)."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    tribes: Annotated[list[str], Meta(min_length=1, max_length=50)]
    starts: Moment | None = None
    ends: Moment | None = None
    enabled: bool | None = None
    properties: dict[str, Any] | None = None
    items: list[ItemDocument] | None = None


class EntityDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The scenarios of an entity: the default one, and the targeted ones in order of priority."""

    default: ScenarioDocument | None = None
    targeted: Annotated[list[TargetedDocument], Meta(max_length=100)] | None = None


class Delivery(msgspec.Struct, frozen=True):
    """What an environment delivers at a revision; `scenarios` by entity (`collection.child`)."""

    space: str
    environment: str
    revision: int
    published: list[str]
    scenarios: dict[str, EntityDocument]


class SentDelivery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The delivery to store; `revision` is the revision that it is based on."""

    space: str | None = None
    environment: str | None = None
    revision: Annotated[int, Meta(ge=0)] | None = None
    published: Annotated[list[str], Meta(max_length=1000)] | None = None
    scenarios: dict[str, EntityDocument | None] | None = None


class DeliveryPut(msgspec.Struct, frozen=True):
    """The result of storing a delivery. An identical delivery creates no new revision."""

    revision: int
    changed: bool


class Collections(msgspec.Struct, frozen=True):
    """Keys of collections."""

    collections: list[str]


class Published(msgspec.Struct, frozen=True):
    """The collections that are published, at that revision."""

    revision: int
    published: list[str]


class ChangeKind(enum.StrEnum):
    """The kind of change of a collection (published, unpublished), a scenario or an entity (the others)."""

    PUBLISHED = "published"
    UNPUBLISHED = "unpublished"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    CHANGED = "changed"


class ValueChange(msgspec.Struct, frozen=True):
    """A value before and after; null where it is not given. A `position` counts from 1.

    The steps of `path` are joined by dots, such as `properties.title` or `items.trailer.properties.title`.
    """

    path: str
    before: Any
    after: Any


class DeliveryChange(msgspec.Struct, frozen=True):
    """A change: of a `collection`, or of a `scenario` of an `entity` (`default`, or its name).

    Without a scenario it is the entity that was added or removed, and has none. `values` are all that changed.
    """

    kind: ChangeKind
    collection: str | None = None
    entity: str | None = None
    scenario: str | None = None
    values: tuple[ValueChange, ...] = ()


class DeliveryAt(msgspec.Struct, frozen=True):
    """A compared delivery: an environment at a revision."""

    environment: str
    revision: int


class DeliveryDiff(msgspec.Struct, frozen=True, rename={"before": "from", "after": "to"}):
    """Every change from one delivery to another, in order of collection and entity."""

    before: DeliveryAt
    after: DeliveryAt
    changes: tuple[DeliveryChange, ...]


class Restoration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The revision to deliver again."""

    revision: Annotated[int, Meta(ge=0, le=2**31 - 1)]
