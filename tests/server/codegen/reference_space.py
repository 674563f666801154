"""The reference Space as input for generation, read straight from its documents in tests/golden/spaces."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from templates_server.codegen.model import (
    Child,
    ChildKind,
    Collection,
    Color,
    EntityState,
    Experience,
    GenerationInput,
    Item,
    Property,
    PropertyType,
    Section,
    SpaceModel,
    Value,
)

SPACES = Path(__file__).parents[2] / "golden" / "spaces"
HOST = "https://mtribes.example.com"


@functools.cache
def vod() -> GenerationInput:
    """The video-on-demand store, with what its production shows."""
    model = read_model(_read("vod/space.yaml"))
    return GenerationInput(model, read_fallbacks(model, _read("vod/production.yaml")))


def _read(path: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((SPACES / path).read_text("utf-8"))
    return document


def read_model(document: Mapping[str, Any]) -> SpaceModel:
    return SpaceModel(
        key=document["space"],
        name=document.get("name", ""),
        experiences=tuple(_experience(*pair) for pair in sorted(document["experiences"].items())),
        sections=tuple(
            Section(key, section.get("name", ""), section.get("description", ""), tuple(sorted(section["supports"])))
            for key, section in sorted(document["sections"].items())
        ),
        collections=tuple(_collection(*pair) for pair in sorted(document["collections"].items())),
    )


def _experience(key: str, document: Mapping[str, Any]) -> Experience:
    properties = tuple(_property(*pair) for pair in sorted(document["properties"].items()))
    return Experience(key, document.get("name", ""), document.get("description", ""), properties)


def _property(key: str, document: Mapping[str, Any]) -> Property:
    return Property(
        key,
        PropertyType(document["type"]),
        document.get("name", ""),
        document.get("description", ""),
        _value(document.get("default")),
        tuple(document.get("options", ())),
    )


def _collection(key: str, document: Mapping[str, Any]) -> Collection:
    children = tuple(_child(*pair) for pair in sorted(document["children"].items()))
    return Collection(key, document.get("name", ""), document.get("description", ""), document["category"], children)


def _child(key: str, document: Mapping[str, str]) -> Child:
    kind = ChildKind.SECTION if "section" in document else ChildKind.EXPERIENCE
    return Child(key, kind, document[kind.value])


def _value(written: Any) -> Value:
    match written:
        case {"value": color, "opacity": opacity}:
            return Color(color, opacity)
        case list():
            return tuple(written)
    value: Value = written
    return value


def read_fallbacks(model: SpaceModel, document: Mapping[str, Any]) -> dict[str, EntityState]:
    return {
        f"{collection.key}.{child.key}": _state(model, document, collection.key, child)
        for collection in model.collections
        for child in collection.children
    }


def _state(model: SpaceModel, document: Mapping[str, Any], collection: str, child: Child) -> EntityState:
    scenario = document["scenarios"].get(f"{collection}.{child.key}", {}).get("default", {})
    enabled = collection in document["published"] and scenario.get("enabled", True)
    if child.kind is ChildKind.EXPERIENCE:
        return EntityState(enabled, properties=_complete(model, child.type, scenario.get("properties", {})))
    items = tuple(
        Item(item["id"], item["experience"], item["enabled"], _complete(model, item["experience"], item["properties"]))
        for item in scenario.get("items", ())
    )
    return EntityState(enabled, items=items)


def _complete(model: SpaceModel, experience: str, given: Mapping[str, Any]) -> dict[str, Value]:
    return {
        of.key: of.initial if given.get(of.key) is None else _value(given[of.key])
        for of in model.experience_by_key[experience].properties
    }
