"""Many who say at the same moment that a visitor is a user: one is heard, and nothing is lost or there twice.

On SQLite, and on PostgreSQL by two processes. A few rounds; MTRIBES_FULL_SCALE=1 runs 100 of each.
"""

from __future__ import annotations

import http.client
import json
import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Table, select

from templates_server.features.people.identity import PersonKind, make_person_ref
from templates_server.settings import sqlite_url
from templates_server.storage import tables
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database
from tests.environments import AppEnvironment, add_environment
from tests.server_processes import server_process
from tests.servers import PostgresServer

RACERS = 32
ROUNDS = 100 if os.environ.get("MTRIBES_FULL_SCALE") == "1" else 3


@dataclass(frozen=True)
class Course:
    """A server of processes of its own, an environment there, and racers."""

    address: str
    database: Database
    environment: AppEnvironment
    threads: ThreadPoolExecutor

    def run(self, requests: Sequence[tuple[str, Any]]) -> Sequence[int]:
        """The statuses of requests that are sent at once, each over a connection that is open before."""
        line = threading.Barrier(len(requests), timeout=60)
        return list(self.threads.map(lambda request: self._send(line, *request), requests))

    def _send(self, line: threading.Barrier, what: str, body: Any) -> int:
        connection = http.client.HTTPConnection(self.address, timeout=60)
        connection.connect()
        line.wait()
        headers = {"Authorization": f"Bearer {self.environment.key}", "Content-Type": "application/json"}
        connection.request("POST", f"/api/client/{what}", json.dumps(body), headers)
        status = connection.getresponse().status
        connection.close()
        return status

    def rows(self, table: Table, **columns: str) -> Sequence[Mapping[str, Any]]:
        """What is stored in the environment, where columns have these values."""
        wanted = [table.c[name] == value for name, value in columns.items()]
        query = select(table).where(table.c.environment_id == self.environment.id, *wanted)
        found = self.database.read_sync(lambda connection: connection.execute(query).mappings().all())
        return [dict(row) for row in found]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def course(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """On a database of each kind."""
    folder = tmp_path_factory.mktemp("data")
    options: tuple[str, ...] = ()
    url = str(sqlite_url(folder))
    if request.param == "postgresql":
        postgres: PostgresServer = request.getfixturevalue("postgres")
        url = postgres.new_database_url()
        options = ("--database", url, "--workers", "2")
    with server_process(folder, *options) as server, ThreadPoolExecutor(RACERS) as threads:
        database = open_database(url, checkpoints=False)
        yield Course(urlsplit(server.url).netloc, database, add_environment(database), threads)
        database.close()


@pytest.mark.slow
def test_of_32_who_alias_a_visitor_to_as_many_users_one_wins(course: Course) -> None:
    for number in range(ROUNDS):
        visitor, users = f"v-{number}", [f"u-{number}-{racer}" for racer in range(RACERS)]
        course.run([("events", [{"name": "a/b", "id": f"e-{n}", "anonymous_id": visitor}]) for n in range(8)])
        statuses = course.run([("alias", {"anonymous_id": visitor, "external_id": user}) for user in users])
        assert Counter(statuses) == {204: 1, 422: RACERS - 1}
        winner = users[statuses.index(204)]
        assert [row["called"] for row in course.rows(tables.persons) if row["called"] in users] == [winner]
        _belongs(course, visitor, winner, events=8)


@pytest.mark.slow
def test_32_who_say_the_same_are_all_heard_once(course: Course) -> None:
    for number in range(ROUNDS):
        visitor, user = f"same-v-{number}", f"same-u-{number}"
        course.run([("events", [{"name": "a/b", "id": f"e-{n}", "anonymous_id": visitor}]) for n in range(8)])
        alias = ("alias", {"anonymous_id": visitor, "external_id": user})
        assert set(course.run([alias] * RACERS)) == {204}
        _belongs(course, visitor, user, events=8)


def test_events_that_come_while_a_visitor_is_merged_are_the_users(course: Course) -> None:
    for number in range(ROUNDS):
        visitor, user = f"busy-v-{number}", f"busy-u-{number}"
        statuses = course.run(
            [
                (what, {"anonymous_id": visitor, "external_id": user})
                if what != "events"
                else (what, [{"name": "a/b", "id": f"e-{racer}", "anonymous_id": visitor}])
                for racer in range(RACERS)
                for what in (("alias", "identify", "sessions", "events")[racer % 4] if racer < 8 else "events",)
            ]
        )
        assert set(statuses) <= {200, 204}
        _belongs(course, visitor, user, events=RACERS - 6)


def _belongs(course: Course, visitor: str, user: str, *, events: int) -> None:
    """The visitor is gone, and the user has it all, once."""
    visitor_id, user_id = (
        make_person_ref(PersonKind.VISITOR, visitor).person_id,
        make_person_ref(PersonKind.USER, user).person_id,
    )
    assert course.rows(tables.persons, person_id=visitor_id) == []
    assert course.rows(tables.events, person_id=visitor_id) == []
    assert course.rows(tables.sessions, person_id=visitor_id) == []
    (merge,) = course.rows(tables.merges, person_id=visitor_id)
    assert merge["user_person_id"] == user_id
    assert len(course.rows(tables.events, person_id=user_id)) == events
