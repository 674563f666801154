"""Many rows in one go, as each database takes them fastest: SQLite one by one, PostgreSQL as a column each.

The queries themselves are in the stores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from templates_server.database import as_text
from templates_server.round_trips import Statement, driver_of

Rows = Sequence[tuple[Any, ...]]


def insert_all(
    connection: Connection, table: str, columns: Mapping[str, str], rows: Rows, *, on_conflict: str = ""
) -> None:
    """Insert rows, in their order: their columns by name, with PostgreSQL's types; `on_conflict` as SQL has it."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        values = f"VALUES ({', '.join('?' * len(columns))})"
        with driver_of(connection) as driver:
            driver.executemany(f"{_into(table, columns)} {values} {on_conflict}", rows)
    else:
        query, columns_of_values = postgres_insertion(table, columns, rows, on_conflict=on_conflict)
        connection.exec_driver_sql(as_text(connection, query), columns_of_values)


def insert_new(
    connection: Connection, table: str, columns: Mapping[str, str], rows: Rows, *, key: Sequence[str]
) -> Rows | None:
    """Insert the rows whose key is not there yet; the keys of those that were inserted, None where all were.

    `key` is the primary key: it is read only where a row was left out.
    """
    if not rows:
        return None
    named = ", ".join(key)
    if connection.dialect.name == "sqlite":
        values = f"VALUES ({', '.join('?' * len(columns))})"
        with driver_of(connection) as driver:
            (last,) = driver.execute(f"SELECT coalesce(max(rowid), 0) FROM {table}").fetchone()  # noqa: S608 - names of ours
            inserted = driver.executemany(f"{_into(table, columns)} {values} ON CONFLICT DO NOTHING", rows)
            if inserted.rowcount == len(rows):
                return None
            return list(driver.execute(f"SELECT {named} FROM {table} WHERE rowid > ?", (last,)))  # noqa: S608 - names of ours
    query, columns_of_values = postgres_insertion(
        table, columns, rows, on_conflict=f"ON CONFLICT DO NOTHING RETURNING {named}"
    )
    result = connection.exec_driver_sql(as_text(connection, query), columns_of_values)
    if result.rowcount == len(rows):  # what is not read is not decoded either
        result.close()
        return None
    return [tuple(row) for row in result]


def postgres_insertion(table: str, columns: Mapping[str, str], rows: Rows, *, on_conflict: str = "") -> Statement:
    """The statement by which PostgreSQL inserts rows."""
    query = f"{_into(table, columns)} SELECT * FROM unnest({_arrays(columns)}) {on_conflict}"  # noqa: S608 - names of ours
    return query, _as_columns(rows)


def _into(table: str, columns: Mapping[str, str]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)})"


def update_all(
    connection: Connection, table: str, columns: Mapping[str, str], rows: Rows, *, key: Mapping[str, str]
) -> None:
    """Give rows new values in these columns; each has those first, and then its key."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        given = ", ".join(f"{name} = ?" for name in columns)
        wanted = " AND ".join(f"{name} = ?" for name in key)
        connection.exec_driver_sql(f"UPDATE {table} SET {given} WHERE {wanted}", list(rows))  # noqa: S608 - names of ours
    else:
        given = ", ".join(f"{name} = sent.{name}" for name in columns)
        wanted = " AND ".join(f"{table}.{name} = sent.{name}" for name in key)
        sent = f"unnest({_arrays({**columns, **key})}) AS sent ({', '.join((*columns, *key))})"
        query = f"UPDATE {table} SET {given} FROM {sent} WHERE {wanted}"  # noqa: S608 - names of ours
        connection.exec_driver_sql(as_text(connection, query), _as_columns(rows))


def _arrays(columns: Mapping[str, str]) -> str:
    return ", ".join(f"?::{kind}[]" for kind in columns.values())


def _as_columns(rows: Rows) -> tuple[list[Any], ...]:
    return tuple(list(column) for column in zip(*rows, strict=True))
