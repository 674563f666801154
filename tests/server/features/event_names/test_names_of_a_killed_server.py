"""The server is killed while it folds names in, again and again: nothing is counted twice, and nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from templates_server.features.event_names import store
from templates_server.features.event_names.changes import EventName, Stored
from templates_server.features.event_names.model_check import NOTHING_MODELLED
from templates_server.features.event_names.shapes import shape_of
from templates_server.settings import sqlite_url
from templates_server.storage import migrations, tables
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database
from tests.environments import add_environment
from tests.server_processes import server_process
from tests.servers import PostgresServer

CHANGES, NAMES_A_CHANGE, NAMES, KEYS = 6_000, 40, 1_500, 60
MOST_KILLS, FEWEST_KILLS = 8, 3
PATIENCE_SECONDS = 60


class Event:
    """One that was stored."""

    def __init__(self, number: int) -> None:
        self.pairs: Mapping[str, str] = {f"key {number % KEYS}": "x", "k": "x"}
        self.shape = shape_of((f"category/event-{number % NAMES}", *self.pairs))


def note(connection: Connection, environment_id: str) -> None:
    """Write down what so many transactions have stored."""
    for number in range(CHANGES):
        events = [Event(number * 7 + each) for each in range(NAMES_A_CHANGE)]
        store.note_stored(connection, {environment_id: [Stored(1_000_000 + number, NOTHING_MODELLED, events)]})


def names_of(database: Database, environment_id: str) -> Mapping[str, EventName]:
    return database.read_now(lambda connection: store.list_names(connection, environment_id))


def waiting(database: Database) -> int:
    query = select(func.count()).select_from(tables.event_name_changes)
    return database.read_now(lambda connection: connection.execute(query).scalar_one())


def fold_until_killed(url: str, folder: Path, *options: str) -> int:
    """Start a server and kill it once it has folded something in; how many changes still wait."""
    database = open_database(url, checkpoints=False)
    before = waiting(database)
    with server_process(folder, *options) as server:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while waiting(database) == before:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        server.process.kill()
        server.process.wait()
    left = waiting(database)
    database.close()
    return left


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_kill_while_names_are_folded_in_changes_no_count(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    url, options = str(sqlite_url(folder)), []
    if kind == "postgresql":
        postgres: PostgresServer = request.getfixturevalue("postgres")
        url = postgres.new_database_url()
        options = ["--database", url]
    database = open_database(url, checkpoints=False)
    migrations.upgrade(database)
    environment = add_environment(database)
    database.write_now(lambda connection: note(connection, environment.id))
    expected = names_of(database, environment.id)
    database.close()
    lefts: list[int] = []
    while len(lefts) < MOST_KILLS and (not lefts or lefts[-1]):
        lefts.append(fold_until_killed(url, folder, *options))
        database = open_database(url, checkpoints=False)
        assert names_of(database, environment.id) == expected
        database.close()
    assert sum(one.events for one in expected.values()) == CHANGES * NAMES_A_CHANGE
    assert len([left for left in lefts if left]) >= FEWEST_KILLS, lefts  # it was killed in between, so often
    database = open_database(url, checkpoints=False)
    database.write_now(lambda connection: store.fold_all(connection, environment.id))
    assert (names_of(database, environment.id), waiting(database)) == (expected, 0)
    database.close()
