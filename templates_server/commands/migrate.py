"""`mtribes-server migrate`: bring a database to the schema of this version without starting a server."""

from __future__ import annotations

import sys

from sqlalchemy.engine import URL

from templates_server.commands.errors import ExitCode
from templates_server.commands.lost_database import NewDatabase, refuse_lost_database
from templates_server.commands.options import Data, DatabaseUrl, database_url_of, folder_of, in_use, is_sqlite, prepared
from templates_server.storage import migrations
from templates_server.storage.data_folder import DataFolder, FolderInUse
from templates_server.storage.factory import open_database

HELP = "Migrate the database to the schema of this version. `start` does this automatically."


def migrate(data: Data = None, database: DatabaseUrl = None, *, new_database: NewDatabase = False) -> int:
    """Migrate; nothing happens when it is done already."""
    folder = prepared(folder_of(data))
    url = database_url_of(folder, database)
    guarded = None if new_database else folder
    if not is_sqlite(url):
        _migrate(url, guarded)
        return ExitCode.DONE
    try:
        with folder.held():
            _migrate(url, guarded)
    except FolderInUse as error:
        raise in_use(folder, error) from None
    return ExitCode.DONE


def _migrate(url: str | URL, guarded: DataFolder | None) -> None:
    opened = open_database(url)
    try:
        if guarded is not None:
            refuse_lost_database(guarded, url, opened)
        before = opened.read_now(migrations.current_revision)
        migrations.upgrade(opened)
        after = opened.read_now(migrations.current_revision)
    finally:
        opened.close()
    sys.stdout.write(f"schema {after}{' already' if before == after else ''}\n")
