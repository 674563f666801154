"""PostgreSQL: any number of processes. Connections, transactions, and what is run again.

Reads and writes run in a pool of threads; a write that met a conflict or lost its connection before COMMIT is run again
whole.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import math
import select
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import sqlalchemy
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError

from templates_server.errors import Unavailable
from templates_server.storage.database import NO_ROOM, Database, Parameter, Result, SingleRowQuery, Work, WriteConflict
from templates_server.storage.dialect import as_text
from templates_server.storage.pipelining import driver_of
from templates_server.storage.postgresql_errors import PUBLIC_MESSAGE, Unreachable, unreachable_error, wrong_encoding
from templates_server.storage.postgresql_url import connection_parts
from templates_server.storage.query_coalescer import QueryCoalescer

LOGGER = logging.getLogger("templates_server")
_LookUp = tuple[str, tuple[Parameter, ...]]
_Row = Sequence[Any] | None

DRIVER = "postgresql+psycopg://"  # all that the URL says goes to libpq, past SQLAlchemy, which knows less of it
POSTGRES_CONNECTIONS = 10
OF_WRITES, OF_READS = "READ COMMITTED", "REPEATABLE READ"
"""The isolation of transactions."""
PREPARE_THRESHOLD = 3
SECONDS_BETWEEN_LOGS = 30
ENCODING = "UTF8"
CONNECTION_DEFAULTS: Mapping[str, Any] = {"connect_timeout": 5, "client_encoding": ENCODING}
LOOK_UPS_AT_ONCE = 2
MAX_ATTEMPTS = 8
FIRST_RETRY_SECONDS = 0.02
CONNECTION_EXCEPTION = "08"  # a class of PostgreSQL's, and of PgBouncer's for all that it says itself
INSUFFICIENT_RESOURCES = "53"  # a class of PostgreSQL's: disk, memory, connections
RETRIED_STATES = frozenset({"40001", "40P01", "57P01", "57P02", "57P03"})  # serialization, deadlock, shutdowns


class PostgresDatabase(Database):
    """A PostgreSQL server: any number of processes."""

    def __init__(self, url: str) -> None:
        self._parts = connection_parts(url)
        arguments = {**CONNECTION_DEFAULTS, **self._parts, "prepare_threshold": None}  # until `_examine` allows it
        self.engine = sqlalchemy.create_engine(
            DRIVER,
            isolation_level=OF_WRITES,  # set once a connection: to set it costs as much as a statement
            pool_size=POSTGRES_CONNECTIONS,
            max_overflow=0,
            hide_parameters=True,
            connect_args=arguments,
        )
        self._read_engine = self.engine.execution_options(isolation_level=OF_READS)  # of the same connections
        self._look_up_engine = sqlalchemy.create_engine(
            DRIVER,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            pool_size=POSTGRES_CONNECTIONS,
            pool_reset_on_return=None,  # there are no transactions
            connect_args=arguments,
        )
        event.listen(self.engine, "connect", functools.partial(self._examine, prepare_threshold=PREPARE_THRESHOLD))
        event.listen(self._look_up_engine, "connect", functools.partial(self._examine, prepare_threshold=0))
        event.listen(self.engine, "checkout", _refuse_ended)
        self._told_at = -math.inf
        self._threads = ThreadPoolExecutor(POSTGRES_CONNECTIONS, thread_name_prefix="database")
        self._look_ups = QueryCoalescer(self._look_all_up, at_once=LOOK_UPS_AT_ONCE)

    def _examine(self, driver: psycopg.Connection, _record: object, *, prepare_threshold: int) -> None:
        """Examine a new connection: the database must store any text, and a pooler keeps no prepared statement.

        A pooler, such as PgBouncer, tells a process id of its own; what comes next may run in another process.
        """
        before, driver.autocommit = driver.autocommit, True  # in a transaction it would stay open
        row = driver.execute("SELECT pg_backend_pid(), current_setting('server_encoding')").fetchone()
        driver.autocommit = before
        process, encoding = row or (0, "")
        if encoding != ENCODING:
            driver.close()
            raise wrong_encoding(encoding, self._parts)
        if process == driver.info.backend_pid:
            driver.prepare_threshold = prepare_threshold

    async def read(self, work: Work[Result]) -> Result:
        """Return the result of the work."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.read_sync, work)

    async def fetch_one(self, query: str, *parameters: Parameter) -> Sequence[Any] | None:
        """Return the first row, without a transaction, queried together with concurrent queries."""
        return await self._look_ups.ask((query, parameters))

    async def fetch_each(self, questions: Sequence[SingleRowQuery]) -> Sequence[Sequence[Any] | None]:
        """Return the first row of each, in the same round trip."""
        return await asyncio.gather(
            *(self._look_ups.ask((query, tuple(parameters))) for query, *parameters in questions)
        )

    async def _look_all_up(self, questions: Sequence[_LookUp]) -> Sequence[_Row | Exception]:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._look_all_up_now, questions)

    def _look_all_up_now(self, questions: Sequence[_LookUp]) -> Sequence[_Row | Exception]:
        if len(questions) > 1:
            with suppress(psycopg.Error, DBAPIError):  # one that fails takes nothing of the others with it
                return self._look_up_by_pipeline(questions)
        return [self._look_up_alone(question) for question in questions]

    def _look_up_by_pipeline(self, questions: Sequence[_LookUp]) -> Sequence[_Row]:
        """Return all results in one round trip (libpq's pipeline mode)."""
        with self._look_up_engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            with driver.pipeline():
                cursors = [driver.execute(as_text(connection, query), parameters) for query, parameters in questions]
            return [cursor.fetchone() for cursor in cursors]

    def _look_up_alone(self, question: _LookUp) -> _Row | Exception:
        query, parameters = question

        def attempt() -> _Row:
            with self._look_up_engine.connect() as connection, driver_of(connection) as driver:
                row: _Row = driver.execute(as_text(connection, query), parameters).fetchone()
                return row

        try:
            return self._with_retries(attempt)
        except Exception as error:  # noqa: BLE001 - it belongs to who asked
            return error

    async def _write(self, work: Work[Result], *, is_repeatable: bool, is_large: bool) -> Result:  # noqa: ARG002 - each has a transaction of its own
        attempt = functools.partial(self._in_transaction, work, self.engine, is_repeatable=is_repeatable)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._with_retries, attempt)

    def read_sync(self, work: Work[Result]) -> Result:
        """Return the result of `read`, for callers outside the event loop; run again if the connection was lost."""
        return self._with_retries(lambda: self._in_transaction(work, self._read_engine))

    def _write_sync(self, work: Work[Result]) -> Result:
        return self._with_retries(lambda: self._in_transaction(work, self.engine))

    def close(self) -> None:
        """Finish pending work, then close every connection."""
        self._threads.shutdown()
        self.engine.dispose()
        self._look_up_engine.dispose()

    def _in_transaction(self, work: Work[Result], engine: Engine, *, is_repeatable: bool = False) -> Result:
        """Run work that may be overtaken: as often as it is, since somebody else has got on each time."""
        while True:
            with suppress(WriteConflict):
                return self._attempt(work, engine, is_repeatable=is_repeatable)

    def _attempt(self, work: Work[Result], engine: Engine, *, is_repeatable: bool) -> Result:
        with engine.connect() as connection:
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
                self._refuse_in_vain(error)
            time.sleep(pause_seconds)
            pause_seconds *= 2
        try:
            return attempt()
        except DBAPIError as error:
            if not is_transient(error):
                raise
            failure = self._unavailable(error)
            self._log(failure)
            raise failure from error

    def _refuse_in_vain(self, error: DBAPIError) -> None:
        """Raise Unreachable where the next attempt would end as this one did."""
        unavailable = self._unavailable(error)
        if isinstance(unavailable, Unreachable) and unavailable.is_final:
            self._log(unavailable)
            raise unavailable from error

    def _unavailable(self, error: DBAPIError) -> Unavailable:
        is_connection = _could_not_connect(error) or _state_of(error).startswith(CONNECTION_EXCEPTION)
        return unreachable_error(str(error.orig), self._parts) if is_connection else Unavailable(PUBLIC_MESSAGE)

    def _log(self, failure: Unavailable) -> None:
        """Log why nobody is let in, which callers of the API are not told: at most once in a while."""
        now = time.monotonic()
        if isinstance(failure, Unreachable) and now - self._told_at > SECONDS_BETWEEN_LOGS:
            self._told_at = now
            LOGGER.info("%s", failure.reason)


