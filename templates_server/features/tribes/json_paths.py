"""Values at the end of a path into a JSON object, as SQLite and PostgreSQL find them. Text only: nothing is run.

    PATHS["sqlite"].text("events.data", ("price", "currency")) -> Sql

Each step is the key of an object. What a path leads to is text, a number, true or false, or it is missing: a path that
ends early, in a list or at a scalar leads to nothing, and null, objects and lists are no values either. A path is a
parameter, as is a list of values; column names are the compiler's own.

Numbers are doubles; one that no double holds is no number (`evaluator.number_in`).
"""

from __future__ import annotations

import abc
import json
from collections.abc import Mapping, Sequence

from templates_server.features.people.profile import Scalar
from templates_server.features.tribes.sql_fragments import PLAIN_NAME, SqlFragment, join_conditions, sql

SQLITE_TEXT = "'text'"
SQLITE_NUMBER = "'integer', 'real'"
SQLITE_BOOLEAN = "'true', 'false'"

HUGE = "1.797693134862315807e308"  # what is no less, about, rounds to infinity
TINY = "2.4703282292062328e-324"  # what is no more, about, rounds to 0
IS_TEXT = '@.type() == "string"'
IS_SCALAR = '@.type() == "string" || @.type() == "number" || @.type() == "boolean"'
IS_DOUBLE = f'@.type() == "number" && (@ == 0 || (@ > {TINY} && @ < {HUGE}) || (@ < -{TINY} && @ > -{HUGE}))'
IS_TINY = f'@.type() == "number" && @ <= {TINY} && @ >= -{TINY}'


class JsonPaths(abc.ABC):
    """How one kind of database looks into an object. Expressions are NULL where the type is another."""

    @abc.abstractmethod
    def is_there(self, column: str, steps: Sequence[str]) -> SqlFragment:
        """Whether there is a scalar."""

    @abc.abstractmethod
    def text(self, column: str, steps: Sequence[str]) -> SqlFragment:
        """The text."""

    @abc.abstractmethod
    def number(self, column: str, steps: Sequence[str]) -> SqlFragment:
        """The number, as a double."""

    @abc.abstractmethod
    def is_one_of(self, column: str, steps: Sequence[str], values: Sequence[Scalar]) -> SqlFragment:
        """Whether it is one of these values, of which there is one."""


def _numbers(values: Sequence[Scalar]) -> list[float]:
    return [float(value) for value in values if not isinstance(value, str | bool)]


class SqlitePaths(JsonPaths):
    """SQLite 3.38 and newer. It has no number that is not finite but those too large, which it reads as infinite."""

    def is_there(self, column: str, steps: Sequence[str]) -> SqlFragment:
        """Of one of the types."""
        types = f"{SQLITE_TEXT}, {SQLITE_NUMBER}, {SQLITE_BOOLEAN}"
        return sql("{} IS NOT NULL", _of_types(column, steps, types, "1"))

    def text(self, column: str, steps: Sequence[str]) -> SqlFragment:
        """As stored: no affinity turns it into anything else."""
        return _of_types(column, steps, SQLITE_TEXT, "{}")

    def number(self, column: str, steps: Sequence[str]) -> SqlFragment:
        """As a double, whether it is written with a fraction or not."""
        return _of_types(column, steps, SQLITE_NUMBER, "nullif(nullif(CAST({} AS REAL), 9e999), -9e999)")

    def is_one_of(self, column: str, steps: Sequence[str], values: Sequence[Scalar]) -> SqlFragment:
        """By lists in JSON, one of each type."""
        subjects = {
            self.text(column, steps): [value for value in values if isinstance(value, str)],
            self.number(column, steps): _numbers(values),
            _of_types(column, steps, SQLITE_BOOLEAN, "{}"): [int(value) for value in values if isinstance(value, bool)],
        }
        template = "{} IN (SELECT value FROM json_each({}))"
        lists = {subject: json.dumps(found, ensure_ascii=False) for subject, found in subjects.items() if found}
        return join_conditions("OR", [sql(template, subject, found) for subject, found in lists.items()])


