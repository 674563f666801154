"""Whether four times the text takes more than six times the processor time."""

from __future__ import annotations

import contextlib
import gc
import math
import signal
import time
from collections.abc import Callable, Iterator
from typing import NoReturn

STEP = 4
MOST_RATIO = 6.0
TRIES = 5
MEASURED_ANEW = 3
QUICK_SECONDS = 0.0005
"""What takes no longer is not measured again: with the square of 4,000 characters hardly anything is as quick."""
MOST_SECONDS = 0.5
"""After which a call is ended, if it can be; then its time counts as endless."""
CLOCK_FAULT = 1000
"""A clock that says that the small one took a thousandth of the large one was read wrong."""

Call = Callable[[], object]


class TooSlowError(BaseException):
    """A call took too long; readers that catch every Exception do not catch this."""


@contextlib.contextmanager
def limit_time() -> Iterator[None]:
    """End what is called within after some seconds of processor time; in the main thread alone, where signals come."""

    def end(_signal: int, _frame: object) -> NoReturn:
        raise TooSlowError

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def seconds_of(call: Call) -> float:
    """Return the processor time that a call takes, whatever comes of it."""
    started = time.thread_time()
    try:
        with limit_time(), contextlib.suppress(Exception):
            call()
    except TooSlowError:
        return math.inf
    return time.thread_time() - started


def ratio_of(small: Call, large: Call) -> float:
    """Return how many times as long the large one takes; 1 where it is too quick to tell. The best of five counts.

    A ratio that is too large is measured anew: on a busy machine one of two times is now and then read far too short.
    What had to be ended is not: half a second of processor time is no reading of the clock.
    """
    ratio = math.inf
    for _ in range(MEASURED_ANEW):
        ratio = min(ratio, _measured(small, large))
        if ratio <= MOST_RATIO or ratio == math.inf:
            break
    return ratio


def _measured(small: Call, large: Call) -> float:
    gc.disable()
    try:
        most = seconds_of(large)
        if most < QUICK_SECONDS:
            return 1.0
        least = seconds_of(small)
        for _ in range(TRIES - 1):
            if most <= least * MOST_RATIO or most == math.inf:
                break
            most = min(most, seconds_of(large))
            again = seconds_of(small)
            least = again if least * CLOCK_FAULT < most else min(least, again)
        return most / max(least, most / CLOCK_FAULT) if most < math.inf else math.inf
    finally:
        gc.enable()
