"""What arrives together is stored together, told apart, and acknowledged once it is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import pytest
from sqlalchemy import Connection, text

from templates_server.errors import Unavailable
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database
from templates_server.storage.write_batcher import (
    BATCHES_AT_ONCE,
    BYTES_OF_A_ROW,
    LATER,
    MOST_AT_ONCE,
    MOST_WAITING,
    Outcomes,
    WriteBatcher,
)

Found = TypeVar("Found")


@pytest.fixture
def database(fresh_database_url: str) -> Database:
    return open_database(fresh_database_url)


def run(database: Database, work: Callable[[], Awaitable[Found]]) -> Found:
    async def all_of_it() -> Found:
        return await work()

    try:
        return asyncio.run(all_of_it())
    finally:
        database.close()


def test_each_is_told_what_became_of_its_own(database: Database) -> None:
    batches: list[int] = []

    def store(_: Connection, items: Sequence[int]) -> Sequence[int]:
        batches.append(len(items))
        return [item * 2 for item in items]

    async def work() -> list[int]:
        arrivals = WriteBatcher(database, store)
        return list(await asyncio.gather(*(arrivals.add(number, sent_bytes=1) for number in range(500))))

    assert run(database, work) == [number * 2 for number in range(500)]
    assert len(batches) <= BATCHES_AT_ONCE[database.dialect] + 1


def test_nothing_is_acknowledged_that_others_cannot_read(database: Database) -> None:
    database.write_sync(lambda connection: connection.execute(text("CREATE TABLE kept (item BIGINT)")))

    def store(connection: Connection, items: Sequence[int]) -> Sequence[None]:
        connection.execute(text("INSERT INTO kept VALUES (:item)"), [{"item": item} for item in items])
        return [None] * len(items)

    def is_kept(item: int) -> bool:
        found = database.read_sync(
            lambda connection: connection.execute(text("SELECT 1 FROM kept WHERE item = :item"), {"item": item}).all()
        )
        return len(found) == 1

    async def work() -> list[bool]:
        arrivals = WriteBatcher(database, store)

        async def add(item: int) -> bool:
            await arrivals.add(item, sent_bytes=1)
            return is_kept(item)

        return list(await asyncio.gather(*(add(number) for number in range(100))))

    assert all(run(database, work))


def test_what_fails_is_told_to_those_it_belongs_to_and_the_next_are_stored(database: Database) -> None:
    def store(_: Connection, items: Sequence[str]) -> Sequence[str]:
        if "bad" in items:
            raise LookupError
        return items

    async def work() -> tuple[BaseException | str, str]:
        arrivals = WriteBatcher(database, store)
        (failed,) = await asyncio.gather(arrivals.add("bad", sent_bytes=1), return_exceptions=True)
        return failed, await arrivals.add("good", sent_bytes=1)

    failed, stored = run(database, work)
    assert isinstance(failed, LookupError)
    assert stored == "good"


def test_batches_are_bounded_by_their_rows_and_too_many_are_turned_away(database: Database) -> None:
    sizes: list[int] = []

    def store(_: Connection, items: Sequence[int]) -> Sequence[None]:
        sizes.append(len(items))
        return [None] * len(items)

    async def work() -> BaseException | None:
        arrivals = WriteBatcher(database, store)
        adding = [asyncio.ensure_future(arrivals.add(1, rows=1000, sent_bytes=1)) for _ in range(MOST_WAITING // 1000)]
        await asyncio.sleep(0)
        (refused,) = await asyncio.gather(arrivals.add(1, sent_bytes=1), return_exceptions=True)
        await asyncio.gather(*adding)
        await arrivals.add(1, sent_bytes=1)
        return refused

    assert isinstance(run(database, work), Unavailable)
    assert max(sizes) <= MOST_AT_ONCE // 1000


def test_one_after_the_other_are_all_stored(database: Database) -> None:
    """The end of one batch and the beginning of the next meet: nobody is forgotten in between."""

    async def work() -> int:
        arrivals: WriteBatcher[int, int] = WriteBatcher(database, lambda _, items: items)

        async def add_some(number: int) -> int:
            return sum([await arrivals.add(number, sent_bytes=1) for _ in range(50)])

        async with asyncio.timeout(20):
            return sum(await asyncio.gather(*(add_some(1) for _ in range(8))))

    assert run(database, work) == 400


def test_what_is_left_for_later_comes_again_with_what_has_arrived_since(database: Database) -> None:
    batches: list[list[str]] = []

    def store(_: Connection, items: Sequence[str]) -> Outcomes[str]:
        batches.append([*items])
        heavy = [item for item in items if item.startswith("heavy")]
        return [LATER if item in heavy[1:] else item for item in items]

    async def work() -> list[str]:
        arrivals = WriteBatcher(database, store)
        heavy = [asyncio.ensure_future(arrivals.add(f"heavy-{number}", rows=2, sent_bytes=1)) for number in range(4)]
        light = [asyncio.ensure_future(arrivals.add(f"light-{number}", sent_bytes=1)) for number in range(20)]
        found = list(await asyncio.gather(*heavy, *light))
        assert arrivals._waiting_rows == 0
        return found

    assert run(database, work) == [f"heavy-{number}" for number in range(4)] + [f"light-{n}" for n in range(20)]
    assert len(batches) >= 4
    assert {item for item in batches[0] if item.startswith("light")}, "what is quick waits for no heavy one"


def test_what_is_large_counts_as_more_rows(database: Database) -> None:
    async def work() -> tuple[int, int]:
        def store(_: Connection, items: Sequence[int]) -> Sequence[None]:
            return [None] * len(items)

        arrivals = WriteBatcher(database, store)
        megabyte = 1024 * 1024
        fit = MOST_WAITING * BYTES_OF_A_ROW // megabyte
        waiting = [asyncio.ensure_future(arrivals.add(1, sent_bytes=megabyte)) for _ in range(fit + 10)]
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        refused = [one for one in outcomes if isinstance(one, Unavailable)]
        await arrivals.add(1, sent_bytes=megabyte)
        return fit, len(refused)

    fit, refused = run(database, work)
    assert (fit, refused) == (97, 10)
