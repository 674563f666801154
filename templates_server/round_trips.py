"""Statements that are run many times a second: straight by the driver, with errors as if SQLAlchemy had run them.

Several go to PostgreSQL in one round trip (libpq's pipeline mode). The statements themselves are in the stores.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from templates_server.database import as_text

Statement = tuple[str, tuple[Any, ...]]
"""SQL whose values are marked by `?`, and the values."""
Rows = Sequence[Sequence[Any]]


def run_together(connection: Connection, statements: Sequence[Statement]) -> list[Rows]:
    """The rows that each statement gives, none where it gives none; each sees what the ones before it did."""
    with driver_of(connection) as driver:
        if connection.dialect.name == "sqlite":
            return [driver.execute(text, values).fetchall() for text, values in statements]
        with driver.pipeline():
            cursors = [driver.execute(as_text(connection, text), values) for text, values in statements]
        return [cursor.fetchall() if cursor.description else [] for cursor in cursors]


@contextlib.contextmanager
def driver_of(connection: Connection) -> Iterator[Any]:
    """The driver's own connection, within the transaction that was begun."""
    driver: Any = connection.connection.driver_connection
    try:
        yield driver
    except sqlite3.Error as error:
        raise DBAPIError.instance(None, None, error, sqlite3.Error, dialect=connection.dialect) from error
    except psycopg.Error as error:
        if driver.closed:
            connection.invalidate(error)
        raise DBAPIError.instance(
            None, None, error, psycopg.Error, connection_invalidated=driver.closed, dialect=connection.dialect
        ) from error
