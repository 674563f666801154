"""Many rows in one go, as each database takes them fastest: SQLite one by one, PostgreSQL as a column each.

The queries themselves are in the stores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from templates_server.database import as_text
from templates_server.round_trips import Statement, driver_of

Rows = Sequence[tuple[Any, ...]]
COUNTED = (  # how many were inserted, beside each of them where that is not all: most often one row comes back
    "WITH inserted AS ({insertion}) SELECT total.rows, inserted.* FROM "
    "(SELECT count(*) AS rows FROM inserted) AS total LEFT JOIN inserted ON total.rows < ?"
)


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


@dataclass(frozen=True, slots=True)
class Insertion:
    """Rows for a table, by their columns with PostgreSQL's types."""

    table: str
    columns: Mapping[str, str]
    rows: Rows


def insert_new(connection: Connection, new: Insertion, then: Insertion, *, key: Sequence[str]) -> Rows | None:
    """Insert the rows whose key is not there yet, then others; the keys of those that were new, None where all were.

    `key` is the primary key: it is read only where a row was left out.
    """
    named = ", ".join(key)
    with driver_of(connection) as driver:
        if connection.dialect.name == "sqlite":
            inserted = driver.executemany(f"{_sqlite_insertion(new)} ON CONFLICT DO NOTHING", new.rows)
            driver.executemany(_sqlite_insertion(then), then.rows)
            if inserted.rowcount == len(new.rows):
                return None
            latest = f"SELECT {named} FROM {new.table} ORDER BY rowid DESC LIMIT ?"  # noqa: S608 - names of ours
            return list(driver.execute(latest, (inserted.rowcount,)))
        on_conflict = f"ON CONFLICT DO NOTHING RETURNING {named}"
        insertion, values = postgres_insertion(new.table, new.columns, new.rows, on_conflict=on_conflict)
        statements = [
            (COUNTED.format(insertion=insertion), (*values, len(new.rows))),
            postgres_insertion(then.table, then.columns, then.rows),
        ]
        with driver.pipeline():
            found, _ = [driver.execute(as_text(connection, text), values) for text, values in statements]
        rows = found.fetchall()
        inserted_rows = rows[0][0]
        return None if inserted_rows == len(new.rows) else [row[1:] for row in rows[:inserted_rows]]


def _sqlite_insertion(insertion: Insertion) -> str:
    return f"{_into(insertion.table, insertion.columns)} VALUES ({', '.join('?' * len(insertion.columns))})"


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
