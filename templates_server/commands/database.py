"""A database for a command that works beside a server, or without one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from templates_server.commands.errors import CommandFailed
from templates_server.commands.lost_database import refuse_lost_database
from templates_server.commands.options import prepare_data_folder, resolve_data_folder, resolve_database_url
from templates_server.storage import migrations
from templates_server.storage.data_folder import FolderInUse
from templates_server.storage.database import Database, Work
from templates_server.storage.factory import open_database

Result = TypeVar("Result")


@dataclass(frozen=True)
class CommandDatabase:
    """A database with the schema of this version."""

    database: Database

    def read(self, work: Work[Result]) -> Result:
        """What the work finds."""
        return self.database.read_sync(work)

    def write(self, work: Work[Result]) -> Result:
        """What the work returns, once it is stored."""
        return self.database.write_sync(work)


@contextlib.contextmanager
def store(data: Path | None, database: str | None) -> Iterator[CommandDatabase]:
    """The database that the options mean, made or migrated first when no server does that."""
    folder = prepare_data_folder(resolve_data_folder(data))
    url = resolve_database_url(folder, database)
    opened = open_database(url, checkpoints=False)
    try:
        with contextlib.suppress(FolderInUse), folder.held():
            refuse_lost_database(folder, url, opened)
            migrations.upgrade(opened)
        if opened.read_sync(migrations.current_revision) != migrations.head_revision():
            raise CommandFailed(
                "The database schema does not match this version of mtribes-server.",
                "Stop the server and run `mtribes-server migrate`.",
            )
        yield CommandDatabase(opened)
    finally:
        opened.close()
