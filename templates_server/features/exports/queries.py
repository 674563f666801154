"""All SQL that produces the rows of exports: the database writes each as bare cells for CSV, or as JSON.

Both databases return the same bytes for the same rows. The format of CSV cells is in `csv_rows`; the available columns
are in `columns`.
"""

from __future__ import annotations

import abc
import re
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from sqlalchemy import Connection

from templates_server.features.exports.columns import ATTRIBUTE, ColumnKind, ExportFormat
from templates_server.features.exports.csv_rows import CELL, add_attributes, csv_rows
from templates_server.features.exports.file_store import Rows
from templates_server.features.people.identity import PersonKind
from templates_server.features.tribes.model import TribeDefinition
from templates_server.features.tribes.store import EvaluationContext, compile_condition
from templates_server.primitives.timestamps import SECOND
from templates_server.storage.database import PURGE_LOCK
from templates_server.storage.dialect import dialect_of, placeholders

ROWS_AT_ONCE = 1000
ALL_ATTRIBUTES = "persons.attributes"
NOT_PURGING = (  # its transaction holds a lock for hours, and writes nothing
    "pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 "  # noqa: S608 - a number of ours
    f"AND (CAST(classid AS bigint) << 32) + CAST(objid AS bigint) = {PURGE_LOCK})"
)
JIT_OFF = "SET LOCAL jit = off"
ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
ESCAPES = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


Batches = Generator[Rows, None, None]
"""The rows of an export, in batches."""
Batch = Sequence[bytes]
"""Rows as the database returns them."""
Query = tuple[str, Sequence[Any]]
"""SQL in the driver's syntax, and its parameters."""


@dataclass(frozen=True, slots=True)
class Events:
    """A selection of an environment's events: all, or those of a name or of a person."""

    environment_id: str
    name: str | None = None
    person_id: str | None = None


class _Dialect(abc.ABC):
    """The text functions of one kind of database."""

    order: str  # by code points
    quoted: str  # a text as JSON
    time: str  # RFC 3339, with milliseconds where there are any
    day: str
    tags: str  # without the separators around them

    def listed_tags(self, column: str) -> str:
        """Return tags as a JSON array; they contain no control characters."""
        escaped = f"replace(replace({self.tags.format(column)}, '\\', '\\\\'), '\"', '\\\"')"
        return f"CASE WHEN {column} = '' THEN '[]' ELSE '[\"' || replace({escaped}, '\n', '\",\"') || '\"]' END"

    @abc.abstractmethod
    def row(self, cells: Sequence[str]) -> str:
        """Return an SQL expression with texts as the cells of a row; NULL is an empty cell."""

    @abc.abstractmethod
    def batches(self, connection: Connection, query: Query) -> Generator[Batch, None, None]:
        """Return the results of a query of `row`, with `CELL` between the cells of a row."""


class _Sqlite(_Dialect):
    order = "{0}"
    quoted = "json_quote({0})"
    time = (
        f"CASE WHEN {{0}} % {SECOND} THEN strftime('%Y-%m-%dT%H:%M:%fZ', {{0}} / {SECOND}.0, 'unixepoch') "
        f"ELSE strftime('%Y-%m-%dT%H:%M:%SZ', {{0}} / {SECOND}, 'unixepoch') END"
    )
    day = f"strftime('%Y-%m-%d', {{0}} / {SECOND}, 'unixepoch')"
    tags = "trim({0}, '\n')"

    def row(self, cells: Sequence[str]) -> str:
        """Return a single value, which costs less than one value per cell; bytes, because it is not UTF-8."""
        form = CELL.join([b"%s"] * len(cells)).hex()
        return f"CAST(printf(CAST(x'{form}' AS TEXT), {', '.join(cells)}) AS BLOB)"

    def batches(self, connection: Connection, query: Query) -> Generator[Batch, None, None]:
        """Return batches as the file is read."""
        driver: Any = connection.connection.driver_connection
        cursor = driver.execute(*query)
        try:
            yield from _batch_rows(chain.from_iterable(cursor))
        finally:
            cursor.close()


class _Postgres(_Dialect):
    order = '{0} COLLATE "C"'
    quoted = "coalesce(CAST(to_json({0}) AS text), 'null')"
    time = (
        f"to_char(to_timestamp({{0}} / {SECOND}) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS') || "
        f"CASE WHEN mod({{0}}, {SECOND}) <> 0 "
        f"THEN '.' || substr(CAST({SECOND} + mod({{0}}, {SECOND}) AS text), 2) ELSE '' END || 'Z'"
    )
    day = f"to_char(to_timestamp({{0}} / {SECOND}) AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
    tags = "btrim({0}, '\n')"

    def row(self, cells: Sequence[str]) -> str:
        """Return one column per cell."""
        return ", ".join(cells)

    def batches(self, connection: Connection, query: Query) -> Generator[Batch, None, None]:
        """Return batches by COPY: the server prepares the next rows meanwhile. psycopg inserts the parameters."""
        connection.exec_driver_sql(JIT_OFF)
        driver: Any = connection.connection.driver_connection
        text, parameters = query
        copying = f"COPY ({text}) TO STDOUT (FORMAT text, NULL '', ENCODING 'UTF8')"
        with driver.cursor() as cursor, cursor.copy(copying, parameters) as copy:
            for lines in _batch_rows(copy):
                yield _parse_copy_lines(lines)


def _batch_rows(rows: Iterable[bytes]) -> Generator[Batch, None, None]:
    rest = iter(rows)
    while batch := list(islice(rest, ROWS_AT_ONCE)):
        yield batch


