"""The differences between two documents, value by value, independent of their meaning."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from templates_server.primitives.yaml_json import quote_text

MOST_CHARACTERS = 200


@dataclass(frozen=True)
class DocumentChange:
    """A place in a document, as a sequence of keys, with its value before and after; None means absent."""

    path: Sequence[str]
    before: str | None
    after: str | None


def changes_between(before: Any, after: Any) -> Iterator[DocumentChange]:
    """Return every place where the documents differ, in the order of the new one, with removals last.

    Mappings are compared key by key; everything else, including lists, as a whole.
    """
    return _changes((), before, after)


def _changes(path: tuple[str, ...], before: Any, after: Any) -> Iterator[DocumentChange]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key, value in after.items():
            yield from _changes((*path, key), before[key], value) if key in before else _list_added((*path, key), value)
        for key in before:
            if key not in after:
                yield DocumentChange((*path, key), _value_text(before[key]), None)
    elif _told_apart(before, after):
        yield DocumentChange(path, _value_text(before), _value_text(after))


def _list_added(path: tuple[str, ...], value: Any) -> Iterator[DocumentChange]:
    """Return every value of an added part, place by place."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _list_added((*path, key), inner)
    else:
        yield DocumentChange(path, None, _value_text(value))


def _told_apart(before: Any, after: Any) -> bool:
    return type(before) is not type(after) or before != after


def _value_text(value: Any) -> str:
    """Return a value on one line."""
    if isinstance(value, Mapping):
        return _cut(", ".join(value)) or "empty"
    if isinstance(value, list):
        return _cut(", ".join(map(_value_text, value[:MOST_CHARACTERS]))) or "an empty list"
    if isinstance(value, str):
        return quote_text(value, MOST_CHARACTERS)
    return json.dumps(value)


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
