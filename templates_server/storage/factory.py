"""Opening a database by its URL."""

from __future__ import annotations

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from templates_server.storage.database import Database
from templates_server.storage.postgresql import PostgresDatabase
from templates_server.storage.postgresql_url import SCHEME
from templates_server.storage.sqlite import SqliteDatabase


def open_database(url: str | URL, *, checkpoints: bool = True) -> Database:
    """Open the database at a URL (`sqlite:///file` or `postgresql://...`); ValueError for any other.

    `checkpoints` false: another process may serve the same SQLite file, and checkpoints are left to it.
    """
    kind = kind_of(url)
    if kind == "sqlite":
        return SqliteDatabase(make_url(url), checkpoints=checkpoints)
    if kind == "postgresql":
        return PostgresDatabase(url if isinstance(url, str) else url.render_as_string(hide_password=False))
    raise ValueError(f"unsupported database type {kind!r}: use sqlite:///FILE or postgresql://HOST/NAME")


def kind_of(url: str | URL) -> str:
    """Return `sqlite`, `postgresql`, or what else the URL names; ValueError if it is not a URL."""
    if isinstance(url, str) and SCHEME.match(url):
        return "postgresql"
    try:
        return make_url(url).get_backend_name()
    except ArgumentError:
        raise ValueError("not a URL") from None
