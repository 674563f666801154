"""Storing together what arrives together: everything that comes while batches are being stored goes into the next one.

Nobody is told that something is stored before it is.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from sqlalchemy import Connection

from templates_server.errors import Unavailable
from templates_server.storage.database import Database
from templates_server.storage.task_pump import TaskPump

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

MOST_AT_ONCE = 5_000
MOST_WAITING = 100_000
BYTES_OF_A_ROW = 1024
BATCHES_AT_ONCE = {"sqlite": 1, "postgresql": 3}  # SQLite has one writer; PostgreSQL works while we read on


class DeferredOutcome(enum.Enum):
    """The outcome of an item that has to wait for another transaction."""

    LATER = "later"


LATER: Literal[DeferredOutcome.LATER] = DeferredOutcome.LATER
Outcomes = Sequence[Outcome | Literal[DeferredOutcome.LATER]]


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Item, Outcome]):
    """An item of so many rows, and where its outcome goes."""

    item: Item
    rows: int
    outcome: asyncio.Future[Outcome]


@dataclass
class _Batch(Generic[Item, Outcome]):
    waiting: list[_Waiting[Item, Outcome]] = field(default_factory=list)
    rows: int = 0

    def add(self, one: _Waiting[Item, Outcome]) -> None:
        """Add an item."""
        self.waiting.append(one)
        self.rows += one.rows


class WriteBatcher(Generic[Item, Outcome]):
    """Hands what arrives to `store`, in batches, one transaction each; it says what became of each item.

    What it leaves for LATER is handed to it again with what has arrived since; it must not leave all of a batch.
    """

    def __init__(self, database: Database, store: Callable[[Connection, Sequence[Item]], Outcomes[Outcome]]) -> None:
        self._database = database
        self._store = store
        self._batches: list[_Batch[Item, Outcome]] = []
        self._waiting_rows = 0
        self._pump = TaskPump(self._next_batch, at_once=BATCHES_AT_ONCE[database.dialect])

    async def add(self, item: Item, *, sent_bytes: int, rows: int = 1) -> Outcome:
        """Return the result of an item, of so many rows, once it is stored; raise what prevented that.

        `sent_bytes` is the size of its request body: a large one counts as more rows. Unavailable if too much waits.
        """
        rows = max(rows, sent_bytes // BYTES_OF_A_ROW)
        if self._waiting_rows + rows > MOST_WAITING:
            raise Unavailable("The server is overloaded. Retry later.")
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._batch_for(rows).add(_Waiting(item, rows, outcome))
        self._waiting_rows += rows
        self._pump.start()
        return await outcome

    def _batch_for(self, rows: int) -> _Batch[Item, Outcome]:
        if not self._batches or self._batches[-1].rows + rows > MOST_AT_ONCE:
            self._batches.append(_Batch())
        return self._batches[-1]

    def _next_batch(self) -> Coroutine[Any, Any, None] | None:
        return self._store_batch(self._batches.pop(0)) if self._batches else None

    async def _store_batch(self, batch: _Batch[Item, Outcome]) -> None:
        left = _Batch[Item, Outcome]()
        items = [one.item for one in batch.waiting]
        try:
            outcomes = await self._database.write(lambda connection: self._store(connection, items))
            for one, outcome in zip(batch.waiting, outcomes, strict=True):
                if outcome is LATER:
                    left.add(one)
                elif not one.outcome.done():  # whoever waited may have gone
                    one.outcome.set_result(outcome)
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait
            for one in batch.waiting:
                if not one.outcome.done():
                    one.outcome.set_exception(error)
        finally:
            self._waiting_rows -= batch.rows - left.rows
        if left.waiting:
            self._batches.append(left)
