"""Values at a path in a JSON object, as SQLite and PostgreSQL extract them. Text only: nothing is run.

    PATHS["sqlite"].text("events.data", ("price", "currency")) -> Sql

Each step is the key of an object. The result is a text, a number or a boolean, or it is missing: a path that ends
early, in a list or at a scalar has no value, and null, objects and lists are not values either. A path is a
parameter, as is a list of values; column names are the compiler's own.

Numbers are doubles; one outside the range of doubles is not a number (`evaluator.number_in`).
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
    """The JSON path access of one kind of database. Expressions are NULL if the type differs."""

    @abc.abstractmethod
    def is_there(self, column: str, steps: Sequence[str]) -> SqlFragment:
        """Return whether there is a scalar."""

    @abc.abstractmethod
    def text(self, column: str, steps: Sequence[str]) -> SqlFragment:
        """Return the text."""

    @abc.abstractmethod
    def number(self, column: str, steps: Sequence[str]) -> SqlFragment:
        """Return the number, as a double."""

    @abc.abstractmethod
    def is_one_of(self, column: str, steps: Sequence[str], values: Sequence[Scalar]) -> SqlFragment:
        """Return whether it is one of these values, of which there is at least one."""


def _numbers(values: Sequence[Scalar]) -> list[float]:
    return [float(value) for value in values if not isinstance(value, str | bool)]


class SqlitePaths(JsonPaths):
    """SQLite 3.38 and newer. Its only non-finite numbers are those too large, which it reads as infinite."""

    def is_there(self, column: str, steps: Sequence[str]) -> SqlFragment:
        """Check for one of the types."""
        types = f"{SQLITE_TEXT}, {SQLITE_NUMBER}, {SQLITE_BOOLEAN}"
        return sql("{} IS NOT NULL", _of_types(column, steps, types, "1"))

    def text(self, column: str, steps: Sequence[str]) -> SqlFragment:
        """Return the stored text: no affinity converts it."""
        return _of_types(column, steps, SQLITE_TEXT, "{}")

    def number(self, column: str, steps: Sequence[str]) -> SqlFragment:
        """Return a double, whether the number is written with a fraction or not."""
        return _of_types(column, steps, SQLITE_NUMBER, "nullif(nullif(CAST({} AS REAL), 9e999), -9e999)")

    def is_one_of(self, column: str, steps: Sequence[str], values: Sequence[Scalar]) -> SqlFragment:
        """Compare by JSON lists, one of each type."""
        subjects = {
            self.text(column, steps): [value for value in values if isinstance(value, str)],
            self.number(column, steps): _numbers(values),
            _of_types(column, steps, SQLITE_BOOLEAN, "{}"): [int(value) for value in values if isinstance(value, bool)],
        }
        template = "{} IN (SELECT value FROM json_each({}))"
        lists = {subject: json.dumps(found, ensure_ascii=False) for subject, found in subjects.items() if found}
        return join_conditions("OR", [sql(template, subject, found) for subject, found in lists.items()])


def _of_types(column: str, steps: Sequence[str], types: str, value: str) -> SqlFragment:
    """Return a fragment with a JSON path, which is fast, if it can express every step; otherwise scan keys stepwise."""
    if all(map(PLAIN_NAME.fullmatch, steps)):
        path = "$" + "".join(f'."{step}"' for step in steps)
        found = value.format(f"json_extract({column}, {{}})")
        parameters = [path] * (1 + found.count("{}"))
        return sql(f"CASE WHEN json_type({column}, {{}}) IN ({types}) THEN {found} END", *parameters)
    return _by_keys(column, steps, types, value)


def _by_keys(column: str, steps: Sequence[str], types: str, value: str) -> SqlFragment:
    """Return a fragment with one join per level: SQLite's parser does not support eight nested queries."""
    last = len(steps) - 1
    inner = (f"json_each(CASE step{n}.type WHEN 'object' THEN step{n}.value END) AS step{n + 1}" for n in range(last))
    levels = ", ".join([f"json_each({column}) AS step0", *inner])
    keys = " AND ".join(f"step{number}.key = {{}}" for number in range(len(steps)))
    found = value.format(f"step{last}.value")
    return sql(f"(SELECT {found} FROM {levels} WHERE step{last}.type IN ({types}) AND {keys})", *steps)  # noqa: S608 - names of ours


class PostgresPaths(JsonPaths):
    """PostgreSQL 12 and newer, and Citus. A strict path does not search lists, and a missing value is NULL.

    The type is checked within the path: a text is parsed as JSON on each access, which takes most of
    the time.
    """

    def is_there(self, column: str, steps: Sequence[str]) -> SqlFragment:
        """Check for one of the types."""
        return sql("{} IS NOT NULL", _at(column, steps, IS_SCALAR))

    def text(self, column: str, steps: Sequence[str]) -> SqlFragment:
        """Return the stored text."""
        return sql("({} #>> '{{}}')", _at(column, steps, IS_TEXT))

    def number(self, column: str, steps: Sequence[str]) -> SqlFragment:
        """Return the nearest double; a cast would fail if that is infinite, or 0 for a nonzero number."""
        double, tiny = _at(column, steps, IS_DOUBLE), _at(column, steps, IS_TINY)
        return sql("COALESCE(CAST({} AS double precision), CASE WHEN {} IS NOT NULL THEN 0 END)", double, tiny)

    def is_one_of(self, column: str, steps: Sequence[str], values: Sequence[Scalar]) -> SqlFragment:
        """Compare by arrays: one of JSON for texts and booleans, which are equal byte by byte, and one of doubles."""
        plain = [json.dumps(value, ensure_ascii=False) for value in values if isinstance(value, str | bool)]
        numbers = [repr(number) for number in _numbers(values)]
        found = []
        if plain:
            found.append(sql("{} = ANY(CAST({} AS jsonb[]))", _at(column, steps), _array(plain)))
        if numbers:
            found.append(sql("{} = ANY(CAST({} AS double precision[]))", self.number(column, steps), _array(numbers)))
        return join_conditions("OR", found)


def _at(column: str, steps: Sequence[str], condition: str = "") -> SqlFragment:
    """Return the value at a path, if it meets a condition."""
    path = "strict $" + "".join(f".{_quote(step)}" for step in steps) + (f" ? ({condition})" if condition else "")
    return sql(f"jsonb_path_query_first(CAST({column} AS jsonb), CAST({{}} AS jsonpath), '{{{{}}}}', true)", path)


def _array(elements: Sequence[str]) -> str:
    return f"{{{','.join(map(_quote, elements))}}}"


def _quote(text: str) -> str:
    r"""Return a text in double quotes for paths and arrays: quotes and `\` get a `\` prefix, all else is unchanged."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


PATHS: Mapping[str, JsonPaths] = {"sqlite": SqlitePaths(), "postgresql": PostgresPaths()}
