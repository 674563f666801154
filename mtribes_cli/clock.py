"""The time, as one command sees it. Tests replace the clock."""

from __future__ import annotations

import time


class Clock:
    """The clock of this process."""

    def now_seconds(self) -> float:
        """Return the seconds since 1970."""
        return time.time()

    def elapsed_seconds(self) -> float:
        """Return monotonic seconds, independent of the time of day."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)
