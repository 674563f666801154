"""Pieces of SQL with their parameters, and what differs between SQLite and PostgreSQL. Text only: nothing is run.

`?` stands for a parameter until `finished` writes it as the driver does. Names come from here and from the compiler,
never from a rule; what a rule says is a parameter, always.
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
class Sql:
    """A piece of SQL."""

    text: str
    parameters: tuple[Parameter, ...] = ()


class Finished(NamedTuple):
    """SQL as the driver takes it, with its parameters in order."""

    text: str
    parameters: tuple[Parameter, ...]


def sql(template: str, *parts: Sql | Parameter) -> Sql:
    """A piece of SQL: each `{}` is a piece, or a parameter where the part is a value."""
    pieces = [part if isinstance(part, Sql) else Sql("?", (part,)) for part in parts]
    parameters = tuple(parameter for piece in pieces for parameter in piece.parameters)
    return Sql(template.format(*(piece.text for piece in pieces)), parameters)


def listed(values: Iterable[Sql | Parameter]) -> Sql:
    """Values, separated by commas."""
    parts = list(values)
    return sql(", ".join(["{}"] * len(parts)), *parts)


def joined(word: str, pieces: Iterable[Sql]) -> Sql:
    """Conditions joined by AND or OR, in brackets; there must be one."""
    parts = list(pieces)
    return sql("(" + f" {word} ".join(["{}"] * len(parts)) + ")", *parts)


class Dialect(abc.ABC):
    """How one kind of database looks into JSON and text. JSON expressions are NULL where the type is another.

    `limits_counts`: whether counts of everybody's rows stop where a person is decided.
    """

    name: str
    limits_counts: bool

    @abc.abstractmethod
    def finished(self, piece: Sql) -> Finished:
        """As the driver takes it."""

    @abc.abstractmethod
    def has_key(self, column: str, name: str) -> Sql:
        """Whether a JSON object has a value of that name."""

    @abc.abstractmethod
    def json_text(self, column: str, name: str) -> Sql:
        """The text of that name."""

    @abc.abstractmethod
    def json_number(self, column: str, name: str) -> Sql:
        """The number of that name, as a double."""

    @abc.abstractmethod
    def json_boolean(self, column: str, name: str) -> Sql:
        """The boolean of that name, as 1 or 0."""

    @abc.abstractmethod
    def json_integer(self, column: str, name: str) -> Sql:
        """The whole number of that name, where all of the object are."""

    @abc.abstractmethod
    def by_code_points(self, text: Sql) -> Sql:
        """The text, so that comparing it goes by code points."""

    @abc.abstractmethod
    def by_no_index(self, column: str) -> Sql:
        """The column, so that no index is used for it."""

    @abc.abstractmethod
    def position(self, text: Sql, part: str) -> Sql:
        """Where a part begins in a text for the first time, from 1; 0 where it does not."""

    @abc.abstractmethod
    def end(self, text: Sql, part: str) -> Sql:
        """The end of a text, as long as the part is."""

    @abc.abstractmethod
    def remainder(self, number: Sql, divisor: int) -> Sql:
        """What is left of a whole number, none below 0, when it is divided: a whole number of 64 bits."""


class Sqlite(Dialect):
    """SQLite 3.38 and newer. Its own reading of numbers is exact for the shortest text of a double."""

    name = "sqlite"
    limits_counts = True

    def finished(self, piece: Sql) -> Finished:
        """As it is."""
        return Finished(piece.text, piece.parameters)

    def has_key(self, column: str, name: str) -> Sql:
        """There is a type, be it that of null."""
        if PLAIN_NAME.fullmatch(name):
            return sql(f"json_type({column}, {{}}) IS NOT NULL", _path(name))
        return sql(f"EXISTS (SELECT 1 FROM json_each({column}) WHERE key = {{}})", name)  # noqa: S608 - names of ours

    def json_text(self, column: str, name: str) -> Sql:
        """As stored: no affinity turns it into anything else."""
        return self._typed(column, name, types="'text'", value="{}")

    def json_number(self, column: str, name: str) -> Sql:
        """As a double, whether it is written with a fraction or not."""
        return self._typed(column, name, types="'integer', 'real'", value="CAST({} AS REAL)")

    def json_boolean(self, column: str, name: str) -> Sql:
        """As JSON functions give it."""
        return self._typed(column, name, types="'true', 'false'", value="{}")

    def json_integer(self, column: str, name: str) -> Sql:
        """As stored."""
        return self._typed(column, name, types="'integer'", value="{}")

    def by_code_points(self, text: Sql) -> Sql:
        """As it is: SQLite compares bytes, and UTF-8 sorts as its code points do."""
        return text

    def by_no_index(self, column: str) -> Sql:
        """SQLite has no statistics: an index of that order seems to it better than one of few rows."""
        return Sql(f"+{column}")

    def position(self, text: Sql, part: str) -> Sql:
        """By code points."""
        return sql("instr({}, {})", text, part)

    def end(self, text: Sql, part: str) -> Sql:
        """All of the text where it is shorter."""
        return sql("substr({}, -length({}))", text, part)

    def remainder(self, number: Sql, divisor: int) -> Sql:
        """By the operator: its function of that name makes doubles."""
        return sql(f"(({{}}) % {divisor})", number)

    def _typed(self, column: str, name: str, *, types: str, value: str) -> Sql:
        """By path, which is fast, where the name can stand in one; else by looking at every name."""
        if PLAIN_NAME.fullmatch(name):
            found = value.format(f"json_extract({column}, {{}})")
            path = _path(name)
            return sql(f"CASE WHEN json_type({column}, {{}}) IN ({types}) THEN {found} END", path, path)
        found, values = value.format("value"), f"json_each({column})"
        return sql(f"(SELECT {found} FROM {values} WHERE type IN ({types}) AND key = {{}})", name)  # noqa: S608 - as above


def _path(name: str) -> str:
    return f'$."{name}"'


class Postgres(Dialect):
    """PostgreSQL 12 and newer, and Citus, which takes no LIMIT in a subquery that refers to the query around it."""

    name = "postgresql"
    limits_counts = False

    def finished(self, piece: Sql) -> Finished:
        """Parameters as psycopg writes them; no piece holds a percent sign."""
        return Finished(piece.text.replace("?", "%s"), piece.parameters)

    def has_key(self, column: str, name: str) -> Sql:
        """The value is there."""
        return sql("{} IS NOT NULL", _value(column, name))

    def json_text(self, column: str, name: str) -> Sql:
        """As stored."""
        return self._typed(column, name, kind="string", value="{} #>> '{{}}'")

    def json_number(self, column: str, name: str) -> Sql:
        """As the double that is nearest to the decimal."""
        return self._typed(column, name, kind="number", value="CAST({} AS double precision)")

    def json_boolean(self, column: str, name: str) -> Sql:
        """As SQLite has it."""
        return self._typed(column, name, kind="boolean", value="CAST(CAST({} AS boolean) AS integer)")

    def json_integer(self, column: str, name: str) -> Sql:
        """As stored."""
        return self._typed(column, name, kind="number", value="CAST({} AS bigint)")

    def by_code_points(self, text: Sql) -> Sql:
        """By the collation C, whatever that of the database is."""
        return sql('({} COLLATE "C")', text)

    def by_no_index(self, column: str) -> Sql:
        """As it is: PostgreSQL knows which index has fewer rows."""
        return Sql(column)

    def position(self, text: Sql, part: str) -> Sql:
        """By code points: the collation says nothing here."""
        return sql("strpos({}, CAST({} AS text))", text, part)

    def end(self, text: Sql, part: str) -> Sql:
        """All of the text where it is shorter."""
        return sql("right({}, length(CAST({} AS text)))", text, part)

    def remainder(self, number: Sql, divisor: int) -> Sql:
        """By the function: the driver has another use for percent signs."""
        return sql(f"mod({{}}, {divisor})", number)

    def _typed(self, column: str, name: str, *, kind: str, value: str) -> Sql:
        found = _value(column, name)
        test = sql(f"jsonb_typeof({{}}) = '{kind}'", found)
        return sql("CASE WHEN {} THEN {} END", test, sql(value, found))


def _value(column: str, name: str) -> Sql:
    return sql(f"(CAST({column} AS jsonb) -> CAST({{}} AS text))", name)


DIALECTS: Mapping[str, Dialect] = {"sqlite": Sqlite(), "postgresql": Postgres()}
