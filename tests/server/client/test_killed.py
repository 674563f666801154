"""The server is killed in the midst of its work, again and again: what it acknowledged is there, and nothing twice.

Two rounds on each database; MTRIBES_FULL_SCALE=1 runs 50.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Connection, Table, select

from templates_server.features.event_names.store import list_names
from templates_server.settings import sqlite_url
from templates_server.storage import tables
from templates_server.storage.factory import open_database
from tests.environments import AppEnvironment, add_environment
from tests.server_processes import ServerProcess, server_process
from tests.servers import PostgresServer

pytestmark = pytest.mark.slow
ROUNDS = 50 if os.environ.get("MTRIBES_FULL_SCALE") == "1" else 2
SENDERS = 6
EVENTS_AT_ONCE = 20


@dataclass
class Load:
    """Apps that send events and profiles until their server is gone, and all that was acknowledged to them."""

    environment: AppEnvironment
    numbers: Iterator[int] = field(default_factory=itertools.count)
    events: set[str] = field(default_factory=set)
    seats: dict[str, int] = field(default_factory=dict)
    doubtful: list[tuple[str, Any]] = field(default_factory=list)

    def run(self, url: str, sender: int) -> None:
        """What one app does."""
        with contextlib.closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)) as connection:
            for number in self.numbers:
                calls = ("events", self._events(number, sender)), ("identify", self._profile(number, sender))
                for what, body in calls:
                    try:
                        self.send(connection, what, body)
                    except (OSError, http.client.HTTPException):
                        self.doubtful.append((what, body))
                        return

    def send(self, connection: http.client.HTTPConnection, what: str, body: Any) -> None:
        """Send one thing; once it is acknowledged, remember it."""
        headers = {"Authorization": f"Bearer {self.environment.key}", "Content-Type": "application/json"}
        connection.request("POST", f"/api/client/{what}", json.dumps(body), headers)
        answer = connection.getresponse()
        assert (answer.read(), answer.status) == (b"", 204)
        if what == "events":
            self.events.update(event["id"] for event in body)
        else:
            self.seats[body["external_id"]] = body["data"]["seats"]

    def _events(self, number: int, sender: int) -> list[dict[str, Any]]:
        who = {"external_id": f"u-{sender}"} if number % 2 else {"anonymous_id": f"v-{sender}-{number % 5}"}
        return [
            {
                "name": f"a/b-{place % 3}",
                "id": f"e-{number}-{place}",
                "metadata": [{"key": f"k-{place % 2}", "value": ""}],
            }
            | who
            for place in range(EVENTS_AT_ONCE)
        ]

    def _profile(self, number: int, sender: int) -> dict[str, Any]:
        return {"external_id": f"u-{sender}", "data": {"seats": number}}


def rows(connection: Connection, table: Table, environment: AppEnvironment) -> list[Any]:
    return list(connection.execute(select(table).where(table.c.environment_id == environment.id)).all())


def kill_under_load(server: ServerProcess, load: Load) -> None:
    """Have the apps at work, and kill the server at some moment."""
    threads = [threading.Thread(target=load.run, args=(server.url, sender)) for sender in range(SENDERS)]
    for thread in threads:
        thread.start()
    time.sleep(random.uniform(0.05, 0.6))  # noqa: S311 - some moment
    server.process.kill()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_was_acknowledged_survives_kill_9(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url, options = str(sqlite_url(tmp_path / "data")), ["--rate-limits", "off"]
    if kind == "postgresql":
        postgres: PostgresServer = request.getfixturevalue("postgres")
        url = postgres.new_database_url()
        options += ["--database", url]
    load: Load | None = None
    for _ in range(ROUNDS):
        with server_process(tmp_path / "data", *options) as server:
            if load is None:
                database = open_database(url, checkpoints=False)
                load = Load(add_environment(database))
                database.close()
            send_again(server, load)
            check(url, load)
            kill_under_load(server, load)
    assert load is not None
    with server_process(tmp_path / "data", *options) as server:
        send_again(server, load)
        check(url, load)
    assert len(load.events) > ROUNDS * EVENTS_AT_ONCE


def send_again(server: ServerProcess, load: Load) -> None:
    """What the apps do not know to be stored they send once more, under the same ids."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
    doubtful, load.doubtful = load.doubtful, []
    for what, body in doubtful:
        load.send(connection, what, body)
    connection.close()


def keys_of(events: Sequence[Any]) -> Mapping[str, set[str]]:
    """The keys of metadata that stored events have, by name."""
    keys = defaultdict(set)
    for row in events:
        keys[row.name].update(json.loads(row.metadata))
    return keys


def check(url: str, load: Load) -> None:
    """All that was acknowledged is there, and nothing that was sent again is there twice, or counted twice."""
    database = open_database(url, checkpoints=False)
    events = database.read_sync(lambda connection: rows(connection, tables.events, load.environment))
    persons = database.read_sync(lambda connection: rows(connection, tables.persons, load.environment))
    names = database.read_sync(lambda connection: list_names(connection, load.environment.id))
    database.close()
    counted = Counter(row.event_id for row in events)
    assert counted.keys() == load.events
    assert set(counted.values()) <= {1}
    assert {name: one.events for name, one in names.items()} == Counter(row.name for row in events)
    assert {name: set(one.keys) for name, one in names.items()} == keys_of(events)
    kept = {row.called: json.loads(row.attributes)["seats"] for row in persons if row.attributes != "{}"}
    assert kept == load.seats
