"""Converts cells of CSV to JSON: text, lists of tags, and the types of `--type`. An invalid cell says why."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from json.encoder import encode_basestring
from math import isfinite

Converter = Callable[[str], str]
"""JSON for a cell that is not empty. Raises ValueError with what is wrong: `is not a number`."""

CACHED_CELLS, CACHED_CHARACTERS = 4096, 256
_WHOLE = re.compile(r"[+-]?[0-9]{1,400}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_TRUE, _FALSE = {"true", "yes", "1"}, {"false", "no", "0"}


def text(cell: str) -> str:
    """Return the cell as text."""
    return encode_basestring(cell)


def escape(cell: str) -> str:
    """Return the cell as JSON text without the quotes around it."""
    return encode_basestring(cell)[1:-1]


def tag_list(cell: str) -> str:
    """Return tags, separated by semicolons, without spaces around them."""
    return _cached_tag_list(cell) if len(cell) <= CACHED_CHARACTERS else _tag_list(cell)


def _tag_list(cell: str) -> str:
    return "[" + ",".join(encode_basestring(tag.strip()) for tag in cell.split(";") if tag.strip()) + "]"


_cached_tag_list = lru_cache(CACHED_CELLS)(_tag_list)


def number(cell: str) -> str:
    """Return a number with an optional decimal point, and without thousands separators."""
    plain = cell.strip()
    if _WHOLE.fullmatch(plain):
        return str(int(plain))
    if not _DECIMAL.fullmatch(plain):
        raise ValueError("is not a number such as 12 or 0.5")
    value = float(plain)
    if not isfinite(value):
        raise ValueError("is a number out of range")
    return repr(value)


def boolean(cell: str) -> str:
    """Return a boolean: true or false, yes or no, 1 or 0."""
    plain = cell.strip().lower()
    if plain not in _TRUE | _FALSE:
        raise ValueError("is not true or false")
    return "true" if plain in _TRUE else "false"


def day_or_time(cell: str) -> str:
    """Return a day or a time of RFC 3339, as text."""
    plain = cell.strip()
    if not _is_moment(plain):
        raise ValueError("is not a date or time such as 2026-11-21 or 2026-11-21T20:35:00Z")
    return encode_basestring(plain)


def _is_moment(plain: str) -> bool:
    moment = _TIME.fullmatch(plain)
    try:
        if moment:
            datetime.strptime(moment[1].upper(), "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007 - only whether there is such a time
            return True
        return _DAY.fullmatch(plain) is not None and date.fromisoformat(plain) is not None
    except ValueError:
        return False


CONVERTERS: dict[str, Converter] = {"text": text, "number": number, "boolean": boolean, "date": day_or_time}