def _refuse_ended(driver: psycopg.Connection, _record: object, _proxy: object) -> None:
    """Have the pool replace a connection that the server has ended, which is seen without a round trip to it.

    Nothing else than the end, or a notice of no weight, comes to a connection that waits for nothing.
    """
    waiting = select.poll()
    waiting.register(driver.fileno(), select.POLLIN)
    if waiting.poll(0):
        raise DisconnectionError


@contextmanager
def _tolerating_lost_connection() -> Iterator[None]:
    """Suppress the error of a rollback over a lost connection: the error that caused it counts."""
    try:
        yield
    except DBAPIError as error:
        if not is_transient(error):
            raise


def _commit(transaction: sqlalchemy.Transaction, *, is_repeatable: bool) -> None:
    """Commit; if the connection is lost then, the outcome is unknown and the work must not be repeated."""
    try:
        transaction.commit()
    except DBAPIError as error:
        if is_repeatable or _state_of(error) in RETRIED_STATES:
            raise
        if is_transient(error):
            raise Unavailable(
                "The database connection was lost during a write. Check whether the change was stored before you retry."
            ) from error
        raise


def is_transient(error: DBAPIError) -> bool:
    """Return whether the same work may succeed when it is run again."""
    state = _state_of(error)
    return (
        state in RETRIED_STATES
        or state.startswith(CONNECTION_EXCEPTION)
        or error.connection_invalidated
        or _could_not_connect(error)
    )


def _state_of(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _could_not_connect(error: DBAPIError) -> bool:
    return isinstance(error, OperationalError) and not _state_of(error)
