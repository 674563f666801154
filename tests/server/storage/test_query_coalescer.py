"""Who asks gets an answer from after they asked, and no more is asked than need be."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest

from templates_server.storage.query_coalescer import QueryCoalescer


class Source:
    """Something that changes, and takes a while to be asked; it does not know `unknown`."""

    def __init__(self, *, at_once: int = 1) -> None:
        self.value = 0
        self.asked: list[list[str]] = []
        self.running = self.most_running = 0
        self.questions = QueryCoalescer(self._answer, at_once=at_once)

    def ask(self, question: str = "q") -> Coroutine[Any, Any, str]:
        return self.questions.ask(question)

    async def _answer(self, questions: Sequence[str]) -> Sequence[str | Exception]:
        self.asked.append(list(questions))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        value = self.value
        await asyncio.sleep(0.01)
        self.running -= 1
        if "down" in questions:
            raise ConnectionError
        return [LookupError() if one == "unknown" else f"{one}{value}" for one in questions]


def test_many_who_ask_at_once_ask_once() -> None:
    async def run(source: Source) -> list[str]:
        return await asyncio.gather(*(source.ask() for _ in range(50)))

    source = Source()
    assert asyncio.run(run(source)) == ["q0"] * 50
    assert source.asked == [["q"]]


def test_what_differs_is_asked_together_and_each_gets_their_own_answer() -> None:
    async def run(source: Source) -> list[str]:
        return await asyncio.gather(*(source.ask(one) for one in "abcab"))

    source = Source()
    assert asyncio.run(run(source)) == ["a0", "b0", "c0", "a0", "b0"]
    assert source.asked == [["a", "b", "c"]]


@pytest.mark.parametrize("at_once", [1, 2])
def test_who_asks_while_it_is_being_asked_gets_no_answer_from_before(at_once: int) -> None:
    async def run(source: Source) -> list[str]:
        early = asyncio.ensure_future(source.ask())
        await asyncio.sleep(0.005)
        source.value = 1
        late = [asyncio.ensure_future(source.ask()) for _ in range(10)]
        return [await early, *[await one for one in late]]

    source = Source(at_once=at_once)
    assert asyncio.run(run(source)) == ["q0", *["q1"] * 10]
    assert source.asked == [["q"], ["q"]]


def test_no_more_are_asked_at_once_than_may() -> None:
    async def run(source: Source) -> None:
        asked = []
        for number in range(30):
            asked.append(asyncio.ensure_future(source.ask(str(number))))
            await asyncio.sleep(0.001)
        await asyncio.gather(*asked)

    source = Source(at_once=2)
    asyncio.run(run(source))
    assert source.most_running == 2
    assert sorted(one for together in source.asked for one in together) == sorted(map(str, range(30)))


def test_a_failure_reaches_all_who_waited_for_it_and_nobody_else() -> None:
    async def run(source: Source) -> list[object]:
        asked = [source.ask("unknown"), source.ask("unknown"), source.ask("known")]
        return [*await asyncio.gather(*asked, return_exceptions=True), await source.ask("known")]

    assert [one if isinstance(one, str) else type(one) for one in asyncio.run(run(Source()))] == [
        LookupError,
        LookupError,
        "known0",
        "known0",
    ]


def test_when_nothing_can_be_asked_all_who_waited_hear_of_it_and_the_next_is_asked_anew() -> None:
    async def run(source: Source) -> list[object]:
        failed = await asyncio.gather(source.ask("down"), source.ask(), return_exceptions=True)
        return [*failed, await source.ask()]

    down, beside, after = asyncio.run(run(Source()))
    assert [type(down), type(beside), after] == [ConnectionError, ConnectionError, "q0"]


def test_one_who_goes_away_takes_nothing_from_the_others() -> None:
    async def run(source: Source) -> str:
        gone, stays = (asyncio.ensure_future(source.ask()) for _ in range(2))
        await asyncio.sleep(0.005)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        return await stays

    assert asyncio.run(run(Source())) == "q0"
