"""Times as people say them: `3 minutes ago`, `in 30 days`."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from mtribes_cli.numbers import counted

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_UNITS = (
    ("second", 1, _MINUTE),
    ("minute", _MINUTE, _HOUR),
    ("hour", _HOUR, _DAY),
    ("day", _DAY, 60 * _DAY),
    ("month", 30 * _DAY, 720 * _DAY),
)
"""Units, their length, and the length of time from which the next one is used."""
_YEAR = 365 * _DAY
_JUST_NOW_SECONDS = 5
_RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})")


def relative_time(at: str, now_seconds: float) -> str:
    """Return an RFC 3339 time relative to now; any other text as it is."""
    seconds = _seconds_since(at, now_seconds)
    if seconds is None:
        return at
    if abs(seconds) < _JUST_NOW_SECONDS:
        return "just now"
    words = _counted(abs(seconds))
    return f"{words} ago" if seconds > 0 else f"in {words}"


def with_relative_time(text: str, now_seconds: float) -> str:
    """Return an RFC 3339 time with the relative time behind it; any other text as it is."""
    shown = relative_time(text, now_seconds)
    return text if shown == text else f"{text} ({shown})"


def _seconds_since(at: str, now_seconds: float) -> float | None:
    if not _RFC_3339.fullmatch(at):
        return None
    try:
        moment = datetime.fromisoformat(at)
        return now_seconds - moment.astimezone(UTC).timestamp()
    except (ValueError, OverflowError):  # the 31st of February, the year 0
        return None


def _counted(seconds: float) -> str:
    """Return a length of time in the largest unit that fits, rounded."""
    for name, length, limit in _UNITS:
        number = int(seconds / length + 0.5)
        if number * length < limit:
            return counted(number, name)
    return counted(int(seconds / _YEAR + 0.5), "year")
