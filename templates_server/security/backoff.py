"""How long who failed must wait: not at all at first, then ever longer, but never so long as to lock a person out."""

from __future__ import annotations

from templates_server.primitives.timestamps import DAY, MINUTE, SECOND

FREE_FAILURES = 10
FIRST_DELAY_MILLISECONDS = 10 * SECOND
LONGEST_DELAY_MILLISECONDS = 15 * MINUTE
FORGOTTEN_AFTER_MILLISECONDS = DAY
MOST_DOUBLINGS = 10


def delay_after(failures: int) -> int:
    """The milliseconds to wait after so many failures: from the tenth on, doubled by each."""
    if failures < FREE_FAILURES:
        return 0
    doublings = min(failures - FREE_FAILURES, MOST_DOUBLINGS)
    return min(FIRST_DELAY_MILLISECONDS << doublings, LONGEST_DELAY_MILLISECONDS)
