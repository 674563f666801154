"""A database that is not there although a server ran on the data folder: it is lost, and never made anew unasked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.engine import URL

from templates_server.commands.errors import CommandFailed
from templates_server.commands.options import is_sqlite, sqlite_file
from templates_server.storage import migrations
from templates_server.storage.data_folder import DataFolder
from templates_server.storage.database import Database

NewDatabase = Annotated[
    bool,
    typer.Option("--new-database", help="Create a new database even if the data directory was used before."),
]


def refuse_lost_database(folder: DataFolder, url: str | URL, database: Database) -> None:
    """CommandFailed where a server ran on the folder and the database is missing or empty. Makes no file."""
    signs = folder.signs_of_a_server()
    if not signs or _holds_schema(url, database):
        return
    raise CommandFailed(
        f"A server has used {folder.path} before ({', '.join(signs)}), but {_state_of(url)}.",
        "Put the database back, restore a backup into a new --data directory, or correct --database. To start "
        "without the previous data, run `mtribes-server start --new-database`.",
    )


def _state_of(url: str | URL) -> str:
    if not is_sqlite(url):
        return "the database in --database or MTRIBES_DATABASE is empty"
    file = sqlite_file(url)
    return f"its database {file} is {'empty' if file.exists() else 'missing'}"


def _holds_schema(url: str | URL, database: Database) -> bool:
    if is_sqlite(url) and not _holds_bytes(sqlite_file(url)):
        return False
    return database.read_sync(migrations.current_revision) is not None


def _holds_bytes(file: Path) -> bool:
    """Opening a file that is missing would make it."""
    return file.exists() and file.stat().st_size > 0
