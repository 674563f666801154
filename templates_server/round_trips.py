"""Several statements on one round trip to PostgreSQL (libpq's pipeline mode); to SQLite, where there is none, in turn.

The statements themselves are in the stores.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    if connection.dialect.name == "sqlite":
        return [_run(connection, *statement) for statement in statements]
    driver: Any = connection.connection.driver_connection
    try:
        with driver.pipeline():
            cursors = [driver.execute(as_text(connection, text), values) for text, values in statements]
        return [cursor.fetchall() if cursor.description else [] for cursor in cursors]
    except psycopg.Error as error:
        if driver.closed:
            connection.invalidate(error)
        raise DBAPIError.instance(
            None, None, error, psycopg.Error, connection_invalidated=driver.closed, dialect=connection.dialect
        ) from error


def _run(connection: Connection, text: str, values: tuple[Any, ...]) -> Rows:
    result = connection.exec_driver_sql(text, values)
    return result.all() if result.returns_rows else []
