"""Production's fallbacks as an object, in the format in which the server sends states."""

from __future__ import annotations

from collections.abc import Mapping

from templates_server.features.codegen.brightscript.layout import INDENT, list_block, object_block
from templates_server.features.codegen.brightscript.literals import scalar, string
from templates_server.features.codegen.safe_fragments import CodeFragment, SafeFragment
from templates_server.features.spaces.model import Item, ModelEntityState, Value


def fallback_states(states: Mapping[str, ModelEntityState]) -> CodeFragment:
    """Return the states by entity, in order of key."""
    margin = INDENT
    return object_block(((key, _state(states[key], margin=margin + INDENT)) for key in sorted(states)), margin=margin)


def _state(state: ModelEntityState, *, margin: str) -> CodeFragment:
    entries: list[tuple[str, SafeFragment]] = [("enabled", scalar(state.enabled))]
    if state.properties is not None:
        entries.append(("properties", _properties(state.properties, margin=margin + INDENT)))
    if state.items is not None:
        items = [_item(item, margin=margin + 2 * INDENT) for item in state.items]
        entries.append(("items", list_block(items, margin=margin + INDENT)))
    return object_block(entries, margin=margin)


def _item(item: Item, *, margin: str) -> CodeFragment:
    entries: list[tuple[str, SafeFragment]] = [
        ("id", string(item.id)),
        ("experience", string(item.experience)),
        ("enabled", scalar(item.enabled)),
        ("properties", _properties(item.properties, margin=margin + INDENT)),
    ]
    return object_block(entries, margin=margin)


def _properties(properties: Mapping[str, Value], *, margin: str) -> CodeFragment:
    """Return the values that are set: the defaults of the model apply to the rest."""
    given = [(key, scalar(of)) for key, of in sorted(properties.items()) if of is not None]
    return object_block(given, margin=margin)
