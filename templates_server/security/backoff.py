"""The delay after failed attempts: none at first, then longer and longer, but never a lockout."""

from __future__ import annotations

from templates_server.primitives.timestamps import DAY, MINUTE, SECOND

FREE_FAILURES = 10
FIRST_DELAY_MILLISECONDS = 10 * SECOND
LONGEST_DELAY_MILLISECONDS = 15 * MINUTE
FORGOTTEN_AFTER_MILLISECONDS = DAY
MOST_DOUBLINGS = 10


def delay_after(failures: int) -> int:
    """Return the milliseconds to wait after a number of failures: from the tenth on, each one doubles it."""
    if failures < FREE_FAILURES:
        return 0
    doublings = min(failures - FREE_FAILURES, MOST_DOUBLINGS)
    return min(FIRST_DELAY_MILLISECONDS << doublings, LONGEST_DELAY_MILLISECONDS)
