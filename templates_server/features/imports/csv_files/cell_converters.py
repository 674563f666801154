"""Conversion of CSV cells to values: text, lists of tags, numbers, booleans, days and times."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from math import isfinite
from typing import Any

Converter = Callable[[str], Any]
"""A converter of a non-empty cell. Raises ValueError with the problem: `is not a number`."""

WHOLE = re.compile(r"[+-]?[0-9]{1,400}")
DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
TRUE, FALSE = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})


def tag_list(cell: str) -> list[str]:
    """Parse tags separated by semicolons, ignoring surrounding spaces."""
    return [tag.strip() for tag in cell.split(";") if tag.strip()]


def number(cell: str) -> int | float:
    """Parse a number with an optional decimal point and without thousands separators."""
    plain = cell.strip()
    if WHOLE.fullmatch(plain):
        return int(plain)
    if not DECIMAL.fullmatch(plain):
        raise ValueError("is not a number such as 12 or 0.5")
    value = float(plain)
    if not isfinite(value):
        raise ValueError("is a number out of range")
    return value


def toggle(cell: str) -> bool:
    """Parse true or false, yes or no, 1 or 0."""
    plain = cell.strip().lower()
    if plain not in TRUE | FALSE:
        raise ValueError("is not true or false")
    return plain in TRUE


def day_or_time(cell: str) -> str:
    """Validate a day or time of RFC 3339 and return it as text."""
    plain = cell.strip()
    if not _is_moment(plain):
        raise ValueError("is not a date or time such as 2026-11-21 or 2026-11-21T20:35:00Z")
    return plain


def _is_moment(plain: str) -> bool:
    moment = TIME.fullmatch(plain)
    try:
        if moment:
            datetime.strptime(moment[1].upper(), "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007 - only whether there is such a time
            return True
        return DAY.fullmatch(plain) is not None and date.fromisoformat(plain) is not None
    except ValueError:
        return False


CONVERTERS: Mapping[str, Converter] = {"text": str, "number": number, "boolean": toggle, "date": day_or_time}
"""The converters, by their names in `mtribes user ingest --type`."""
