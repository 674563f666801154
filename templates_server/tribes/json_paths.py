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

from templates_server.tribes.sql import PLAIN_NAME, Sql, sql

OVERFLOW = "1.797693134862315807e308"  # what is larger than the largest double, about, would be infinite
UNDERFLOW = "2.4703282292062328e-324"  # what is smaller than half of the least double, about, is 0


class JsonPaths(abc.ABC):
    """How one kind of database looks into an object. Expressions are NULL where the type is another."""

    @abc.abstractmethod
    def is_there(self, column: str, steps: Sequence[str]) -> Sql:
        """Whether there is a scalar."""

    @abc.abstractmethod
    def text(self, column: str, steps: Sequence[str]) -> Sql:
        """The text."""

    @abc.abstractmethod
    def number(self, column: str, steps: Sequence[str]) -> Sql:
        """The number, as a double."""

    @abc.abstractmethod
    def boolean(self, column: str, steps: Sequence[str]) -> Sql:
        """The boolean, as 1 or 0."""

    @abc.abstractmethod
    def one_of_texts(self, subject: Sql, values: Sequence[str]) -> Sql:
        """Whether it is one of these texts, which are one parameter."""

    @abc.abstractmethod
    def one_of_numbers(self, subject: Sql, values: Sequence[float]) -> Sql:
        """Whether it is one of these doubles, which are one parameter."""


class SqlitePaths(JsonPaths):
    """SQLite 3.38 and newer. It has no number that is not finite but those too large, which it reads as infinite."""

    def is_there(self, column: str, steps: Sequence[str]) -> Sql:
        """Not NULL, and of one of the types."""
        return sql("{} IS NOT NULL", self._typed(column, steps, "'text', 'integer', 'real', 'true', 'false'", "1"))

    def text(self, column: str, steps: Sequence[str]) -> Sql:
        """As stored: no affinity turns it into anything else."""
        return self._typed(column, steps, "'text'", "{}")

    def number(self, column: str, steps: Sequence[str]) -> Sql:
        """As a double, whether it is written with a fraction or not."""
        return self._typed(column, steps, "'integer', 'real'", "nullif(nullif(CAST({} AS REAL), 9e999), -9e999)")

    def boolean(self, column: str, steps: Sequence[str]) -> Sql:
        """As JSON functions give it."""
        return self._typed(column, steps, "'true', 'false'", "{}")

    def one_of_texts(self, subject: Sql, values: Sequence[str]) -> Sql:
        """By a list in JSON."""
        return sql("{} IN (SELECT value FROM json_each({}))", subject, json.dumps(values, ensure_ascii=False))

    def one_of_numbers(self, subject: Sql, values: Sequence[float]) -> Sql:
        """By a list in JSON, where each double has its shortest text."""
        return sql("{} IN (SELECT value FROM json_each({}))", subject, json.dumps(values))

    def _typed(self, column: str, steps: Sequence[str], types: str, value: str) -> Sql:
        """By path, which is fast, where every step can stand in one; else step by step, by looking at every key."""
        if all(map(PLAIN_NAME.fullmatch, steps)):
            path = "$" + "".join(f'."{step}"' for step in steps)
            found = value.format(f"json_extract({column}, {{}})")
            parameters = [path] * (1 + found.count("{}"))
            return sql(f"CASE WHEN json_type({column}, {{}}) IN ({types}) THEN {found} END", *parameters)
        container = Sql(column)
        for step in steps[:-1]:
            container = _entry(container, "'object'", "value", step)
        return _entry(container, types, value.format("value"), steps[-1])


def _entry(container: Sql, types: str, value: str, key: str) -> Sql:
    """What stands under the key of an object, if it is of one of the types."""
    return sql(f"(SELECT {value} FROM json_each({{}}) WHERE type IN ({types}) AND key = {{}})", container, key)  # noqa: S608 - names of ours


class PostgresPaths(JsonPaths):
    """PostgreSQL 12 and newer, and Citus. A strict path looks into no list, and what it does not find is NULL."""

    def is_there(self, column: str, steps: Sequence[str]) -> Sql:
        """Of one of the types."""
        return sql("jsonb_typeof({}) IN ('string', 'number', 'boolean')", _at(column, steps))

    def text(self, column: str, steps: Sequence[str]) -> Sql:
        """As stored."""
        return self._typed(column, steps, kind="string", value="{} #>> '{{}}'")

    def number(self, column: str, steps: Sequence[str]) -> Sql:
        """As the double that is nearest to the decimal: the database fails where it would be infinite, or become 0."""
        bounds = f"ARRAY[CAST({UNDERFLOW} AS numeric), CAST({OVERFLOW} AS numeric)]"
        size = f"width_bucket(abs(CAST({{}} AS numeric)), {bounds})"
        value = f"CASE {size} WHEN 0 THEN 0 WHEN 1 THEN CAST({{}} AS double precision) END"
        return self._typed(column, steps, kind="number", value=value)

    def boolean(self, column: str, steps: Sequence[str]) -> Sql:
        """As SQLite has it."""
        return self._typed(column, steps, kind="boolean", value="CAST(CAST({} AS boolean) AS integer)")

    def one_of_texts(self, subject: Sql, values: Sequence[str]) -> Sql:
        """By an array, as text: each of its elements in quotes."""
        return sql("{} = ANY(CAST({} AS text[]))", subject, f"{{{','.join(map(_quoted, values))}}}")

    def one_of_numbers(self, subject: Sql, values: Sequence[float]) -> Sql:
        """By an array, as text."""
        return sql("{} = ANY(CAST({} AS double precision[]))", subject, f"{{{','.join(map(repr, values))}}}")

    def _typed(self, column: str, steps: Sequence[str], *, kind: str, value: str) -> Sql:
        found = _at(column, steps)
        number = value.replace("{{}}", "").count("{}")
        return sql(f"CASE WHEN jsonb_typeof({{}}) = '{kind}' THEN {value} END", found, *[found] * number)


def _at(column: str, steps: Sequence[str]) -> Sql:
    path = "strict $" + "".join(f".{_quoted(step)}" for step in steps)
    value = f"jsonb_path_query_first(CAST({column} AS jsonb), CAST({{}} AS jsonpath), '{{{{}}}}', true)"
    return sql(value, path)


def _quoted(text: str) -> str:
    r"""In double quotes, as paths and arrays have it: `\` before a quote and before itself, all else as it is."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


PATHS: Mapping[str, JsonPaths] = {"sqlite": SqlitePaths(), "postgresql": PostgresPaths()}
