"""Storing together what arrives together: everything that comes while a batch is being stored goes into the next one.

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


@dataclass
class _Batch(Generic[Item, Outcome]):
    stored: asyncio.Future[Sequence[Outcome]]
    items: list[Item] = field(default_factory=list)


class Arrivals(Generic[Item, Outcome]):
    """Hands what arrives to `store`, in batches, one transaction each; it says what became of each item."""

    def __init__(self, database: Database, store: Callable[[Connection, Sequence[Item]], Sequence[Outcome]]) -> None:
        self._database = database
        self._store = store
        self._batches: list[_Batch[Item, Outcome]] = []
        self._waiting = 0
        self._task: asyncio.Task[None] | None = None

    async def add(self, items: Sequence[Item]) -> Sequence[Outcome]:
        """What became of the items, once all are stored; raises what kept them from it.

        Unavailable when too many wait.
        """
        if self._waiting + len(items) > MOST_WAITING:
            raise Unavailable("Too much arrives at this moment.")
        self._waiting += len(items)
        batch = self._batch_for(len(items))
        start = len(batch.items)
        batch.items.extend(items)
        if self._task is None:
            self._task = asyncio.create_task(self._store_all())
        outcomes = await asyncio.shield(batch.stored)
        return outcomes[start : start + len(items)]

    def _batch_for(self, count: int) -> _Batch[Item, Outcome]:
        if not self._batches or len(self._batches[-1].items) + count > MOST_AT_ONCE:
            self._batches.append(_Batch(asyncio.get_running_loop().create_future()))
        return self._batches[-1]

    async def _store_all(self) -> None:
        try:
            while self._batches:
                await self._store_batch(self._batches.pop(0))
        finally:
            self._task = None

    async def _store_batch(self, batch: _Batch[Item, Outcome]) -> None:
        try:
            outcomes = await self._database.write(lambda connection: self._store(connection, batch.items))
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait
            batch.stored.set_exception(error)
            batch.stored.exception()  # whoever waited may have gone: that is no mistake
        else:
            batch.stored.set_result(outcomes)
        finally:
            self._waiting -= len(batch.items)
