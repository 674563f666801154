"""The database: connections, transactions, and what differs between SQLite and PostgreSQL. Queries are in the stores.

A unit of work is a function of a connection. `read` gives it a consistent snapshot; `write` one transaction: all of
it is stored when `write` returns, or nothing of it when the function raises. A refusal that must leave a trace is
therefore returned, not raised.

SQLite: reads run where they are asked for (a point lookup is faster than handing it to a thread); writes go through one
thread with one connection, which is also the only one that checkpoints. Whatever arrives while a commit reaches the
disk shares the next commit, each unit under a savepoint of its own. PostgreSQL: both run in a pool of threads; a
write that met a conflict or lost its connection before COMMIT is run again whole.
"""

from __future__ import annotations

import abc
import asyncio
import functools
import json
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
import sqlalchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from templates_server.errors import Unavailable
from templates_server.shared_questions import SharedQuestions

Result = TypeVar("Result")
Work = Callable[[Connection], Result]
Parameter = str | int | float | None
_LookUp = tuple[str, tuple[Parameter, ...]]
_Row = Sequence[Any] | None

BUSY_TIMEOUT_SECONDS = 10
SQLITE_READERS = 8
READER_CACHE_KIBIBYTES, WRITER_CACHE_KIBIBYTES = 8 * 1024, 16 * 1024  # a reader's misses are in the system's cache
MAX_UNITS_A_COMMIT = 512
CHECKPOINT_PAGES = 4000
POSTGRES_CONNECTIONS = 10
POSTGRES_CONNECT_TIMEOUT_SECONDS = 5
LOOK_UPS_AT_ONCE = 2
MAX_ATTEMPTS = 8
FIRST_RETRY_SECONDS = 0.02
INSUFFICIENT_RESOURCES = "53"  # a class of PostgreSQL's: disk, memory, connections
NO_ROOM = "The database has no room for this: nothing of it was stored."
RETRIED_STATES = frozenset({"40001", "40P01", "57P01", "57P02", "57P03"})  # serialization, deadlock, shutdowns


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

    @abc.abstractmethod
    async def read(self, work: Work[Result]) -> Result:
        """What the work finds, in one snapshot."""

    @abc.abstractmethod
    async def look_up(self, query: str, *parameters: Parameter) -> Sequence[Any] | None:
        """The first row of a query that many requests ask, past all that would cost more than the query.

        `?` stands for a parameter.
        """

    async def write(self, work: Work[Result], *, is_repeatable: bool = False, is_large: bool = False) -> Result:
        """What the work returns, once its transaction is stored.

        `is_repeatable`: the work finds out by itself if it was stored already, so that it is run again where a
        connection was lost at COMMIT. Otherwise that is Unavailable: nobody knows what became of it.
        `is_large`: the work changes thousands of rows, all of which would be kept twice if it shared its transaction.
        """
        self.unstored_writes += 1
        try:
            return await self._write(work, is_repeatable=is_repeatable, is_large=is_large)
        finally:
            self.unstored_writes -= 1
            self.ended_writes += 1

    @abc.abstractmethod
    async def _write(self, work: Work[Result], *, is_repeatable: bool, is_large: bool) -> Result:
        """What the work returns, once its transaction is stored."""

    def write_now(self, work: Work[Result]) -> Result:
        """As `write`, for callers outside the event loop."""
        try:
            return self._write_now(work)
        finally:
            self.ended_writes += 1

    @abc.abstractmethod
    def _write_now(self, work: Work[Result]) -> Result:
        """What the work returns, once its transaction is stored."""

    def read_now(self, work: Work[Result]) -> Result:
        """As `read`, for callers outside the event loop."""
        with self.engine.connect() as connection, connection.begin():
            return work(connection)

    async def read_aside(self, work: Work[Result]) -> Result:
        """As `read`, for work that takes long: it never holds the event loop."""
        return await asyncio.to_thread(self.read_now, work)

    @abc.abstractmethod
    def close(self) -> None:
        """Finish what was begun, then let go of every connection."""


