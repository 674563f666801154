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

HELP = """Write everything that the server knows into one file (tar, zstandard), as of one moment. The server may run.

A backup of SQLite can be restored into PostgreSQL and the other way round. It holds secrets: keep it as such."""


def backup(
    target: Annotated[
        Path, typer.Argument(metavar="FILE_OR_DIR", help="A new file, or a folder that gets one named by the time.")
    ],
    data: Data = None,
    database: DatabaseUrl = None,
) -> int:
    """Back up; an existing file is never replaced."""
    folder = resolve_data_folder(data)
    url = resolve_database_url(folder, database)
    path = target / time.strftime("mtribes-%Y%m%d-%H%M%S.tar.zst", time.gmtime()) if target.is_dir() else target
    if path.exists():
        raise CommandFailed(f"{path} is there already.", "Name a new file, or a folder.")
    nothing = CommandFailed(f"There is nothing to back up in {folder.path}.", "Name the server's folder with --data.")
    if is_sqlite(url) and not sqlite_file(url).exists():
        raise nothing
    opened = open_database(url, checkpoints=False)
    try:
        size_bytes = back_up(folder, opened, path)
    except NothingToBackUp:
        raise nothing from None
    except CannotBeBackedUp as error:
        raise CommandFailed(f"{error}.", "Replace it by the file of an earlier backup.") from None
    finally:
        opened.close()
    sys.stdout.write(f"{path} ({size_bytes} bytes)\n")
    return ExitCode.DONE
