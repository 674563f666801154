"""The memory that a value holds, for caches with a budget in bytes. Pure."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import msgspec

OF_EVERYBODY = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType)
"""What a value refers to without holding it."""


def measure_bytes(value: Any) -> int:
    """Return the size of a value and of everything that it refers to, each object once."""
    seen: set[int] = set()
    waiting = [value]
    total = 0
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, OF_EVERYBODY):
            continue
        seen.add(id(one))
        total += sys.getsizeof(one)
        waiting.extend(_parts(one))
    return total


def _parts(value: Any) -> Iterator[Any]:
    yield from gc.get_referents(value)
    if isinstance(value, dict):
        yield from value  # the collector passes over keys that are text
    if isinstance(value, msgspec.Struct) and not gc.is_tracked(value):  # made with gc=False: the collector sees nothing
        yield from (getattr(value, name) for name in value.__struct_fields__)
