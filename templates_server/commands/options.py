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


def resolve_data_folder(data: Path | None) -> DataFolder:
    """The data folder that is meant; WrongUsage where none is named and the user has no home folder."""
    if data is None:
        data = default_data_folder()
        if data is None:
            raise WrongUsage(
                "This user has no home folder, so there is no default data folder.",
                "Name one with --data DIR or MTRIBES_DATA.",
            )
    return DataFolder(_without_tilde(data).absolute())


def _without_tilde(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise WrongUsage(f"{path} names a home folder that is not known.", "Write the whole path.") from None


def prepare_data_folder(folder: DataFolder) -> DataFolder:
    """The folder, there and private; CommandFailed when it cannot be ours."""
    try:
        folder.prepare()
    except ForeignFolder:
        raise WrongUsage(
            f"{folder.path} holds other things than a server's data.", "Name an empty or a new folder with --data."
        ) from None
    except FileExistsError:
        raise WrongUsage(f"{folder.path} is a file.", "Name a folder with --data.") from None
    except PermissionError as error:
        raise CommandFailed(
            f"{error.filename} may not be written by this user.",
            "Give the user or its group the right to write there, or name another folder with --data.",
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
            f"The database URL (--database, MTRIBES_DATABASE) cannot be used: {str(error).rstrip('.')}.",
            "Write postgresql://USER:PASSWORD@HOST/NAME.",
        ) from None
    if kind not in {"sqlite", "postgresql"}:
        raise WrongUsage(
            f"Databases of kind {kind!r} are not supported.",
            "Use postgresql://... or, for SQLite, none.",
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
    who = f"pid {error.record.pid}, {error.record.url}" if error.record else "it is just starting"
    return CommandFailed(
        f"A server already runs on {folder.path} ({who}).",
        "Run `mtribes-server stop`, or give another --data.",
    )
