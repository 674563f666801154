"""Numbers of shares in backups: of a version that had none, and such as a merge has changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import select

from templates_server.features.operations.backup import back_up
from templates_server.features.operations.restore import restore_into
from templates_server.features.people.identity import ClaimedIdentity, PersonKind, make_person_ref
from templates_server.features.people.sighting_store import Sighting, record_and_merge
from templates_server.settings import sqlite_url
from templates_server.storage import migrations
from templates_server.storage.data_folder import DataFolder
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database
from templates_server.storage.tables import persons
from tests.server.features.tribes.oracle import share_number
from tests.servers import PostgresServer

PEOPLE = 1_203  # more than two steps of the migration


def opened(tmp_path: Path, name: str) -> tuple[DataFolder, Database]:
    """A new data folder, and the empty database in it."""
    folder = tmp_path / name
    folder.mkdir()
    return DataFolder(folder), open_database(str(sqlite_url(folder)))


def numbers(database: Database) -> Mapping[tuple[str, str], int]:
    query = select(persons.c.kind, persons.c.called, persons.c.share_number)
    return {(row[0], row[1]): row[2] for row in database.read_sync(lambda connection: connection.execute(query).all())}


def test_people_of_a_backup_without_numbers_get_those_of_their_names(tmp_path: Path) -> None:
    folder, database = opened(tmp_path, "old")
    database.write_sync(lambda connection: migrations.upgrade_connection(connection, revision="0005"))
    people = [
        make_person_ref(PersonKind.USER if number % 3 else PersonKind.VISITOR, f"p{number}") for number in range(PEOPLE)
    ]
    rows = [
        {"environment_id": "env", "person_id": one.person_id, "kind": one.kind, "called": one.called}
        | {"created": 1, "updated": 1}
        for one in people
    ]
    database.write_sync(lambda connection: connection.execute(persons.insert(), rows))
    back_up(folder, database, tmp_path / "backup")
    database.close()
    folder, database = opened(tmp_path, "new")
    restore_into(database, folder, tmp_path / "backup")
    assert numbers(database) == {(one.kind, one.called): share_number(one.kind, one.called) for one in people}
    assert database.read_sync(migrations.current_revision) == migrations.head_revision()
    database.close()


def test_a_number_that_came_by_a_merge_outlives_a_backup(tmp_path: Path, postgres: PostgresServer) -> None:
    folder, database = opened(tmp_path, "first")
    migrations.upgrade(database)
    signing_up = ClaimedIdentity(make_person_ref(PersonKind.VISITOR, "v"), make_person_ref(PersonKind.USER, "u"))
    others = [
        ClaimedIdentity(make_person_ref(PersonKind.VISITOR, "w"), None),
        ClaimedIdentity(None, make_person_ref(PersonKind.USER, "ada")),
    ]
    presences = [Sighting("env", stated, 1) for stated in (signing_up, *others)]
    database.write_sync(lambda connection: record_and_merge(connection, presences))
    wanted = {("visitor", "w"): share_number("visitor", "w"), ("user", "ada"): share_number("user", "ada")}
    wanted["user", "u"] = share_number("visitor", "v")
    assert numbers(database) == wanted
    for number, url in enumerate((None, postgres.new_database_url(), None)):  # there, and from there back
        back_up(folder, database, tmp_path / f"backup-{number}")
        database.close()
        folder, database = opened(tmp_path, f"restored-{number}")
        if url is not None:
            database.close()
            database = open_database(url)
        restore_into(database, folder, tmp_path / f"backup-{number}")
        assert numbers(database) == wanted
    database.close()
