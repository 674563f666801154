"""`DELETE /v2/spaces/:space`: what is known of its people goes in steps, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import BigInteger, Connection, Integer, Table, func, select

from templates_server.errors import Unavailable
from templates_server.primitives.timestamps import system_clock
from templates_server.settings import sqlite_url
from templates_server.storage import migrations
from templates_server.storage import tables as schema
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database
from templates_server.storage.removal import job, store
from templates_server.storage.removal.job import SpaceRemovalJob
from tests.people import add_organization, add_person, add_space
from tests.servers import PostgresServer, running_server
from tests.unhandled_exceptions import UNHANDLED

ROWS = 25
STEP = 10
MANY = 3_000


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        opened = open_database(sqlite_url(tmp_path))
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        opened = open_database(server.new_database_url())
    migrations.upgrade(opened)
    yield opened
    opened.close()


def row(table: Table, environment_id: str, number: int) -> dict[str, Any]:
    """A row that differs from others in each column of the key."""
    values: dict[str, Any] = {}
    for column in table.columns:
        if column.name == "environment_id":
            values[column.name] = environment_id
        elif not column.nullable:
            is_number = isinstance(column.type, Integer | BigInteger)
            values[column.name] = number if is_number else f"{column.name} {number:05}"
    return values


def fill(database: Database, environment_id: str, tables: tuple[Table, ...], rows: int) -> None:
    def work(connection: Connection) -> None:
        for table in tables:
            connection.execute(table.insert(), [row(table, environment_id, number) for number in range(rows)])

    database.write_sync(work)


def counts(database: Database, environment_id: str) -> dict[str, int]:
    def work(connection: Connection) -> dict[str, int]:
        queries = {
            table.name: select(func.count()).select_from(table).where(table.c.environment_id == environment_id)
            for table in store.TABLES
        }
        return {name: connection.execute(query).scalar_one() for name, query in queries.items()}

    return database.read_sync(work)


def begun(database: Database, *environment_ids: str, created: int | None = None) -> None:
    """Have the rows of these removed, as if their Spaces had been deleted at a time."""
    rows = [
        {"environment_id": one, "created": system_clock() if created is None else created} for one in environment_ids
    ]
    database.write_sync(lambda connection: connection.execute(schema.environment_removals.insert(), rows))


def removals(database: Database) -> list[str]:
    return [environment_id for environment_id, _ in database.read_sync(store.list_removals)]


def test_every_table_of_an_environment_goes_or_goes_with_it() -> None:
    names = {table.name for table in store.TABLES}
    assert {"persons", "events", "sessions", "devices", "merges", "erasures", "imports", "event_arrivals"} <= names
    assert all(table.primary_key.columns.keys()[0] == "environment_id" for table in store.TABLES)
    others = [
        table
        for table in schema.metadata.sorted_tables
        if "environment_id" in table.c and table.name not in {*names, "environment_removals"}
    ]
    assert all(key.ondelete == "CASCADE" for table in others for key in table.c.environment_id.foreign_keys)


def test_all_rows_go_in_bounded_steps_and_those_of_others_stay(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "ROWS_A_STEP", STEP)
    for environment_id in ("env_gone", "env_there"):
        fill(database, environment_id, tuple(store.TABLES), ROWS)
    begun(database, "env_gone")
    removed: list[int] = []
    real = store.take_step

    def counted(connection: Connection, environment_id: str, table_name: str) -> int:
        removed.append(real(connection, environment_id, table_name))
        return removed[-1]

    monkeypatch.setattr(store, "take_step", counted)
    SpaceRemovalJob(database, system_clock).remove()
    assert set(counts(database, "env_gone").values()) == {0}
    assert set(counts(database, "env_there").values()) == {ROWS}
    assert (max(removed), sum(removed)) == (STEP, ROWS * len(store.TABLES))
    assert removals(database) == ["env_gone"]


def test_what_arrives_late_goes_too_and_then_it_is_over(database: Database) -> None:
    now = system_clock()
    begun(database, "env_gone", "env_young", created=now)
    clock = [now]
    removal = SpaceRemovalJob(database, lambda: clock[0])
    removal.remove()
    fill(database, "env_gone", (schema.persons, schema.events), 3)
    removal.remove()
    assert set(counts(database, "env_gone").values()) == {0}
    assert removals(database) == ["env_gone", "env_young"]
    database.write_sync(
        lambda connection: connection.execute(
            schema.environment_removals.update()
            .where(schema.environment_removals.c.environment_id == "env_young")
            .values(created=now + 1)
        )
    )
    clock[0] = now + store.KEPT_FOR
    removal.remove()
    assert removals(database) == ["env_young"]


def wait_for(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.slow
def test_a_large_space_is_gone_at_once_and_its_rows_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "ROWS_A_STEP", 100)
    monkeypatch.setattr(job, "STEPS_AT_ONCE", 1)
    with running_server(tmp_path) as server:
        person = add_person(server.database, add_organization(server.database))
        space, other = add_space(server, person), add_space(server, person)
        query = select(schema.environments.c.id).join(schema.spaces)
        gone, there = (
            server.database.read_sync(
                lambda connection, key=key: connection.execute(query.where(schema.spaces.c.key == key)).scalars().all()  # type: ignore[misc]
            )
            for key in (space, other)
        )
        for environment_id in (gone[0], there[0]):
            fill(server.database, environment_id, (schema.persons, schema.events), MANY)
        with person.client(server) as client:
            assert client.delete(f"/v2/spaces/{space}").status_code == 204
            assert client.get(f"/v2/spaces/{space}").status_code == 404
            assert client.delete(f"/v2/spaces/{space}").status_code == 404
            assert client.post(f"/v2/organizations/{person.organization.key}/spaces", json={"key": space}).is_success
            log = client.get(f"/v2/organizations/{person.organization.key}/audit?action=space.delete").json()["data"]
        assert [entry["space"] for entry in log] == [space]
        assert sorted(removals(server.database)) == sorted(gone)
        wait_for(lambda: set(counts(server.database, gone[0]).values()) == {0})
        assert counts(server.database, there[0])["events"] == MANY


def test_what_was_begun_before_a_crash_is_taken_up_again(tmp_path: Path) -> None:
    database = open_database(sqlite_url(tmp_path))
    migrations.upgrade(database)
    fill(database, "env_gone", (schema.persons, schema.events), MANY)
    begun(database, "env_gone")
    database.close()
    with running_server(tmp_path) as server:
        wait_for(lambda: set(counts(server.database, "env_gone").values()) == {0})


def test_a_bad_day_is_logged_and_the_next_look_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "LOOK_AGAIN_SECONDS", 0.1)
    database = open_database(sqlite_url(tmp_path))
    migrations.upgrade(database)
    fill(database, "env_gone", (schema.persons,), 3)
    begun(database, "env_gone")
    failures: Iterator[Exception] = iter([Unavailable("The database is away."), ZeroDivisionError("a bug")])
    real = store.take_step

    def fails(connection: Connection, environment_id: str, table_name: str) -> int:
        failure = next(failures, None)
        if failure is not None:
            raise failure
        return real(connection, environment_id, table_name)

    monkeypatch.setattr(store, "take_step", fails)
    removal = SpaceRemovalJob(database, system_clock)
    removal.start()
    wait_for(lambda: counts(database, "env_gone")["persons"] == 0)
    asyncio.run(removal.finish())
    assert len(UNHANDLED.take()) == 1
    database.close()
