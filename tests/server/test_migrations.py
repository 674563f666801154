"""The migrations make just the tables that the program works with."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, select

from templates_server import migrations
from templates_server.database import marks
from templates_server.opening import open_database
from templates_server.schema import merges, metadata, persons
from tests.servers import running_server


def differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


def test_migrated_tables_are_those_of_the_schema(fresh_database_url: str) -> None:
    database = open_database(fresh_database_url)
    assert database.read_now(differences)
    migrations.upgrade(database)
    assert database.read_now(differences) == []
    migrations.upgrade(database)
    assert database.read_now(migrations.current_revision) == migrations.head_revision()
    database.close()


MERGES = 1_203  # more than two steps


def test_merges_get_the_name_of_their_user(fresh_database_url: str) -> None:
    database = open_database(fresh_database_url)
    database.write_now(lambda connection: migrations.upgrade_connection(connection, revision="0003"))

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
        query = f"INSERT INTO merges {columns} VALUES ({marks(connection, 5)})"  # noqa: S608 - names of ours
        connection.exec_driver_sql(query, merged)

    database.write_now(store)
    migrations.upgrade(database)
    query = select(merges.c.person_id, merges.c.user_called)
    named = database.read_now(lambda connection: connection.execute(query).all())
    database.close()
    wanted = {f"v-{number}": f"user {number}" for number in range(MERGES)}
    del wanted[f"v-{MERGES // 2}"]  # into nobody: it counted for nothing
    assert {row[0]: row[1] for row in named} == wanted


def test_people_without_a_time_of_update_get_one(fresh_database_url: str) -> None:
    database = open_database(fresh_database_url)
    database.write_now(lambda connection: migrations.upgrade_connection(connection, revision="0003"))
    rows = [
        {
            "environment_id": "env",
            "person_id": called,
            "kind": "user",
            "called": called,
            "created": 1000,
            "updated": updated,
        }
        for called, updated in (("never updated", 0), ("updated", 2000))
    ]
    database.write_now(lambda connection: connection.execute(persons.insert(), rows))
    migrations.upgrade(database)
    query = select(persons.c.called, persons.c.created, persons.c.updated).order_by(persons.c.called)
    found = database.read_now(lambda connection: connection.execute(query).all())
    database.close()
    assert [tuple(row) for row in found] == [("never updated", 1000, 1000), ("updated", 1000, 2000)]


def test_a_server_before_its_migration_is_not_ready(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, server.client() as client:
        server.database.write_now(metadata.tables["events"].drop)
        server.database.write_now(lambda connection: connection.exec_driver_sql("DELETE FROM alembic_version"))
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "mtribes-server migrate" in answer.json()["checks"]["schema"]
