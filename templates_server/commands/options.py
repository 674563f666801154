"""The options that several words share, and where their values come from when they are not given."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.engine import URL, make_url

from templates_server.commands.errors import CommandFailed, WrongUsage
from templates_server.settings import default_data_folder, sqlite_url
from templates_server.storage.data_folder import DataFolder, FolderInUse, ForeignFolder
from templates_server.storage.factory import kind_of
from templates_server.storage.postgresql_url import connection_parts

Data = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", envvar="MTRIBES_DATA", help="Data directory (default: in your home directory).",
        show_default=False,
    ),
]  # fmt: skip
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        envvar="MTRIBES_DATABASE",
        help="Database URL, postgresql://USER:PASSWORD@HOST/NAME (default: SQLite in the data directory).",
        show_default=False,
    ),
]


def resolve_data_folder(data: Path | None) -> DataFolder:
    """The data folder that is meant; WrongUsage where none is named and the user has no home folder."""
    if data is None:
        data = default_data_folder()
        if data is None:
            raise WrongUsage(
                "This user has no home directory and therefore no default data directory.",
                "Pass --data DIR or set MTRIBES_DATA.",
            )
    return DataFolder(_without_tilde(data).absolute())


def _without_tilde(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise WrongUsage(f"Unknown home directory in {path}.", "Use an absolute path.") from None


def prepare_data_folder(folder: DataFolder) -> DataFolder:
    """The folder, there and private; CommandFailed when it cannot be ours."""
    try:
        folder.prepare()
    except ForeignFolder:
        raise WrongUsage(
            f"{folder.path} contains files that are not mtribes-server data.",
            "Pass an empty or new directory with --data.",
        ) from None
    except FileExistsError:
        raise WrongUsage(f"{folder.path} is a file, not a directory.", "Pass a directory with --data.") from None
    except PermissionError as error:
        raise CommandFailed(
            f"This user has no permission to write to {error.filename}.",
            "Grant the user or its group write permission, or pass another directory with --data.",
        ) from None
    return folder


def resolve_database_url(folder: DataFolder, database: str | None) -> str | URL:
    """The database that is meant; WrongUsage when it is of no kind that we know, or its URL cannot be read."""
    if database is None:
        return sqlite_url(folder.path)
    try:
        kind = kind_of(database)
        if kind == "postgresql":
            connection_parts(database)
    except ValueError as error:
        raise WrongUsage(
            f"Invalid database URL (--database, MTRIBES_DATABASE): {str(error).rstrip('.')}.",
            "Use the form postgresql://USER:PASSWORD@HOST/NAME.",
        ) from None
    if kind not in {"sqlite", "postgresql"}:
        raise WrongUsage(
            f"Unsupported database type {kind!r}.",
            "Use postgresql://..., or leave it out to use SQLite.",
        )
    return database


def is_sqlite(database_url: str | URL) -> bool:
    """Whether the database is a file that one process serves."""
    return kind_of(database_url) == "sqlite"


def sqlite_file(database_url: str | URL) -> Path:
    """The file of a SQLite database."""
    return Path(make_url(database_url).database or "")


def folder_in_use_error(folder: DataFolder, error: FolderInUse) -> CommandFailed:
    """The failure of what needs the folder for itself."""
    who = f"pid {error.record.pid}, {error.record.url}" if error.record else "starting"
    return CommandFailed(
        f"A server is already running on {folder.path} ({who}).",
        "Run `mtribes-server stop`, or pass another directory with --data.",
    )
