"""Production's fallbacks as JSON in the format in which the server sends states, and the hash of the code."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from templates_server.features.codegen.java.files import JavaFile
from templates_server.features.codegen.java.layout import CONTINUATION
from templates_server.features.codegen.java.literals import LINE_WIDTH, string
from templates_server.features.codegen.java.names import method, type_name
from templates_server.features.codegen.naming import ModelNames
from templates_server.features.codegen.safe_fragments import CodeFragment, SafeFragment
from templates_server.features.spaces.model import (
    Child,
    Collection,
    Color,
    GenerationInput,
    Item,
    ModelEntityState,
    Value,
)

MAX_CONSTANT_BYTES = 60_000
"""The limit of a string constant, below the 65535 bytes of a class file."""

_INDENT = 6


def fallbacks_file(generation_input: GenerationInput, names: ModelNames, code_hash: str) -> JavaFile:
    """Return the file; each collection has its own class in it, as the size of a class file is limited."""
    values: Mapping[str, object] = {
        "hash": string(code_hash),
        "collections": [
            _collection(collection, generation_input.fallbacks, names)
            for collection in generation_input.model.collections
        ],
    }
    return JavaFile("Fallbacks", "fallbacks", [], values)


def _collection(
    collection: Collection, states: Mapping[str, ModelEntityState], names: ModelNames
) -> Mapping[str, object]:
    return {
        "key": string(collection.key),
        "class": type_name(names.collections[collection.key], ["Fallbacks"]),
        "children": [
            {
                "entity": string(f"{collection.key}.{child.key}"),
                "method": method(names.children[collection.key][child.key]),
                "parts": _parts(list(_state(states[f"{collection.key}.{child.key}"]))),
            }
            for child in _known(collection, states)
        ],
    }


def _known(collection: Collection, states: Mapping[str, ModelEntityState]) -> list[Child]:
    return [child for child in collection.children if f"{collection.key}.{child.key}" in states]


def _state(state: ModelEntityState) -> Iterator[str]:
    """Return the JSON in lines."""
    yield f'{{"enabled":{_json(state.enabled)}'
    if state.properties is not None:
        yield from _properties(state.properties)
    if state.items is not None:
        yield ',"items":['
        for at, item in enumerate(state.items):
            yield from _item(item, "," if at else "")
        yield "]"
    yield "}"


def _item(item: Item, separator: str) -> Iterator[str]:
    yield f'{separator}{{"id":{_json(item.id)},"experience":{_json(item.experience)},"enabled":{_json(item.enabled)}'
    yield from _properties(item.properties)
    yield "}"


def _properties(properties: Mapping[str, Value]) -> Iterator[str]:
    """Return the values that are set: the defaults of the model apply to the rest."""
    given = [(key, of) for key, of in sorted(properties.items()) if of is not None]
    yield ',"properties":{'
    for at, (key, of) in enumerate(given):
        yield f"{',' if at else ''}{_json(key)}:{_json(of)}"
    yield "}"


def _json(value: Value) -> str:
    if isinstance(value, Color):
        return json.dumps({"value": value.value, "opacity": value.opacity}, separators=(",", ":"), ensure_ascii=False)
    if isinstance(value, tuple):
        return json.dumps(list(value), separators=(",", ":"), ensure_ascii=False)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _parts(lines: Sequence[str]) -> Sequence[SafeFragment]:
    """Return the text as a chain of `append`s, each within the limit of a constant, in lines of limited length."""
    parts: list[list[str]] = [[]]
    size = 0
    for line in _joined(lines):
        bytes_of_line = len(line.encode("utf-8", "surrogatepass"))
        if size + bytes_of_line > MAX_CONSTANT_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(line)
        size += bytes_of_line
    return [_append(part) for part in parts]


def _joined(lines: Sequence[str]) -> Iterator[str]:
    """Join as many parts as fit on each line."""
    room = LINE_WIDTH - _INDENT - 2 * CONTINUATION - len('+ "");')
    joined = ""
    for line in lines:
        if joined and len(string(joined + line).text) - 2 > room:
            yield joined
            joined = ""
        joined += line
    yield joined


def _append(lines: Sequence[str]) -> CodeFragment:
    literals = [string(line).text for line in lines]
    if len(literals) == 1 and _INDENT + len(f"json.append({literals[0]});") <= LINE_WIDTH:
        return CodeFragment(f"json.append({literals[0]});")
    inner = "\n" + " " * (_INDENT + CONTINUATION)
    return CodeFragment(f"json.append({inner}{(inner + CONTINUATION * ' ' + '+ ').join(literals)});")
