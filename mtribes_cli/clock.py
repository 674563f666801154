"""Time, as one command sees it. Tests put another clock in its place."""

from __future__ import annotations

import time


class Clock:
    """Time as this process sees it."""

    def now_seconds(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def elapsed_seconds(self) -> float:
        """Seconds since some moment, whatever happens to the time of day."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
