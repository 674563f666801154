"""All SQL that removes old data: by stretches of the primary key, so that nobody waits long for the writer."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from templates_server.features.event_names.store import remove_events
from templates_server.storage.database import PURGE_LOCK, Database
from templates_server.storage.dialect import as_text

NO_IDLE_TIMEOUT = "SET LOCAL idle_in_transaction_session_timeout = 0"

Key = Sequence[str]
BEGINNING: Key = ("", "", "")


@dataclass(frozen=True, slots=True)
class RetainedTable:
    """A table with retention: its key column after environment and person, and its time column."""

    table: str
    key: str
    time: str

    @property
    def whole_key(self) -> str:
        """The primary key in SQL."""
        return f"(environment_id, person_id, {self.key})"


EVENTS = RetainedTable("events", "event_id", "happened")
SESSIONS = RetainedTable("sessions", "session_id", "started")


@dataclass(frozen=True, slots=True)
class RetentionRange:
    """The rows after one key up to another; `end` is None for the end of the table."""

    start: Key
    end: Key | None

    def condition(self, aging: RetainedTable) -> str:
        """Return the SQL condition that selects its rows."""
        until = f" AND {aging.whole_key} <= (?, ?, ?)" if self.end else ""
        return f"{aging.whole_key} > (?, ?, ?){until}"

    @property
    def values(self) -> tuple[str, ...]:
        """The parameters of the condition."""
        return (*self.start, *(self.end or ()))


@contextlib.contextmanager
def hold_purge_lock(database: Database, lock: int = PURGE_LOCK) -> Iterator[bool]:
    """Return whether no other process is purging the database; none can start while the lock is held.

    Other exclusive work has another `lock`. It belongs to a transaction, not a session, so that it also works through
    a transaction pooler. The transaction has no snapshot while it waits, so it does not prevent
    vacuuming.
    """
    if database.dialect == "sqlite":  # one process serves it
        yield True
        return
    with database.engine.connect().execution_options(isolation_level="READ COMMITTED") as connection:
        connection.exec_driver_sql(NO_IDLE_TIMEOUT)
        yield bool(connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({lock})").scalar())


def next_stretch(connection: Connection, aging: RetainedTable, *, start: Key, rows: int) -> RetentionRange:
    """Return a stretch of that many rows after a key."""
    query = (
        f"SELECT environment_id, person_id, {aging.key} FROM {aging.table} WHERE {aging.whole_key} > (?, ?, ?) "  # noqa: S608 - names of ours
        f"ORDER BY environment_id, person_id, {aging.key} LIMIT 1 OFFSET ?"
    )
    row = connection.exec_driver_sql(as_text(connection, query), (*start, rows - 1)).first()
    return RetentionRange(start, tuple(row) if row else None)


def has_older(connection: Connection, aging: RetainedTable, stretch: RetentionRange, *, before: int) -> bool:
    """Return whether a stretch has rows from before a time, in milliseconds."""
    query = f"SELECT 1 FROM {aging.table} WHERE {stretch.condition(aging)} AND {aging.time} < ? LIMIT 1"  # noqa: S608 - names of ours
    return connection.exec_driver_sql(as_text(connection, query), (*stretch.values, before)).first() is not None


def remove_older(connection: Connection, aging: RetainedTable, stretch: RetentionRange, *, before: int) -> int:
    """Remove the rows of a stretch from before a time; return how many there were."""
    if aging is EVENTS:
        condition = f"{stretch.condition(aging)} AND {aging.time} < ?"
        return remove_events(connection, condition, (*stretch.values, before))
    query = f"DELETE FROM {aging.table} WHERE {stretch.condition(aging)} AND {aging.time} < ?"  # noqa: S608 - names of ours
    return connection.exec_driver_sql(as_text(connection, query), (*stretch.values, before)).rowcount
