"""Remember what was found for a text that somebody sent, within a number of bytes that the sender cannot exceed.

`functools.lru_cache` counts entries, so whoever sends long texts decides how much memory it holds. Here long texts are
computed each time, and the bytes of short ones are counted. When the bytes are used up, everything is forgotten.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

Key = TypeVar("Key", bound=str | bytes | tuple[str, ...] | None)
Value = TypeVar("Value")

MAX_REMEMBERED_BYTES = 2 * 1024 * 1024
"""Of the keys of one function."""
MAX_KEY_BYTES = 2 * 1024
"""A key of 256 characters fits, in any script."""
ENTRY_BYTES = 256
"""What an entry takes besides its key, about: its place in the table, and what was found."""


class Memo(dict[Key, Value]):
    """What was found, by key. Looking up a known key runs no Python code."""

    def __init__(self, find: Callable[[Key], Value], max_bytes: int) -> None:
        super().__init__()
        self._find = find
        self._max_bytes = max_bytes
        self._held_bytes = 0

    def __missing__(self, key: Key) -> Value:
        """Compute a value, and remember it if the key is short."""
        found = self._find(key)
        size = _size(key)
        if size <= MAX_KEY_BYTES:
            self._held_bytes += size + ENTRY_BYTES
            if self._held_bytes > self._max_bytes:
                self.clear()
                self._held_bytes = size + ENTRY_BYTES
            self[key] = found
        return found


def _size(key: str | bytes | tuple[str, ...] | None) -> int:
    own = sys.getsizeof(key)
    return own + sum(map(sys.getsizeof, key)) if isinstance(key, tuple) else own


def memoize(find: Callable[[Key], Value], *, max_bytes: int = MAX_REMEMBERED_BYTES) -> Callable[[Key], Value]:
    """Return the same function of one text, which remembers what it found for short texts.

    What was found must not be changed by callers, and may not be much larger than its text.
    """
    return Memo(find, max_bytes).__getitem__
