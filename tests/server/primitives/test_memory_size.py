"""`measure_bytes` counts each object that a value holds, once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from templates_server.primitives.memory_size import measure_bytes

LONG = "x" * 10_000


@dataclass(frozen=True, slots=True)
class Slotted:
    """A dataclass as those of the server are."""

    value: Any


@dataclass
class Plain:
    """One with a dictionary of its own."""

    value: Any


class Tracked(msgspec.Struct):
    """A struct that the garbage collector sees."""

    value: Any


class Untracked(msgspec.Struct, frozen=True, gc=False):
    """One that it does not see."""

    value: Any


HOLDERS: dict[str, Callable[[Any], Any]] = {
    "a list": lambda value: [value],
    "a tuple of tuples": lambda value: ((value,), ()),
    "a key": lambda value: {value: 1},
    "a value": lambda value: {"k": value},
    "a nested value": lambda value: {"k": [{"j": value}]},
    "a slotted dataclass": Slotted,
    "a plain dataclass": Plain,
    "a struct": Tracked,
    "a struct without collection": Untracked,
    "structs in each other": lambda value: Untracked(Untracked([Tracked(value)])),
    "a set": lambda value: frozenset([value]),
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_what_is_held_is_counted(holder: str) -> None:
    size = measure_bytes(HOLDERS[holder](LONG)) - measure_bytes(HOLDERS[holder](""))
    assert size == sys.getsizeof(LONG) - sys.getsizeof("")


def test_what_is_held_twice_is_counted_once() -> None:
    text = LONG + "y"
    once, twice = measure_bytes([text, None]), measure_bytes([text, text])
    assert twice == once - sys.getsizeof(None)


def test_a_circle_ends_and_classes_are_nobodys() -> None:
    circle: list[Any] = [Slotted, Tracked, len, measure_bytes, sys]
    empty = measure_bytes(circle)
    circle.append(circle)
    assert measure_bytes(circle) < empty + 200
