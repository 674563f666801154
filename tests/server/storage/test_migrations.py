"""The migrations make just the tables that the program works with."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from templates_server.features.people.identity import PersonKind, make_person_ref
from templates_server.storage import migrations
from templates_server.storage.dialect import placeholders
from templates_server.storage.factory import open_database
from templates_server.storage.tables import merges, metadata, persons
from tests.server.features.tribes.oracle import share_number
from tests.servers import running_server


def differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


def test_migrated_tables_are_those_of_the_schema(fresh_database_url: str) -> None:
    database = open_database(fresh_database_url)
    assert database.read_sync(differences)
    migrations.upgrade(database)
    assert database.read_sync(differences) == []
    migrations.upgrade(database)
    assert database.read_sync(migrations.current_revision) == migrations.head_revision()
    database.close()


MERGES = 1_203  # more than two steps


def test_merges_get_the_name_of_their_user(fresh_database_url: str) -> None:
    database = open_database(fresh_database_url)
    database.write_sync(lambda connection: migrations.upgrade_connection(connection, revision="0003"))

    def store(connection: Connection) -> None:
        people = [
            {"environment_id": f"env-{number % 2}", "person_id": f"u-{number}", "kind": "user"}
            | {"called": f"user {number}", "created": 1}
            for number in range(MERGES)
            if number != MERGES // 2
        ]
        merged = [
            (f"env-{number % 2}", f"v-{number}", f"u-{number}", f"visitor {number}", 1) for number in range(MERGES)
        ]
        connection.execute(persons.insert(), people)
        columns = "(environment_id, person_id, user_person_id, called, merged)"
        query = f"INSERT INTO merges {columns} VALUES ({placeholders(connection, 5)})"  # noqa: S608 - names of ours
        connection.exec_driver_sql(query, merged)

    database.write_sync(store)
    migrations.upgrade(database)
    query = select(merges.c.person_id, merges.c.user_called)
    named = database.read_sync(lambda connection: connection.execute(query).all())
    database.close()
    wanted = {f"v-{number}": f"user {number}" for number in range(MERGES)}
    del wanted[f"v-{MERGES // 2}"]  # into nobody: it counted for nothing
    assert {row[0]: row[1] for row in named} == wanted


TIMELESS = 1_203  # more than two steps


def test_people_without_a_time_of_update_get_one(fresh_database_url: str) -> None:
    database = open_database(fresh_database_url)
    database.write_sync(lambda connection: migrations.upgrade_connection(connection, revision="0004"))
    key = ("environment_id", "person_id", "kind", "called", "created", "updated", "tags", "email")
    rows = [
        dict(
            zip(key, (f"env-{number % 2}", f"p-{number}", "user", str(number), *times, "\na\n", "a@x.org"), strict=True)
        )
        for number in range(TIMELESS)
        for times in ((1000 + number, 0 if number else 5000),)
    ]
    database.write_sync(lambda connection: connection.execute(persons.insert(), rows))
    migrations.upgrade(database)
    query = select(persons.c.person_id, persons.c.created, persons.c.updated, persons.c.tags, persons.c.email)
    found = database.read_sync(lambda connection: connection.execute(query).all())
    database.close()
    wanted = [
        (f"p-{number}", 1000 + number, 1000 + number if number else 5000, "\na\n", "a@x.org")
        for number in range(TIMELESS)
    ]
    assert sorted(map(tuple, found)) == sorted(wanted)


NUMBERLESS = 1_203  # more than two steps


def test_people_get_the_number_that_their_name_gives(fresh_database_url: str) -> None:
    database = open_database(fresh_database_url)
    database.write_sync(lambda connection: migrations.upgrade_connection(connection, revision="0005"))
    people = [
        (f"env-{number % 3}", kind, f"日本 {number}", {"created": 1, "updated": 2, "tags": "\na\n", "email": "a@x.org"})
        for number in range(NUMBERLESS)
        for kind in (("user", "visitor")[number % 2],)
    ]
    rows = [
        {"environment_id": environment, "person_id": make_person_ref(PersonKind(kind), called).person_id}
        | {"kind": kind, "called": called, **others}
        for environment, kind, called, others in people
    ]
    database.write_sync(lambda connection: connection.execute(persons.insert(), rows))
    migrations.upgrade(database)
    found = database.read_sync(lambda connection: connection.execute(select(persons)).mappings().all())
    database.close()
    numbers = {(row["environment_id"], row["kind"], row["called"]): row["share_number"] for row in found}
    assert numbers == {one[:3]: share_number(one[1], one[2]) for one in people}
    assert {(row["created"], row["updated"], row["tags"], row["email"], row["app_seen"]) for row in found} == {
        (1, 2, "\na\n", "a@x.org", None)
    }


def test_nobody_is_stored_without_a_number(fresh_database_url: str) -> None:
    database = open_database(fresh_database_url)
    migrations.upgrade(database)
    row = {"environment_id": "env", "person_id": "p", "kind": "user", "called": "user", "created": 1, "updated": 1}
    with pytest.raises(IntegrityError, match="share_number"):
        database.write_sync(lambda connection: connection.execute(persons.insert(), row))
    database.close()


def test_nobody_is_stored_without_a_time_of_update(fresh_database_url: str) -> None:
    database = open_database(fresh_database_url)
    migrations.upgrade(database)
    row = {"environment_id": "env", "person_id": "p", "kind": "user", "called": "user", "created": 1000}
    with pytest.raises(IntegrityError, match="updated"):
        database.write_sync(lambda connection: connection.execute(persons.insert(), row))
    assert database.read_sync(lambda connection: connection.execute(select(persons)).all()) == []
    database.close()


def test_a_server_before_its_migration_is_not_ready(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, server.client() as client:
        server.database.write_sync(metadata.tables["events"].drop)
        server.database.write_sync(lambda connection: connection.exec_driver_sql("DELETE FROM alembic_version"))
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "mtribes-server migrate" in answer.json()["checks"]["schema"]
