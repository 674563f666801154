"""Storing together what arrives together: everything that comes while batches are being stored goes into the next one.

Nobody is told that something is stored before it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from sqlalchemy import Connection

from templates_server.database import Database
from templates_server.errors import Unavailable

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

MOST_AT_ONCE = 5_000
MOST_WAITING = 100_000
BATCHES_AT_ONCE = {"sqlite": 1, "postgresql": 3}  # SQLite has one writer; PostgreSQL works while we read on


@dataclass
class _Batch(Generic[Item, Outcome]):
    items: list[Item] = field(default_factory=list)
    waiting: list[asyncio.Future[Outcome]] = field(default_factory=list)
    rows: int = 0


class Arrivals(Generic[Item, Outcome]):
    """Hands what arrives to `store`, in batches, one transaction each; it says what became of each item."""

    def __init__(self, database: Database, store: Callable[[Connection, Sequence[Item]], Sequence[Outcome]]) -> None:
        self._database = database
        self._store = store
        self._batches: list[_Batch[Item, Outcome]] = []
        self._waiting_rows = 0
        self._running = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def add(self, item: Item, *, rows: int = 1) -> Outcome:
        """What became of an item, of so many rows, once it is stored; raises what kept it from that.

        Unavailable when too much waits.
        """
        if self._waiting_rows + rows > MOST_WAITING:
            raise Unavailable("Too much arrives at this moment.")
        batch = self._batch_for(rows)
        waiting: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        batch.items.append(item)
        batch.waiting.append(waiting)
        batch.rows += rows
        self._waiting_rows += rows
        self._see_to_it()
        return await waiting

    def _batch_for(self, rows: int) -> _Batch[Item, Outcome]:
        if not self._batches or self._batches[-1].rows + rows > MOST_AT_ONCE:
            self._batches.append(_Batch())
        return self._batches[-1]

    def _see_to_it(self) -> None:
        if self._running < BATCHES_AT_ONCE[self._database.dialect]:
            self._running += 1
            task = asyncio.create_task(self._store_all())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _store_all(self) -> None:
        try:
            while self._batches:
                await self._store_batch(self._batches.pop(0))
        finally:
            self._running -= 1

    async def _store_batch(self, batch: _Batch[Item, Outcome]) -> None:
        try:
            outcomes = await self._database.write(lambda connection: self._store(connection, batch.items))
            for waiting, outcome in zip(batch.waiting, outcomes, strict=True):
                if not waiting.done():  # whoever waited may have gone
                    waiting.set_result(outcome)
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait
            for waiting in batch.waiting:
                if not waiting.done():
                    waiting.set_exception(error)
        finally:
            self._waiting_rows -= batch.rows
