"""Shapes of events that are counted together: their name and the keys of their metadata. Pure.

Events of one shape share one object, so that counting them compares no texts. If it was evicted from the cache
meanwhile, there may be several objects.
"""

from __future__ import annotations

import msgspec

from templates_server.primitives.text_cache import memoize


class EventShape:
    """The name of an event and its metadata keys in order; `text` contains both as a JSON array."""

    __slots__ = ("keys", "name", "text")

    def __init__(self, name: str, keys: tuple[str, ...]) -> None:
        self.name = name
        self.keys = keys
        self.text = msgspec.json.encode([name, *keys]).decode()


def read_shape(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the name and the keys in a shape's text."""
    name, *keys = msgspec.json.decode(text, type=list[str])
    return name, tuple(keys)


def _shape(texts: tuple[str, ...]) -> EventShape:
    name, *keys = texts
    return EventShape(name, tuple(keys))


def _bare_shape(name: str) -> EventShape:
    return EventShape(name, ())


bare_shape_of = memoize(_bare_shape)
"""The shape of events by name, without metadata."""
shape_of = memoize(_shape)
"""The shape, by the name followed by the keys."""
