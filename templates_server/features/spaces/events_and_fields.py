"""Events and fields of a model document: those that an app tracks, and those that it sends at session start."""

from __future__ import annotations

from typing import Any

from templates_server.features.spaces.definitions import drop_empty_texts, read_described, read_typed, typed_document
from templates_server.features.spaces.model import (
    EventDefinition,
    FieldDefinition,
    MetadataKey,
    PropertyType,
    SpaceModel,
)
from templates_server.primitives.event_names import RESERVED_PREFIXES
from templates_server.primitives.ids import MAX_KEY_LENGTH, is_key
from templates_server.primitives.validation import Reader, find_key_problem, join

MAX_EVENTS = 1000
MAX_METADATA = 3  # of an event
MAX_FIELDS = 100  # as many as a session takes
SCALAR_TYPES = (PropertyType.TEXT, PropertyType.NUMBER, PropertyType.TOGGLE, PropertyType.SELECT)
PAIRS = frozenset({"pair1", "pair2", "pair3"})
EVENT_RULE = (
    "is not a valid event name: use category/action, each made of a-z, 0-9 and single dashes, starting with a "
    f"letter, at most {MAX_KEY_LENGTH} characters"
)


def read_events(reader: Reader, value: Any) -> tuple[EventDefinition, ...]:
    """Return the events of a document, in order of name."""
    return tuple(
        _event(reader, key, item, path)
        for key, item, path in reader.by_key(value, "events", at_most=MAX_EVENTS, problem_of=find_event_problem)
    )


def find_event_problem(name: str) -> str | None:
    """Return the problem with an event name, to be appended to it; None if there is none."""
    parts = name.split("/")
    if len(parts) != 2 or not all(map(is_key, parts)):  # noqa: PLR2004  category and action
        return EVENT_RULE
    if name.startswith(RESERVED_PREFIXES):
        return f"starts with a reserved prefix: {', '.join(RESERVED_PREFIXES)}"
    return None


def _event(reader: Reader, key: str, value: Any, path: str) -> EventDefinition:
    given = reader.mapping(value, path, ("name", "description", "metadata"))
    metadata = reader.by_key(
        given.get("metadata"), join(path, "metadata"), at_most=MAX_METADATA, problem_of=find_metadata_problem
    )
    read = [_metadata(reader, name, item, place) for name, item, place in metadata]
    return EventDefinition(
        key, **read_described(reader, given, path), metadata=tuple(item for item in read if item is not None)
    )


def find_metadata_problem(key: str) -> str | None:
    """Return the problem with a metadata key, to be appended to it; None if there is none."""
    if key in PAIRS:
        return "cannot be modelled: pair1, pair2 and pair3 are reserved for untyped metadata"
    return find_key_problem(key)


def _metadata(reader: Reader, key: str, value: Any, path: str) -> MetadataKey | None:
    given = reader.mapping(value, path, ("name", "description", "type", "options", "required"))
    described = read_described(reader, given, path)
    is_required = reader.boolean(given.get("required"), join(path, "required")) or False
    typed = read_typed(reader, value, given, path, SCALAR_TYPES)
    if typed is None:
        return None
    return MetadataKey(key, typed.type, **described, options=typed.options, is_required=is_required)


def read_fields(reader: Reader, value: Any) -> tuple[FieldDefinition, ...]:
    """Return the fields of a document, in order of key."""
    read = [_field(reader, key, item, path) for key, item, path in reader.by_key(value, "fields", at_most=MAX_FIELDS)]
    return tuple(item for item in read if item is not None)


def _field(reader: Reader, key: str, value: Any, path: str) -> FieldDefinition | None:
    given = reader.mapping(value, path, ("name", "description", "type", "options"))
    described = read_described(reader, given, path)
    typed = read_typed(reader, value, given, path, SCALAR_TYPES)
    return None if typed is None else FieldDefinition(key, typed.type, **described, options=typed.options)


def event_and_field_documents(model: SpaceModel) -> dict[str, Any]:
    """Return events and fields in canonical form; empty parts are omitted."""
    documents = {
        "events": {event.key: _event_document(event) for event in model.events},
        "fields": {field.key: typed_document(field) for field in model.fields},
    }
    return {name: document for name, document in documents.items() if document}


def _event_document(event: EventDefinition) -> dict[str, Any]:
    document: dict[str, Any] = drop_empty_texts(name=event.name, description=event.description)
    if event.metadata:
        document["metadata"] = {item.key: _metadata_document(item) for item in event.metadata}
    return document


def _metadata_document(metadata: MetadataKey) -> dict[str, Any]:
    return typed_document(metadata) | ({"required": True} if metadata.is_required else {})
