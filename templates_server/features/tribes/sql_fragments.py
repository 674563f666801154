"""Fragments of SQL with their parameters, and the differences between SQLite and PostgreSQL. Nothing is run.

`?` is the placeholder of a parameter until `finished` converts it for the driver. Names come from here and from the
compiler, never from a rule; values from a rule are always parameters.
"""

from __future__ import annotations

import abc
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

Parameter = str | int | float | None
PLAIN_NAME = re.compile(r"[ !#-\[\]-~]+")  # ASCII that stands for itself within JSON's quotes


@dataclass(frozen=True, slots=True)
class SqlFragment:
    """A fragment of SQL."""

    text: str
    parameters: tuple[Parameter, ...] = ()


class CompiledSql(NamedTuple):
    """SQL in the driver's syntax, with its parameters in order."""

    text: str
    parameters: tuple[Parameter, ...]


def sql(template: str, *parts: SqlFragment | Parameter) -> SqlFragment:
    """Return a fragment of SQL: each `{}` is a fragment, or a parameter if the part is a value."""
    pieces = [part if isinstance(part, SqlFragment) else SqlFragment("?", (part,)) for part in parts]
    parameters = tuple(parameter for piece in pieces for parameter in piece.parameters)
    return SqlFragment(template.format(*(piece.text for piece in pieces)), parameters)


def comma_separated(values: Iterable[SqlFragment | Parameter]) -> SqlFragment:
    """Return values separated by commas."""
    parts = list(values)
    return sql(", ".join(["{}"] * len(parts)), *parts)


def join_conditions(word: str, pieces: Iterable[SqlFragment]) -> SqlFragment:
    """Join one or more conditions by AND or OR, in parentheses."""
    parts = list(pieces)
    return sql("(" + f" {word} ".join(["{}"] * len(parts)) + ")", *parts)


class Dialect(abc.ABC):
    """The JSON and text functions of one kind of database. JSON expressions are NULL if the type differs.

    `limits_counts`: whether counts of everybody's rows stop at the decisive number.
    """

    name: str
    limits_counts: bool

    @abc.abstractmethod
    def finished(self, piece: SqlFragment) -> CompiledSql:
        """Return the SQL in the driver's syntax."""

    @abc.abstractmethod
    def has_key(self, column: str, name: str) -> SqlFragment:
        """Return whether a JSON object has a value with that name."""

    @abc.abstractmethod
    def json_text(self, column: str, name: str) -> SqlFragment:
        """Return the text with that name."""

    @abc.abstractmethod
    def json_number(self, column: str, name: str) -> SqlFragment:
        """Return the number with that name, as a double."""

    @abc.abstractmethod
    def json_boolean(self, column: str, name: str) -> SqlFragment:
        """Return the boolean with that name, as 1 or 0."""

    @abc.abstractmethod
    def json_integer(self, column: str, name: str) -> SqlFragment:
        """Return the integer with that name, in an object that contains only integers."""

    @abc.abstractmethod
    def by_code_points(self, text: SqlFragment) -> SqlFragment:
        """Return the text in a form that is compared by code points."""

    @abc.abstractmethod
    def by_no_index(self, column: str) -> SqlFragment:
        """Return the column in a form that prevents the use of an index."""

    @abc.abstractmethod
    def position(self, text: SqlFragment, part: str) -> SqlFragment:
        """Return the position of the first occurrence of a part in a text, from 1; 0 if there is none."""

    @abc.abstractmethod
    def end(self, text: SqlFragment, part: str) -> SqlFragment:
        """Return the end of a text, with the length of the part."""

    @abc.abstractmethod
    def remainder(self, number: SqlFragment, divisor: int) -> SqlFragment:
        """Return the remainder of dividing a non-negative integer: a 64-bit integer."""


