"""What compares the data of events is broken by hand, in SQL for both databases: every time the agreement ends.

Only rules with conditions on data are asked, so that none is found by what it breaks elsewhere. Seen last: 160 of 160
broken ones found. The number is asserted below, so that none is left out unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from templates_server.features.tribes import compiler, json_paths, sql_fragments
from templates_server.features.tribes.data_parser import OPERATORS
from templates_server.features.tribes.json_paths import PATHS
from templates_server.features.tribes.model import Comparison, Operator
from templates_server.features.tribes.sql_fragments import SqlFragment
from templates_server.settings import sqlite_file_url
from templates_server.storage.database import Database
from tests.server.features.tribes.data_strategies import add_data, border_data_rules, generate_data_rules
from tests.server.features.tribes.differential import DifferentialCase, open_with_people
from tests.server.features.tribes.oracle import History
from tests.server.features.tribes.strategies import generate_people
from tests.server.features.tribes.test_mutants import Mutant, is_found, of_attribute, of_table
from tests.servers import PostgresServer

PEOPLE, RULES = 90, 320
MUTANTS = 160
NEIGHBOURS = {
    Operator.EXISTS: Operator.EQUALS,
    Operator.EQUALS: Operator.EXISTS,
    Operator.IN: Operator.EXISTS,
    Operator.CONTAINS: Operator.STARTS_WITH,
    Operator.STARTS_WITH: Operator.CONTAINS,
    Operator.ENDS_WITH: Operator.CONTAINS,
    Operator.GREATER_THAN: Operator.GREATER_OR_EQUAL,
    Operator.GREATER_OR_EQUAL: Operator.GREATER_THAN,
    Operator.LESS_THAN: Operator.LESS_OR_EQUAL,
    Operator.LESS_OR_EQUAL: Operator.LESS_THAN,
}
"""What an operator is easily taken for. The others are the contraries of these."""


def of_operators(where: str) -> Iterator[Mutant]:
    for operator in OPERATORS:
        if operator in compiler.NEGATIONS:
            another = Operator.EQUALS if operator is Operator.NOT_EXISTS else Operator.EXISTS
            yield of_table(compiler.NEGATIONS, operator, another, where, "of another")
            continue
        for replacement, how in (
            (SqlFragment("1 = 1"), "always"),
            (SqlFragment("1 = 0"), "never"),
            (SqlFragment("NULL"), "NULL"),
        ):
            yield of_table(compiler.CONDITIONS_OF, operator, _constant(replacement), where, how)
        if operator in NEIGHBOURS:
            other = compiler.CONDITIONS_OF[NEIGHBOURS[operator]]
            yield of_table(compiler.CONDITIONS_OF, operator, _with_a_value(other), where, f"as {NEIGHBOURS[operator]}")


def _constant(replacement: SqlFragment) -> Any:
    return lambda _subject, _comparison, _situation: replacement


def _with_a_value(other: compiler.Compile) -> Any:
    def compile_with(subject: Any, comparison: Any, situation: Any) -> SqlFragment:
        given = comparison if comparison.values else Comparison(comparison.source, Operator.EQUALS, ("gold",))
        return other(subject, given, situation)

    return compile_with


def of_paths(where: str) -> Iterator[Mutant]:
    kind = type(PATHS[where])
    for name in ("text", "number"):
        yield of_attribute(kind, name, lambda _self, _column, _steps: SqlFragment("NULL"), where, "finds nothing")
    yield of_attribute(kind, "is_there", lambda _self, _column, _steps: SqlFragment("1 = 1"), where, "always")
    for name in ("text", "number", "is_there"):
        yield of_attribute(kind, name, _with_steps(getattr(kind, name), lambda steps: steps[:1]), where, "a step only")
        yield of_attribute(kind, name, _with_steps(getattr(kind, name), lambda steps: steps[-1:]), where, "the last")
    one_of = kind.is_one_of
    for how, change in (("texts as they are", str), ("numbers alone", lambda value: isinstance(value, bool) or value)):
        changed = _with_values(one_of, change)
        yield of_attribute(kind, "is_one_of", changed, where, how)
    yield of_attribute(kind, "is_one_of", lambda self, column, steps, values: one_of(self, column, steps, values[:1]),
                       where, "the first value")  # fmt: skip
    yield of_attribute(json_paths, "_numbers", lambda values: [float(value) for value in values
                       if not isinstance(value, str)], where, "true is 1")  # fmt: skip
    yield of_attribute(compiler, "_certain", lambda condition, _each: condition, where, "not at all")
    yield of_attribute(compiler, "_within_event", lambda _question, _situation: iter(()), where, "nothing")
    yield of_attribute(compiler, "_within_event", _first_of_data(compiler._within_event), where, "the first")
    yield of_attribute(
        type(sql_fragments.DIALECTS[where]), "position", lambda _self, _text, _part: SqlFragment("0"), where, "nowhere"
    )
    yield of_attribute(
        type(sql_fragments.DIALECTS[where]), "end", lambda _self, text, _part: text, where, "the whole text"
    )


def _with_steps(method: Callable[..., SqlFragment], change: Callable[[Sequence[str]], Sequence[str]]) -> Any:
    return lambda self, column, steps: method(self, column, change(steps))


def _with_values(method: Callable[..., SqlFragment], change: Callable[[Any], Any]) -> Any:
    return lambda self, column, steps, values: method(self, column, steps, [change(value) for value in values])


def _first_of_data(within: Callable[..., Iterator[SqlFragment]]) -> Any:
    def within_event(question: Any, situation: Any) -> Iterator[SqlFragment]:
        return within(replace(question, data=question.data[:1]), situation)

    return within_event


def of_sqlite() -> Iterator[Mutant]:
    for name, types in (
        ("SQLITE_TEXT", "'text', 'null', 'integer'"),
        ("SQLITE_NUMBER", "'integer'"),
        ("SQLITE_NUMBER", "'real'"),
        ("SQLITE_NUMBER", "'integer', 'real', 'true'"),
        ("SQLITE_BOOLEAN", "'true'"),
        ("SQLITE_BOOLEAN", "'false'"),
        ("SQLITE_BOOLEAN", "'true', 'false', 'null'"),
        ("SQLITE_BOOLEAN", "'true', 'false', 'array'"),
        ("SQLITE_BOOLEAN", "'true', 'false', 'object'"),
        ("SQLITE_BOOLEAN", "'true', 'false', 'integer'"),
    ):
        yield of_attribute(json_paths, name, types, "sqlite", f"is {types}")
    of_types = json_paths._of_types
    for word, other in (("nullif", "ifnull"), ("-9e999", "9e999"), ("CAST({} AS REAL)", "{}")):
        broken = _with_words(of_types, word, other)
        yield of_attribute(json_paths, "_of_types", broken, "sqlite", f"{other} for {word}")
    by_keys = json_paths._by_keys
    for how, change in (
        ("of one key", lambda query: query.text.replace(".key = ?", ".key >= ?")),
        ("through texts", lambda query: query.text.replace(" WHEN 'object' ", " WHEN 'text' ")),
        ("through lists", lambda query: query.text.replace(" WHEN 'object' ", " WHEN 'array' ")),
    ):
        yield of_attribute(json_paths, "_by_keys", _with_text(by_keys, change), "sqlite", how)


def _with_text(by_keys: Callable[..., SqlFragment], change: Callable[[SqlFragment], str]) -> Any:
    def broken(column: str, steps: Sequence[str], types: str, value: str) -> SqlFragment:
        query = by_keys(column, steps, types, value)
        return SqlFragment(change(query), query.parameters)

    return broken


def _with_words(of_types: Callable[..., SqlFragment], word: str, other: str) -> Any:
    return lambda column, steps, types, value: of_types(column, steps, types, value.replace(word, other))


def of_postgresql() -> Iterator[Mutant]:
    for name, condition in (
        ("IS_TEXT", "@ == @"),
        ("IS_TEXT", '@.type() != "null"'),
        ("IS_SCALAR", '@.type() != "null"'),
        ("IS_SCALAR", '@.type() != "array"'),
        ("IS_SCALAR", '@.type() == "string" || @.type() == "number"'),
        ("IS_SCALAR", '@.type() == "string" || @.type() == "boolean"'),
        ("IS_SCALAR", '@.type() == "number" || @.type() == "boolean"'),
        ("IS_DOUBLE", '@.type() == "number"'),
        ("IS_DOUBLE", f'@.type() == "number" && @ < {json_paths.HUGE} && @ > -{json_paths.HUGE} && @ > 0'),
        ("IS_TINY", '@.type() == "number"'),
        ("IS_TINY", "@ < 0 && @ > 0"),
    ):
        yield of_attribute(json_paths, name, condition, "postgresql", f"is {condition}")
    at = json_paths._at

    def lax(column: str, steps: Any, condition: str = "") -> SqlFragment:
        found = at(column, steps, condition)
        return SqlFragment(found.text, tuple(str(path).replace("strict", "lax") for path in found.parameters))

    yield of_attribute(json_paths, "_at", lax, "postgresql", "lax")
    for column in ("_quote", "_array"):
        yield of_attribute(json_paths, column, _broken_quotes(column), "postgresql", "without escapes")


def _broken_quotes(name: str) -> Any:
    if name == "_quote":
        return lambda text: f'"{text}"'
    return lambda elements: "{" + ",".join(elements) + "}"


ALL = [
    *of_operators("sqlite"),
    *of_operators("postgresql"),
    *of_paths("sqlite"),
    *of_paths("postgresql"),
    *of_sqlite(),
    *of_postgresql(),
]


@pytest.fixture(scope="module")
def people() -> Sequence[History]:
    return add_data(generate_people(PEOPLE))


@pytest.fixture(scope="module")
def asked(people: Sequence[History]) -> Sequence[DifferentialCase]:
    return [DifferentialCase.from_document(*one, people) for one in [*border_data_rules(), *generate_data_rules(RULES)]]


@pytest.fixture(scope="module")
def databases(
    people: Sequence[History], postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Database]]:
    folder = tmp_path_factory.mktemp("data_mutants")
    both = {
        "sqlite": open_with_people(str(sqlite_file_url(folder / "tribes.db")), people),
        "postgresql": open_with_people(postgres.new_database_url(), people),
    }
    yield both
    for database in both.values():
        database.close()


@pytest.mark.slow
def test_every_broken_condition_on_data_is_found(
    people: Sequence[History],
    asked: Sequence[DifferentialCase],
    databases: dict[str, Database],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    missed = []
    for mutant in ALL:
        with monkeypatch.context() as patch:
            mutant.breaks(patch)
            if not is_found_or_fails(mutant, asked, people, databases[mutant.where]):
                missed.append(mutant.name)
    assert not missed, f"{len(missed)} of {len(ALL)}: {missed}"
    assert len(ALL) == MUTANTS


def is_found_or_fails(
    mutant: Mutant, asked: Sequence[DifferentialCase], people: Sequence[History], database: Database
) -> bool:
    """Whether it is seen: the database decides otherwise, or it cannot be asked any more."""
    try:
        return is_found(mutant, asked, people, database)
    except DBAPIError:
        return True
