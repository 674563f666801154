"""`mtribes-server backup`: everything into one file, while the server runs."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from templates_server.commands.errors import CommandFailed, ExitCode
from templates_server.commands.options import (
    Data,
    DatabaseUrl,
    is_sqlite,
    resolve_data_folder,
    resolve_database_url,
    sqlite_file,
)
from templates_server.features.operations.backup import CannotBeBackedUp, NothingToBackUp, back_up
from templates_server.storage.factory import open_database

HELP = """Back up all data of the server to one file (tar, zstandard). The server can keep running.

The backup is a consistent snapshot. A backup of SQLite can be restored into PostgreSQL, and the reverse. It contains
secrets: store it securely."""


def backup(
    target: Annotated[
        Path,
        typer.Argument(
            metavar="FILE_OR_DIR",
            help="New file, or a directory in which to create a file named after the current time.",
        ),
    ],
    data: Data = None,
    database: DatabaseUrl = None,
) -> int:
    """Back up; an existing file is never replaced."""
    folder = resolve_data_folder(data)
    url = resolve_database_url(folder, database)
    path = target / time.strftime("mtribes-%Y%m%d-%H%M%S.tar.zst", time.gmtime()) if target.is_dir() else target
    if path.exists():
        raise CommandFailed(f"{path} already exists.", "Choose a new file or a directory.")
    nothing = CommandFailed(f"Nothing to back up in {folder.path}.", "Pass the server's data directory with --data.")
    if is_sqlite(url) and not sqlite_file(url).exists():
        raise nothing
    opened = open_database(url, checkpoints=False)
    try:
        size_bytes = back_up(folder, opened, path)
    except NothingToBackUp:
        raise nothing from None
    except CannotBeBackedUp as error:
        raise CommandFailed(f"{error}.", "Replace it with the file from an earlier backup.") from None
    finally:
        opened.close()
    sys.stdout.write(f"{path} ({size_bytes} bytes)\n")
    return ExitCode.DONE
