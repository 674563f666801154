"""Times as the server keeps them: whole milliseconds since 1970, UTC; and how they are written."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], int]
"""Gives the present time in milliseconds."""

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
LATEST_AHEAD = HOUR
"""How much later than now a stored time of the past is believed: clocks of several servers differ.

What was stored while a clock was years ahead neither delays nor allows anything once the clock is right: a wait is
over, and what was issued then has expired. Nothing is removed for that: it may be the present clock that is wrong.
"""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_PATTERN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def system_clock() -> int:
    """Return the milliseconds since 1970 by the machine's clock."""
    return time.time_ns() // 1_000_000


def to_rfc3339(milliseconds: int) -> str:
    """Return a time as RFC 3339 in UTC, `2026-11-21T20:35:00Z`, with milliseconds if there are any."""
    moment = (EPOCH + timedelta(milliseconds=milliseconds)).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds" if milliseconds % SECOND else "seconds") + "Z"


def parse_rfc3339(text: str) -> int:
    """Parse a time with its offset (RFC 3339, 5.6) to milliseconds, truncated; ValueError if invalid."""
    match = RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"not an RFC 3339 time: {text!r}")
    date, clock, fraction, offset = match.groups()
    try:
        moment = datetime.fromisoformat(f"{date}T{clock}{offset.upper().replace('Z', '+00:00')}").astimezone(UTC)
    except OverflowError:
        raise ValueError(f"beyond the years that can be told: {text!r}") from None
    return (moment - EPOCH) // timedelta(seconds=1) * SECOND + int((fraction or "").ljust(3, "0")[:3])


def parse_day(text: str) -> int:
    """Parse a day, `2026-11-21` (RFC 3339, 5.6), to the milliseconds of its start in UTC; ValueError if invalid."""
    if not DAY_PATTERN.fullmatch(text):
        raise ValueError(f"not a day: {text!r}")
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - EPOCH) // timedelta(days=1) * DAY


def to_day(milliseconds: int) -> str:
    """Return the UTC day of a time, `2026-11-21`."""
    return (EPOCH + timedelta(milliseconds=milliseconds)).date().isoformat()