def _of_types(column: str, steps: Sequence[str], types: str, value: str) -> SqlFragment:
    """By path, which is fast, where every step can stand in one; else step by step, by looking at every key."""
    if all(map(PLAIN_NAME.fullmatch, steps)):
        path = "$" + "".join(f'."{step}"' for step in steps)
        found = value.format(f"json_extract({column}, {{}})")
        parameters = [path] * (1 + found.count("{}"))
        return sql(f"CASE WHEN json_type({column}, {{}}) IN ({types}) THEN {found} END", *parameters)
    return _by_keys(column, steps, types, value)


def _by_keys(column: str, steps: Sequence[str], types: str, value: str) -> SqlFragment:
    """Level beside level, each within the one before: SQLite's parser takes no eight queries in one another."""
    last = len(steps) - 1
    inner = (f"json_each(CASE step{n}.type WHEN 'object' THEN step{n}.value END) AS step{n + 1}" for n in range(last))
    levels = ", ".join([f"json_each({column}) AS step0", *inner])
    keys = " AND ".join(f"step{number}.key = {{}}" for number in range(len(steps)))
    found = value.format(f"step{last}.value")
    return sql(f"(SELECT {found} FROM {levels} WHERE step{last}.type IN ({types}) AND {keys})", *steps)  # noqa: S608 - names of ours


class PostgresPaths(JsonPaths):
    """PostgreSQL 12 and newer, and Citus. A strict path looks into no list, and what it does not find is NULL.

    The type is asked for within the path: a text is read as JSON each time that it is looked into, which takes most of
    the time.
    """

    def is_there(self, column: str, steps: Sequence[str]) -> SqlFragment:
        """Of one of the types."""
        return sql("{} IS NOT NULL", _at(column, steps, IS_SCALAR))

    def text(self, column: str, steps: Sequence[str]) -> SqlFragment:
        """As stored."""
        return sql("({} #>> '{{}}')", _at(column, steps, IS_TEXT))

    def number(self, column: str, steps: Sequence[str]) -> SqlFragment:
        """As the nearest double; a cast would fail where that is infinite, or 0 for a number that is not."""
        double, tiny = _at(column, steps, IS_DOUBLE), _at(column, steps, IS_TINY)
        return sql("COALESCE(CAST({} AS double precision), CASE WHEN {} IS NOT NULL THEN 0 END)", double, tiny)

    def is_one_of(self, column: str, steps: Sequence[str], values: Sequence[Scalar]) -> SqlFragment:
        """By arrays: one of JSON for texts and booleans, which are equal byte by byte, and one of doubles."""
        plain = [json.dumps(value, ensure_ascii=False) for value in values if isinstance(value, str | bool)]
        numbers = [repr(number) for number in _numbers(values)]
        found = []
        if plain:
            found.append(sql("{} = ANY(CAST({} AS jsonb[]))", _at(column, steps), _array(plain)))
        if numbers:
            found.append(sql("{} = ANY(CAST({} AS double precision[]))", self.number(column, steps), _array(numbers)))
        return join_conditions("OR", found)


def _at(column: str, steps: Sequence[str], condition: str = "") -> SqlFragment:
    """What a path leads to, if it meets a condition."""
    path = "strict $" + "".join(f".{_quote(step)}" for step in steps) + (f" ? ({condition})" if condition else "")
    return sql(f"jsonb_path_query_first(CAST({column} AS jsonb), CAST({{}} AS jsonpath), '{{{{}}}}', true)", path)


def _array(elements: Sequence[str]) -> str:
    return f"{{{','.join(map(_quote, elements))}}}"


def _quote(text: str) -> str:
    r"""In double quotes, as paths and arrays have it: `\` before a quote and before itself, all else as it is."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


PATHS: Mapping[str, JsonPaths] = {"sqlite": SqlitePaths(), "postgresql": PostgresPaths()}
