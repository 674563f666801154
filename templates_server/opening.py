"""Opening a database by its URL."""

from __future__ import annotations

from sqlalchemy.engine import make_url

from templates_server.database import Database
from templates_server.postgres_database import PostgresDatabase
from templates_server.sqlite_database import SqliteDatabase


def open_database(url: str, *, checkpoints: bool = True) -> Database:
    """The database at a SQLAlchemy URL (`sqlite:///file` or `postgresql://...`); ValueError for any other kind.

    `checkpoints` false: another process may serve the same SQLite file, and checkpoints are left to it.
    """
    parsed = make_url(url)
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        return SqliteDatabase(parsed, checkpoints=checkpoints)
    if kind == "postgresql":
        return PostgresDatabase(parsed.set(drivername="postgresql+psycopg"))
    raise ValueError(f"databases of kind {kind!r} are not supported: use sqlite:///FILE or postgresql://HOST/NAME")