class Sqlite(Dialect):
    """SQLite 3.38 and newer. Its parsing of numbers is exact for the shortest text of a double."""

    name = "sqlite"
    limits_counts = True

    def finished(self, piece: SqlFragment) -> CompiledSql:
        """Return the SQL unchanged."""
        return CompiledSql(piece.text, piece.parameters)

    def has_key(self, column: str, name: str) -> SqlFragment:
        """Check for a type, which may be that of null."""
        if PLAIN_NAME.fullmatch(name):
            return sql(f"json_type({column}, {{}}) IS NOT NULL", _path(name))
        return sql(f"EXISTS (SELECT 1 FROM json_each({column}) WHERE key = {{}})", name)  # noqa: S608 - names of ours

    def json_text(self, column: str, name: str) -> SqlFragment:
        """Return the stored text: no affinity converts it."""
        return self._typed(column, name, types="'text'", value="{}")

    def json_number(self, column: str, name: str) -> SqlFragment:
        """Return a double, whether the number is written with a fraction or not."""
        return self._typed(column, name, types="'integer', 'real'", value="CAST({} AS REAL)")

    def json_boolean(self, column: str, name: str) -> SqlFragment:
        """Return the result of the JSON functions."""
        return self._typed(column, name, types="'true', 'false'", value="{}")

    def json_integer(self, column: str, name: str) -> SqlFragment:
        """Return the stored integer."""
        return self._typed(column, name, types="'integer'", value="{}")

    def by_code_points(self, text: SqlFragment) -> SqlFragment:
        """Return the text unchanged: SQLite compares bytes, and UTF-8 sorts like its code points."""
        return text

    def by_no_index(self, column: str) -> SqlFragment:
        """Prevent index use: without statistics, SQLite prefers an index of that order to one with few rows."""
        return SqlFragment(f"+{column}")

    def position(self, text: SqlFragment, part: str) -> SqlFragment:
        """Search by code points."""
        return sql("instr({}, {})", text, part)

    def end(self, text: SqlFragment, part: str) -> SqlFragment:
        """Return the whole text if it is shorter."""
        return sql("substr({}, -length({}))", text, part)

    def remainder(self, number: SqlFragment, divisor: int) -> SqlFragment:
        """Use the operator: SQLite's function with that name returns doubles."""
        return sql(f"(({{}}) % {divisor})", number)

    def _typed(self, column: str, name: str, *, types: str, value: str) -> SqlFragment:
        """Return a fragment with a JSON path, which is fast, if it can express the name; otherwise scan all names."""
        if PLAIN_NAME.fullmatch(name):
            found = value.format(f"json_extract({column}, {{}})")
            path = _path(name)
            return sql(f"CASE WHEN json_type({column}, {{}}) IN ({types}) THEN {found} END", path, path)
        found, values = value.format("value"), f"json_each({column})"
        return sql(f"(SELECT {found} FROM {values} WHERE type IN ({types}) AND key = {{}})", name)  # noqa: S608 - as above


def _path(name: str) -> str:
    return f'$."{name}"'


class Postgres(Dialect):
    """PostgreSQL 12 and newer, and Citus, which does not support LIMIT in a correlated subquery."""

    name = "postgresql"
    limits_counts = False

    def finished(self, piece: SqlFragment) -> CompiledSql:
        """Convert parameters for psycopg; no fragment contains a percent sign."""
        return CompiledSql(piece.text.replace("?", "%s"), piece.parameters)

    def has_key(self, column: str, name: str) -> SqlFragment:
        """Check that the value exists."""
        return sql("{} IS NOT NULL", _value(column, name))

    def json_text(self, column: str, name: str) -> SqlFragment:
        """Return the stored text."""
        return self._typed(column, name, kind="string", value="{} #>> '{{}}'")

    def json_number(self, column: str, name: str) -> SqlFragment:
        """Return the double that is nearest to the decimal."""
        return self._typed(column, name, kind="number", value="CAST({} AS double precision)")

    def json_boolean(self, column: str, name: str) -> SqlFragment:
        """Return the same form as SQLite."""
        return self._typed(column, name, kind="boolean", value="CAST(CAST({} AS boolean) AS integer)")

    def json_integer(self, column: str, name: str) -> SqlFragment:
        """Return the stored integer."""
        return self._typed(column, name, kind="number", value="CAST({} AS bigint)")

    def by_code_points(self, text: SqlFragment) -> SqlFragment:
        """Use the collation C, whatever the database's collation is."""
        return sql('({} COLLATE "C")', text)

    def by_no_index(self, column: str) -> SqlFragment:
        """Return the column unchanged: PostgreSQL knows which index has fewer rows."""
        return SqlFragment(column)

    def position(self, text: SqlFragment, part: str) -> SqlFragment:
        """Search by code points, independent of the collation."""
        return sql("strpos({}, CAST({} AS text))", text, part)

    def end(self, text: SqlFragment, part: str) -> SqlFragment:
        """Return the whole text if it is shorter."""
        return sql("right({}, length(CAST({} AS text)))", text, part)

    def remainder(self, number: SqlFragment, divisor: int) -> SqlFragment:
        """Use the function: the driver has another use for percent signs."""
        return sql(f"mod({{}}, {divisor})", number)

    def _typed(self, column: str, name: str, *, kind: str, value: str) -> SqlFragment:
        found = _value(column, name)
        test = sql(f"jsonb_typeof({{}}) = '{kind}'", found)
        return sql("CASE WHEN {} THEN {} END", test, sql(value, found))


def _value(column: str, name: str) -> SqlFragment:
    return sql(f"(CAST({column} AS jsonb) -> CAST({{}} AS text))", name)


DIALECTS: Mapping[str, Dialect] = {"sqlite": Sqlite(), "postgresql": Postgres()}