def _parse_copy_lines(lines: Iterable[bytes]) -> Batch:
    """Parse COPY lines into rows: cells are separated by tabs, other tabs and line breaks are backslash-escaped."""
    text = b"".join(lines)[:-1].replace(b"\t", CELL)
    rows = text.split(b"\n")
    return [ESCAPED.sub(_unescape, row) for row in rows] if b"\\" in text else rows


def _unescape(found: re.Match[bytes]) -> bytes:
    return ESCAPES.get(found[1], found[1])


DIALECTS: dict[str, _Dialect] = {"sqlite": _Sqlite(), "postgresql": _Postgres()}


def query_user_lines(
    connection: Connection, at: EvaluationContext, tribe: TribeDefinition, shape: ExportFormat, *, since: int | None
) -> Batches:
    """Return the users in a tribe, one row each, by person id. Raises UndecidableTribe like the compiler.

    `since`: only users whose profile changed, or who were seen, after a time in milliseconds.
    """
    dialect = DIALECTS[connection.dialect.name]
    mark = placeholders(connection, 1)
    condition, parameters = compile_condition(connection, at, tribe)
    query = f"SELECT {_row(dialect, shape)} FROM persons WHERE {condition} AND kind = {mark}"  # noqa: S608 - made here and by the compiler
    values: list[Any] = [*parameters, PersonKind.USER.value]
    if since is not None:
        query += f" AND (updated > {mark} OR last_seen > {mark})"
        values += [since, since]
    query += f" ORDER BY {dialect.order.format('persons.person_id')}"
    return _format_rows(dialect.batches(connection, (query, values)), shape)


def query_event_lines(connection: Connection, wanted: Events, shape: ExportFormat) -> Batches:
    """Return events ordered by person and id, one row each."""
    dialect = DIALECTS[connection.dialect.name]
    mark = placeholders(connection, 1)
    query = (
        f"SELECT {_row(dialect, shape)} FROM events "  # noqa: S608 - made here
        "LEFT JOIN persons ON persons.environment_id = events.environment_id "
        f"AND persons.person_id = events.person_id WHERE events.environment_id = {mark}"
    )
    values: list[Any] = [wanted.environment_id]
    for column, value in (("name", wanted.name), ("person_id", wanted.person_id)):
        if value is not None:
            query += f" AND events.{column} = {mark}"
            values.append(value)
    places = ", ".join(dialect.order.format(f"events.{column}") for column in ("person_id", "event_id"))
    return _format_rows(dialect.batches(connection, (f"{query} ORDER BY {places}", values)), shape)


def find_horizon(connection: Connection, now: int, *, margin_ms: int) -> int:
    """Return a time such that every change that is not yet visible was made after it, in milliseconds.

    It must be determined before the snapshot is taken. A change records the server's time shortly before its
    transaction begins: a margin covers this, and clock differences between servers. A transaction that is already open
    may be older than that: PostgreSQL reports the oldest.
    """
    if dialect_of(connection).is_sqlite:
        return now - margin_ms
    age = connection.exec_driver_sql(
        "SELECT extract(epoch FROM clock_timestamp() - min(xact_start)) FROM pg_stat_activity "  # noqa: S608 - of ours
        f"WHERE datname = current_database() AND pid <> pg_backend_pid() AND {NOT_PURGING}"
    ).scalar()
    return now - margin_ms - int(float(age or 0) * SECOND)


def _row(dialect: _Dialect, shape: ExportFormat) -> str:
    """Return a row as cells, with all attributes combined in one last cell, or as a JSON object."""
    if shape.is_csv:
        cells = [_cell(dialect, name, shape) for name in shape.columns if not name.startswith(ATTRIBUTE)]
        return dialect.row(cells + [ALL_ATTRIBUTES] * shape.has_attributes)
    members = [f"'\"{name}\":' || {_json(dialect, name, shape)}" for name in shape.columns]
    return dialect.row(["'{' || " + " || ',' || ".join(members) + " || '}'"])


def _format_rows(batches: Generator[Batch, None, None], shape: ExportFormat) -> Batches:
    """Return the rows in their output format."""
    order = [name.removeprefix(ATTRIBUTE) if name.startswith(ATTRIBUTE) else None for name in shape.columns]
    with closing(batches):
        for rows in batches:
            bare = [add_attributes(row, order) for row in rows] if shape.has_attributes else rows
            text = csv_rows(bare, raw=shape.raw) if shape.is_csv else shape.between.join(rows)
            yield Rows(text, len(rows))


def _cell(dialect: _Dialect, name: str, shape: ExportFormat) -> str:
    column = shape.known[name]
    if column.kind is ColumnKind.TAGS:
        return f"replace({dialect.tags.format(column.source)}, '\n', ';')"
    if column.kind in (ColumnKind.TIME, ColumnKind.DAY):
        return WRITTEN[column.kind](dialect, column.source)
    return column.source


def _json(dialect: _Dialect, name: str, shape: ExportFormat) -> str:
    column = shape.known[name]
    if column.kind in (ColumnKind.TIME, ColumnKind.DAY):
        return f"coalesce('\"' || {WRITTEN[column.kind](dialect, column.source)} || '\"', 'null')"
    if column.kind is ColumnKind.TAGS:
        return dialect.listed_tags(column.source)
    return (
        f"coalesce({column.source}, 'null')" if column.kind is ColumnKind.JSON else dialect.quoted.format(column.source)
    )


WRITTEN: dict[ColumnKind, Callable[[_Dialect, str], str]] = {
    ColumnKind.TIME: lambda dialect, column: dialect.time.format(column),
    ColumnKind.DAY: lambda dialect, column: dialect.day.format(column),
}
