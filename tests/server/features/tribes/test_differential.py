"""One meaning, two evaluators: the session's and SQL's agree on every (rule, person) pair, on both databases.

At full scale (MTRIBES_FULL_SCALE=1) some 300,000 pairs, and as many with conditions on the data of events, else some
thousand.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from templates_server.settings import sqlite_file_url
from templates_server.storage.database import Database
from tests.server.features.tribes.data_strategies import add_data, border_data_rules, generate_data_rules
from tests.server.features.tribes.differential import (
    DifferentialCase,
    Disagreement,
    find_disagreements,
    open_with_people,
)
from tests.server.features.tribes.oracle import History
from tests.server.features.tribes.strategies import border_rules, generate_people, generate_rules
from tests.servers import PostgresServer

IS_FULL_SCALE = os.environ.get("MTRIBES_FULL_SCALE") == "1"
PEOPLE, RULES, STEP = (300, 600, 1) if IS_FULL_SCALE else (60, 111, 6)  # every so manieth rule at a border


@pytest.fixture(scope="module")
def people() -> Sequence[History]:
    return add_data(generate_people(PEOPLE))


@pytest.fixture(scope="module")
def databases(
    people: Sequence[History], postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sequence[Database]]:
    folder: Path = tmp_path_factory.mktemp("tribes")
    both = [
        open_with_people(str(sqlite_file_url(folder / "tribes.db")), people),
        open_with_people(postgres.new_database_url(), people),
    ]
    yield both
    for database in both:
        database.close()


def shown(found: Sequence[Disagreement]) -> str:
    return "\n\n".join(
        f"{each.who} does not say {each.expected}:\n{each.asked.document}\n{each.asked.now}\n{each.person}"
        for each in found[:3]
    )


def test_both_evaluators_mean_the_same_on_both_databases(
    people: Sequence[History], databases: Sequence[Database]
) -> None:
    asked = [DifferentialCase.from_document(*one, people) for one in [*border_rules()[::STEP], *generate_rules(RULES)]]
    found = list(find_disagreements(asked, people, databases))
    assert not found, f"{len(found)} of {len(asked) * len(people)} pairs\n{shown(found)}"


def test_conditions_on_data_mean_the_same_on_both_databases(
    people: Sequence[History], databases: Sequence[Database]
) -> None:
    asked = [
        DifferentialCase.from_document(*one, people)
        for one in [*border_data_rules()[::STEP], *generate_data_rules(RULES)]
    ]
    found = list(find_disagreements(asked, people, databases))
    assert not found, f"{len(found)} of {len(asked) * len(people)} pairs\n{shown(found)}"
