"""Values of properties: how they are read from what the server sends."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Final, Generic, TypedDict, TypeVar

from .limits import LONGEST_UNKNOWN

PropertiesT = TypeVar("PropertiesT")
ValueT = TypeVar("ValueT")
Note = Callable[[str, object], None]
"""Takes note of what cannot be used: where it stands, and what it is."""

REPLACEMENT: Final = "\ufffd"
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")
_DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?"
    r"(?:Z|([+-])(\d\d):?(\d\d))?",
    re.ASCII,
)
_HALF = re.compile("[\ud800-\udfff]")
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


class Nonsense(Exception):
    """Raised and caught in here, for a value that cannot be used."""


class Missing:
    """What stands for a value that is not there."""


MISSING: Final = Missing()


@dataclass(frozen=True)
class Color:
    """A color: `value` is `#rrggbb`, or None when unset; `opacity` lies in 0..1."""

    value: str | None = None
    opacity: float = 1


class ColorValue(TypedDict, total=False):
    """A color as the server sends it."""

    value: str | None
    opacity: float


@dataclass(frozen=True)
class Rule:
    """How a property is called here and on the wire, and what it may hold."""

    member: str
    key: str
    type: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExperienceType(Generic[PropertiesT]):
    """A type of experience, as the code generated for it describes it.

    `make` makes its properties, `item` an experience in the list of a section.
    """

    kind: str
    make: Callable[..., PropertiesT]
    item: Callable[..., Any]
    defaults: PropertiesT
    rules: tuple[Rule, ...]


def ensure(holds: object, message: str = "") -> None:
    """Raise Nonsense unless it holds."""
    if not holds:
        raise Nonsense(message)


def storable(text: str) -> str:
    """The text as it can be sent and stored: without NUL and halves of pairs."""
    return _NOT_STORABLE.sub(REPLACEMENT, text)


def is_text(value: object) -> bool:
    """Whether it is a text, whatever its type says."""
    return isinstance(value, str)


def is_number(value: object) -> bool:
    """Whether it is a number, whatever its type says."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def whole(text: str) -> str:
    """The text as it can be written: without halves of pairs, which Python holds."""
    return text if text.isascii() else _HALF.sub(REPLACEMENT, text)


def as_object(value: object) -> Mapping[str, Any]:
    """The value if it is an object."""
    ensure(isinstance(value, Mapping), "not an object")
    return value  # type: ignore[return-value]


def as_list(value: object) -> Sequence[Any]:
    """The value if it is a list."""
    ensure(isinstance(value, (list, tuple)), "not a list")
    return value  # type: ignore[return-value]


def as_string(value: object) -> str:
    """The value if it is a text."""
    ensure(isinstance(value, str), "not a text")
    return str(value)


def as_boolean(value: object) -> bool:
    """The value if it is a boolean."""
    ensure(isinstance(value, bool), "not a boolean")
    return value is True


def as_number(value: object) -> float:
    """The value if it is a finite number."""
    ensure(is_number(value), "not a number")
    number: float = value  # type: ignore[assignment]
    try:
        ensure(math.isfinite(number), "not a number")
    except OverflowError:
        raise Nonsense("not a number") from None
    return number


def as_date(value: object) -> datetime:
    """The time that a text says, in UTC."""
    found = _DATE.fullmatch(as_string(value))
    if not found:
        raise Nonsense("not a date")
    *parts, fraction, sign, hours, minutes = found.groups()
    try:
        microseconds = int((fraction or "0")[:6].ljust(6, "0"))
        year, month, day, hour, minute, second = (int(part or 0) for part in parts)
        local = datetime(
            year, month, day, hour, minute, second, microseconds, timezone.utc
        )
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        return local + offset if sign == "-" else local - offset
    except (ValueError, OverflowError):
        raise Nonsense("not a date") from None


def _read_text(value: object, _: tuple[str, ...]) -> str:
    return whole(as_string(value))


def _read_number(value: object, _: tuple[str, ...]) -> float:
    return as_number(value)


def _read_toggle(value: object, _: tuple[str, ...]) -> bool:
    return as_boolean(value)


def _read_color(value: object, _: tuple[str, ...]) -> Color:
    given = as_object(value)
    color, opacity = given.get("value"), given.get("opacity")
    ensure(color is None or _COLOR.fullmatch(as_string(color)), "not a color")
    number = 1 if opacity is None else as_number(opacity)
    ensure(0 <= number <= 1, "not an opacity")
    return Color(color, number)


def _read_date(value: object, _: tuple[str, ...]) -> datetime:
    return as_date(value)


def _read_list(value: object, _: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(whole(as_string(part)) for part in as_list(value))


def _read_select(value: object, options: tuple[str, ...]) -> str:
    text = as_string(value)
    ensure(text == "" or text in options, "not an option")
    return text


_READERS: Mapping[str, Callable[[object, tuple[str, ...]], object]] = {
    "text": _read_text,
    "image": _read_text,
    "number": _read_number,
    "toggle": _read_toggle,
    "color": _read_color,
    "date": _read_date,
    "list": _read_list,
    "select": _read_select,
}


def read_or(
    read: Callable[[object], ValueT],
    value: object,
    otherwise: ValueT,
    place: str,
    note: Note,
) -> ValueT:
    """The value as it is read, or else the other one."""
    try:
        return read(value)
    except Exception:  # noqa: BLE001  what an app gives may raise anything
        note(place, value)
        return otherwise


def read_properties(
    kind: ExperienceType[PropertiesT], wire: object, place: str, note: Note
) -> PropertiesT:
    """The properties; the default for what is not given or cannot be used."""
    nothing: Mapping[str, Any] = {}
    given = read_or(as_object, wire, nothing, f"{place}.properties", note)
    if given is nothing:
        return kind.defaults
    read: dict[str, object] = {}
    for rule in kind.rules:
        value = given.get(rule.key, MISSING)
        otherwise: object = getattr(kind.defaults, rule.member)
        read[rule.member] = (
            otherwise
            if value is None
            else _read_property(rule, value, otherwise, f"{place}.{rule.key}", note)
        )
    return kind.make(**read)


def _read_property(
    rule: Rule, value: object, otherwise: object, place: str, note: Note
) -> object:
    reader = _READERS[rule.type]
    return read_or(
        lambda wire: reader(wire, rule.options), value, otherwise, place, note
    )


def unknown_entry(place: str, value: object) -> str:
    """Such as `homepage.body[1].layout: "tall"`."""
    return visible(f"{place}: {_json_text(value)}"[:LONGEST_UNKNOWN])


def _json_text(value: object) -> str:
    if value is MISSING:
        return "missing"
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        return "too deep"
    except Exception:  # noqa: BLE001  what an app gives may raise anything
        return type(value).__name__


def visible(text: str) -> str:
    """Without what nobody sees, is a line of its own, or orders a terminal."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(REPLACEMENT if _is_unseen(each) else each for each in text)


def _is_unseen(character: str) -> bool:
    category = unicodedata.category(character)
    return category.startswith("C") or category in {"Zl", "Zp"}
