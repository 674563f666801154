"""What the Platform API reads and gives about Spaces, environments and keys."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta


class NewSpace(msgspec.Struct, frozen=True):
    """The Space to create; the default name is the key."""

    key: str
    name: str | None = None


class ChangedSpace(msgspec.Struct, frozen=True):
    """The new name of a Space. Its key does not change."""

    name: str


class Space(msgspec.Struct, frozen=True):
    """A Space: `organization` is a key, `revision` the model's (0: empty), times are RFC 3339."""

    id: str
    key: str
    name: str
    organization: str
    revision: int
    created: str
    updated: str


KeyText = Annotated[str, Meta(pattern="^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=64)]
NameText = Annotated[str, Meta(max_length=200)]
DescriptionText = Annotated[str, Meta(max_length=2000)]
Count = Annotated[int, Meta(ge=0)]


class PropertyDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A typed property of an experience; `options` are a select's, `default` is a value of the type."""

    type: Literal["text", "number", "toggle", "color", "date", "list", "select", "image"]
    name: NameText | None = None
    description: DescriptionText | None = None
    options: list[NameText] | None = None
    default: Any = None


class ExperienceDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The type of an experience: its properties by key."""

    name: NameText | None = None
    description: DescriptionText | None = None
    properties: dict[KeyText, PropertyDocument] | None = None


class SectionDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The type of a section: which experiences it can list."""

    name: NameText | None = None
    description: DescriptionText | None = None
    supports: list[KeyText] | None = None


class ChildDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A child of a collection: the key of an experience or of a section, not both."""

    name: NameText | None = None
    description: DescriptionText | None = None
    experience: KeyText | None = None
    section: KeyText | None = None


class CollectionDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A collection, such as a page: its children by key."""

    name: NameText | None = None
    description: DescriptionText | None = None
    category: NameText | None = None
    children: dict[KeyText, ChildDocument | None] | None = None


EventKey = Annotated[str, Meta(pattern="^[a-z][a-z0-9]*(-[a-z0-9]+)*/[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=129)]
ScalarType = Literal["text", "number", "toggle", "select"]


class MetadataDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Metadata of an event; `options` are those of a select, and `required` metadata must be set on every event."""

    type: ScalarType
    name: NameText | None = None
    description: DescriptionText | None = None
    options: list[NameText] | None = None
    required: bool | None = None


class EventDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An event with its metadata by key, at most three, sent in the order of their keys."""

    name: NameText | None = None
    description: DescriptionText | None = None
    metadata: Annotated[dict[KeyText, MetadataDocument], Meta(max_length=3)] | None = None


class FieldDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A contextual property that an app sends when a session starts; `options` are a select's."""

    type: ScalarType
    name: NameText | None = None
    description: DescriptionText | None = None
    options: list[NameText] | None = None


class Model(msgspec.Struct, frozen=True, omit_defaults=True):
    """The model of a Space at a revision."""

    space: str
    name: str
    revision: int
    experiences: dict[str, ExperienceDocument]
    sections: dict[str, SectionDocument]
    collections: dict[str, CollectionDocument]
    description: str = ""
    events: dict[str, EventDocument] = {}
    fields: dict[str, FieldDocument] = {}


class SentModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The model to store; `revision` is the revision that it is based on."""

    space: str | None = None
    name: NameText | None = None
    description: DescriptionText | None = None
    revision: Count | None = None
    experiences: dict[KeyText, ExperienceDocument] | None = None
    sections: dict[KeyText, SectionDocument | None] | None = None
    collections: dict[KeyText, CollectionDocument | None] | None = None
    events: dict[EventKey, EventDocument | None] | None = None
    fields: dict[KeyText, FieldDocument] | None = None


class ModelPut(msgspec.Struct, frozen=True):
    """The result of storing a model. An identical model creates no new revision."""

    revision: int
    code_hash: str
    changed: bool


class Renamed(msgspec.Struct, frozen=True):
    """The name of a part of the model in generated code, before and after; null if it does not exist."""

    language: str
    before: str | None
    after: str | None


class Change(msgspec.Struct, frozen=True):
    """A difference that generated code shows: `kind` is added, removed or retyped."""

    path: str
    kind: str
    breaking: bool
    identifiers: tuple[Renamed, ...]


class ModelDiff(msgspec.Struct, frozen=True):
    """All differences from the model at that revision; `breaking` if one of them breaks an app that uses it."""

    revision: int
    breaking: bool
    changes: tuple[Change, ...]


class NewKey(msgspec.Struct, frozen=True):
    """The key to create; `name` describes the app and platform that use it."""

    name: str


class Key(msgspec.Struct, frozen=True):
    """A public API key of an environment; `revoked` is null while it is active."""

    id: str
    name: str
    key: str
    created: str
    revoked: str | None
