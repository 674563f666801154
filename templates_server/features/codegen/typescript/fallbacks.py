"""Production's fallbacks as an object literal, in the format in which the server sends states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from templates_server.features.codegen.safe_fragments import CodeFragment, Literal
from templates_server.features.codegen.typescript.layout import INDENT, value
from templates_server.features.codegen.typescript.literals import property_name, scalar, string
from templates_server.features.spaces.model import Item, ModelEntityState, Value


def fallback_states(states: Mapping[str, ModelEntityState]) -> CodeFragment:
    """Return the states by entity, in order of key."""
    return CodeFragment(_object(((key, _state(states[key])) for key in sorted(states)), margin=""))


def _state(state: ModelEntityState) -> str:
    margin = INDENT
    entries = [("enabled", scalar(state.enabled).text)]
    if state.properties is not None:
        entries.append(("properties", _properties(state.properties, margin=margin + INDENT)))
    if state.items is not None:
        entries.append(("items", _items(state.items, margin=margin + INDENT)))
    return _object(entries, margin=margin)


def _items(items: tuple[Item, ...], *, margin: str) -> str:
    if not items:
        return "[]"
    inner = margin + INDENT
    return "[\n" + "".join(f"{inner}{_item(item, margin=inner)},\n" for item in items) + f"{margin}]"


def _item(item: Item, *, margin: str) -> str:
    entries: list[tuple[str, str]] = [
        ("id", string(item.id).text),
        ("experience", string(item.experience).text),
        ("enabled", scalar(item.enabled).text),
        ("properties", _properties(item.properties, margin=margin + INDENT)),
    ]
    return _object(entries, margin=margin)


def _properties(properties: Mapping[str, Value], *, margin: str) -> str:
    """Return the values that are set: the defaults of the model apply to the rest."""
    inner = margin + INDENT
    given = {key: of for key, of in sorted(properties.items()) if of is not None}
    lines = (value(f"{_name(key)}:", of, ",", indent=len(inner)).text for key, of in given.items())
    text = "".join(f"{inner}{line}\n" for line in lines)
    return f"{{\n{text}{margin}}}" if text else "{}"


def _object(entries: Iterable[tuple[str, str]], *, margin: str) -> str:
    text = "".join(f"{margin}{INDENT}{_name(key)}: {entry},\n" for key, entry in entries)
    return f"{{\n{text}{margin}}}" if text else "{}"


def _name(key: str) -> str:
    name: Literal = property_name(key)
    return name.text
