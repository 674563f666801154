"""What is old is removed, all of it and nothing else, and nobody waits for it."""

from __future__ import annotations

import asyncio
import os
import statistics
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, func, select
from sqlalchemy.engine import make_url

from templates_server.features.operations import retention_store
from templates_server.features.operations.retention_job import ROWS_AT_ONCE, RetentionJob
from templates_server.primitives.timestamps import DAY
from templates_server.settings import Settings
from templates_server.storage import migrations, tables
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database
from tests.servers import running_server

NOW = 1_795_000_000_000
ROWS = 1_000_000 if os.environ.get("MTRIBES_FULL_SCALE") == "1" else 60_000
MOST_WAITING_SECONDS = 0.5


@pytest.fixture
def database(fresh_database_url: str) -> Iterator[Database]:
    database = open_database(fresh_database_url)
    migrations.upgrade(database)
    yield database
    database.close()


def add_events(database: Database, ages_days: Sequence[float]) -> None:
    rows = [
        {
            "environment_id": f"env_{number % 3}",
            "person_id": f"per_{number * 7919 % 1009}",
            "event_id": f"evt_{number}",
            "name": "a/b",
            "happened": NOW - int(age * DAY),
            "received": NOW,
        }
        for number, age in enumerate(ages_days)
    ]
    for start in range(0, len(rows), 50_000):
        insert(database, tables.events, rows[start : start + 50_000])


def insert(database: Database, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    database.write_sync(lambda connection: connection.execute(table.insert(), list(rows)))


def add_sessions(database: Database, ages_days: Sequence[float]) -> None:
    rows = [
        {"environment_id": "env_1", "person_id": "per_1", "session_id": f"s{age}", "started": NOW - int(age * DAY)}
        for age in ages_days
    ]
    insert(database, tables.sessions, rows)


def ages(database: Database, table: str = "events") -> list[float]:
    column = tables.events.c.happened if table == "events" else tables.sessions.c.started
    times = database.read_sync(lambda connection: connection.execute(select(column)).scalars().all())
    return sorted((NOW - moment) / DAY for moment in times)


def purge(database: Database, days: int) -> RetentionJob:
    return RetentionJob(database, lambda: NOW, keep_events_days=days)


def test_events_are_kept_as_long_as_is_said_and_no_longer(database: Database) -> None:
    add_events(database, [0, 1, 6.999, 7, 7.001, 30, 400])
    assert purge(database, 7).purge() == 3
    assert ages(database) == pytest.approx([0, 1, 6.999, 7])


def test_sessions_are_kept_for_31_days_at_least(database: Database) -> None:
    add_sessions(database, [1, 8, 30.5, 32, 60])
    assert purge(database, 7).purge() == 2
    assert ages(database, "sessions") == pytest.approx([1, 8, 30.5])
    add_sessions(database, [59, 61])
    assert purge(database, 60).purge() == 1


@pytest.mark.parametrize("count", [ROWS_AT_ONCE - 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 3 * ROWS_AT_ONCE])
def test_nothing_is_forgotten_between_two_steps(database: Database, count: int) -> None:
    add_events(database, [number % 40 for number in range(count)])
    old = sum(number % 40 > 30 for number in range(count))
    assert purge(database, 30).purge() == old
    assert len(ages(database)) == count - old
    assert purge(database, 30).purge() == 0


def test_a_stretch_that_holds_nothing_old_is_not_written(database: Database) -> None:
    add_events(database, [1] * 2500)
    writes: list[object] = []
    database.write_sync = writes.append  # type: ignore[method-assign,assignment]
    assert purge(database, 30).purge() == 0
    assert writes == []


def test_of_several_processes_one_is_at_it(postgres_url: str) -> None:
    one, other = open_database(postgres_url), open_database(postgres_url)
    migrations.upgrade(one)
    add_events(one, [40] * 10)
    with retention_store.hold_purge_lock(one) as is_alone:
        assert is_alone
        assert purge(other, 30).purge() == 0
        assert len(ages(other)) == 10
    assert purge(other, 30).purge() == 10
    one.close()
    other.close()


def test_a_timeout_for_idle_transactions_does_not_let_another_process_in(postgres_url: str) -> None:
    one = open_database(postgres_url)
    name = make_url(postgres_url).database
    one.write_sync(
        lambda connection: connection.exec_driver_sql(
            f"ALTER DATABASE {name} SET idle_in_transaction_session_timeout = 100"
        )
    )
    one.close()
    one, other = open_database(postgres_url), open_database(postgres_url)
    with retention_store.hold_purge_lock(one) as is_alone:
        assert is_alone
        time.sleep(0.5)
        with retention_store.hold_purge_lock(other) as is_too:
            assert not is_too
    one.close()
    other.close()


def test_a_server_stops_in_the_midst_of_it(database: Database) -> None:
    add_events(database, [40] * 20_000)
    running = purge(database, 30)
    thread = threading.Thread(target=running.purge)
    thread.start()
    time.sleep(0.05)
    asyncio.run(running.finish())
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert len(ages(database)) > 0


def test_a_server_has_a_purge_that_keeps_to_its_settings(tmp_path: Path) -> None:
    with running_server(tmp_path, clock=lambda: NOW, event_retention_days=3) as server:
        add_events(server.database, [1, 2, 4, 5])
        assert server.app.features.retention_job.purge() == 2
        assert ages(server.database) == pytest.approx([1, 2])
    assert Settings("http://localhost:1", "sqlite://", tmp_path).event_retention_days == 30


@pytest.mark.slow
def test_writers_and_readers_hardly_notice(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    """60,000 rows; at full scale a million."""
    add_events(database, [40] * ROWS)
    working = threading.Event()
    times: dict[str, list[float]] = {"write": [], "read": []}

    def work() -> None:
        number = 0
        row = {"environment_id": "env_9", "person_id": "per_9", "name": "a/b", "happened": NOW, "received": NOW}
        count = select(func.count()).where(tables.events.c.environment_id == "env_9")
        while not working.is_set():
            number += 1
            began = time.perf_counter()
            insert(database, tables.events, [{**row, "event_id": f"evt_{number}"}])
            between = time.perf_counter()
            database.read_sync(lambda connection: connection.execute(count).scalar())
            times["write"].append(between - began)
            times["read"].append(time.perf_counter() - between)
            time.sleep(0.002)

    worker = threading.Thread(target=work)
    worker.start()
    time.sleep(1)
    alone = {kind: len(found) for kind, found in times.items()}
    began = time.perf_counter()
    assert purge(database, 30).purge() == ROWS
    taken = time.perf_counter() - began
    working.set()
    worker.join()
    with capsys.disabled():
        for kind, found in times.items():
            before, during = sorted(found[: alone[kind]]), sorted(found[alone[kind] :])
            told = [
                f"{name} median {statistics.median(some) * 1000:.1f} ms, 99 % {some[int(len(some) * 0.99)] * 1000:.1f}"
                f" ms, most {some[-1] * 1000:.1f} ms"
                for name, some in (("before:", before), ("during:", during))
            ]
            print(f"\n{database.dialect}, {ROWS:,} rows in {taken:.1f} s, {kind}: {'; '.join(told)}")  # noqa: T201 - measured
    during = sorted(times["write"][alone["write"] :])
    assert during[int(len(during) * 0.99)] < MOST_WAITING_SECONDS
    assert len(ages(database)) == len(times["write"])
