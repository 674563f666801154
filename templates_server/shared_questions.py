"""Asking once what many ask at the same moment, without anybody getting an answer from before they asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any


class SharedQuestions:
    """Who asks what is being asked already waits for the next time that it is, together with all who do so."""

    def __init__(self) -> None:
        self._running: dict[Hashable, asyncio.Future[Any]] = {}
        self._next: dict[Hashable, asyncio.Future[Any]] = {}

    async def ask(self, question: Hashable, answer: Callable[[], Awaitable[Any]]) -> Any:
        """What `answer` gives, called after this was."""
        waiting = self._next.get(question)
        if waiting is None:
            waiting = self._next[question] = asyncio.ensure_future(self._ask_next(question, answer))
            waiting.add_done_callback(_look_at)
        return await asyncio.shield(waiting)

    async def _ask_next(self, question: Hashable, answer: Callable[[], Awaitable[Any]]) -> Any:
        running = self._running.get(question)
        if running is not None:
            await asyncio.wait([running])
        own = self._running[question] = self._next.pop(question)
        try:
            return await answer()
        finally:
            if self._running.get(question) is own:
                del self._running[question]


def _look_at(asked: asyncio.Future[Any]) -> None:
    """Whoever waited may have gone: a failure that nobody hears of is no mistake."""
    if not asked.cancelled():
        asked.exception()
