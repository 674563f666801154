"""Many rows in one go, as each database takes them fastest: SQLite one by one, PostgreSQL as a column each.

A statement is made once, when the module of its store is imported. The queries themselves are in the stores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from templates_server.storage.dialect import dialect_of, format_number_array, format_text_array
from templates_server.storage.pipelining import Statement, driver_of, execute_pipelined

Rows = Sequence[tuple[Any, ...]]
COUNTED = (  # how many were inserted, beside each of them where that is not all: most often one row comes back
    "WITH inserted AS ({insertion}) SELECT total.rows, inserted.* FROM "
    "(SELECT count(*) AS rows FROM inserted) AS total LEFT JOIN inserted ON total.rows < ?"
)
ARRAYS: Mapping[str, Callable[[Iterable[Any]], str]] = {"text": format_text_array, "bigint": format_number_array}


class RowStatement:
    """A statement for many rows, in the SQL of both databases, with the columns of each row."""

    def __init__(self, columns: Mapping[str, str], sqlite: str, postgres: str) -> None:
        self.columns = columns
        self.sqlite = sqlite
        self.postgres = postgres

    def for_all(self, rows: Rows) -> Statement:
        """Return the one statement by which PostgreSQL takes all rows."""
        values = zip(*rows, strict=True)
        arrays = [ARRAYS[kind](column) for kind, column in zip(self.columns.values(), values, strict=True)]
        return self.postgres, tuple(arrays)


class Insertion(RowStatement):
    """Inserts rows into a table: its columns by name, with PostgreSQL's types; `on_conflict` as in SQL."""

    def __init__(self, table: str, columns: Mapping[str, str], *, on_conflict: str = "") -> None:
        into = f"INSERT INTO {table} ({', '.join(columns)})"
        super().__init__(
            columns,
            f"{into} VALUES ({', '.join('?' * len(columns))}) {on_conflict}",
            f"{into} SELECT * FROM unnest({_arrays(columns)}) {on_conflict}",  # noqa: S608 - names of ours
        )
        self.table = table


class NewInsertion(Insertion):
    """Inserts the rows whose primary key, `key`, does not exist yet."""

    def __init__(self, table: str, columns: Mapping[str, str], *, key: Sequence[str]) -> None:
        super().__init__(table, columns, on_conflict="ON CONFLICT DO NOTHING")
        keys = ", ".join(key)
        self.counting = COUNTED.format(insertion=f"{self.postgres} RETURNING {keys}")
        self.latest = f"SELECT {keys} FROM {table} ORDER BY rowid DESC LIMIT ?"  # noqa: S608 - names of ours


class Update(RowStatement):
    """Updates columns of rows of a table; each row has the new values first, and then its key."""

    def __init__(self, table: str, columns: Mapping[str, str], *, key: Mapping[str, str]) -> None:
        every = {**columns, **key}
        own = ", ".join(f"{name} = ?" for name in columns)
        own_key = " AND ".join(f"{name} = ?" for name in key)
        sent = ", ".join(f"{name} = sent.{name}" for name in columns)
        sent_key = " AND ".join(f"{table}.{name} = sent.{name}" for name in key)
        source = f"unnest({_arrays(every)}) AS sent ({', '.join(every)})"
        super().__init__(
            every,
            f"UPDATE {table} SET {own} WHERE {own_key}",  # noqa: S608 - names of ours
            f"UPDATE {table} SET {sent} FROM {source} WHERE {sent_key}",  # noqa: S608 - names of ours
        )


def write_all(
    connection: Connection, statement: RowStatement, rows: Rows, *, then: Sequence[Statement] = ()
) -> list[Sequence[Any]]:
    """Insert or update rows in order, then run the statements of `then`; return the rows of each of those."""
    if not rows:
        return execute_pipelined(connection, then)
    if not dialect_of(connection).is_sqlite:
        return execute_pipelined(connection, [statement.for_all(rows), *then])[1:]
    with driver_of(connection) as driver:
        driver.executemany(statement.sqlite, rows)
    return execute_pipelined(connection, then)


def insert_new(connection: Connection, new: NewInsertion, rows: Rows, then: Insertion, others: Rows) -> Rows | None:
    """Insert the rows that are new, then others; the keys of those that were new, None where all were.

    Keys are read only where a row was left out.
    """
    if dialect_of(connection).is_sqlite:
        with driver_of(connection) as driver:
            inserted = driver.executemany(new.sqlite, rows).rowcount
            driver.executemany(then.sqlite, others)
            if inserted == len(rows):
                return None
            return list(driver.execute(new.latest, (inserted,)))
    _, arrays = new.for_all(rows)
    counted, _ = execute_pipelined(connection, [(new.counting, (*arrays, len(rows))), then.for_all(others)])
    inserted = counted[0][0]
    return None if inserted == len(rows) else [tuple(row[1:]) for row in counted[:inserted]]


def _arrays(columns: Mapping[str, str]) -> str:
    return ", ".join(f"?::{kind}[]" for kind in columns.values())
