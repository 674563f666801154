"""Jobs that arrive one after the other, done by a bounded number of tasks of the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

NextJob = Callable[[], Coroutine[Any, Any, None] | None]


class TaskPump:
    """Runs the jobs of `next_job` until it returns None, at most `at_once` at a time. A job handles its own errors."""

    def __init__(self, next_job: NextJob, *, at_once: int) -> None:
        self._next_job = next_job
        self._at_once = at_once
        self._running = 0
        self._tasks: set[asyncio.Task[None]] = set()  # the event loop itself holds tasks weakly

    def start(self) -> None:
        """Start another task, unless enough are running: these take what has arrived before they end."""
        if self._running < self._at_once:
            self._running += 1
            task = asyncio.create_task(self._run())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self) -> None:
        try:
            while (job := self._next_job()) is not None:
                await job
        finally:
            self._running -= 1
