"""Who asks gets an answer from after they asked, and no more is asked than need be."""

from __future__ import annotations

import asyncio

import pytest

from templates_server.shared_questions import SharedQuestions


class Source:
    """Something that changes, and takes a while to be asked."""

    def __init__(self) -> None:
        self.value = 0
        self.asked = 0

    async def answer(self) -> int:
        self.asked += 1
        found = self.value
        await asyncio.sleep(0.01)
        return found


def test_many_who_ask_at_once_ask_once() -> None:
    async def run() -> tuple[list[int], int]:
        source, questions = Source(), SharedQuestions()
        answers = await asyncio.gather(*(questions.ask("q", source.answer) for _ in range(50)))
        return list(answers), source.asked

    assert asyncio.run(run()) == ([0] * 50, 1)


def test_who_asks_while_it_is_being_asked_gets_no_answer_from_before() -> None:
    async def run() -> tuple[list[int], int]:
        source, questions = Source(), SharedQuestions()
        early = asyncio.ensure_future(questions.ask("q", source.answer))
        await asyncio.sleep(0.005)
        source.value = 1
        late = [asyncio.ensure_future(questions.ask("q", source.answer)) for _ in range(10)]
        return [await early, *[await one for one in late]], source.asked

    assert asyncio.run(run()) == ([0, *[1] * 10], 2)


def test_different_questions_do_not_wait_for_one_another() -> None:
    async def run() -> int:
        source, questions = Source(), SharedQuestions()
        await asyncio.gather(*(questions.ask(number, source.answer) for number in range(20)))
        return source.asked

    assert asyncio.run(run()) == 20


def test_a_failure_reaches_all_who_waited_for_it_and_nobody_else() -> None:
    async def fail() -> int:
        await asyncio.sleep(0.005)
        raise LookupError

    async def run() -> tuple[list[object], int]:
        source, questions = Source(), SharedQuestions()
        failed = await asyncio.gather(*(questions.ask("q", fail) for _ in range(3)), return_exceptions=True)
        return list(failed), await questions.ask("q", source.answer)

    failed, after = asyncio.run(run())
    assert [type(one) for one in failed] == [LookupError] * 3
    assert after == 0


def test_one_who_goes_away_takes_nothing_from_the_others() -> None:
    async def run() -> int:
        source, questions = Source(), SharedQuestions()
        gone, stays = (asyncio.ensure_future(questions.ask("q", source.answer)) for _ in range(2))
        await asyncio.sleep(0.005)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        found: int = await stays
        return found

    assert asyncio.run(run()) == 0
