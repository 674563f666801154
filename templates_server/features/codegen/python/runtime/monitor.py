"""One lock a space, and calls of an app's functions outside of it, in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from types import TracebackType

Call = Callable[[], None]


class Monitor:
    """The lock of a space: `with monitor:` guards all that its sessions share.

    What was posted to an outbox meanwhile is delivered when the lock is free again.
    """

    def __init__(self) -> None:
        self.executor: Executor | None = None
        self._lock = threading.RLock()
        self._depth = 0
        self._posted: list[Outbox] = []

    def __enter__(self) -> None:
        self._lock.acquire()
        self._depth += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        posted: list[Outbox] = []
        self._depth -= 1
        if self._depth == 0 and self._posted:
            posted, self._posted = self._posted, posted
        self._lock.release()
        for outbox in posted:
            self._deliver(outbox)

    def remember(self, outbox: Outbox) -> None:
        """Deliver the outbox when the lock is free."""
        if outbox not in self._posted:
            self._posted.append(outbox)

    def _deliver(self, outbox: Outbox) -> None:
        if self.executor is None:
            outbox.deliver()
            return
        try:
            self.executor.submit(outbox.deliver)
        except RuntimeError:  # it was shut down before the space was closed
            outbox.deliver()


class Outbox:
    """Calls that are to be made outside the lock, one after the other."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._calls: deque[Call] = deque()
        self._turn = threading.Lock()

    def post(self, call: Call) -> None:
        """Have it called, after those that were posted before; it must not raise."""
        with self._monitor:
            self._calls.append(call)
            self._monitor.remember(self)

    def deliver(self) -> None:
        """Make the calls, unless another thread or a caller of this one is at it."""
        while self._calls and self._turn.acquire(blocking=False):
            try:
                while self._calls:
                    self._calls.popleft()()
            finally:
                self._turn.release()
