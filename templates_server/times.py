"""Times as the server keeps them: whole milliseconds since 1970, UTC; and how they are written."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], int]
"""Gives the present time in milliseconds."""

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def system_clock() -> int:
    """Milliseconds since 1970 by the machine's clock."""
    return time.time_ns() // 1_000_000


def to_rfc3339(milliseconds: int) -> str:
    """A time as RFC 3339 in UTC, `2026-11-21T20:35:00Z`, with milliseconds where there are any."""
    moment = datetime.fromtimestamp(milliseconds // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    rest = milliseconds % SECOND
    return f"{moment}.{rest:03d}Z" if rest else f"{moment}Z"
