"""Notes of revisions in backups: of a version that had none, and over both databases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, column, select, table

from templates_server.features.accounts.store import create_organization
from templates_server.features.operations.backup import back_up
from templates_server.features.operations.restore import restore_into
from templates_server.features.spaces import store as spaces_store
from templates_server.features.spaces.history.store import OWNERS
from templates_server.settings import sqlite_url
from templates_server.storage import migrations
from templates_server.storage.data_folder import DataFolder
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database
from tests.servers import PostgresServer


def opened(tmp_path: Path, name: str) -> tuple[DataFolder, Database]:
    """A new data folder, and the empty database in it."""
    folder = tmp_path / name
    folder.mkdir()
    return DataFolder(folder), open_database(str(sqlite_url(folder)))


def store_revisions(connection: Connection, **more: str) -> None:
    """A revision of each kind, by the columns that there were before notes."""
    organization_id = create_organization(connection, "acme", name="Acme", now=1)
    space_id = spaces_store.create_space(connection, organization_id, key="vod", name="VOD", now=1)
    place = spaces_store.locate(connection, {"space": "vod", "environment": "staging"})
    assert place is not None
    for each, owner in OWNERS.items():
        owner_id = space_id if owner.name == "space_id" else place.environment_id
        row = {owner.name: owner_id, "revision": 1, "document": "{}", "created": 1, "created_by": "acc_1", **more}
        connection.execute(table(each.name, *map(column, row)).insert(), row)


def notes(database: Database) -> Sequence[Any]:
    queries = [select(each.c.note) for each in OWNERS]
    return database.read_sync(lambda connection: [connection.execute(query).scalars().all() for query in queries])


def test_revisions_of_a_backup_before_notes_have_none(tmp_path: Path) -> None:
    folder, database = opened(tmp_path, "old")
    database.write_sync(lambda connection: migrations.upgrade_connection(connection, revision="0006"))
    database.write_sync(store_revisions)
    back_up(folder, database, tmp_path / "backup")
    database.close()
    folder, database = opened(tmp_path, "new")
    restore_into(database, folder, tmp_path / "backup")
    assert notes(database) == [[None]] * len(OWNERS)
    assert database.read_sync(migrations.current_revision) == migrations.head_revision()
    database.close()


def test_notes_outlive_backups_to_another_database_and_back(tmp_path: Path, postgres: PostgresServer) -> None:
    folder, database = opened(tmp_path, "first")
    migrations.upgrade(database)
    database.write_sync(lambda connection: store_revisions(connection, note="Für 日本"))
    for number, url in enumerate((postgres.new_database_url(), None)):
        back_up(folder, database, tmp_path / f"backup-{number}")
        database.close()
        folder, database = opened(tmp_path, f"restored-{number}")
        if url is not None:
            database.close()
            database = open_database(url)
        restore_into(database, folder, tmp_path / f"backup-{number}")
        assert notes(database) == [["Für 日本"]] * len(OWNERS)
    database.close()
