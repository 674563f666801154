"""Each operator is broken by hand, in the evaluator, in what both share, and in SQL: every time the agreement ends.

Seen last: 236 of 223 broken ones found. The number is asserted below, so that none is left out unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from templates_server.features.people.identity import PersonKind
from templates_server.features.tribes import compiler, evaluator, model, sql_fragments, time_windows
from templates_server.features.tribes.evaluator import TribeOutcome
from templates_server.features.tribes.model import (
    Audience,
    Behaviour,
    EventCondition,
    FrequencyKind,
    Match,
    Operator,
    Timeframe,
)
from templates_server.features.tribes.sql_fragments import SqlFragment
from templates_server.features.tribes.time_windows import Window
from templates_server.primitives import shares
from templates_server.settings import sqlite_file_url
from templates_server.storage.database import Database
from tests.server.features.tribes.differential import DifferentialCase, find_disagreements, open_with_people
from tests.server.features.tribes.oracle import History
from tests.server.features.tribes.strategies import border_rules, generate_people, generate_rules
from tests.servers import PostgresServer

PEOPLE, RULES = 80, 400
MUTANTS = 236

Break = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Mutant:
    """Something that is broken: `where` is who must be seen to decide otherwise."""

    name: str
    where: str  # evaluator, sqlite, postgresql
    breaks: Break
    word: str = ""  # in the rules that tell first


def of_table(table: Any, key: Any, replacement: Any, where: str, how: str) -> Mutant:
    names = [
        name for module in (evaluator, time_windows, compiler) for name, one in vars(module).items() if one is table
    ]
    label = f"{where}: {names[0]}[{key}] {how}"
    return Mutant(label, where, lambda patch: patch.setitem(table, key, replacement), str(key))


def of_attribute(thing: Any, name: str, replacement: Any, where: str, how: str) -> Mutant:
    label = f"{where}: {getattr(thing, '__name__', type(thing).__name__)}.{name} {how}"
    return Mutant(label, where, lambda patch: patch.setattr(thing, name, replacement))


def yes(*_: Any) -> bool:
    return True


def no(*_: Any) -> bool:
    return False


NEIGHBOURS = {
    Operator.EXISTS: Operator.NOT_EXISTS,
    Operator.NOT_EXISTS: Operator.EXISTS,
    Operator.EQUALS: Operator.NOT_EQUALS,
    Operator.NOT_EQUALS: Operator.EQUALS,
    Operator.IN: Operator.NOT_IN,
    Operator.NOT_IN: Operator.IN,
    Operator.CONTAINS: Operator.STARTS_WITH,
    Operator.NOT_CONTAINS: Operator.CONTAINS,
    Operator.STARTS_WITH: Operator.CONTAINS,
    Operator.ENDS_WITH: Operator.CONTAINS,
    Operator.GREATER_THAN: Operator.GREATER_OR_EQUAL,
    Operator.GREATER_OR_EQUAL: Operator.GREATER_THAN,
    Operator.LESS_THAN: Operator.LESS_OR_EQUAL,
    Operator.LESS_OR_EQUAL: Operator.LESS_THAN,
    Operator.VERSION_EQUALS: Operator.VERSION_AT_LEAST,
    Operator.VERSION_AT_LEAST: Operator.VERSION_EQUALS,
    Operator.VERSION_BELOW: Operator.VERSION_AT_LEAST,
}
"""What an operator is easily taken for."""


def of_evaluator() -> Iterator[Mutant]:
    for operator, test in evaluator.TESTS.items():
        for replacement, how in ((yes, "always"), (no, "never")):
            yield of_table(evaluator.TESTS, operator, replacement, "evaluator", how)
        if operator in NEIGHBOURS:
            other = evaluator.TESTS[NEIGHBOURS[operator]]
            yield of_table(evaluator.TESTS, operator, other, "evaluator", f"as {NEIGHBOURS[operator]}")
        assert test is not None
    for kind in FrequencyKind:
        for replacement, how in ((yes, "always"), (no, "never")):
            yield of_table(evaluator.FREQUENCIES, kind, replacement, "evaluator", how)
    for condition in EventCondition:
        other_condition = evaluator.CONDITIONS[next(one for one in EventCondition if one is not condition)]
        yield of_table(evaluator.CONDITIONS, condition, other_condition, "evaluator", "as the other")
    for audience in Audience:
        people = frozenset(PersonKind) if audience is not Audience.ALL else frozenset({PersonKind.USER})
        yield of_table(evaluator.AUDIENCES, audience, people, "evaluator", "of others")
    for match in Match:
        yield of_table(evaluator.DECIDING, match, TribeOutcome.UNKNOWN, "evaluator", "never decides")
        yield of_table(evaluator.OTHERWISE, match, TribeOutcome.UNKNOWN, "evaluator", "is unknown")
    yield of_attribute(
        evaluator, "is_at_or_below", lambda tag, wanted: tag.startswith(wanted), "evaluator", "by prefix"
    )
    yield of_attribute(evaluator, "is_at_or_below", lambda tag, wanted: tag == wanted, "evaluator", "exact")
    yield of_attribute(evaluator, "_is_same", lambda found, value: found == value, "evaluator", "as Python compares")
    yield of_attribute(evaluator, "number_in", _with_booleans, "evaluator", "with booleans")


def _with_booleans(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _moved(window: Window, *, starts: int = 0, ends: int = 0) -> Window:
    return Window(
        None if window.starts is None else window.starts + starts, None if window.ends is None else window.ends + ends
    )


def of_windows(where: str) -> Iterator[Mutant]:
    """Both evaluators share these: only the oracle can tell."""
    for operator, window in time_windows.WINDOWS.items():
        for end, how in (("starts", "begins late"), ("ends", "ends late")):
            if (end, operator) in UNBOUNDED:
                continue
            moved = _with_end_moved(window, end)
            yield of_table(time_windows.WINDOWS, operator, moved, where, how)
    for kind, of_days in time_windows.OF_DAYS.items():
        yield of_table(time_windows.OF_DAYS, kind, _a_day_more(of_days), "sqlite", "a day more")
    for kind, of_date in time_windows.OF_DATES.items():
        other = time_windows.OF_DATES[next(one for one in time_windows.OF_DATES if one is not kind)]
        yield of_table(time_windows.OF_DATES, kind, other, "sqlite", "as another")
        assert of_date is not None


UNBOUNDED = {
    ("starts", Operator.BEFORE),
    ("ends", Operator.AFTER),
    ("starts", Operator.MORE_THAN_DAYS_AGO),
}


def _with_end_moved(window: Any, end: str) -> Any:
    return lambda comparison, now: _moved(window(comparison, now), **{end: 1})


def _a_day_more(of_days: Any) -> Any:
    return lambda days, now: of_days(days + 1, now)


def _kept_longer(timeframe: Timeframe, now: int, *, retention_ms: int) -> Window:
    return time_windows.window_of_timeframe(timeframe, now, retention_ms=retention_ms + 1)


def _kept_shorter(timeframe: Timeframe, now: int, *, retention_ms: int) -> Window:
    return time_windows.window_of_timeframe(timeframe, now, retention_ms=retention_ms - 1)


def of_compiler(where: str) -> Iterator[Mutant]:
    for operator in compiler.CONDITIONS_OF:
        for replacement, how in (
            (SqlFragment("1 = 1"), "always"),
            (SqlFragment("1 = 0"), "never"),
            (SqlFragment("NULL"), "NULL"),
        ):
            broken = _constant(replacement)
            yield of_table(compiler.CONDITIONS_OF, operator, broken, where, how)
    for operator in compiler.NEGATIONS:
        another = Operator.EQUALS if operator is Operator.NOT_EXISTS else Operator.EXISTS
        yield of_table(compiler.NEGATIONS, operator, another, where, "of another")
    for kind, template in compiler.FREQUENCIES.items():
        for word, how in ((">=", "or more"), ("<=", "or fewer")):
            broken_template = (
                template.replace(" > ", f" {word} ").replace(" < ", f" {word} ").replace(" = ", f" {word} ")
            )
            yield of_table(compiler.FREQUENCIES, kind, broken_template, where, how)
    yield of_table(compiler.CONDITIONS, EventCondition.HAVE_DONE, "NOT {}", where, "negated")
    yield of_table(compiler.CONDITIONS, EventCondition.HAVE_NOT_DONE, "{}", where, "not negated")
    for audience in Audience:
        people = compiler.EVERYBODY if audience is not Audience.ALL else compiler.AUDIENCES[Audience.USERS]
        yield of_table(compiler.AUDIENCES, audience, people, where, "of others")
    for match, word in ((Match.ANY, "AND"), (Match.ALL, "OR")):
        yield of_table(compiler.MATCHES, match, word, where, "as the other")
    for behaviour in Behaviour:
        yield of_table(compiler.BEHAVIOURS, behaviour, lambda _: SqlFragment("1"), where, "is 1")
    yield of_attribute(
        compiler, "_of_the_person", lambda table: f"{table}.person_id = persons.person_id", where, "here"
    )
    yield of_attribute(compiler, "window_of_timeframe", _kept_longer, where, "a millisecond longer")
    yield of_attribute(compiler, "window_of_timeframe", _kept_shorter, where, "a millisecond shorter")
    yield of_attribute(compiler, "_certain", lambda condition, _each: condition, where, "not at all")
    yield from of_versions(where)
    yield from of_dialect(where)


def of_versions(where: str) -> Iterator[Mutant]:
    for operator, signs in VERSION_SIGNS.items():
        for sign in signs:
            yield of_table(compiler.CONDITIONS_OF, operator, _comparing_versions(sign), where, f"by {sign}")


VERSION_SIGNS = {
    Operator.VERSION_EQUALS: (">=", "<="),
    Operator.VERSION_AT_LEAST: (">", "="),
    Operator.VERSION_BELOW: ("<=", ">"),
}


def _comparing_versions(sign: str) -> Any:
    return lambda subject, comparison, _: sql_fragments.sql(
        f"{{}} {sign} {{}}", subject.version, comparison.version.key
    )


def of_shares(where: str) -> Iterator[Mutant]:
    for how, broken in SHARES_IN_SQL.items():
        yield of_attribute(compiler, "_is_in_share", broken, where, how)
    yield of_attribute(
        type(sql_fragments.DIALECTS[where]), "remainder", lambda _self, number, _divisor: number, where, "all"
    )


def of_shares_in_python() -> Iterator[Mutant]:
    for how, holds in HELD.items():
        yield of_attribute(model.ShareFilter, "holds", holds, "evaluator", how)
    for how, bucket_of in BUCKETS_OF.items():
        yield of_attribute(shares.ShareDraw, "bucket_of", bucket_of, "evaluator", how)


HELD: Mapping[str, Any] = {
    "always": yes,
    "never": no,
    "without its first": lambda share, bucket: share.starts < bucket < share.ends,
    "with the one after": lambda share, bucket: share.starts <= bucket <= share.ends,
    "from 0": lambda share, bucket: bucket < share.ends,
    "without an end": lambda share, bucket: bucket >= share.starts,
}
BUCKETS_OF: Mapping[str, Any] = {
    "of the number alone": lambda _draw, number: number % 10_000,
    "without the increment": lambda draw, number: draw.multiplier * number % shares.PRIME % 10_000,
    "without the prime": lambda draw, number: (draw.multiplier * number + draw.increment) % 10_000,
    "by another prime": lambda draw, number: (draw.multiplier * number + draw.increment) % (2**31) % 10_000,
    "of fewer": lambda draw, number: (draw.multiplier * number + draw.increment) % shares.PRIME % 1_000,
}


def _share_in_sql(template: str) -> Any:
    """A condition on the bucket {0}, from {1} and to {2}, in either database: mod is a name of our own in SQLite."""

    def condition(share: model.ShareFilter, dialect: sql_fragments.Dialect) -> SqlFragment:
        drawn = sql_fragments.sql("{} * persons.share_number + {}", share.draw.multiplier, share.draw.increment)
        bucket = dialect.remainder(dialect.remainder(drawn, shares.PRIME), shares.BUCKETS)
        filled = template.replace("{0}", bucket.text).replace("{1}", str(share.starts)).replace("{2}", str(share.ends))
        return SqlFragment(filled, bucket.parameters * template.count("{0}"))

    return condition


def _of_another_draw(multiplier: int, increment: int) -> Any:
    return lambda share, dialect: COMPILED_SHARE(
        _Drawn(share, shares.ShareDraw(share.draw.multiplier + multiplier, share.draw.increment + increment)), dialect
    )


class _Drawn:
    """A share with another draw."""

    def __init__(self, share: model.ShareFilter, draw: shares.ShareDraw) -> None:
        self.draw, self.starts, self.ends = draw, share.starts, share.ends


COMPILED_SHARE: Any = compiler._is_in_share
SHARES_IN_SQL: Mapping[str, Any] = {
    "always": lambda _share, _dialect: SqlFragment("1 = 1"),
    "never": lambda _share, _dialect: SqlFragment("1 = 0"),
    "NULL": lambda _share, _dialect: SqlFragment("NULL"),
    "without its first": _share_in_sql("{0} > {1} AND {0} < {2}"),
    "with the one after": _share_in_sql("{0} >= {1} AND {0} <= {2}"),
    "from 0": _share_in_sql("{0} < {2}"),
    "without an end": _share_in_sql("{0} >= {1}"),
    "of another multiplier": _of_another_draw(1, 0),
    "of another increment": _of_another_draw(0, 1),
}


def _constant(replacement: SqlFragment) -> Any:
    return lambda _subject, _comparison, _situation: replacement


def of_dialect(where: str) -> Iterator[Mutant]:
    dialect = sql_fragments.DIALECTS[where]
    kind = type(dialect)
    for name in ("json_text", "json_number", "json_boolean", "json_integer"):
        yield of_attribute(kind, name, lambda _self, _column, _name: SqlFragment("NULL"), where, "finds nothing")
    yield of_attribute(kind, "has_key", lambda _self, _column, _name: SqlFragment("1 = 1"), where, "always")
    yield of_attribute(kind, "position", lambda _self, _text, _part: SqlFragment("0"), where, "nowhere")
    yield of_attribute(kind, "by_code_points", lambda _self, _text: SqlFragment("NULL"), where, "finds nothing")
    yield of_attribute(kind, "end", lambda _self, text, _part: text, where, "the whole text")
    folded = "lower" if where == "postgresql" else "upper"
    yield of_attribute(
        kind,
        "position",
        lambda _self, text, part: _position_of_any_case(where, folded, text, part),
        where,
        "in any case",
    )


def _position_of_any_case(where: str, fold: str, text: SqlFragment, part: str) -> SqlFragment:
    name, value = ("instr", "{}") if where == "sqlite" else ("strpos", "CAST({} AS text)")
    return sql_fragments.sql(f"{name}({fold}({{}}), {fold}({value}))", text, part)


ALL = [
    *of_evaluator(),
    *of_windows("evaluator"),
    *of_compiler("sqlite"),
    *of_dialect("postgresql"),
    *of_shares_in_python(),
    *of_shares("sqlite"),
    *of_shares("postgresql"),
]


@pytest.fixture(scope="module")
def people() -> Sequence[History]:
    return generate_people(PEOPLE)


@pytest.fixture(scope="module")
def asked(people: Sequence[History]) -> Sequence[DifferentialCase]:
    return [DifferentialCase.from_document(*one, people) for one in [*border_rules(), *generate_rules(RULES)]]


@pytest.fixture(scope="module")
def databases(
    people: Sequence[History], postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Database]]:
    folder = tmp_path_factory.mktemp("mutants")
    both = {
        "sqlite": open_with_people(str(sqlite_file_url(folder / "tribes.db")), people),
        "postgresql": open_with_people(postgres.new_database_url(), people),
    }
    yield both
    for database in both.values():
        database.close()


def is_found(
    mutant: Mutant, asked: Sequence[DifferentialCase], people: Sequence[History], database: Database | None
) -> bool:
    told_first = sorted(asked, key=lambda one: mutant.word not in repr(one.document))
    databases = () if database is None else (database,)
    found = find_disagreements(told_first, people, databases, evaluator=database is None)
    return next(found, None) is not None


@pytest.mark.slow
def test_every_broken_operator_is_found(
    people: Sequence[History],
    asked: Sequence[DifferentialCase],
    databases: dict[str, Database],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    missed = []
    for mutant in ALL:
        with monkeypatch.context() as patch:
            mutant.breaks(patch)
            if not is_found(mutant, asked, people, databases.get(mutant.where)):
                missed.append(mutant.name)
    assert not missed, f"{len(missed)} of {len(ALL)}: {missed}"
    assert len(ALL) == MUTANTS
    unbroken = list(find_disagreements(asked, people, list(databases.values())))
    assert unbroken == []
