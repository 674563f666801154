"""All SQL that makes the lines of exports: the database writes the text of each row.

Both databases give the same bytes for the same rows. Cells of CSV follow RFC 4180; unless it is `raw`, a text that a
spreadsheet would run as a formula gets a ' before it. Which columns there are is in `columns`.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection

from templates_server.database import marks
from templates_server.exports.columns import ATTRIBUTE, Kind, Shape
from templates_server.persons.names import PersonKind
from templates_server.times import SECOND
from templates_server.tribes.rules import Tribe
from templates_server.tribes.store import Moment, condition_of

ROWS_AT_ONCE = 2000
FORMULA_STARTS = "=+@\t\r-"  # the minus comes last: between others it would be a range
BREAKING = ',"\n\r'
ATTRIBUTE_CELL = "mtribes_attribute_cell"
JIT_OFF = "SET LOCAL jit = off"
ALL_ROWS = "SET LOCAL cursor_tuple_fraction = 1"  # all rows are wanted, not the first ones soon

Batches = Generator[Sequence[str], None, None]
"""Lines without their ends, a number of them at a time."""
Parameter = str | int
Piece = tuple[str, tuple[Parameter, ...]]
"""A piece of SQL, as the driver takes it, and its parameters."""


@dataclass(frozen=True, slots=True)
class Events:
    """Which events of an environment: all, or where said those of a name, or of a person."""

    environment_id: str
    name: str | None = None
    person_id: str | None = None


class _Dialect(abc.ABC):
    """How one kind of database writes text."""

    order: str  # by code points
    breaking: str  # whether {0} holds what CSV needs quotes for
    formula: str  # the same, or begins like a formula
    quoted: str  # a text as JSON
    time: str  # RFC 3339, with milliseconds where there are any
    day: str
    tags: str  # without the separators around them

    def cell(self, value: str, *, raw: bool) -> str:
        """A text as a cell."""
        starts = ", ".join(f"'{start}'" for start in FORMULA_STARTS)
        safe = value if raw else f"CASE WHEN substr({value}, 1, 1) IN ({starts}) THEN '''' ELSE '' END || {value}"
        needs_care = (self.breaking if raw else self.formula).format(value)
        return (
            f"CASE WHEN {needs_care} THEN '\"' || replace({safe}, '\"', '\"\"') || '\"' ELSE coalesce({value}, '') END"
        )

    def listed_tags(self, column: str) -> str:
        """Tags as a JSON array; there is no control character in them."""
        escaped = f"replace(replace({self.tags.format(column)}, '\\', '\\\\'), '\"', '\\\"')"
        return f"CASE WHEN {column} = '' THEN '[]' ELSE '[\"' || replace({escaped}, '\n', '\",\"') || '\"]' END"

    @abc.abstractmethod
    def attribute(self, name: str, *, raw: bool) -> Piece:
        """An attribute as a cell."""

    @abc.abstractmethod
    def lines(self, connection: Connection, query: Piece) -> Batches:
        """The only column of the query, a number of rows at a time."""


class _Sqlite(_Dialect):
    order = "{0}"
    breaking = f"{{0}} GLOB '*[{BREAKING}]*'"
    formula = f"({{0}} GLOB '[{FORMULA_STARTS}]*' OR {{0}} GLOB '*[{BREAKING}]*')"
    quoted = "json_quote({0})"
    time = (
        f"CASE WHEN {{0}} % {SECOND} THEN strftime('%Y-%m-%dT%H:%M:%f', {{0}} / {SECOND}.0, 'unixepoch') "
        f"ELSE strftime('%Y-%m-%dT%H:%M:%S', {{0}} / {SECOND}, 'unixepoch') END || 'Z'"
    )
    day = f"strftime('%Y-%m-%d', {{0}} / {SECOND}, 'unixepoch')"
    tags = "trim({0}, '\n')"

    def attribute(self, name: str, *, raw: bool) -> Piece:
        """By a function of ours: its own would round numbers."""
        return f"{ATTRIBUTE_CELL}(persons.attributes, ?, {int(raw)})", (name,)

    def lines(self, connection: Connection, query: Piece) -> Batches:
        """They come as the file is read."""
        driver: Any = connection.connection.driver_connection
        driver.create_function(ATTRIBUTE_CELL, 3, _attribute_cell, deterministic=True)
        cursor = driver.execute(*query)
        try:
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                yield [row[0] for row in rows]
        finally:
            cursor.close()


class _Postgres(_Dialect):
    order = '{0} COLLATE "C"'
    breaking = f"{{0}} ~ '[{BREAKING}]'"
    formula = f"{{0}} ~ '^[{FORMULA_STARTS}]|[{BREAKING}]'"
    quoted = "coalesce(CAST(to_json({0}) AS text), 'null')"
    time = (
        f"to_char(to_timestamp({{0}} / {SECOND}) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS') || "
        f"CASE WHEN mod({{0}}, {SECOND}) <> 0 "
        f"THEN '.' || substr(CAST({SECOND} + mod({{0}}, {SECOND}) AS text), 2) ELSE '' END || 'Z'"
    )
    day = f"to_char(to_timestamp({{0}} / {SECOND}) AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
    tags = "btrim({0}, '\n')"

    def attribute(self, name: str, *, raw: bool) -> Piece:
        """A number as it is written: `jsonb` would write it anew."""
        found = "CAST(persons.attributes AS json)"
        text = self.cell(f"({found} ->> CAST(%s AS text))", raw=raw)
        plain = f"coalesce({found} ->> CAST(%s AS text), '')"
        kind = f"json_typeof({found} -> CAST(%s AS text))"
        whole = f"CASE WHEN {kind} = 'string' THEN {text} ELSE {plain} END"
        return whole, (name,) * whole.count("%s")

    def lines(self, connection: Connection, query: Piece) -> Batches:
        """By a cursor of the server's, which has them wait there."""
        for setting in (JIT_OFF, ALL_ROWS):
            connection.exec_driver_sql(setting)
        driver: Any = connection.connection.driver_connection
        with driver.cursor(name="export") as cursor:
            cursor.execute(*query)
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                yield [row[0] for row in rows]


