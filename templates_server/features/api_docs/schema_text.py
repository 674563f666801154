"""Descriptions of schemas in words. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from templates_server.features.api_docs.schemas import REFERENCE, Schema

REFERENCE_START = REFERENCE.partition("{")[0]
WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
    "object": "object",
    "array": "list",
}
BOUNDS = (
    ("minimum", "at least {}"),
    ("maximum", "at most {}"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("minItems", "at least {} items"),
    ("maxItems", "at most {} items"),
    ("pattern", "as {}"),
)


@dataclass(frozen=True)
class Words:
    """A piece of the description of a type; `link` names the type it links to, if any."""

    text: str
    link: str = ""


@dataclass(frozen=True)
class Field:
    """A member of an object."""

    name: str
    kind: Sequence[Words]
    required: bool


def in_words(schema: Schema) -> Sequence[Words]:
    """Return a description of the schema's value."""
    return [piece for piece in _words(schema) if piece.text]


def _words(schema: Schema) -> Iterator[Words]:
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(REFERENCE_START)
        yield Words(name, name)
    elif "anyOf" in schema:
        for number, alternative in enumerate(schema["anyOf"]):
            yield Words(" or " if number else "")
            yield from _words(alternative)
    elif "enum" in schema or "const" in schema:
        values = schema["enum"] if "enum" in schema else [schema["const"]]
        yield Words(" or ".join(json.dumps(value, ensure_ascii=False) for value in values))
    elif schema.get("type") == "array":
        yield Words("list of " if schema.get("items") else "list")
        yield from _words(schema.get("items") or {"type": ""})
        yield Words(_bounds(schema))
    elif isinstance(schema.get("additionalProperties"), dict):
        yield Words("object of ")
        yield from _words(_present(schema["additionalProperties"]))
    else:
        kind: str | list[str] = schema.get("type", "anything")
        kinds = kind if isinstance(kind, list) else [kind]
        yield Words(" or ".join(WORDS.get(each, each) for each in kinds) + _bounds(schema))


def _present(schema: Schema) -> Schema:
    """Return the schema of an entry without its null alternative."""
    others = [alternative for alternative in schema.get("anyOf", ()) if alternative != {"type": "null"}]
    return others[0] if len(others) == 1 else schema


def _bounds(schema: Schema) -> str:
    said = [words.format(_number(schema[key])) for key, words in BOUNDS if key in schema]
    return f" ({', '.join(said)})" if said else ""


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else f"`{value}`"


def fields_of(schema: Schema, components: Mapping[str, Schema]) -> Sequence[Field]:
    """Return the members of an object, or of the objects in a list."""
    schema = _followed(schema, components)
    if schema.get("type") == "array":
        schema = _followed(schema.get("items", {}), components)
    required = schema.get("required", ())
    return [Field(name, in_words(member), name in required) for name, member in schema.get("properties", {}).items()]


def _followed(schema: Schema, components: Mapping[str, Schema]) -> Schema:
    return components[schema["$ref"].removeprefix(REFERENCE_START)] if "$ref" in schema else schema
