"""Asking together what many ask at the same moment, without anybody getting an answer from before they asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Generic, TypeVar

from templates_server.storage.task_pump import TaskPump

Question = TypeVar("Question")
Answered = TypeVar("Answered")


class QueryCoalescer(Generic[Question, Answered]):
    """Whoever asks while others are being answered waits for the next answering, with all who do so.

    A question that several have is asked once. `answer` gives the answers in order, an exception in place of one that
    failed; `at_once` is how many answerings may run.
    """

    def __init__(
        self, answer: Callable[[Sequence[Question]], Awaitable[Sequence[Answered | Exception]]], *, at_once: int
    ) -> None:
        self._answer = answer
        self._waiting: dict[Question, asyncio.Future[Answered]] = {}
        self._pump = TaskPump(self._next_answering, at_once=at_once)

    async def ask(self, question: Question) -> Answered:
        """Return the answer, queried after this call."""
        waiting = self._waiting.get(question)
        if waiting is None:
            waiting = self._waiting[question] = asyncio.get_running_loop().create_future()
            self._pump.start()
        return await asyncio.shield(waiting)

    def _next_answering(self) -> Coroutine[Any, Any, None] | None:
        asked, self._waiting = self._waiting, {}
        return self._answer_these(asked) if asked else None

    async def _answer_these(self, asked: dict[Question, asyncio.Future[Answered]]) -> None:
        try:
            answers = await self._answer(list(asked))
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait
            answers = [error] * len(asked)
        for waiting, answer in zip(asked.values(), answers, strict=True):
            if isinstance(answer, Exception):
                waiting.set_exception(answer)
                waiting.exception()  # whoever waited may have gone: that is no mistake
            else:
                waiting.set_result(answer)
