"""`mtribes-server migrate`: bring a database to the schema of this version without starting a server."""

from __future__ import annotations

import sys

from sqlalchemy.engine import URL

from templates_server.commands.errors import ExitCode
from templates_server.commands.lost_database import NewDatabase, refuse_lost_database
from templates_server.commands.options import (
    Data,
    DatabaseUrl,
    folder_in_use_error,
    is_sqlite,
    prepare_data_folder,
    resolve_data_folder,
    resolve_database_url,
)
from templates_server.storage import migrations
from templates_server.storage.data_folder import DataFolder, FolderInUse
from templates_server.storage.factory import open_database

HELP = "Migrate the database to the schema of this version. `start` does this automatically."


def migrate(data: Data = None, database: DatabaseUrl = None, *, new_database: NewDatabase = False) -> int:
    """Migrate; nothing happens when it is done already."""
    folder = prepare_data_folder(resolve_data_folder(data))
    url = resolve_database_url(folder, database)
    guarded = None if new_database else folder
    if not is_sqlite(url):
        _migrate(url, guarded)
        return ExitCode.DONE
    try:
        with folder.held():
            _migrate(url, guarded)
    except FolderInUse as error:
        raise folder_in_use_error(folder, error) from None
    return ExitCode.DONE


def _migrate(url: str | URL, guarded: DataFolder | None) -> None:
    opened = open_database(url)
    try:
        if guarded is not None:
            refuse_lost_database(guarded, url, opened)
        before = opened.read_sync(migrations.current_revision)
        migrations.upgrade(opened)
        after = opened.read_sync(migrations.current_revision)
    finally:
        opened.close()
    sys.stdout.write(f"schema {after}{' already' if before == after else ''}\n")
