"""The common parts of model documents: a name, a description, a type, the options of a select."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from templates_server.features.spaces.model import FieldDefinition, MetadataKey, Property, PropertyType
from templates_server.primitives.validation import Reader, join
from templates_server.primitives.yaml_json import quote_text

MAX_OPTIONS = 200  # of a select


@dataclass(frozen=True, slots=True)
class TypedDefinition:
    """A type; `options` are those of a select."""

    type: PropertyType
    options: tuple[str, ...]


def read_described(reader: Reader, given: Mapping[str, Any], path: str) -> dict[str, str]:
    """Return the name and the description, "" by default."""
    return {
        "name": reader.name(given["name"], join(path, "name")) if "name" in given else "",
        "description": reader.description(given["description"], join(path, "description"))
        if "description" in given
        else "",
    }


def read_typed(
    reader: Reader, value: Any, given: Mapping[str, Any], path: str, types: Sequence[PropertyType]
) -> TypedDefinition | None:
    """Return the type, one of these, and its options; None if it is missing or invalid."""
    choice = f"one of {', '.join(types)}"
    if "type" not in given and isinstance(value, dict):
        reader.refuse(f"{path}.type", f"is required: {choice}")
    name = reader.one_of(given.get("type"), f"{path}.type", types, choice)
    if name is None:
        return None
    return TypedDefinition(PropertyType(name), _options(reader, given, name, f"{path}.options"))


def _options(reader: Reader, given: Mapping[str, Any], kind: str, path: str) -> tuple[str, ...]:
    """Return the options of a select, in the order given; they must be distinct and not empty."""
    if kind != PropertyType.SELECT:
        if "options" in given:
            reader.refuse(path, "applies to the type select only")
        return ()
    before = len(reader.problems)
    options: dict[str, None] = {}
    for value, place in reader.sequence(given.get("options"), path, at_most=MAX_OPTIONS):
        problems = len(reader.problems)
        option = reader.name(value, place)
        if option in options:
            reader.refuse(place, f"{quote_text(option)} appears twice")
        elif option:
            options[option] = None
        elif len(reader.problems) == problems:
            reader.refuse(place, "must not be empty")
    if not options and len(reader.problems) == before:
        reader.refuse(path, "is required: a select needs at least one option")
    return tuple(options)


def drop_empty_texts(**texts: str) -> dict[str, str]:
    """Return the texts that are not empty."""
    return {name: text for name, text in texts.items() if text}


def typed_document(definition: Property | MetadataKey | FieldDefinition) -> dict[str, Any]:
    """Return type, name, description and options in canonical form."""
    document: dict[str, Any] = {"type": str(definition.type)}
    document |= drop_empty_texts(name=definition.name, description=definition.description)
    if definition.options:
        document["options"] = list(definition.options)
    return document
