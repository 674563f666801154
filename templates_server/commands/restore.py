"""`mtribes-server restore`: a backup into an empty place."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from templates_server.backup.archive import NotABackup
from templates_server.backup.restore import NotEmpty, restore_into
from templates_server.commands.failures import CommandFailed, ExitCode, WrongUsage
from templates_server.commands.options import Data, DatabaseUrl, database_url_of, folder_of, in_use, prepared
from templates_server.data_folder import PRIVATE_FOLDER, DataFolder, FolderInUse, put_in_place
from templates_server.database import open_database
from templates_server.settings import sqlite_url

HELP = "Restore a backup into an empty data folder, and an empty database where --database names one."
UNFINISHED = ".restoring"


def restore(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="The file that `backup` wrote.")],
    data: Data = None,
    database: DatabaseUrl = None,
) -> int:
    """Restore all of it or nothing."""
    if not source.is_file():
        raise WrongUsage(f"There is no file {source}.", "Name a file that `mtribes-server backup` wrote.")
    folder = folder_of(data)
    url = database_url_of(folder, database)
    _check_empty(folder)
    prepared(folder)
    try:
        with folder.held():
            rows = _restore(source, folder, url)
    except FolderInUse as error:
        raise in_use(folder, error) from None
    sys.stdout.write(f"Restored {sum(rows.values())} rows into {folder.path}.\n")
    return ExitCode.DONE


def _check_empty(folder: DataFolder) -> None:
    if not folder.is_empty():
        raise CommandFailed(f"{folder.path} is not empty.", "Name a new or an empty folder with --data.")


def _restore(source: Path, folder: DataFolder, url: str) -> dict[str, int]:
    """Restore into a folder beside, and move what came of it into place once it is whole."""
    workshop = DataFolder(folder.path / UNFINISHED)
    shutil.rmtree(workshop.path, ignore_errors=True)
    workshop.path.mkdir(mode=PRIVATE_FOLDER)
    try:
        rows = _fill(source, workshop, sqlite_url(workshop.path) if url == sqlite_url(folder.path) else url)
        for file in sorted(workshop.path.iterdir(), key=lambda file: file == workshop.database_file):
            put_in_place(file, folder.path / file.name)  # the database last: without it nothing was restored
    finally:
        shutil.rmtree(workshop.path, ignore_errors=True)
    return rows


def _fill(source: Path, workshop: DataFolder, url: str) -> dict[str, int]:
    opened = open_database(url)
    try:
        return dict(restore_into(opened, workshop, source))
    except NotABackup as error:
        raise CommandFailed(f"{source} cannot be restored: {error}.", "Name a whole file of `backup`.") from None
    except NotEmpty:
        raise CommandFailed("The database is not empty.", "Name an empty database with --database.") from None
    finally:
        opened.close()
