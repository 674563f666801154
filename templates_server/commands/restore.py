"""`mtribes-server restore`: a backup into an empty place."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.engine import URL

from templates_server.commands.errors import CommandFailed, ExitCode, WrongUsage
from templates_server.commands.options import (
    Data,
    DatabaseUrl,
    folder_in_use_error,
    is_sqlite,
    prepare_data_folder,
    resolve_data_folder,
    resolve_database_url,
    sqlite_file,
)
from templates_server.features.operations.backup_archive import NotABackup
from templates_server.features.operations.restore import NotEmpty, RestoreSummary, restore_into
from templates_server.features.people.erasure_log import UnreadableErasureLog, read_erasures
from templates_server.features.people.erasure_store import ErasedPerson
from templates_server.settings import sqlite_url
from templates_server.storage.data_folder import PRIVATE_FOLDER, DataFolder, FolderInUse, put_in_place
from templates_server.storage.factory import open_database

HELP = """Restore a backup into an empty data directory, and an empty database if --database is given.

People who were erased after the backup was made are erased again: those listed in erasures.jsonl in the data directory
and those in the files given with --erasures."""
UNFINISHED = ".restoring"
SQLITE_FILES = ("", "-wal", "-shm")


def restore(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="Backup file to restore.")],
    erasures: Annotated[
        list[Path] | None,
        typer.Option(
            "--erasures",
            metavar="FILE",
            help="The erasures.jsonl of a server that used the database. Can be repeated.",
            show_default=False,
        ),
    ] = None,
    data: Data = None,
    database: DatabaseUrl = None,
) -> int:
    """Restore all of it or nothing."""
    if not source.is_file():
        raise WrongUsage(f"No file {source}.", "Pass a file created by `mtribes-server backup`.")
    folder = resolve_data_folder(data)
    url = resolve_database_url(folder, database)
    _check_empty(folder)
    listed = _read_erased(erasures or [], folder)
    prepare_data_folder(folder)
    try:
        with folder.held():
            _check_empty(folder)  # another restore may have ended meanwhile
            restored = _restore(source, folder, url, listed)
    except FolderInUse as error:
        raise folder_in_use_error(folder, error) from None
    sys.stdout.write(f"Restored {sum(restored.rows.values())} rows to {folder.path}.\n")
    sys.stdout.write(f"Erased {restored.erased_again} people again who had been erased after the backup.\n")
    return ExitCode.DONE


def _read_erased(files: Sequence[Path], folder: DataFolder) -> set[ErasedPerson]:
    """Everybody on the lists of erasures that are at hand."""
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        raise WrongUsage(f"No file {', '.join(missing)}.", "Check the paths passed with --erasures.")
    found: set[ErasedPerson] = set()
    for file in (*files, folder.erasures_file):
        try:
            found.update(read_erasures(file))
        except UnreadableErasureLog as error:
            raise WrongUsage(
                f"{file} is not a valid list of erasures: {error}.",
                "Correct the line: without it, an erased person could be restored.",
            ) from None
    return found


def _check_empty(folder: DataFolder) -> None:
    if not folder.is_empty():
        raise CommandFailed(f"{folder.path} is not empty.", "Pass a new or empty directory with --data.")


def _restore(source: Path, folder: DataFolder, url: str | URL, listed: Collection[ErasedPerson]) -> RestoreSummary:
    """Restore: all of it or nothing.

    What goes with an embedded database is made in a folder beside, and moved into place once it is whole; files that go
    with another database come into place before that commits.
    """
    workshop = DataFolder(folder.path / UNFINISHED)
    file = sqlite_file(url) if is_sqlite(url) else None
    is_embedded = file == folder.database_file
    made = [Path(f"{file}{end}") for end in SQLITE_FILES] if file is not None and not file.exists() else []
    target = sqlite_url(workshop.path) if is_embedded else url
    shutil.rmtree(workshop.path, ignore_errors=True)
    workshop.path.mkdir(mode=PRIVATE_FOLDER)
    try:
        restored = _fill(source, workshop if is_embedded else folder, target, listed)
        for ready in sorted(workshop.path.iterdir(), key=lambda path: path == workshop.database_file):
            put_in_place(ready, folder.path / ready.name)  # the database last: without it nothing was restored
    except BaseException:
        for left in (*made, folder.key_file, folder.demo_file):  # not erasures: those are so in any case
            left.unlink(missing_ok=True)
        raise
    finally:
        shutil.rmtree(workshop.path, ignore_errors=True)
    return restored


def _fill(source: Path, folder: DataFolder, url: str | URL, listed: Collection[ErasedPerson]) -> RestoreSummary:
    opened = open_database(url)
    try:
        return restore_into(opened, folder, source, listed)
    except NotABackup as error:
        raise CommandFailed(
            f"{source} cannot be restored: {error}.", "Pass a complete file created by `mtribes-server backup`."
        ) from None
    except NotEmpty:
        raise CommandFailed("The database is not empty.", "Pass an empty database with --database.") from None
    finally:
        opened.close()
