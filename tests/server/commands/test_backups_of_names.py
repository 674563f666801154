"""Names of events in backups: what is counted and what waits, there and back; those of a version that counted none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert, select

from templates_server.features.event_names import store
from templates_server.features.event_names.changes import EventName, StoredEvents
from templates_server.features.event_names.model_check import NOTHING_MODELLED
from templates_server.features.event_names.shapes import shape_of
from templates_server.features.operations.backup import back_up
from templates_server.features.operations.restore import restore_into
from templates_server.features.people.identity import PersonKind, make_person_ref
from templates_server.settings import sqlite_url
from templates_server.storage import migrations
from templates_server.storage.data_folder import DataFolder
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database
from templates_server.storage.tables import code_renderings, event_name_changes, event_names, events
from tests.environments import add_environment
from tests.servers import PostgresServer

TABLES = (event_names, event_name_changes, code_renderings)
NAMES = ("video/completed", "Ünï 🎬 \u2028", "x" * 256, "'; --", '","')


class Event:
    """One that was stored."""

    def __init__(self, name: str) -> None:
        self.pairs: Mapping[str, str] = {f"key of {name}"[:64]: "x", "[]": "x"}
        self.shape = shape_of((name, *self.pairs))


def opened(tmp_path: Path, name: str) -> tuple[DataFolder, Database]:
    """A new data folder, and the empty database in it."""
    folder = tmp_path / name
    folder.mkdir()
    return DataFolder(folder), open_database(str(sqlite_url(folder)))


def note(database: Database, environment_id: str, at: int) -> None:
    """Write down that an event of each name was stored."""
    stored = StoredEvents(at, NOTHING_MODELLED, [Event(name) for name in NAMES])
    database.write_sync(lambda connection: store.note_stored(connection, {environment_id: [stored]}))


def rows(database: Database, table: Table) -> list[dict[str, Any]]:
    query = select(table).order_by(*table.primary_key.columns)
    return [dict(row) for row in database.read_sync(lambda connection: connection.execute(query).mappings().all())]


def names(database: Database, environment_id: str) -> Mapping[str, EventName]:
    return database.read_sync(lambda connection: store.list_names(connection, environment_id))


def test_what_is_counted_and_what_waits_goes_along_there_and_back(tmp_path: Path, postgres: PostgresServer) -> None:
    folder, database = opened(tmp_path, "first")
    migrations.upgrade(database)
    environment = add_environment(database)
    for at in (5, 6):
        note(database, environment.id, at)
    database.write_sync(lambda connection: store.fold_all(connection, environment.id))
    note(database, environment.id, 7)
    removed = [(NAMES[0], 6, None)]
    database.write_sync(lambda connection: store.note_removed(connection, environment.id, removed))
    rendering: dict[str, Any] = {"space_id": environment.space_id, "code_hash": "c0ffee", "generator": "1"}
    rendering |= {"model_revision": 1, "delivery_revision": 1, "rendered": 7}
    database.write_sync(lambda connection: connection.execute(insert(code_renderings), rendering))
    expected, told = [rows(database, table) for table in TABLES], names(database, environment.id)
    assert [len(found) for found in expected] == [len(NAMES), 2, 1]
    assert (told[NAMES[0]].events, told[NAMES[0]].kept) == (3, 2)
    for number, url in enumerate((None, postgres.new_database_url(), None)):  # there, and from there back
        back_up(folder, database, tmp_path / f"backup-{number}")
        database.close()
        folder, database = opened(tmp_path, f"restored-{number}")
        if url is not None:
            database.close()
            database = open_database(url)
        restore_into(database, folder, tmp_path / f"backup-{number}")
        assert [rows(database, table) for table in TABLES] == expected
        assert names(database, environment.id) == told
    database.write_sync(lambda connection: store.fold_all(connection, environment.id))
    assert (names(database, environment.id), rows(database, event_name_changes)) == (told, [])
    database.close()


def test_events_of_a_backup_that_counted_no_names_are_removed_without_a_count(tmp_path: Path) -> None:
    folder, database = opened(tmp_path, "old")
    database.write_sync(lambda connection: migrations.upgrade_connection(connection, revision="0005"))
    environment = add_environment(database).id
    person = make_person_ref(PersonKind.VISITOR, "v")
    row: dict[str, Any] = {"environment_id": environment, "person_id": person.person_id, "event_id": "e"}
    row |= {"name": NAMES[0], "happened": 1, "received": 1}
    database.write_sync(lambda connection: connection.execute(insert(events), row))
    back_up(folder, database, tmp_path / "backup")
    database.close()
    folder, database = opened(tmp_path, "new")
    restore_into(database, folder, tmp_path / "backup")
    assert names(database, environment) == {}
    note(database, environment, 9)
    condition = ("environment_id = ? AND event_id = ?", (environment, "e"))
    assert database.write_sync(lambda connection: store.remove_events(connection, *condition)) == 1
    told = names(database, environment)
    assert {name: (one.events, one.kept) for name, one in told.items()} == dict.fromkeys(NAMES, (1, 1))
    database.write_sync(lambda connection: store.fold_all(connection, environment))
    assert names(database, environment) == told
    database.close()
