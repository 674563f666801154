"""The model of a Space as a document: parsed with the path of every problem, and written in canonical form.

Names (of anything) are one line in any script, without control characters; descriptions may have several lines. An
unset name is "". Canonical form: in order of key, without absent values, values normalised; equal models have equal
documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from templates_server.errors import Problems, ValidationFailed
from templates_server.features.spaces.definitions import drop_empty_texts, read_described, read_typed, typed_document
from templates_server.features.spaces.events_and_fields import event_and_field_documents, read_events, read_fields
from templates_server.features.spaces.model import (
    UNSET,
    Child,
    ChildKind,
    Collection,
    Experience,
    Property,
    PropertyType,
    SectionDefinition,
    SpaceModel,
)
from templates_server.features.spaces.property_values import read_value, to_plain
from templates_server.primitives.validation import Reader, join
from templates_server.primitives.yaml_json import quote_text

MAX_EXPERIENCES = 2000
MAX_SECTIONS = 1000
MAX_COLLECTIONS = 1000
MAX_PROPERTIES = 200  # of an experience
MAX_CHILDREN = 200  # of a collection
CHILD_KINDS = tuple(kind.value for kind in ChildKind)
CHILD_FIELDS = ("name", "description", *CHILD_KINDS)
_PARTS = ("experiences", "sections", "collections", "events", "fields")
DOCUMENT_KEYS = ("space", "name", "description", "revision", *_PARTS)
PROPERTY_TYPES = tuple(PropertyType)


def read_model(document: Any, *, space: str, name: str) -> SpaceModel:
    """Return the model in a document of the Space with that key; its name defaults to the current one.

    Raise ValidationFailed with every problem.
    """
    model, problems = parse_model(document, space=space, name=name)
    if problems:
        raise ValidationFailed(problems)
    return model


def parse_model(document: Any, *, space: str, name: str) -> tuple[SpaceModel, Problems]:
    """Return the valid parts of a document, and all problems."""
    reader = Reader()
    given = reader.mapping(document, "", DOCUMENT_KEYS)
    _check_head(reader, given, space)
    experiences = _experiences(reader, given.get("experiences"))
    sections = _sections(reader, given.get("sections"), {experience.key for experience in experiences})
    types = {
        ChildKind.EXPERIENCE: {experience.key for experience in experiences},
        ChildKind.SECTION: {section.key for section in sections},
    }
    model = SpaceModel(
        space,
        name=reader.name(given.get("name"), "name") or name,
        description=reader.description(given.get("description"), "description"),
        experiences=experiences,
        sections=sections,
        collections=_collections(reader, given.get("collections"), types),
        events=read_events(reader, given.get("events")),
        fields=read_fields(reader, given.get("fields")),
    )
    return model, reader.problems


def _check_head(reader: Reader, given: Mapping[str, Any], space: str) -> None:
    if given.get("space", space) != space:
        reader.refuse("space", f"must be {quote_text(space)}, the Space in the URL")
    reader.count(given.get("revision"), "revision")


def _experiences(reader: Reader, value: Any) -> tuple[Experience, ...]:
    return tuple(
        _experience(reader, key, item, path)
        for key, item, path in reader.by_key(value, "experiences", at_most=MAX_EXPERIENCES)
    )


def _experience(reader: Reader, key: str, value: Any, path: str) -> Experience:
    given = reader.mapping(value, path, ("name", "description", "properties"))
    properties = reader.by_key(given.get("properties"), join(path, "properties"), at_most=MAX_PROPERTIES)
    read = [_property(reader, name, item, place) for name, item, place in properties]
    return Experience(
        key, **read_described(reader, given, path), properties=tuple(item for item in read if item is not None)
    )


def _property(reader: Reader, key: str, value: Any, path: str) -> Property | None:
    given = reader.mapping(value, path, ("name", "description", "type", "options", "default"))
    described = read_described(reader, given, path)
    typed = read_typed(reader, value, given, path, PROPERTY_TYPES)
    if typed is None:
        return None
    default = None
    if "default" in given:
        default = _default(reader, typed.type, typed.options, given["default"], f"{path}.default")
    return Property(key, typed.type, **described, default=default, options=typed.options)


def _default(reader: Reader, kind: PropertyType, options: tuple[str, ...], value: Any, path: str) -> Any:
    """Return the default; None also if it equals the unset value of the type."""
    default = read_value(reader, value, path, kind=kind, options=options)
    return None if default == UNSET[kind] else default


def _sections(reader: Reader, value: Any, experiences: set[str]) -> tuple[SectionDefinition, ...]:
    return tuple(
        _section(reader, key, item, path, experiences)
        for key, item, path in reader.by_key(value, "sections", at_most=MAX_SECTIONS)
    )


def _section(reader: Reader, key: str, value: Any, path: str, experiences: set[str]) -> SectionDefinition:
    given = reader.mapping(value, path, ("name", "description", "supports"))
    supports: set[str] = set()
    for item, place in reader.sequence(given.get("supports"), join(path, "supports"), at_most=MAX_EXPERIENCES):
        if item is None:
            reader.refuse(place, "must be the key of an experience, not null")
        supported = reader.one_of(item, place, experiences, "an experience of this Space")
        if supported in supports:
            reader.refuse(place, f"{quote_text(supported)} appears twice")
        supports |= {supported} if supported else set()
    return SectionDefinition(key, **read_described(reader, given, path), supports=tuple(sorted(supports)))


def _collections(reader: Reader, value: Any, types: Mapping[ChildKind, set[str]]) -> tuple[Collection, ...]:
    return tuple(
        _collection(reader, key, item, path, types)
        for key, item, path in reader.by_key(value, "collections", at_most=MAX_COLLECTIONS)
    )


def _collection(reader: Reader, key: str, value: Any, path: str, types: Mapping[ChildKind, set[str]]) -> Collection:
    given = reader.mapping(value, path, ("name", "description", "category", "children"))
    children = reader.by_key(given.get("children"), join(path, "children"), at_most=MAX_CHILDREN)
    read = [_child(reader, name, item, place, types) for name, item, place in children]
    return Collection(
        key,
        **read_described(reader, given, path),
        category=reader.name(given.get("category"), join(path, "category")),
        children=tuple(child for child in read if child is not None),
    )


def _child(reader: Reader, key: str, value: Any, path: str, types: Mapping[ChildKind, set[str]]) -> Child | None:
    given = reader.mapping(value, path, CHILD_FIELDS)
    described = read_described(reader, given, path)
    kinds = [kind for kind in CHILD_KINDS if kind in given]
    if len(kinds) != 1:
        if isinstance(value, dict) or value is None:
            reader.refuse(path, "must have either `experience` or `section`")
        return None
    kind = ChildKind(kinds[0])
    type_key = reader.one_of(given[kind], join(path, kind), types[kind], f"a {kind} of this Space")
    return None if type_key is None else Child(key, kind, type_key, **described)


def to_document(model: SpaceModel) -> dict[str, Any]:
    """Return the model in canonical form, suitable for JSON and YAML, without the revision."""
    return {
        "space": model.key,
        "name": model.name,
        **drop_empty_texts(description=model.description),
        "experiences": {item.key: _experience_document(item) for item in model.experiences},
        "sections": {
            item.key: {
                **drop_empty_texts(name=item.name, description=item.description),
                "supports": list(item.supports),
            }
            for item in model.sections
        },
        "collections": {item.key: _collection_document(item) for item in model.collections},
        **event_and_field_documents(model),
    }


def _experience_document(experience: Experience) -> dict[str, Any]:
    return {
        **drop_empty_texts(name=experience.name, description=experience.description),
        "properties": {item.key: _property_document(item) for item in experience.properties},
    }


def _property_document(definition: Property) -> dict[str, Any]:
    document = typed_document(definition)
    if definition.default is not None:
        document["default"] = to_plain(definition.default)
    return document


def _collection_document(collection: Collection) -> dict[str, Any]:
    return {
        **drop_empty_texts(name=collection.name, description=collection.description, category=collection.category),
        "children": {
            child.key: {str(child.kind): child.type, **drop_empty_texts(name=child.name, description=child.description)}
            for child in collection.children
        },
    }
