"""Counting ends where a tribe is decided: what it costs does not grow with what somebody has done."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from templates_server.features.events.store import EVENTS
from templates_server.features.sessions.app_report import NO_REPORT
from templates_server.features.sessions.store import SESSIONS as INSERTED_SESSIONS
from templates_server.features.tribes.compiler import compile_facts, compile_tribe, compile_tribe_of_few
from templates_server.features.tribes.facts import read_facts
from templates_server.features.tribes.model import collect_queries
from templates_server.features.tribes.parser import read_tribe
from templates_server.primitives.timestamps import DAY
from templates_server.settings import sqlite_file_url
from templates_server.storage import migrations
from templates_server.storage.bulk import Insertion, write_all
from templates_server.storage.factory import open_database

NOW = 1_800_000_000_000
FEW, MANY = 100, 10_000
STEPS_AT_ONCE = 50
EVENT = {"event": "video/completed"}
SESSIONS = {"behaviour": "sessions_30_days"}
CASES: Mapping[str, tuple[dict[str, Any], int, bool]] = {
    "any": ({**EVENT, "frequency": "any"}, 1, True),
    "more": ({**EVENT, "frequency": {"more_than": 3}}, 4, True),
    "less": ({**EVENT, "frequency": {"less_than": 7}}, 8, False),
    "exactly": ({**EVENT, "frequency": {"exactly": 5}}, 6, False),
    "not done": ({**EVENT, "condition": "have_not_done", "frequency": {"more_than": 2}}, 3, False),
    "sessions above": ({**SESSIONS, "operator": "greater_than", "value": 10.5}, 11, True),
    "sessions between": ({**SESSIONS, "operator": "between", "value": [2, 20]}, 21, False),
    "sessions among": ({**SESSIONS, "operator": "in", "value": [1, 9, 4]}, 10, False),
    "sessions below": ({**SESSIONS, "operator": "less_than", "value": -4}, 1, False),
}


def filled(folder: Path, count: int) -> sqlite3.Connection:
    """A database with a person who has done everything so often."""
    path = folder / f"{count}.db"
    database = open_database(sqlite_file_url(path))
    migrations.upgrade(database)
    key = ("env", "per")
    events = [(*key, f"e-{n}", "video/completed", None, None, None, None, NOW - n, NOW) for n in range(count)]
    sessions = [(*key, f"s-{n}", NOW - n, *NO_REPORT) for n in range(count)]
    person = {
        **dict.fromkeys(("environment_id", "person_id", "kind", "called"), "text"),
        **dict.fromkeys(("created", "updated", "share_number"), "bigint"),
    }

    def store(connection: Any) -> None:
        write_all(connection, Insertion("persons", person), [(*key, "user", "ada", 1, 1, 1)])
        write_all(connection, EVENTS, events)
        write_all(connection, INSERTED_SESSIONS, sessions)

    database.write_sync(store)
    database.close()
    return sqlite3.connect(path)


def ask(connection: sqlite3.Connection, query: str, parameters: Any) -> tuple[list[Any], int]:
    """The rows, and how many steps it took, about."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += STEPS_AT_ONCE
        return 0

    connection.set_progress_handler(count, STEPS_AT_ONCE)
    return connection.execute(query, parameters).fetchall(), steps


@pytest.fixture(scope="module")
def databases(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[sqlite3.Connection, sqlite3.Connection]]:
    folder = tmp_path_factory.mktemp("counting")
    both = filled(folder, FEW), filled(folder, MANY)
    yield both
    for connection in both:
        connection.close()


