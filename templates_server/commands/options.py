"""The options that several words share, and where their values come from when they are not given."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from templates_server.commands.failures import CommandFailed, WrongUsage
from templates_server.data_folder import DataFolder, FolderInUse, ForeignFolder
from templates_server.settings import default_data_folder, sqlite_url

Data = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", envvar="MTRIBES_DATA", help="The data folder; by default one in your home.",
        show_default=False,
    ),
]  # fmt: skip
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        envvar="MTRIBES_DATABASE",
        help="postgresql://USER:PASSWORD@HOST/NAME; by default SQLite in the data folder.",
        show_default=False,
    ),
]


def folder_of(data: Path | None) -> DataFolder:
    """The data folder that is meant."""
    return DataFolder((data or default_data_folder()).expanduser().absolute())


def prepared(folder: DataFolder) -> DataFolder:
    """The folder, there and private; CommandFailed when it cannot be ours."""
    try:
        folder.prepare()
    except ForeignFolder:
        raise WrongUsage(
            f"{folder.path} holds other things than a server's data.", "Name an empty or a new folder with --data."
        ) from None
    except FileExistsError:
        raise WrongUsage(f"{folder.path} is a file.", "Name a folder with --data.") from None
    return folder


def database_url_of(folder: DataFolder, database: str | None) -> str:
    """The database that is meant; WrongUsage when it is of no kind that we know."""
    if database is None:
        return sqlite_url(folder.path)
    try:
        kind = make_url(database).get_backend_name()
    except ArgumentError:
        raise WrongUsage("--database is not a URL.", "Write postgresql://USER:PASSWORD@HOST/NAME.") from None
    if kind not in {"sqlite", "postgresql"}:
        raise WrongUsage(
            f"Databases of kind {kind!r} are not supported.",
            "Use postgresql://... or, for SQLite, none.",
        )
    return database


def is_sqlite(database_url: str) -> bool:
    """Whether the database is a file that one process serves."""
    return make_url(database_url).get_backend_name() == "sqlite"


def in_use(folder: DataFolder, error: FolderInUse) -> CommandFailed:
    """The failure of what needs the folder for itself."""
    who = f"pid {error.record.pid}, {error.record.url}" if error.record else "it is just starting"
    return CommandFailed(
        f"A server already runs on {folder.path} ({who}).",
        "Run `mtribes-server stop`, or give another --data.",
    )
