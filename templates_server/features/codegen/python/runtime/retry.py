"""Pauses before another attempt."""

from __future__ import annotations

import math
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from .clock import Job, Timer, after, now, seam
from .limits import (
    LONGEST_PAUSE_AFTER_AN_ANSWER_MSEC,
    LONGEST_PAUSE_MSEC,
    LONGEST_RETRY_AFTER_MSEC,
    SHORTEST_PAUSE_MSEC,
)

Cancel = Callable[[], None]


class Pauses:
    """The pauses of a space: those that wait for the network end when it is back."""

    def __init__(self) -> None:
        self._all: set[_Pause] = set()

    def begin(
        self, failures: int, status: int, retry_after_msec: float, job: Job
    ) -> Cancel:
        """Do the job after a pause that grows with the failures in a row."""
        longest = LONGEST_PAUSE_AFTER_AN_ANSWER_MSEC if status else LONGEST_PAUSE_MSEC
        least = max(SHORTEST_PAUSE_MSEC, retry_after_msec)
        pause = _Pause(self._all, least, job)
        pause.wait(max(least, _back_off_msec(failures, longest)))
        return pause.cancel

    def hurry(self) -> None:
        """The network may be back."""
        for pause in list(self._all):
            pause.hurry()


class _Pause:
    """A job that is to come."""

    def __init__(self, others: set[_Pause], least: float, job: Job) -> None:
        self._others = others
        self._least = least
        self._job = job
        self._began = now()
        self._timer: Timer | None = None
        others.add(self)

    def wait(self, milliseconds: float) -> None:
        self._timer = after(milliseconds, self._end)

    def cancel(self) -> None:
        self._others.discard(self)
        if self._timer:
            self._timer.cancel()

    def hurry(self) -> None:
        if self._timer:
            self._timer.cancel()
        self.wait(max(0, self._least - max(0, now() - self._began)))

    def _end(self) -> None:
        if self in self._others:
            self.cancel()
            self._job()


def _back_off_msec(failures: int, longest: float) -> float:
    """1 s, 1 to 2 s, 2 to 4 s ... at random, so that many do not come back at once."""
    most: float = min(longest, 500 * 2 ** min(failures, 10))
    shortest = SHORTEST_PAUSE_MSEC * (1 + seam.clock.random() / 5)
    return max(shortest, most * (0.5 + seam.clock.random() / 2))


def read_retry_after_msec(text: str | None) -> float:
    """Seconds or a date, as HTTP has it; 0 where nothing usable is said."""
    if not text:
        return 0
    try:
        wait = float(text) * 1000
    except ValueError:
        wait = _until(text)
    if not math.isfinite(wait) or wait < 0:
        return 0
    return min(wait, LONGEST_RETRY_AFTER_MSEC)


def _until(text: str) -> float:
    try:
        seconds: float = parsedate_to_datetime(text).timestamp()
        return seconds * 1000 - now()
    except (TypeError, ValueError, OverflowError):
        return 0
