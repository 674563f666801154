"""All SQL that makes the rows of exports: the database writes the text of each, as bare cells for CSV, or as JSON.

Both databases give the same bytes for the same rows. What cells look like in CSV is in `csv_rows`; which columns there
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
"""The rows of an export, a number of them at a time."""
Batch = Sequence[bytes]
"""Rows as the database gives them."""
Query = tuple[str, Sequence[Any]]
"""SQL as the driver takes it, and its parameters."""


@dataclass(frozen=True, slots=True)
class Events:
    """Which events of an environment: all, or where said those of a name, or of a person."""

    environment_id: str
    name: str | None = None
    person_id: str | None = None


class _Dialect(abc.ABC):
    """How one kind of database writes text."""

    order: str  # by code points
    quoted: str  # a text as JSON
    time: str  # RFC 3339, with milliseconds where there are any
    day: str
    tags: str  # without the separators around them

    def listed_tags(self, column: str) -> str:
        """Tags as a JSON array; there is no control character in them."""
        escaped = f"replace(replace({self.tags.format(column)}, '\\', '\\\\'), '\"', '\\\"')"
        return f"CASE WHEN {column} = '' THEN '[]' ELSE '[\"' || replace({escaped}, '\n', '\",\"') || '\"]' END"

    @abc.abstractmethod
    def row(self, cells: Sequence[str]) -> str:
        """Texts as the cells of a row; NULL is an empty one."""

    @abc.abstractmethod
    def batches(self, connection: Connection, query: Query) -> Generator[Batch, None, None]:
        """What a query of `row` finds, with `CELL` between the cells of a row."""


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
        """One value, which costs less than a value a cell; bytes, as it is no UTF-8."""
        form = CELL.join([b"%s"] * len(cells)).hex()
        return f"CAST(printf(CAST(x'{form}' AS TEXT), {', '.join(cells)}) AS BLOB)"

    def batches(self, connection: Connection, query: Query) -> Generator[Batch, None, None]:
        """They come as the file is read."""
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
        """A column a cell."""
        return ", ".join(cells)

    def batches(self, connection: Connection, query: Query) -> Generator[Batch, None, None]:
        """By COPY: the server makes the next rows while these are looked at. psycopg puts the parameters in."""
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
    """Rows out of lines of COPY: a tab between cells, other tabs and line breaks behind a backslash."""
    text = b"".join(lines)[:-1].replace(b"\t", CELL)
    rows = text.split(b"\n")
    return [ESCAPED.sub(_unescape, row) for row in rows] if b"\\" in text else rows


def _unescape(found: re.Match[bytes]) -> bytes:
    return ESCAPES.get(found[1], found[1])


DIALECTS: dict[str, _Dialect] = {"sqlite": _Sqlite(), "postgresql": _Postgres()}


def query_user_lines(
    connection: Connection, at: EvaluationContext, tribe: TribeDefinition, shape: ExportFormat, *, since: int | None
) -> Batches:
    """The users in a tribe, in order of person id, a row each; UndecidableTribe as the compiler has it.

    `since`: only those who changed after a time, in milliseconds: what is kept of them, or when they were seen.
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
    """Events in order of person and id, a row each."""
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
    """A time such that whatever is not visible yet was changed after it, in milliseconds.

    It must be asked for before the snapshot is taken. A change notes the server's time a little before its transaction
    begins: the margin is for that, and for clocks of several servers. A transaction that is open already may be older
    than that: PostgreSQL knows the oldest.
    """
    if dialect_of(connection).is_sqlite:
        return now - margin_ms
    age = connection.exec_driver_sql(
        "SELECT extract(epoch FROM clock_timestamp() - min(xact_start)) FROM pg_stat_activity "  # noqa: S608 - of ours
        f"WHERE datname = current_database() AND pid <> pg_backend_pid() AND {NOT_PURGING}"
    ).scalar()
    return now - margin_ms - int(float(age or 0) * SECOND)


def _row(dialect: _Dialect, shape: ExportFormat) -> str:
    """A row: its cells, those of attributes left out and all attributes as one behind them; or a JSON object."""
    if shape.is_csv:
        cells = [_cell(dialect, name, shape) for name in shape.columns if not name.startswith(ATTRIBUTE)]
        return dialect.row(cells + [ALL_ATTRIBUTES] * shape.has_attributes)
    members = [f"'\"{name}\":' || {_json(dialect, name, shape)}" for name in shape.columns]
    return dialect.row(["'{' || " + " || ',' || ".join(members) + " || '}'"])


def _format_rows(batches: Generator[Batch, None, None], shape: ExportFormat) -> Batches:
    """The rows as they are to be written."""
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