DIALECTS: dict[str, _Dialect] = {"sqlite": _Sqlite(), "postgresql": _Postgres()}


def user_lines(connection: Connection, at: Moment, tribe: Tribe, shape: Shape, *, since: int | None) -> Batches:
    """The users in a tribe, in order of person id, a line each without its end; CannotBeKnown as the compiler has it.

    `since`: only those who changed after a time, in milliseconds: what is kept of them, or when they were seen.
    """
    dialect = DIALECTS[connection.dialect.name]
    mark = marks(connection, 1)
    line, parameters = _line(dialect, shape)
    condition, of_condition = condition_of(connection, at, tribe)
    query = f"SELECT {line} FROM persons WHERE {condition} AND kind = {mark}"  # noqa: S608 - made here and by the compiler
    values: list[Any] = [*parameters, *of_condition, PersonKind.USER.value]
    if since is not None:
        query += f" AND (updated > {mark} OR last_seen > {mark})"
        values += [since, since]
    return dialect.lines(connection, (f"{query} ORDER BY {dialect.order.format('persons.person_id')}", tuple(values)))


def event_lines(connection: Connection, wanted: Events, shape: Shape) -> Batches:
    """Events in order of person and id, a line each without its end."""
    dialect = DIALECTS[connection.dialect.name]
    mark = marks(connection, 1)
    line, parameters = _line(dialect, shape)
    query = (
        f"SELECT {line} FROM events LEFT JOIN persons ON persons.environment_id = events.environment_id "  # noqa: S608 - made here
        f"AND persons.person_id = events.person_id WHERE events.environment_id = {mark}"
    )
    values: list[Any] = [*parameters, wanted.environment_id]
    for column, value in (("name", wanted.name), ("person_id", wanted.person_id)):
        if value is not None:
            query += f" AND events.{column} = {mark}"
            values.append(value)
    places = ", ".join(dialect.order.format(f"events.{column}") for column in ("person_id", "event_id"))
    return dialect.lines(connection, (f"{query} ORDER BY {places}", tuple(values)))


def horizon(connection: Connection, now: int, *, margin_ms: int) -> int:
    """A time such that whatever is not visible yet was changed after it, in milliseconds.

    It must be asked for before the snapshot is taken. A change notes the server's time a little before its transaction
    begins: the margin is for that, and for clocks of several servers. A transaction that is open already may be older
    than that: PostgreSQL knows the oldest.
    """
    if connection.dialect.name == "sqlite":
        return now - margin_ms
    age = connection.exec_driver_sql(
        "SELECT extract(epoch FROM clock_timestamp() - min(xact_start)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ).scalar()
    return now - margin_ms - int(float(age or 0) * SECOND)


def _line(dialect: _Dialect, shape: Shape) -> Piece:
    """A row as one text."""
    if shape.is_csv:
        cells = [_cell(dialect, name, shape) for name in shape.columns]
        return " || ',' || ".join(text for text, _ in cells), tuple(one for _, values in cells for one in values)
    members = [f"'\"{name}\":' || {_json(dialect, name, shape)}" for name in shape.columns]
    return "'{' || " + " || ',' || ".join(members) + " || '}'", ()


def _cell(dialect: _Dialect, name: str, shape: Shape) -> Piece:
    if name.startswith(ATTRIBUTE):
        return dialect.attribute(name.removeprefix(ATTRIBUTE), raw=shape.raw)
    column = shape.known[name]
    if column.kind is Kind.TAGS:
        return dialect.cell(f"replace({dialect.tags.format(column.source)}, '\n', ';')", raw=shape.raw), ()
    if column.kind in (Kind.TIME, Kind.DAY):
        return f"coalesce({WRITTEN[column.kind](dialect, column.source)}, '')", ()
    return dialect.cell(column.source, raw=shape.raw), ()


def _json(dialect: _Dialect, name: str, shape: Shape) -> str:
    column = shape.known[name]
    if column.kind in (Kind.TIME, Kind.DAY):
        return f"coalesce('\"' || {WRITTEN[column.kind](dialect, column.source)} || '\"', 'null')"
    if column.kind is Kind.TAGS:
        return dialect.listed_tags(column.source)
    return f"coalesce({column.source}, 'null')" if column.kind is Kind.JSON else dialect.quoted.format(column.source)


WRITTEN: dict[Kind, Callable[[_Dialect, str], str]] = {
    Kind.TIME: lambda dialect, column: dialect.time.format(column),
    Kind.DAY: lambda dialect, column: dialect.day.format(column),
}


def _attribute_cell(attributes: str, name: str, raw: int) -> str:
    """What PostgreSQL makes of an attribute by itself."""
    value = msgspec.json.decode(attributes, type=dict[str, msgspec.Raw]).get(name)
    if value is None:
        return ""
    text = bytes(value).decode()
    if not text.startswith('"'):
        return text
    text = msgspec.json.decode(text, type=str)
    is_formula = not raw and text.startswith(tuple(FORMULA_STARTS))
    if not is_formula and not any(character in text for character in BREAKING):
        return text
    return '"' + ("'" if is_formula else "") + text.replace('"', '""') + '"'
