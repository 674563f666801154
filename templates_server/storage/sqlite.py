"""SQLite: one process, one writer. Connections, transactions, commits and checkpoints.

Reads run where they are asked for (a point lookup is faster than handing it to a thread). A query that takes many steps
there is interrupted and begun again in a thread: none holds the event loop. Writes go through one thread with one
connection, which is also the only one that checkpoints. Whatever arrives while a commit reaches the disk shares the
next commit, each unit under a savepoint of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic

import sqlalchemy
from sqlalchemy import Connection, Engine, ExceptionContext, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

from templates_server.errors import Unavailable
from templates_server.storage.database import NO_ROOM, Database, Parameter, Result, SingleRowQuery, Work
from templates_server.storage.pipelining import driver_of
from templates_server.storage.sqlite_file import FileMoved, OpenFile

LOGGER = logging.getLogger("templates_server")
BUSY_TIMEOUT_SECONDS = 10
SQLITE_READERS = 8
READER_CACHE_KIBIBYTES, WRITER_CACHE_KIBIBYTES = 8 * 1024, 16 * 1024  # a reader's misses are in the system's cache
LONG_READS_AT_ONCE = 2
STEPS_AT_ONCE = 10_000  # of SQLite's virtual machine: a millisecond, about
FEW_STEPS = 2  # so many times, and perhaps a part of one more, while everybody waits
MAX_UNITS_A_COMMIT = 512
CHECKPOINT_PAGES = 4000


class _Steps(threading.local):
    """How often queries of this thread may still take `STEPS_AT_ONCE`; None: as often as they need."""

    left: int | None = None

    def count(self) -> bool:
        """Note that they were taken; whether the query must end. The first may have begun in an earlier query."""
        if self.left is None:
            return False
        self.left -= 1
        return self.left < 0


STEPS = _Steps()


class _Awaited(Generic[Result]):
    """A future of the running event loop that the writer settles: a thread's own would cost several times as much."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Result] = self._loop.create_future()
        self._is_told = False

    def done(self) -> bool:
        """Return whether the result was delivered to the loop."""
        return self._is_told

    def set_result(self, result: Result) -> None:
        """Deliver the result to the loop."""
        self._settle(self.future.set_result, result)

    def set_exception(self, error: Exception) -> None:
        """Deliver the error to the loop."""
        self._settle(self.future.set_exception, error)

    def _settle(self, settle: Callable[[Any], None], outcome: object) -> None:
        self._is_told = True
        with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits any more
            self._loop.call_soon_threadsafe(self._unless_done, settle, outcome)

    def _unless_done(self, settle: Callable[[Any], None], outcome: object) -> None:
        if not self.future.done():  # whoever waited may have gone
            settle(outcome)


@dataclass(frozen=True, slots=True)
class _Unit:
    """Work that waits for the writer, and where its outcome goes."""

    work: Work[Any]
    outcome: _Awaited[Any] | Future[Any]
    is_large: bool = False


