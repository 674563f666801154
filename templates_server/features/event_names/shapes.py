"""What events look like that are counted together: their name, and the keys of their metadata. Pure.

Events of one shape have the same object for it, so that counting them compares no texts; where it was forgotten
meanwhile, they may have several.
"""

from __future__ import annotations

import msgspec

from templates_server.primitives.text_cache import memoize


class EventShape:
    """The name of an event, and the keys of its metadata in their order; `text` is both, a JSON array."""

    __slots__ = ("keys", "name", "text")

    def __init__(self, name: str, keys: tuple[str, ...]) -> None:
        self.name = name
        self.keys = keys
        self.text = msgspec.json.encode([name, *keys]).decode()


def read_shape(text: str) -> tuple[str, tuple[str, ...]]:
    """The name and the keys of a shape's text."""
    name, *keys = msgspec.json.decode(text, type=list[str])
    return name, tuple(keys)


def _shape(texts: tuple[str, ...]) -> EventShape:
    name, *keys = texts
    return EventShape(name, tuple(keys))


def _bare_shape(name: str) -> EventShape:
    return EventShape(name, ())


bare_shape_of = memoize(_bare_shape)
"""The shape of events of a name that have no metadata."""
shape_of = memoize(_shape)
"""The shape that the name and then the keys give."""