def open_database(url: str, *, checkpoints: bool = True) -> Database:
    """The database at a SQLAlchemy URL (`sqlite:///file` or `postgresql://...`); ValueError for any other kind.

    `checkpoints` false: another process may serve the same SQLite file, and checkpoints are left to it.
    """
    parsed = make_url(url)
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        return SqliteDatabase(parsed, checkpoints=checkpoints)
    if kind == "postgresql":
        return PostgresDatabase(parsed.set(drivername="postgresql+psycopg"))
    raise ValueError(f"databases of kind {kind!r} are not supported: use sqlite:///FILE or postgresql://HOST/NAME")


@dataclass(frozen=True)
class _Unit:
    """Work that waits for the writer, and where its outcome goes."""

    work: Work[Any]
    outcome: Future[Any]
    is_large: bool = False


class SqliteDatabase(Database):
    """An embedded database: one process, one writer."""

    def __init__(self, url: URL, *, checkpoints: bool = True) -> None:
        self.engine = _sqlite_engine(url, "BEGIN", wal_autocheckpoint=0, cache_kibibytes=READER_CACHE_KIBIBYTES)
        checkpoint_pages = CHECKPOINT_PAGES if checkpoints else 0
        self._writer_engine = _sqlite_engine(
            url, "BEGIN IMMEDIATE", wal_autocheckpoint=checkpoint_pages, cache_kibibytes=WRITER_CACHE_KIBIBYTES
        )
        self._units: queue.SimpleQueue[_Unit | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._starting = threading.Lock()
        self._closed = False
        self._look_up_connection: Any = None

    async def read(self, work: Work[Result]) -> Result:
        """What the work finds; it runs here and now."""
        return self.read_now(work)

    async def look_up(self, query: str, *parameters: Parameter) -> Sequence[Any] | None:
        """The first row; it is found here and now."""
        if self._look_up_connection is None:
            self._look_up_connection = self.engine.raw_connection()
        rows: list[Sequence[Any]] = self._look_up_connection.driver_connection.execute(query, parameters).fetchall()
        return rows[0] if rows else None

    async def _write(self, work: Work[Result], *, is_repeatable: bool, is_large: bool) -> Result:  # noqa: ARG002 - a file has no connection to lose
        return await asyncio.wrap_future(self._submit(work, is_large=is_large))

    def _write_now(self, work: Work[Result]) -> Result:
        return self._submit(work).result()

    def close(self) -> None:
        """Finish what waits, then let go of every connection."""
        with self._starting:
            self._closed = True
            writer = self._writer
            if writer is not None:
                self._units.put(None)
        if writer is not None:
            writer.join()
        if self._look_up_connection is not None:
            self._look_up_connection.close()
        self.engine.dispose()
        self._writer_engine.dispose()

    def _submit(self, work: Work[Result], *, is_large: bool = False) -> Future[Result]:
        outcome: Future[Result] = Future()
        with self._starting:
            if self._closed:
                raise Unavailable("The server is stopping.")
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_until_closed, name="database-writer", daemon=True)
                self._writer.start()
            self._units.put(_Unit(work, outcome, is_large))
        return outcome

    def _write_until_closed(self) -> None:
        while (first := self._units.get()) is not None:
            units, last = self._gather(first)
            large = [units.pop()] if len(units) > 1 and units[-1].is_large else []
            self._commit_together(units)
            if large:
                self._commit_together(large)
            if last:
                return

    def _gather(self, first: _Unit) -> tuple[list[_Unit], bool]:
        """Everything that has arrived by now, up to what is large; True when the end of the queue was among it."""
        units = [first]
        while len(units) < MAX_UNITS_A_COMMIT and not units[-1].is_large:
            try:
                unit = self._units.get_nowait()
            except queue.Empty:
                return units, False
            if unit is None:
                return units, True
            units.append(unit)
        return units, False

    def _commit_together(self, units: list[_Unit]) -> None:
        results: list[tuple[_Unit, Any]] = []
        try:
            with self._writer_engine.connect() as connection, connection.begin():
                if len(units) == 1:  # alone it needs no protection but the transaction
                    results.append((units[0], units[0].work(connection)))
                else:
                    results = _run_apart(connection, units)
        except Exception as error:  # noqa: BLE001 - nothing was stored: everybody who waits must know
            for unit in units:
                if not unit.outcome.done():
                    unit.outcome.set_exception(_unavailable_if_busy_or_full(error))
            return
        for unit, result in results:
            unit.outcome.set_result(result)


