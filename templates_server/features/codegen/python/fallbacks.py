"""Production's fallbacks as a literal, in the format in which the server sends states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from templates_server.features.codegen.python.layout import INDENT, enclose
from templates_server.features.codegen.python.literals import number, scalar, string
from templates_server.features.codegen.safe_fragments import CodeFragment
from templates_server.features.spaces.model import Color, Item, ModelEntityState, Value


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
    inner = len(margin + INDENT)
    given = {key: of for key, of in sorted(properties.items()) if of is not None}
    return _object(((key, _value(key, of, indent=inner)) for key, of in given.items()), margin=margin)


def _value(key: str, of: Value, *, indent: int) -> str:
    if isinstance(of, Color):
        return f'{{"value": {scalar(of.value).text}, "opacity": {number(of.opacity).text}}}'
    if isinstance(of, tuple):
        head = f"{string(key).text}: "
        return enclose(f"{head}[", [string(one) for one in of], "]", indent=indent).text.removeprefix(head)
    return scalar(of).text


def _object(entries: Iterable[tuple[str, str]], *, margin: str) -> str:
    text = "".join(f"{margin}{INDENT}{string(key).text}: {entry},\n" for key, entry in entries)
    return f"{{\n{text}{margin}}}" if text else "{}"