class SqliteDatabase(Database):
    """An embedded database: one process, one writer."""

    def __init__(self, url: URL, *, checkpoints: bool = True) -> None:
        self._file = _file_of(url)
        self.engine = _sqlite_engine(url, "BEGIN", wal_autocheckpoint=0, cache_kibibytes=READER_CACHE_KIBIBYTES)
        checkpoint_pages = CHECKPOINT_PAGES if checkpoints else 0
        self._writer_engine = _sqlite_engine(
            url, "BEGIN IMMEDIATE", wal_autocheckpoint=checkpoint_pages, cache_kibibytes=WRITER_CACHE_KIBIBYTES
        )
        for engine in (self.engine, self._writer_engine):
            _keep_to_file(engine, self._file)
        event.listen(self._writer_engine, "connect", self._note_log)
        self._fault: str | None = None
        self._units: queue.SimpleQueue[_Unit | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._writer_connection: Connection | None = None
        self._starting = threading.Lock()
        self._closed = False
        self._look_up_connection: Any = None
        self._long_readers = ThreadPoolExecutor(LONG_READS_AT_ONCE, thread_name_prefix="long-reads")

    def fault(self) -> str | None:
        """Return whether the file was moved away, or what lies beside it."""
        return self._file.fault() if self._file else None

    def _note_log(self, connection: Any, _record: object) -> None:
        """Note the files beside the database while the only connection that writes is there."""
        connection.execute("SELECT count(*) FROM sqlite_master").fetchall()  # whoever reads opens the log
        if self._file is not None:
            self._file.note_log()

    async def read(self, work: Work[Result]) -> Result:
        """Return the result of the work, run here; if it takes many steps, run again in a thread."""
        STEPS.left = FEW_STEPS
        try:
            return self.read_sync(work)
        except OperationalError as error:
            if not _was_interrupted(error.orig):
                raise
        finally:
            STEPS.left = None
        return await self._aside(lambda: self.read_sync(work))

    async def fetch_one(self, query: str, *parameters: Parameter) -> Sequence[Any] | None:
        """Return the first row, queried here; if it takes many steps, in a thread."""
        if self._look_up_connection is None:
            self._look_up_connection = self.engine.raw_connection()
        STEPS.left = FEW_STEPS
        try:
            return _first(self._look_up_connection, query, parameters)
        except sqlite3.OperationalError as error:
            if not _was_interrupted(error):
                raise
        finally:
            STEPS.left = None
        return await self._aside(lambda: self._look_up_now(query, parameters))

    def _look_up_now(self, query: str, parameters: tuple[Parameter, ...]) -> Sequence[Any] | None:
        connection = self.engine.raw_connection()
        try:
            return _first(connection, query, parameters)
        finally:
            connection.close()

    async def _aside(self, work: Callable[[], Result]) -> Result:
        """Return the result of the work, run in one of the few threads for slow work."""
        return await asyncio.get_running_loop().run_in_executor(self._long_readers, work)

    async def fetch_each(self, questions: Sequence[SingleRowQuery]) -> Sequence[Sequence[Any] | None]:
        """Return the first row of each, one query after the other."""
        return [await self.fetch_one(*question) for question in questions]

    async def _write(self, work: Work[Result], *, is_repeatable: bool, is_large: bool) -> Result:  # noqa: ARG002 - a file has no connection to lose
        awaited = _Awaited[Result]()
        self._submit(_Unit(work, awaited, is_large))
        return await awaited.future

    def _write_sync(self, work: Work[Result]) -> Result:
        outcome: Future[Result] = Future()
        self._submit(_Unit(work, outcome))
        return outcome.result()

    def close(self) -> None:
        """Finish waiting work, then close every connection."""
        with self._starting:
            self._closed = True
            writer = self._writer
            if writer is not None:
                self._units.put(None)
        if writer is not None:
            writer.join()
        self._long_readers.shutdown()
        if self._look_up_connection is not None:
            self._look_up_connection.close()
        self.engine.dispose()
        self._writer_engine.dispose()

    def _submit(self, unit: _Unit) -> None:
        with self._starting:
            if self._closed:
                raise Unavailable("The server is stopping.")
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_until_closed, name="database-writer", daemon=True)
                self._writer.start()
            self._units.put(unit)

    def _write_until_closed(self) -> None:
        while (first := self._units.get()) is not None:
            units, last = self._gather(first)
            large = [units.pop()] if len(units) > 1 and units[-1].is_large else []
            self._commit_together(units)
            if large:
                self._commit_together(large)
            if last:
                break
        self._release_connection()

    def _gather(self, first: _Unit) -> tuple[list[_Unit], bool]:
        """Collect everything that has arrived, up to large work; return True if the end of the queue was among it."""
        units = [first]
        while len(units) < MAX_UNITS_A_COMMIT and not units[-1].is_large and not self._units.empty():
            unit = self._units.get()
            if unit is None:
                return units, True
            units.append(unit)
        return units, False

    def _commit_together(self, units: list[_Unit]) -> None:
        results: list[tuple[_Unit, Any]] = []
        try:
            self._check_file()
            connection = self._connection_of_writer()
            with connection.begin():
                if len(units) == 1:  # alone it needs no protection but the transaction
                    results.append((units[0], units[0].work(connection)))
                else:
                    results = _run_apart(connection, units)
            self._check_file()  # else it was stored where nobody will look for it
        except Exception as error:  # noqa: BLE001 - nothing was stored: everybody who waits must know
            self._release_connection()
            for unit in units:
                if not unit.outcome.done():
                    unit.outcome.set_exception(_unavailable_if_busy_or_full(error))
            return
        for unit, result in results:
            unit.outcome.set_result(result)

    def _connection_of_writer(self) -> Connection:
        """Return the writing connection, kept until an error: opening it for each commit would double its cost."""
        if self._writer_connection is None:
            self._writer_connection = self._writer_engine.connect()
        return self._writer_connection

    def _release_connection(self) -> None:
        if self._writer_connection is not None:
            self._writer_connection.close()
            self._writer_connection = None

    def _check_file(self) -> None:
        """Raise FileMoved if stored data would be lost; it is logged once."""
        fault, before = self.fault(), self._fault
        self._fault = fault
        if fault is not None:
            if before is None:
                LOGGER.error("%s Put it back, or stop the server and restore a backup.", fault)
            raise FileMoved(fault)