@pytest.mark.parametrize("case", CASES)
def test_counting_ends_where_a_tribe_is_decided(
    databases: tuple[sqlite3.Connection, sqlite3.Connection], case: str
) -> None:
    rule, stops_at, is_in = CASES[case]
    tribe = read_tribe({"audience": "all", "match": "all", "filters": [rule]}, key="x")
    questions = collect_queries([tribe])
    columns, parameters = compile_facts(questions, "sqlite", now=NOW, retention_ms=30 * DAY)
    condition, of_tribe = compile_tribe_of_few(tribe, "sqlite", now=NOW, retention_ms=30 * DAY, environment_id="env")
    found = []
    for connection in databases:
        rows, steps = ask(connection, f"SELECT {columns} FROM persons", parameters)  # noqa: S608 - what is tested
        facts = read_facts(rows[0], questions)
        assert max([facts.sessions_30_days, *facts.events.values()]) == stops_at
        people, steps_of_all = ask(connection, f"SELECT 1 FROM persons WHERE {condition}", of_tribe)  # noqa: S608 - as above
        assert bool(people) is is_in
        found.append((steps, steps_of_all))
    few, many = found
    assert many[0] <= few[0] + STEPS_AT_ONCE
    assert many[1] <= few[1] + STEPS_AT_ONCE


def test_exact_questions_count_everything(databases: tuple[sqlite3.Connection, sqlite3.Connection]) -> None:
    rules = [rule for rule, _, _ in CASES.values()]
    tribe = read_tribe({"audience": "all", "match": "all", "filters": rules}, key="x")
    exact = collect_queries([tribe]).without_limits
    columns, parameters = compile_facts(exact, "sqlite", now=NOW, retention_ms=30 * DAY)
    for connection, count in zip(databases, (FEW, MANY), strict=True):
        rows, _ = ask(connection, f"SELECT {columns} FROM persons", parameters)  # noqa: S608 - what is tested
        facts = read_facts(rows[0], exact)
        assert {facts.sessions_30_days, *facts.events.values()} == {count}


def test_one_question_of_several_rules_counts_as_far_as_any_of_them_needs() -> None:
    filters = [{**EVENT, "frequency": frequency} for frequency in ("any", {"more_than": 9}, {"less_than": 4})]
    tribe = read_tribe({"audience": "all", "match": "any", "filters": filters}, key="x")
    assert (len(collect_queries([tribe]).events), collect_queries([tribe]).most_events) == (1, (10,))


INDEX = "ix_events_name"
OF_A_PERSON = "FROM events WHERE environment_id = 'env' AND person_id = 'per'"


def plan_of(connection: sqlite3.Connection, query: str, parameters: Any = ()) -> str:
    """How SQLite goes about a query."""
    return "\n".join(str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", parameters))


@pytest.mark.parametrize("case", [case for case, (rule, _, _) in CASES.items() if "event" in rule])
def test_who_did_something_is_found_by_the_index_of_names_and_what_one_person_did_by_their_events(
    databases: tuple[sqlite3.Connection, sqlite3.Connection], case: str
) -> None:
    rule, _, is_in = CASES[case]
    tribe = read_tribe({"audience": "all", "match": "all", "filters": [rule]}, key="x")
    for connection in databases:
        condition, parameters = compile_tribe(tribe, "sqlite", now=NOW, retention_ms=30 * DAY, environment_id="env")
        query = f"SELECT 1 FROM persons WHERE {condition}"  # noqa: S608 - what is tested
        assert f"{INDEX} (environment_id=? AND name=? AND happened>?)" in plan_of(connection, query, parameters)
        assert bool(connection.execute(query, parameters).fetchall()) is is_in
        columns, parameters = compile_facts(collect_queries([tribe]), "sqlite", now=NOW, retention_ms=30 * DAY)
        plan = plan_of(connection, f"SELECT {columns} FROM persons", parameters)  # noqa: S608 - what is tested
        assert "SEARCH events" in plan
        assert INDEX not in plan


@pytest.mark.parametrize("columns", ["count(*)", "happened", "max(happened), name", "person_id"])
def test_the_index_of_names_is_for_nobody_who_asks_for_a_person(
    databases: tuple[sqlite3.Connection, sqlite3.Connection], columns: str
) -> None:
    for others in ("", " AND name = 'video/completed'", " AND happened > 7"):
        assert INDEX not in plan_of(databases[0], f"SELECT {columns} {OF_A_PERSON}{others}")