def _run_apart(connection: Connection, units: list[_Unit]) -> list[tuple[_Unit, Any]]:
    """The results of those that succeed; one that fails takes nothing of the others with it."""
    results: list[tuple[_Unit, Any]] = []
    for unit in units:
        try:
            with connection.begin_nested():
                results.append((unit, unit.work(connection)))
        except Exception as error:
            driver: Any = connection.connection.driver_connection
            if not driver.in_transaction:  # a full disk, say, has ended all of it: nothing of the others is left
                raise
            unit.outcome.set_exception(_unavailable_if_busy_or_full(error))
    return results


def _unavailable_if_busy_or_full(error: Exception) -> Exception:
    if isinstance(error, OperationalError) and "locked" in str(error.orig):
        return Unavailable("The database is busy.")
    if isinstance(error, OperationalError) and "is full" in str(error.orig):
        return Unavailable(NO_ROOM)
    return error


def _sqlite_engine(url: URL, begin: str, *, wal_autocheckpoint: int, cache_kibibytes: int) -> Engine:
    engine = sqlalchemy.create_engine(
        url,
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
            "temp_store=MEMORY",
            f"cache_size={-cache_kibibytes}",
            f"wal_autocheckpoint={wal_autocheckpoint}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


class PostgresDatabase(Database):
    """A PostgreSQL server: any number of processes."""

    def __init__(self, url: URL) -> None:
        self.engine = sqlalchemy.create_engine(
            url,
            pool_size=POSTGRES_CONNECTIONS,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args={"connect_timeout": POSTGRES_CONNECT_TIMEOUT_SECONDS, "prepare_threshold": 3},
        )
        self._look_up_engine = sqlalchemy.create_engine(
            url,
            isolation_level="AUTOCOMMIT",
            pool_size=POSTGRES_CONNECTIONS,
            connect_args={"connect_timeout": POSTGRES_CONNECT_TIMEOUT_SECONDS, "prepare_threshold": 0},
        )
        self._threads = ThreadPoolExecutor(POSTGRES_CONNECTIONS, thread_name_prefix="database")
        self._look_ups = SharedQuestions(self._look_all_up, at_once=LOOK_UPS_AT_ONCE)

    async def read(self, work: Work[Result]) -> Result:
        """What the work finds."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.read_now, work)

    async def look_up(self, query: str, *parameters: Parameter) -> Sequence[Any] | None:
        """The first row, without a transaction; asked together with what others ask at the same moment."""
        return await self._look_ups.ask((query, parameters))

    async def _look_all_up(self, questions: Sequence[_LookUp]) -> Sequence[_Row | Exception]:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._look_all_up_now, questions)

    def _look_all_up_now(self, questions: Sequence[_LookUp]) -> Sequence[_Row | Exception]:
        if len(questions) > 1:
            with suppress(psycopg.Error, DBAPIError):  # one that fails takes nothing of the others with it
                return self._look_up_by_pipeline(questions)
        return [self._look_up_alone(question) for question in questions]

    def _look_up_by_pipeline(self, questions: Sequence[_LookUp]) -> Sequence[_Row]:
        """All in one round trip (libpq's pipeline mode)."""
        with self._look_up_engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            with driver.pipeline():
                cursors = [driver.execute(as_text(connection, query), parameters) for query, parameters in questions]
            return [cursor.fetchone() for cursor in cursors]

    def _look_up_alone(self, question: _LookUp) -> _Row | Exception:
        query, parameters = question

        def attempt() -> _Row:
            with self._look_up_engine.connect() as connection:
                return connection.exec_driver_sql(as_text(connection, query), parameters).first()

        try:
            return self._with_retries(attempt)
        except Exception as error:  # noqa: BLE001 - it belongs to who asked
            return error

    async def _write(self, work: Work[Result], *, is_repeatable: bool, is_large: bool) -> Result:  # noqa: ARG002 - each has a transaction of its own
        attempt = functools.partial(self._in_transaction, work, isolation="READ COMMITTED", is_repeatable=is_repeatable)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._with_retries, attempt)

    def read_now(self, work: Work[Result]) -> Result:
        """As `read`, for callers outside the event loop; run again when the connection was lost."""
        return self._with_retries(lambda: self._in_transaction(work, isolation="REPEATABLE READ"))

    def _write_now(self, work: Work[Result]) -> Result:
        return self._with_retries(lambda: self._in_transaction(work, isolation="READ COMMITTED"))

    def close(self) -> None:
        """Finish what was begun, then let go of every connection."""
        self._threads.shutdown()
        self.engine.dispose()
        self._look_up_engine.dispose()

    def _in_transaction(self, work: Work[Result], *, isolation: Any, is_repeatable: bool = False) -> Result:
        with self.engine.connect().execution_options(isolation_level=isolation) as connection:
            transaction = connection.begin()
            try:
                result = work(connection)
            except BaseException:
                with _tolerating_lost_connection():
                    transaction.rollback()
                raise
            _commit(transaction, is_repeatable=is_repeatable)
            return result

    def _with_retries(self, attempt: Callable[[], Result]) -> Result:
        pause_seconds = FIRST_RETRY_SECONDS
        for _ in range(MAX_ATTEMPTS - 1):
            try:
                return attempt()
            except DBAPIError as error:
                if _state_of(error).startswith(INSUFFICIENT_RESOURCES):
                    raise Unavailable(NO_ROOM) from error
                if not is_transient(error):
                    raise
            time.sleep(pause_seconds)
            pause_seconds *= 2
        try:
            return attempt()
        except DBAPIError as error:
            if is_transient(error):
                raise Unavailable("The database cannot be reached or is too busy.") from error
            raise


@contextmanager
def _tolerating_lost_connection() -> Iterator[None]:
    """A rollback over a lost connection has happened already: the error that caused it is what counts."""
    try:
        yield
    except DBAPIError as error:
        if not is_transient(error):
            raise


def _commit(transaction: sqlalchemy.Transaction, *, is_repeatable: bool) -> None:
    """Commit; a connection lost in that moment leaves open what happened, which must not look fit to be repeated."""
    try:
        transaction.commit()
    except DBAPIError as error:
        if is_repeatable or _state_of(error) in RETRIED_STATES:
            raise
        if is_transient(error):
            raise Unavailable(
                "The connection to the database was lost while storing: ask again what is there."
            ) from error
        raise


def marks(connection: Connection, count: int) -> str:
    """The placeholders of that many values, as the driver writes them: `?, ?` or `%s, %s`."""
    return ", ".join(["?" if connection.dialect.name == "sqlite" else "%s"] * count)


def as_text(connection: Connection, query: str) -> str:
    """A query whose values are marked by `?`, as the driver reads it."""
    return query if connection.dialect.name == "sqlite" else query.replace("?", "%s")


def among(connection: Connection) -> str:
    """The condition that a column is one of any number of texts, which are one value: what `listed` gives."""
    return "IN (SELECT value FROM json_each(?))" if connection.dialect.name == "sqlite" else "= ANY(?)"


def listed(connection: Connection, values: Iterable[str]) -> Any:
    """Any number of texts as the one value of `among`."""
    return json.dumps(list(values)) if connection.dialect.name == "sqlite" else list(values)


def is_transient(error: DBAPIError) -> bool:
    """Whether the same work may succeed when it is run again."""
    state = _state_of(error)
    return (
        state in RETRIED_STATES or state.startswith("08") or error.connection_invalidated or _could_not_connect(error)
    )


def _state_of(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _could_not_connect(error: DBAPIError) -> bool:
    return isinstance(error, OperationalError) and not _state_of(error)
