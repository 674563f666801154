"""What the runtime finds around itself: a clock that a case moves, threads that are counted, storage in a file."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

Job = Callable[[], None]


class FakeTimer:
    """A call that is to come."""

    def __init__(self, timers: dict[int, tuple[float, Job]], number: int) -> None:
        self._timers = timers
        self._number = number

    def cancel(self) -> None:
        self._timers.pop(self._number, None)


class FakeClock:
    """Time that moves when it is told to. Requests run on real threads, each of which has its number."""

    def __init__(self, time: float, chance: float) -> None:
        self.time = time
        self.open: set[int] = set()
        self._chance = chance
        self._timers: dict[int, tuple[float, Job]] = {}
        self._numbers = itertools.count(1)
        self._requests = itertools.count(1)
        self._here = threading.local()

    def now(self) -> float:
        return self.time

    def random(self) -> float:
        return self._chance

    def call_later(self, milliseconds: float, job: Job) -> FakeTimer:
        number = next(self._numbers)
        self._timers[number] = (self.time + max(0, milliseconds), job)
        return FakeTimer(self._timers, number)

    def spawn(self, job: Job) -> threading.Thread:
        number = next(self._requests)
        self.open.add(number)

        def run() -> None:
            self._here.number = number
            try:
                job()
            finally:
                self.open.discard(number)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def next(self) -> float | None:
        return min((at for at, _ in list(self._timers.values())), default=None)

    def run_next(self, to: float) -> bool:
        """Run the timer that is due first until then; whether there was one."""
        due = [(at, number, job) for number, (at, job) in list(self._timers.items()) if at <= to]
        if not due:
            return False
        at, number, job = min(due, key=lambda each: each[:2])
        if self._timers.pop(number, None):
            self.time = max(self.time, at)
            job()
        return True

    def transport(self, runtime: Any) -> Any:
        """The runtime's own, with the number of the thread as a header."""

        def send(request: Any) -> Any:
            request.headers = {**request.headers, "Conformance-Request": str(self._here.number)}
            return runtime.urllib_transport(request)

        return send


class FileOfTexts:
    """Storage in one file of JSON, and the ways in which storage fails."""

    def __init__(self, kind: str, file: Path) -> None:
        self.kind = kind
        self._file = file
        self._texts: dict[str, str] = json.loads(file.read_text("utf-8"))
        self._is_written = True

    def storage(self) -> Any:
        return None if self.kind == "none" else self

    def get(self, key: str) -> str | None:
        self._check()
        return self._texts.get(key)

    def set(self, key: str, text: str) -> None:
        self._check()
        if self.kind == "full" and len(text) > len(self._texts.get(key, "")):
            raise OSError("full")
        self._texts[key], self._is_written = text, False

    def remove(self, key: str) -> None:
        self._check()
        self._texts.pop(key, None)
        self._is_written = False

    def write(self) -> None:
        if not self._is_written:
            self._file.write_text(json.dumps(self._texts), "utf-8")
        self._is_written = True

    def _check(self) -> None:
        if self.kind in ("failing", "forbidden"):
            raise PermissionError(self.kind)
