"""A SQLite file that is moved, removed or replaced under a running server: nothing is acknowledged into it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection, event, func, select

from templates_server.settings import sqlite_url
from templates_server.storage import migrations, tables
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database
from templates_server.storage.sqlite import SQLITE_READERS
from templates_server.storage.sqlite_file import FileMoved
from tests.environments import add_environment
from tests.servers import RunningServer, running_server

FILE = "mtribes.db"
STORED = 204


@pytest.fixture
def served(tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(tmp_path / "data", database_url=sqlite_url(_made(tmp_path / "data"))) as server:
        yield server


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def remove(folder: Path) -> None:
    (folder / FILE).unlink()


def move_away(folder: Path) -> None:
    (folder / FILE).rename(folder.parent / "elsewhere.db")


def move_the_folder(folder: Path) -> None:
    folder.rename(folder.parent / "another")


def replace_by_a_copy(folder: Path) -> None:
    shutil.copy(folder / FILE, folder / "copy")
    (folder / "copy").replace(folder / FILE)


def replace_by_an_empty_one(folder: Path) -> None:
    (folder / FILE).unlink()
    (folder / FILE).touch()


def remove_the_log(folder: Path) -> None:
    (folder / f"{FILE}-wal").unlink()


def remove_the_index(folder: Path) -> None:
    (folder / f"{FILE}-shm").unlink()


DEEDS: tuple[Callable[[Path], None], ...] = (
    remove, move_away, move_the_folder, replace_by_a_copy, replace_by_an_empty_one, remove_the_log, remove_the_index,
)  # fmt: skip


def send(app: httpx.Client, number: int) -> int:
    event = {"name": "video/completed", "anonymous_id": f"d{number}", "data": {"number": number}}
    return app.post("/api/client/events", json=[event]).status_code


def readiness(server: RunningServer) -> tuple[int, str]:
    with server.client() as client:
        answer = client.get("/readyz")
    return answer.status_code, answer.json()["checks"]["database"]


def count(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(tables.events)).scalar_one())


@pytest.mark.parametrize("deed", DEEDS)
def test_nothing_is_acknowledged_once_the_database_is_not_at_its_path(
    served: RunningServer, deed: Callable[[Path], None]
) -> None:
    environment = add_environment(served.database)
    with environment.app(served) as app:
        assert send(app, 1) == STORED
        assert readiness(served) == (200, "ok")
        deed(served.settings.data_folder)
        assert [send(app, number) for number in range(2, 5)] == [503] * 3
        status, told = readiness(served)
        assert status == 503
        assert "Nothing is being stored" in told


def test_what_is_stored_while_the_file_is_moved_is_not_acknowledged(tmp_path: Path) -> None:
    database = open_database(sqlite_url(_made(tmp_path / "data")))
    migrations.upgrade(database)

    def work(connection: Connection) -> int:
        found = count(connection)
        remove(tmp_path / "data")
        return found

    with pytest.raises(FileMoved):
        database.write_sync(work)
    database.close()


def test_a_database_that_is_put_back_is_written_again(served: RunningServer) -> None:
    environment = add_environment(served.database)
    path = served.settings.data_folder / FILE
    with environment.app(served) as app:
        acknowledged = sum(send(app, number) == STORED for number in range(3))
        path.rename(path.with_name("away"))
        acknowledged += sum(send(app, number) == STORED for number in range(3, 6))
        path.with_name("away").rename(path)
        acknowledged += sum(send(app, number) == STORED for number in range(6, 9))
        assert readiness(served) == (200, "ok")
    assert acknowledged == 6
    assert served.database.read_sync(count) == acknowledged


def test_nobody_makes_a_new_file_where_the_database_was(served: RunningServer) -> None:
    environment = add_environment(served.database)
    path = served.settings.data_folder / FILE
    path.rename(path.with_name("away"))
    with environment.app(served) as app:
        assert send(app, 1) == 503
    with pytest.raises(FileMoved, match="moved"):
        take_connections(served.database)
    assert not path.exists()


def test_a_file_that_is_moved_while_a_connection_opens_it_is_told_as_moved(tmp_path: Path) -> None:
    path = tmp_path / FILE
    database = open_database(sqlite_url(tmp_path))  # of no server, whose jobs would open connections as well

    def move(*_: object) -> None:
        if path.exists():
            path.rename(path.with_name("away"))

    with ExitStack() as held:
        held.callback(database.close)
        migrations.upgrade(database)
        for _ in range(SQLITE_READERS):
            held.enter_context(database.engine.connect())
        event.listen(database.engine, "connect", move, insert=True)
        with pytest.raises(FileMoved, match="moved"):
            take_connections(database)


def take_connections(database: Database) -> None:
    """Those that are there, and then new ones."""
    with ExitStack() as held:
        for _ in range(2 * SQLITE_READERS):
            held.enter_context(database.engine.connect())
