"""What queries must know of SQLite and PostgreSQL. How tribes look into JSON is in `tribes/sql_fragments.py`."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class SqlDialect:
    """How a kind of database writes what the other writes differently."""

    name: str
    is_sqlite: bool
    placeholder: str
    position: str
    """The function that finds a text in another, 0 where it is not there."""
    by_code_points: str
    """Behind a text: it is compared by code points, and `lower` changes A to Z alone."""
    for_update: str
    """Behind a query: its rows are locked until the transaction ends. SQLite has one writer at a time."""
    is_listed: str
    """The condition that a text is one of those in a single value, which `in_param` gives."""


SQLITE = SqlDialect(
    "sqlite",
    is_sqlite=True,
    placeholder="?",
    position="instr",
    by_code_points="",
    for_update="",
    is_listed="IN (SELECT value FROM json_each(?))",
)
POSTGRESQL = SqlDialect(
    "postgresql",
    is_sqlite=False,
    placeholder="%s",
    position="strpos",
    by_code_points=' COLLATE "C"',
    for_update=" FOR UPDATE",
    is_listed="= ANY(?)",
)
SQL_DIALECTS: Mapping[str, SqlDialect] = {dialect.name: dialect for dialect in (SQLITE, POSTGRESQL)}


def dialect_of(connection: Connection) -> SqlDialect:
    """Return the dialect of the database that a connection is to."""
    return SQL_DIALECTS[connection.dialect.name]


def placeholders(connection: Connection, count: int) -> str:
    """Return that many placeholders, as the driver writes them: `?, ?` or `%s, %s`."""
    return ", ".join([dialect_of(connection).placeholder] * count)


def as_text(connection: Connection, query: str) -> str:
    """Return a query with `?` for its values, as the driver reads it."""
    return query if dialect_of(connection).is_sqlite else _as_psycopgs(query)


@functools.lru_cache(1000)
def _as_psycopgs(query: str) -> str:
    return query.replace("?", "%s")


def in_clause(connection: Connection) -> str:
    """Return the condition that a column is one of any number of texts, which `in_param` gives as one value."""
    return dialect_of(connection).is_listed


def in_param(connection: Connection, values: Iterable[str]) -> Any:
    """Return any number of texts as the one value of `in_clause`."""
    return json.dumps(list(values)) if dialect_of(connection).is_sqlite else format_text_array(values)


def format_text_array(values: Iterable[str | None]) -> str:
    """Return an array in PostgreSQL's text form: psycopg adapts a list several times slower, item by item."""
    return f"{{{','.join(['NULL' if value is None else _quote(value) for value in values])}}}"


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def format_number_array(values: Iterable[int | None]) -> str:
    """Return an array of whole numbers, as `format_text_array`."""
    return f"{{{','.join(['NULL' if value is None else str(value) for value in values])}}}"
