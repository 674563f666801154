"""The schema's versions, and bringing a database to the newest one."""

from __future__ import annotations

import functools

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from templates_server.storage.database import Database

ADVISORY_LOCK = 8674  # any number that nobody else takes in our database


def upgrade(database: Database) -> None:
    """Bring the schema to the newest version, in one transaction; nothing happens when it is there already."""
    database.write_sync(upgrade_connection)


def upgrade_connection(connection: Connection, *, revision: str = "head") -> None:
    """As `upgrade`, inside a transaction of the caller's, and as far as a version. Of several at once one does it."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_LOCK})
    if current_revision(connection) == head_revision():
        return
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def current_revision(connection: Connection) -> str | None:
    """The version of the schema; None for an empty database."""
    return MigrationContext.configure(connection).get_current_revision()


def is_known(revision: str) -> bool:
    """Whether this program knows a version of the schema."""
    return any(known.revision == revision for known in ScriptDirectory.from_config(_config()).walk_revisions())


@functools.cache
def head_revision() -> str | None:
    """The version that this program works with."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "templates_server:storage/migrations")
    config.set_main_option("path_separator", "os")
    return config
