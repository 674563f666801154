"""An application that is asked without a network, on a database that keeps nothing of what is asked of it."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, event, select
from sqlalchemy.engine import make_url

from templates_server.app import Application
from templates_server.routes import ROUTES
from templates_server.storage import tables
from templates_server.storage.database import Database, Result, Work
from templates_server.storage.postgresql import PostgresDatabase
from templates_server.storage.sqlite import SqliteDatabase
from tests.openapi_conformance import record_conformance

Rows = Mapping[str, frozenset[tuple[Any, ...]]]
Written = tuple[str, str]
"""The id of a place, and a text that was written there."""
OF_A_PLACE = {
    name: table
    for name, table in tables.metadata.tables.items()
    if {"environment_id", "space_id", "organization_id"} & {column.name for column in table.columns}
}
BACKGROUND = ("export", "purge")  # names of threads
OWNERS = ("environment_id", "space_id", "organization_id")


@dataclass(frozen=True)
class InProcessResponse:
    """An answer."""

    status: int
    body: bytes


class RollbackDatabase(Database):
    """What is written is undone, once it has been looked at, while `forgets`."""

    forgets = False
    touched: frozenset[str] = frozenset()
    written: frozenset[Written] = frozenset()
    statements = 0

    async def _write(self, work: Work[Result], *, is_repeatable: bool, is_large: bool) -> Result:
        if not self.forgets:
            result: Result = await super()._write(work, is_repeatable=is_repeatable, is_large=is_large)  # type: ignore[safe-super]  # of the sibling
            return result
        with self._writing.connect() as connection, connection.begin() as transaction:
            try:
                before = _rows(connection)
                result = work(connection)
                after = _rows(connection)
                self.touched |= _changed(before, after)
                self.written |= _written(before, after)
                return result
            finally:
                transaction.rollback()

    def write_sync(self, work: Work[Result]) -> Result:
        """As it is, or not at all: what goes on in the background would change what the next request finds."""
        if not self.forgets:
            result: Result = super().write_sync(work)
            return result
        with self._writing.connect() as connection, connection.begin() as transaction:
            try:
                return work(connection)
            finally:
                transaction.rollback()

    @property
    def _writing(self) -> Engine:
        """Where a transaction begins as one that writes: one that has read already is not waited for by SQLite."""
        return self.engine

    def count_statements(self) -> None:
        """Count the statements from here on, but for those of what goes on in the background."""

        def count(*_: object) -> None:
            self.statements += not threading.current_thread().name.startswith(BACKGROUND)

        for engine in {self.engine, self._writing}:
            event.listen(engine, "before_cursor_execute", count)


class RollbackSqlite(RollbackDatabase, SqliteDatabase):
    """In a file."""

    @property
    def _writing(self) -> Engine:
        return self._writer_engine


class RollbackPostgres(RollbackDatabase, PostgresDatabase):
    """On a server."""


def rollback_database(url: str) -> RollbackDatabase:
    """A database at a URL, that keeps what is written until it `forgets`."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return RollbackSqlite(parsed)
    return RollbackPostgres(url)


def _rows(connection: Connection) -> Rows:
    return {
        name: frozenset(tuple(row) for row in connection.execute(select(table))) for name, table in OF_A_PLACE.items()
    }


def _changed(before: Rows, after: Rows) -> frozenset[str]:
    """The ids of the environments, Spaces and organizations whose rows differ; of each row the narrowest."""
    return frozenset(row[_place_in(name)] for name in OF_A_PLACE for row in before[name] ^ after[name])


def _written(before: Rows, after: Rows) -> frozenset[Written]:
    """Every text of the rows that are new, or other than before, and the place of the row."""
    rows = [(name, row) for name in OF_A_PLACE for row in after[name] - before[name]]
    return frozenset((row[_place_in(name)], value) for name, row in rows for value in row if isinstance(value, str))


@functools.cache
def _place_in(name: str) -> int:
    """Which column of a table says of which place a row is."""
    columns = [column.name for column in OF_A_PLACE[name].columns]
    return columns.index(
        "id" if name in {"environments", "spaces"} else next(each for each in OWNERS if each in columns)
    )


class InProcessClient:
    """Asks an application."""

    def __init__(self, app: Application) -> None:
        self._app = record_conformance(app, ROUTES)

    async def ask(self, method: str, target: str, content: bytes = b"", **headers: str) -> InProcessResponse:
        """The answer to a request."""
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [
                (b"host", b"localhost"),
                (b"content-length", str(len(content)).encode()),
                *((name.lower().replace("_", "-").encode(), value.encode()) for name, value in headers.items()),
            ],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        messages: list[Any] = []

        pieces = [content]

        async def receive() -> dict[str, Any]:
            if not pieces:  # who asks stays until the answer is there
                await asyncio.Event().wait()
            return {"type": "http.request", "body": pieces.pop(), "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        await self._app(scope, receive, send)
        return InProcessResponse(messages[0]["status"], b"".join(message.get("body", b"") for message in messages[1:]))
