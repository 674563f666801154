"""Production's fallbacks, in the format in which the server sends states."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from templates_server.features.codegen.safe_fragments import CodeFragment
from templates_server.features.codegen.swift.layout import fits
from templates_server.features.codegen.swift.literals import string
from templates_server.features.spaces.model import Color, Item, ModelEntityState, Value


def fallback_entries(states: Mapping[str, ModelEntityState]) -> Sequence[CodeFragment]:
    """Return the states as JSON by entity, in order of key.

    They are strings, since compilers are slow with large literals of mixed types; each is parsed when its entity is
    first read.
    """
    return [_entry(entity, states[entity]) for entity in sorted(states)]


def _entry(entity: str, state: ModelEntityState) -> CodeFragment:
    text = json.dumps(_state(state), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    key, value = string(entity).text, f"{string(text).text},"
    flat = f"{key}: {value}"
    return CodeFragment(flat if fits(flat, indent=4) else f"{key}:\n      {value}")


def _state(state: ModelEntityState) -> dict[str, Any]:
    wire: dict[str, Any] = {"enabled": state.enabled}
    if state.properties is not None:
        wire["properties"] = _properties(state.properties)
    if state.items is not None:
        wire["items"] = [_item(item) for item in state.items]
    return wire


def _item(item: Item) -> dict[str, Any]:
    properties = _properties(item.properties)
    return {"id": item.id, "experience": item.experience, "enabled": item.enabled, "properties": properties}


def _properties(properties: Mapping[str, Value]) -> dict[str, Any]:
    """Return the values that are set; the defaults of the model apply to the rest."""
    return {key: _value(of) for key, of in sorted(properties.items()) if of is not None}


def _value(of: Value) -> Any:
    return {"value": of.value, "opacity": of.opacity} if isinstance(of, Color) else of
