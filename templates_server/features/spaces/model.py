"""The input of code generation: the model of a Space and the fallback states of its entities.

Values only: parsing and validation of documents is in `spaces` and `delivery`.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Mapping
from dataclasses import dataclass


class PropertyType(enum.StrEnum):
    """The types of an experience's properties."""

    TEXT = "text"
    NUMBER = "number"
    TOGGLE = "toggle"
    COLOR = "color"
    DATE = "date"
    LIST = "list"
    SELECT = "select"
    IMAGE = "image"


class ChildKind(enum.StrEnum):
    """The kind of a child of a collection."""

    EXPERIENCE = "experience"
    SECTION = "section"


@dataclass(frozen=True, slots=True)
class Color:
    """A colour: `value` is `#rrggbb` or unset, `opacity` lies in 0..1."""

    value: str | None = None
    opacity: float = 1


Value = str | int | float | bool | Color | tuple[str, ...] | None
"""text, image, select: str; date: str, RFC 3339 in UTC, ending in Z; number: int or float; list: tuple. None: unset."""


UNSET: Mapping[PropertyType, Value] = {
    PropertyType.TEXT: None,
    PropertyType.NUMBER: None,
    PropertyType.TOGGLE: None,
    PropertyType.COLOR: Color(),
    PropertyType.DATE: None,
    PropertyType.LIST: (),
    PropertyType.SELECT: "",
    PropertyType.IMAGE: None,
}
"""The value of a property without a given value."""


@dataclass(frozen=True, slots=True)
class Property:
    """A typed property. `default` is None if the model has none; `options` are those of a select."""

    key: str
    type: PropertyType
    name: str = ""
    description: str = ""
    default: Value = None
    options: tuple[str, ...] = ()

    @property
    def initial(self) -> Value:
        """The default, or the unset value of the type."""
        return UNSET[self.type] if self.default is None else self.default


@dataclass(frozen=True, slots=True)
class Experience:
    """A type of experience; `properties` in order of key."""

    key: str
    name: str = ""
    description: str = ""
    properties: tuple[Property, ...] = ()


@dataclass(frozen=True, slots=True)
class SectionDefinition:
    """A type of section; `supports` are keys of experiences, in order of key."""

    key: str
    name: str = ""
    description: str = ""
    supports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Child:
    """A child of a collection; `type` is the key of its experience or section."""

    key: str
    kind: ChildKind
    type: str
    name: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Collection:
    """A group of named children, in order of key."""

    key: str
    name: str = ""
    description: str = ""
    category: str = ""
    children: tuple[Child, ...] = ()


@dataclass(frozen=True, slots=True)
class MetadataKey:
    """A typed metadata key of an event: of type text, select, toggle or number; `options` are those of a select."""

    key: str
    type: PropertyType
    name: str = ""
    description: str = ""
    options: tuple[str, ...] = ()
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class EventDefinition:
    """An event that an app tracks; `metadata`, in order of key, travels as pair1 to pair3."""

    key: str  # category/action
    name: str = ""
    description: str = ""
    metadata: tuple[MetadataKey, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldDefinition:
    """A contextual property that an app sends when a session starts."""

    key: str
    type: PropertyType
    name: str = ""
    description: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class SpaceModel:
    """A valid model: every reference resolves, every tuple is in order of key (code points)."""

    key: str
    name: str = ""
    description: str = ""
    experiences: tuple[Experience, ...] = ()
    sections: tuple[SectionDefinition, ...] = ()
    collections: tuple[Collection, ...] = ()
    events: tuple[EventDefinition, ...] = ()
    fields: tuple[FieldDefinition, ...] = ()

    @functools.cached_property
    def experience_by_key(self) -> Mapping[str, Experience]:
        """The experiences, by key."""
        return {experience.key: experience for experience in self.experiences}

    @functools.cached_property
    def section_by_key(self) -> Mapping[str, SectionDefinition]:
        """The sections, by key."""
        return {section.key: section for section in self.sections}


@dataclass(frozen=True, slots=True)
class Item:
    """One experience in a section's list; `properties` complete, by raw key."""

    id: str
    experience: str
    enabled: bool
    properties: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class ModelEntityState:
    """The state of an entity: an experience has `properties` (complete, by raw key), a section has `items`."""

    enabled: bool
    properties: Mapping[str, Value] | None = None
    items: tuple[Item, ...] | None = None


@dataclass(frozen=True, slots=True)
class GenerationInput:
    """The complete input of code generation: the model and production's fallbacks, by `collection.child`."""

    model: SpaceModel
    fallbacks: Mapping[str, ModelEntityState]