def _run_apart(connection: Connection, units: list[_Unit]) -> list[tuple[_Unit, Any]]:
    """Return the results of those that succeed; one that fails does not affect the others."""
    results: list[tuple[_Unit, Any]] = []
    with driver_of(connection) as driver:
        for unit in units:
            driver.execute("SAVEPOINT unit")
            try:
                results.append((unit, unit.work(connection)))
            except Exception as error:
                if not driver.in_transaction:  # a full disk, say, has ended all of it: nothing of the others is left
                    raise
                unit.outcome.set_exception(_unavailable_if_busy_or_full(error))
                driver.execute("ROLLBACK TO unit")
            driver.execute("RELEASE unit")
    return results


def _first(connection: Any, query: str, parameters: tuple[Parameter, ...]) -> Sequence[Any] | None:
    rows: list[Sequence[Any]] = connection.driver_connection.execute(query, parameters).fetchall()
    return rows[0] if rows else None


def _was_interrupted(error: object) -> bool:
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT


def _unavailable_if_busy_or_full(error: Exception) -> Exception:
    if isinstance(error, OperationalError) and "locked" in str(error.orig):
        return Unavailable("The database is busy.")
    if isinstance(error, OperationalError) and "is full" in str(error.orig):
        return Unavailable(NO_ROOM)
    return error


def _file_of(url: URL) -> OpenFile | None:
    """Return the file of the URL; None for a database in memory, or if the URL has more than a path."""
    is_path = url.database and url.database != ":memory:" and "uri" not in url.query
    return OpenFile(Path(url.database or "").absolute()) if is_path else None


def _keep_to_file(engine: Engine, file: OpenFile | None) -> None:
    """Have no connection open another file than the first one, and none make a new file where that one is gone."""
    if file is None:
        return

    @event.listens_for(engine, "do_connect")
    def admit(*_: object) -> None:
        file.admit()

    @event.listens_for(engine, "connect")
    def note(*_: object) -> None:
        file.note()

    @event.listens_for(engine, "handle_error")
    def tell_moved(context: ExceptionContext) -> None:
        """Replace an error by FileMoved if the file was moved in the meantime."""
        if isinstance(context.original_exception, sqlite3.OperationalError) and (fault := file.fault()):
            raise FileMoved(fault)


def _sqlite_engine(url: URL, begin: str, *, wal_autocheckpoint: int, cache_kibibytes: int) -> Engine:
    engine = sqlalchemy.create_engine(
        url,
        hide_parameters=True,
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
        pool_size=SQLITE_READERS,
        max_overflow=-1,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver leaves BEGIN to us
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",  # SQLite overwrites what was removed only where it was built so
            "temp_store=MEMORY",
            f"cache_size={-cache_kibibytes}",
            f"wal_autocheckpoint={wal_autocheckpoint}",
        ):
            connection.execute(f"PRAGMA {pragma}")
        connection.set_progress_handler(STEPS.count, STEPS_AT_ONCE)

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        with driver_of(connection) as driver:
            driver.execute(begin)

    return engine
