"""Values of typed properties: as written in documents, and as held by the model and the states.

Parsing normalises: dates are UTC, colours in lower case, numbers integers if exact, so that equal values have equal
texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from templates_server.features.spaces.model import Color, PropertyType, Value
from templates_server.primitives.timestamps import parse_rfc3339, to_rfc3339
from templates_server.primitives.validation import Reader, join, kind_of
from templates_server.primitives.yaml_json import quote_text

MAX_TEXT_CHARACTERS = 10_000
MAX_URL_CHARACTERS = 2048
MAX_LIST_ITEMS = 1000
MAX_LIST_ITEM_CHARACTERS = 1000
LARGEST_EXACT_INTEGER = 2**53 - 1
HEX_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
NOT_IN_URL = re.compile(r"[\x00-\x20\x7f-\xa0\"<>\\^`{|}\u2028\u2029]")


def read_value(
    reader: Reader,
    value: Any,
    path: str,
    *,
    kind: PropertyType,
    options: tuple[str, ...] = (),
) -> Value:
    """Return a property value of that type from a document; None if absent or invalid (which the reader records)."""
    if value is None:
        return None
    if kind is PropertyType.SELECT:
        return reader.one_of(
            value, path, {*options, ""}, f"one of {', '.join(quote_text(option) for option in options)}"
        )
    return READERS[kind](reader, value, path)


def _text(reader: Reader, value: Any, path: str) -> Value:
    return reader.text(value, path, at_most=MAX_TEXT_CHARACTERS)


def _number(reader: Reader, value: Any, path: str) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        reader.refuse(path, f"must be a number, not {kind_of(value)}")
        return None
    if isinstance(value, int) and abs(value) > LARGEST_EXACT_INTEGER:
        reader.refuse(path, f"is beyond {LARGEST_EXACT_INTEGER}: some languages cannot represent it exactly")
        return None
    return to_integer_if_exact(value)


def to_integer_if_exact(number: float) -> int | float:
    """Return the number as an integer if that is exact: 5.0 and 5 are one value, -0.0 is 0."""
    exact = abs(number) <= LARGEST_EXACT_INTEGER and number == int(number)
    return int(number) if exact else number


def _toggle(reader: Reader, value: Any, path: str) -> Value:
    return reader.boolean(value, path)


def _color(reader: Reader, value: Any, path: str) -> Value:
    if isinstance(value, str):
        reader.refuse(path, 'must be a mapping such as {value: "#rrggbb", opacity: 1}, not text')
        return None
    before = len(reader.problems)
    given = reader.mapping(value, path, ("value", "opacity"))
    color = Color(
        _hex(reader, given.get("value"), join(path, "value")),
        _opacity(reader, given.get("opacity"), join(path, "opacity")),
    )
    return color if len(reader.problems) == before else None


def _hex(reader: Reader, value: Any, path: str) -> str | None:
    if value is None:
        return None
    if isinstance(value, str) and HEX_COLOR.fullmatch(value):
        return value.lower()
    reader.refuse(path, 'must be a colour such as "#6f58c4"')
    return None


def _opacity(reader: Reader, value: Any, path: str) -> int | float:
    if value is None:
        return 1
    number = _number(reader, value, path)
    if number is not None and not 0 <= number <= 1:
        reader.refuse(path, "must be between 0 and 1")
    return 1 if number is None else number


def _date(reader: Reader, value: Any, path: str) -> Value:
    text = reader.text(value, path, at_most=MAX_LIST_ITEM_CHARACTERS)
    milliseconds = None if text is None else read_moment(reader, text, path)
    return None if milliseconds is None else to_rfc3339(milliseconds)


def read_moment(reader: Reader, text: str, path: str) -> int | None:
    """Return the milliseconds of a date; None when it is invalid."""
    try:
        return parse_rfc3339(text)
    except ValueError:
        reader.refuse(path, f"{quote_text(text)} is not a date such as 2027-04-30T22:00:00Z (RFC 3339, with an offset)")
        return None


def _list(reader: Reader, value: Any, path: str) -> Value:
    before = len(reader.problems)
    items = []
    for item, place in reader.sequence(value, path, at_most=MAX_LIST_ITEMS):
        if item is None:
            reader.refuse(place, "must be text, not null")
        items.append(reader.text(item, place, at_most=MAX_LIST_ITEM_CHARACTERS) or "")
    return tuple(items) if len(reader.problems) == before else None


def _image(reader: Reader, value: Any, path: str) -> Value:
    url = reader.text(value, path, at_most=MAX_URL_CHARACTERS)
    if url is None or is_web_address(url):
        return url
    reader.refuse(path, f"{quote_text(url)} is not an image URL: it must start with https:// or http://")
    return None


def is_web_address(url: str) -> bool:
    """Return whether this is an absolute http(s) URL with a host and without characters that require escaping."""
    if NOT_IN_URL.search(url):
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port  # ValueError when it is no number
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


READERS: Mapping[PropertyType, Callable[[Reader, Any, str], Value]] = {
    PropertyType.TEXT: _text,
    PropertyType.NUMBER: _number,
    PropertyType.TOGGLE: _toggle,
    PropertyType.COLOR: _color,
    PropertyType.DATE: _date,
    PropertyType.LIST: _list,
    PropertyType.IMAGE: _image,
}


def to_plain(value: Value) -> Any:
    """Return the value in its JSON and YAML form."""
    if isinstance(value, Color):
        return {"value": value.value, "opacity": value.opacity}
    return list(value) if isinstance(value, tuple) else value
