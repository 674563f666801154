"""Whether what was seen is what a case expects: in part, with names for what is not known beforehand."""

from __future__ import annotations

import re
from typing import Any

from tests.conformance.value_paths import ABSENT

LESS_THAN_A_MILLISECOND = 0.0011


class Names:
    """Values that cases call `$visitor`: a name stands for the same value always, two names for different ones."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}

    def know(self, **values: Any) -> None:
        """Names for which it is known beforehand what they stand for."""
        self._values |= {f"${name}": value for name, value in values.items()}

    def fits(self, name: str, value: Any) -> bool:
        """Whether the name can stand for the value."""
        if value is ABSENT or value is None:
            return False
        if name in self._values:
            return bool(self._values[name] == value)
        if value in self._values.values():
            return False
        self._values[name] = value
        return True

    def __str__(self) -> str:
        return ", ".join(f"{name} = {value!r}" for name, value in self._values.items())


def differences(expected: Any, seen: Any, names: Names, *, at: str = "") -> list[str]:
    """Where what was seen is not as expected. Of an object only the expected members are compared; a list wholly."""
    match expected:
        case {"between": [least, most]} if len(expected) == 1:
            is_number = isinstance(seen, int | float) and not isinstance(seen, bool)
            margin = LESS_THAN_A_MILLISECOND
            return [] if is_number and least - margin <= seen <= most + margin else [_told(at, expected, seen)]
        case {"like": pattern} if len(expected) == 1:
            return [] if isinstance(seen, str) and re.search(pattern, seen) else [_told(at, expected, seen)]
        case {"length": length} if len(expected) == 1:
            return [] if isinstance(seen, list) and len(seen) == length else [_told(at, expected, seen)]
        case dict():
            return _of_object(expected, seen, names, at)
        case list():
            return _of_list(expected, seen, names, at)
        case "(absent)":
            return [] if seen is ABSENT or seen is None else [_told(at, expected, seen)]
        case str() if expected.startswith("$"):
            return [] if names.fits(expected, seen) else [_told(at, f"{expected} ({names})", seen)]
        case bool() | None | str():
            return [] if type(expected) is type(seen) and expected == seen else [_told(at, expected, seen)]
        case _:
            is_number = isinstance(seen, int | float) and not isinstance(seen, bool)
            return [] if is_number and abs(expected - seen) < LESS_THAN_A_MILLISECOND else [_told(at, expected, seen)]


def _of_object(expected: dict[str, Any], seen: Any, names: Names, at: str) -> list[str]:
    if not isinstance(seen, dict):
        return [_told(at, expected, seen)]
    found: list[str] = []
    for name, value in expected.items():
        found += differences(value, seen.get(name, ABSENT), names, at=f"{at}.{name}")
    return found


def _of_list(expected: list[Any], seen: Any, names: Names, at: str) -> list[str]:
    if not isinstance(seen, list) or len(seen) != len(expected):
        return [_told(at, expected, seen)]
    found: list[str] = []
    for number, (one, other) in enumerate(zip(expected, seen, strict=True)):
        found += differences(one, other, names, at=f"{at}[{number}]")
    return found


def _told(at: str, expected: Any, seen: Any) -> str:
    what = "nothing" if seen is ABSENT else repr(seen)
    return f"{at.lstrip('.') or 'the whole'}: expected {expected!r}, seen {what}"
