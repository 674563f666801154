"""What apps say of themselves, and what code was rendered from, is in backups; older ones are restored without it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, insert, select

from templates_server.features.operations.backup import back_up
from templates_server.features.operations.restore import restore_into
from templates_server.features.people.identity import ClaimedIdentity, PersonKind, make_person_ref
from templates_server.features.people.last_session import KINDS as OF_PERSONS
from templates_server.features.sessions.app_report import KINDS as OF_SESSIONS
from templates_server.features.sessions.app_report import AppReport
from templates_server.features.sessions.store import SessionStartRow, add_sessions
from templates_server.settings import sqlite_file_url
from templates_server.storage import migrations
from templates_server.storage.data_folder import DataFolder
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database
from templates_server.storage.tables import code_renderings, organizations, persons, sessions, spaces

ADA = ClaimedIdentity(None, make_person_ref(PersonKind.USER, "ada"))
REPORT = AppReport("c0ffee", "swift", "2.3.0", "127", "ios", "17.4.1", '["a.b: \\"tall\\""]')
RENDERING = {
    "space_id": "spc_1",
    "code_hash": "c0ffee",
    "model_revision": 3,
    "delivery_revision": 2,
    "generator": "1.0",
    "rendered": 7,
}


@pytest.fixture
def live(fresh_database_url: str) -> Iterator[Database]:
    """A database without tables."""
    database = open_database(fresh_database_url)
    yield database
    database.close()


def restored(live: Database, tmp_path: Path) -> Database:
    """A new database out of a backup of another."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "server.key").write_text("0" * 64)
    backup = tmp_path / "backup"
    back_up(DataFolder(tmp_path / "empty"), live, backup)
    database = open_database(sqlite_file_url(tmp_path / "restored.db"))
    restore_into(database, DataFolder(folder), backup)
    return database


def rows(database: Database, table: Table) -> list[dict[str, Any]]:
    found = database.read_sync(lambda connection: connection.execute(select(table)).mappings().all())
    return [dict(row) for row in found]


def start(database: Database, at: int) -> None:
    one = SessionStartRow("env_1", ADA, f"ses_{at}", at, REPORT)
    database.write_sync(lambda connection: add_sessions(connection, [one]))


def test_all_of_it_is_restored(live: Database, tmp_path: Path) -> None:
    migrations.upgrade(live)
    start(live, 5)
    organization = {"id": "org_1", "key": "acme", "name": "Acme", "created": 1}
    space = {
        "id": "spc_1",
        "organization_id": "org_1",
        "key": "vod",
        "name": "VOD",
        "created": 1,
        "updated": 1,
        "revision": 3,
    }
    live.write_sync(lambda connection: connection.execute(insert(organizations), organization))
    live.write_sync(lambda connection: connection.execute(insert(spaces), {**space, "tribes_revision": 0}))
    live.write_sync(lambda connection: connection.execute(insert(code_renderings), RENDERING))
    database = restored(live, tmp_path)
    for table in (persons, sessions, code_renderings):
        assert rows(database, table) == rows(live, table)
    assert rows(database, code_renderings) == [RENDERING]
    assert {name: rows(database, sessions)[0][name] for name in OF_SESSIONS} == REPORT._asdict()
    database.close()


def test_a_backup_from_before_is_restored_and_goes_on(live: Database, tmp_path: Path) -> None:
    live.write_sync(lambda connection: migrations.upgrade_connection(connection, revision="0005"))
    key = {"environment_id": "env_1", "person_id": ADA.person.person_id}
    person = {**key, "kind": "user", "called": "ada", "created": 1, "updated": 1, "last_seen": 4}
    live.write_sync(lambda connection: connection.execute(insert(persons), person))
    live.write_sync(
        lambda connection: connection.execute(insert(sessions), {**key, "session_id": "ses_4", "started": 4})
    )
    database = restored(live, tmp_path)
    (session,), (ada,) = rows(database, sessions), rows(database, persons)
    assert {session[name] for name in OF_SESSIONS} == {ada[name] for name in OF_PERSONS} == {None}
    start(database, 5)
    (ada,) = rows(database, persons)
    assert (ada["app_seen"], ada["app_platform"], ada["last_seen"]) == (5, "ios", 5)
    database.close()
