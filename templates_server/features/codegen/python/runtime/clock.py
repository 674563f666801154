"""The one place where time, timers, chance and threads come from.

Nothing here is for apps: a test may put a clock of its own in `seam.clock`.
"""

from __future__ import annotations

import heapq
import itertools
import random
import threading
import time
from collections.abc import Callable
from typing import Protocol

from .limits import LONGEST_TIMER_MSEC

Job = Callable[[], None]
THREAD_NAME = "mtribes"


class Timer(Protocol):
    """What a clock gives for a call that is to come."""

    def cancel(self) -> None:
        """See to it that the call does not come."""
        ...


class Clock(Protocol):
    """What the runtime needs of the program that it runs in."""

    def now(self) -> float:
        """Milliseconds since 1970."""
        ...

    def random(self) -> float:
        """A number in 0..1, without 1."""
        ...

    def call_later(self, milliseconds: float, job: Job) -> Timer:
        """Do the job after so long, on a thread of its own."""
        ...

    def spawn(self, job: Job) -> threading.Thread:
        """Do the job on a thread of its own."""
        ...


class _Entry:
    """A call that is to come."""

    def __init__(self, clock: SystemClock, job: Job) -> None:
        self.job: Job | None = job
        self._clock = clock

    def cancel(self) -> None:
        self.job = None
        self._clock.look_again()


class SystemClock:
    """The machine's clock. Its thread runs while there are timers, and no longer."""

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._entries: list[tuple[float, int, _Entry]] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def now(self) -> float:
        """Milliseconds since 1970."""
        return time.time() * 1000

    def random(self) -> float:
        """A number in 0..1, without 1."""
        return random.random()  # noqa: S311  it spreads requests

    def call_later(self, milliseconds: float, job: Job) -> Timer:
        """Do the job after so long, on a thread of its own."""
        entry = _Entry(self, job)
        seconds = min(max(milliseconds, 0), LONGEST_TIMER_MSEC) / 1000
        due = time.monotonic() + seconds
        with self._changed:
            heapq.heappush(self._entries, (due, next(self._numbers), entry))
            if self._thread and self._thread.is_alive():
                self._changed.notify()
            else:
                self._thread = self._start(self._run)
        return entry

    def spawn(self, job: Job) -> threading.Thread:
        """Do the job on a thread of its own."""
        return self._start(job)

    @staticmethod
    def _start(job: Job) -> threading.Thread:
        thread = threading.Thread(target=job, name=THREAD_NAME, daemon=True)
        thread.start()
        return thread

    def look_again(self) -> None:
        """A timer was canceled: without any the thread ends."""
        with self._changed:
            self._changed.notify()

    def _run(self) -> None:
        while (job := self._next()) is not None:
            self._start(job)

    def _next(self) -> Job | None:
        """Wait for the next job; None when there is none to wait for."""
        with self._changed:
            while True:
                while self._entries and self._entries[0][2].job is None:
                    heapq.heappop(self._entries)
                if not self._entries:
                    self._thread = None
                    return None
                due, _, entry = self._entries[0]
                rest = due - time.monotonic()
                if rest <= 0:
                    heapq.heappop(self._entries)
                    return entry.job
                self._changed.wait(rest)


class Seam:
    """Holds the clock that the runtime goes by."""

    def __init__(self) -> None:
        self.clock: Clock = SystemClock()


seam = Seam()


def now() -> float:
    """Milliseconds since 1970."""
    return seam.clock.now()


def after(milliseconds: float, job: Job) -> Timer:
    """Do the job after so long."""
    return seam.clock.call_later(milliseconds, job)
