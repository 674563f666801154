"""The database: what a unit of work is promised.

A unit of work is a function of a connection. `read` gives it a consistent snapshot; `write` one transaction: all of
it is stored when `write` returns, or nothing of it when the function raises. A refusal that must leave a trace is
therefore returned, not raised. How either database keeps this is in `sqlite` and `postgresql`; queries
are in the stores, and what they must know of SQLite and PostgreSQL is in `dialect`.
"""

from __future__ import annotations

import abc
import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

Result = TypeVar("Result")
Work = Callable[[Connection], Result]
Parameter = str | int | float | None
PURGE_LOCK = 0x6D747269626573  # an advisory lock of PostgreSQL, held by the one process that purges
DAYS_LOCK = PURGE_LOCK + 1  # likewise, by the one that closes days
SingleRowQuery = tuple[Any, ...]
"""A query, then its parameters."""
NO_ROOM = "The database is full. Nothing was stored."


class WriteConflict(Exception):
    """Raised by work of `write` that another transaction was faster than: it is undone and run again."""


class Database(abc.ABC):
    """A place where tables are kept."""

    engine: Engine
    unstored_writes = 0
    """How many units of work were handed to `write` and have not ended yet."""
    ended_writes = 0
    """How many have ended."""

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

    def fault(self) -> str | None:
        """Return why nothing can be stored, as far as that is known without a query; None if nothing is wrong."""
        return None

    @abc.abstractmethod
    async def read(self, work: Work[Result]) -> Result:
        """Return the result of the work, in one snapshot."""

    @abc.abstractmethod
    async def fetch_one(self, query: str, *parameters: Parameter) -> Sequence[Any] | None:
        """Return the first row of a frequent query, without the overhead of a transaction.

        `?` stands for a parameter.
        """

    @abc.abstractmethod
    async def fetch_each(self, questions: Sequence[SingleRowQuery]) -> Sequence[Sequence[Any] | None]:
        """Return the first row of several queries, as `fetch_one`."""

    async def write(self, work: Work[Result], *, is_repeatable: bool = False, is_large: bool = False) -> Result:
        """Return the result of the work, once its transaction is stored.

        `is_repeatable`: the work finds out by itself if it was stored already, so it is run again if the connection was
        lost at COMMIT. Otherwise that is Unavailable: the outcome is unknown.
        `is_large`: the work changes thousands of rows, which would all be kept twice if it shared its transaction.
        """
        self.unstored_writes += 1
        try:
            return await self._write(work, is_repeatable=is_repeatable, is_large=is_large)
        finally:
            self.unstored_writes -= 1
            self.ended_writes += 1

    @abc.abstractmethod
    async def _write(self, work: Work[Result], *, is_repeatable: bool, is_large: bool) -> Result:
        """Return the result of the work, once its transaction is stored."""

    def write_sync(self, work: Work[Result]) -> Result:
        """Return the result of `write`, for callers outside the event loop."""
        try:
            return self._write_sync(work)
        finally:
            self.ended_writes += 1

    @abc.abstractmethod
    def _write_sync(self, work: Work[Result]) -> Result:
        """Return the result of the work, once its transaction is stored."""

    def read_sync(self, work: Work[Result]) -> Result:
        """Return the result of `read`, for callers outside the event loop."""
        with self.engine.connect() as connection, connection.begin():
            return work(connection)

    async def read_in_thread(self, work: Work[Result]) -> Result:
        """Return the result of `read` for slow work, without blocking the event loop."""
        return await asyncio.to_thread(self.read_sync, work)

    @abc.abstractmethod
    def close(self) -> None:
        """Finish pending work, then close every connection."""
