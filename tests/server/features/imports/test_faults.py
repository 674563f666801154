"""Databases that fail while parts come in: what is refused is refused whole, and goes in later."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy.engine import make_url

from templates_server.storage.sqlite import SqliteDatabase
from tests.server.features.imports.importer import Importer, make_importer, read_stored_tags
from tests.server.features.imports.model import Model, as_text, stored
from tests.servers import RunningServer, running_server

ROWS_A_PART = 400
KILL_OTHERS = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
"""Waits until each is gone, at most 5 s."""


def rows_of(part: int) -> list[dict[str, object]]:
    """Some new, some met before, some twice."""
    numbers = [part * 200 + number // 2 * 2 for number in range(ROWS_A_PART)]
    return [{"user_id": f"u{n}", "attributes": {"part": part}, "add_tags": [f"t{part % 3}"]} for n in numbers]


def check(server: RunningServer, sender: Importer, parts: int) -> None:
    """The database and the totals are those of the model."""
    model = Model()
    for part in range(1, parts + 1):
        model.apply(rows_of(part))
    found = stored(server.database, sender.environment_id)
    expected = {name: as_text(person) for name, person in model.people.items()}
    assert {name: as_text(person) for name, person in found.items()} == expected
    assert read_stored_tags(server.database, sender.environment_id) == model.tags()
    totals = sender.show().json()["data"][0]["totals"]
    assert totals == {name: model.totals[name] for name in totals}


@contextlib.contextmanager
def killing_connections(url: str, *, every_seconds: float) -> Iterator[list[int]]:
    """PostgreSQL ends every other connection now and then; how many each time."""
    engine = sqlalchemy.create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    over, killed = threading.Event(), []

    def kill() -> None:
        with engine.connect() as connection:
            while not over.wait(every_seconds):
                killed.append(len(connection.exec_driver_sql(KILL_OTHERS).all()))

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()
        engine.dispose()


@pytest.mark.parametrize("parts", [8, pytest.param(60, marks=pytest.mark.slow)])
def test_connections_that_are_ended_lose_nothing(postgres_url: str, tmp_path: Path, parts: int) -> None:
    with running_server(tmp_path, database_url=postgres_url) as server, make_importer(server) as sender:
        with killing_connections(postgres_url, every_seconds=0.3) as killed:
            sent = 0
            while sent < parts or not sum(killed):
                sent += 1
                send_until_applied(sender, sent)
        check(server, sender, sent)


def send_until_applied(sender: Importer, part: int) -> None:
    """What cannot be served now can be later; nothing else may be answered."""
    for _ in range(20):
        answer = sender.put(part, rows_of(part))
        if answer.status_code == 200:
            return
        assert answer.status_code == 503, answer.text
    raise AssertionError("it never was")


def test_a_full_database_refuses_a_part_whole_and_takes_it_when_there_is_room(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, make_importer(server) as sender:
        sender.applied(1, rows_of(1))
        limit_pages(server, more=3)
        for _ in range(2):
            refused = sender.put(2, rows_of(2))
            assert refused.status_code == 503
            assert "The database is full" in refused.json()["errors"][0]["message"]
            check(server, sender, 1)
        limit_pages(server, more=100_000)
        sender.applied(2, rows_of(2))
        check(server, sender, 2)


def limit_pages(server: RunningServer, *, more: int) -> None:
    """Let the file grow by so many pages and no further."""
    database = server.database
    assert isinstance(database, SqliteDatabase)

    def limit(connection: sqlalchemy.Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + more}")

    database.write_sync(limit)
