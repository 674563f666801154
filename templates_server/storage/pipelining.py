"""Statements that are run many times a second: straight by the driver, with errors as if SQLAlchemy had run them.

Several go to PostgreSQL in one round trip (libpq's pipeline mode), and BEGIN with the first of them. The statements
themselves are in the stores.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from templates_server.storage.dialect import as_text, dialect_of

Statement = tuple[str, tuple[Any, ...]]
"""SQL whose values are marked by `?`, and the values."""
Rows = Sequence[Sequence[Any]]


def execute_pipelined(connection: Connection, statements: Sequence[Statement]) -> list[Rows]:
    """Return the rows of each statement, none if it gives none; each sees the effects of the ones before."""
    if not statements:
        return []
    with driver_of(connection) as driver:
        if dialect_of(connection).is_sqlite:
            return [driver.execute(text, values).fetchall() for text, values in statements]
        with driver.pipeline():
            cursors = [driver.execute(as_text(connection, text), values) for text, values in statements]
        return [[] if cursor.rownumber is None else cursor.fetchall() for cursor in cursors]


class driver_of:  # noqa: N801 - as `contextlib.suppress`; a generator would cost more than many a statement
    """The driver's own connection, within the transaction that was begun: `with driver_of(connection) as driver`."""

    __slots__ = ("_connection", "_driver")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._driver: Any = connection.connection.driver_connection

    def __enter__(self) -> Any:
        return self._driver

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        """Raise the driver's errors as SQLAlchemy has them."""
        if isinstance(error, sqlite3.Error):
            raise self._as_sqlalchemys(error, sqlite3.Error, is_lost=False) from error
        if isinstance(error, psycopg.Error):
            is_lost = self._driver.closed
            if is_lost:
                self._connection.invalidate(error)
            raise self._as_sqlalchemys(error, psycopg.Error, is_lost=is_lost) from error

    def _as_sqlalchemys(self, error: Exception, base: type[Exception], *, is_lost: bool) -> Exception:
        dialect = self._connection.dialect
        return DBAPIError.instance(None, None, error, base, connection_invalidated=is_lost, dialect=dialect)
