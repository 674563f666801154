"""Units of work on both databases: all or nothing, shared commits, retries."""

from __future__ import annotations

import ast
import asyncio
import functools
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import Connection, Transaction, text
from sqlalchemy.exc import DBAPIError

import templates_server
from templates_server.commands.log_file import LogLine
from templates_server.errors import Unavailable
from templates_server.settings import sqlite_file_url
from templates_server.storage.database import Database, WriteConflict
from templates_server.storage.dialect import as_text
from templates_server.storage.factory import open_database
from templates_server.storage.postgresql import MAX_ATTEMPTS, PostgresDatabase
from templates_server.storage.sqlite import BUSY_TIMEOUT_SECONDS, CHECKPOINT_PAGES

COUNT = text("SELECT count(*) FROM things")


def add(name: str) -> Callable[[Connection], None]:
    def work(connection: Connection) -> None:
        connection.execute(text("INSERT INTO things (name) VALUES (:name)"), {"name": name})

    return work


def count(connection: Connection) -> int:
    return int(connection.execute(COUNT).scalar_one())


@pytest.fixture
def database(fresh_database_url: str) -> Iterator[Database]:
    database = open_database(fresh_database_url)
    database.write_sync(lambda connection: connection.execute(text("DROP TABLE IF EXISTS things")))
    database.write_sync(lambda connection: connection.execute(text("CREATE TABLE things (name TEXT PRIMARY KEY)")))
    yield database
    database.write_sync(lambda connection: connection.execute(text("DROP TABLE things")))
    database.close()


def test_what_a_unit_wrote_before_it_failed_is_not_stored(database: Database) -> None:
    def work(connection: Connection) -> None:
        add("lost")(connection)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.write_sync(work)
    assert database.read_sync(count) == 0


def test_a_unit_that_fails_takes_nobody_down_who_shares_its_commit(database: Database) -> None:
    async def many() -> list[object]:
        units = [database.write(add(str(number // 2))) for number in range(200)]  # each name twice: the second fails
        return await asyncio.gather(*units, return_exceptions=True)

    outcomes = asyncio.run(many())
    assert sum(outcome is None for outcome in outcomes) == 100
    assert sum(isinstance(outcome, sqlalchemy.exc.IntegrityError) for outcome in outcomes) == 100
    assert database.read_sync(count) == 100


def test_writers_in_many_threads_lose_nothing(database: Database) -> None:
    def increase(connection: Connection) -> None:
        connection.execute(text("UPDATE things SET name = CAST(CAST(name AS INTEGER) + 1 AS TEXT)"))

    database.write_sync(add("0"))
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda _: database.write_sync(increase), range(160)))
    assert (
        database.read_sync(lambda connection: connection.execute(text("SELECT name FROM things")).scalar_one()) == "160"
    )


def test_sqlite_keeps_what_it_acknowledged_by_one_writer(tmp_path: Path) -> None:
    database = open_database(sqlite_file_url(tmp_path / "mtribes.db"))
    asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "wal_autocheckpoint")

    def settings(connection: Connection) -> list[object]:
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in asked]

    ahead, whole_at_each_commit, checked = "wal", 2, 1
    *writer, checkpoint_pages = database.write_sync(settings)
    *reader, pages_of_a_reader = database.read_sync(settings)
    assert writer == reader == [ahead, whole_at_each_commit, checked, BUSY_TIMEOUT_SECONDS * 1000]
    assert (checkpoint_pages, pages_of_a_reader) == (CHECKPOINT_PAGES, 0)  # who writes does every checkpoint
    threads = {database.write_sync(lambda _: threading.get_ident()) for _ in range(20)}
    assert len(threads) == 1
    database.close()


def test_what_is_large_shares_its_transaction_with_nobody(tmp_path: Path) -> None:
    database = open_database(sqlite_file_url(tmp_path / "things.db"))
    is_busy, go_on = threading.Event(), threading.Event()
    order: list[tuple[str, Transaction | None]] = []

    def hold(_connection: Connection) -> None:
        is_busy.set()
        assert go_on.wait(20)

    def note(name: str) -> Callable[[Connection], None]:
        return lambda connection: order.append((name, connection.get_transaction()))

    async def write_all() -> None:
        first = asyncio.ensure_future(database.write(hold))
        await asyncio.to_thread(is_busy.wait, 20)
        names = ("a", "b", "large", "large too", "c", "d")
        rest = [asyncio.ensure_future(database.write(note(name), is_large="large" in name)) for name in names]
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(first, *rest)

    asyncio.run(write_all())
    database.close()
    together = [[name for name, _ in group] for _, group in groupby(order, key=lambda one: one[1])]
    assert together == [["a", "b"], ["large"], ["large too"], ["c", "d"]]


def test_a_read_sees_one_snapshot_while_others_write(database: Database) -> None:
    def work(connection: Connection) -> tuple[int, int]:
        before = count(connection)
        writer = threading.Thread(target=database.write_sync, args=(add("meanwhile"),))
        writer.start()
        writer.join()
        return before, count(connection)

    assert database.read_sync(work) == (0, 0)
    assert database.read_sync(count) == 1


def test_a_database_that_is_closed_finishes_what_was_handed_over(fresh_database_url: str, database: Database) -> None:
    another = open_database(fresh_database_url)

    async def write_and_close() -> None:
        writes = [asyncio.ensure_future(another.write(add(str(number)))) for number in range(50)]
        await asyncio.sleep(0)
        await asyncio.to_thread(another.close)
        await asyncio.gather(*writes)

    asyncio.run(write_and_close())
    assert database.read_sync(count) == 50


def test_a_postgresql_backend_that_was_killed_costs_no_write(postgres_url: str) -> None:
    database = open_database(postgres_url)
    database.write_sync(lambda connection: connection.execute(text("CREATE TABLE things (name TEXT PRIMARY KEY)")))
    kills = iter([True, True, False])

    def work(connection: Connection) -> None:
        add("kept")(connection)
        if next(kills):
            connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    database.write_sync(work)
    assert database.read_sync(count) == 1
    database.close()


def test_work_that_was_overtaken_is_undone_and_run_again(postgres_url: str) -> None:
    database = open_database(postgres_url)
    database.write_sync(lambda connection: connection.execute(text("CREATE TABLE things (name TEXT PRIMARY KEY)")))
    found = []

    def work(connection: Connection) -> None:
        found.append(count(connection))
        add("kept")(connection)
        if len(found) <= 2 * MAX_ATTEMPTS:
            raise WriteConflict

    database.write_sync(work)
    assert found == [0] * (2 * MAX_ATTEMPTS + 1)
    assert database.read_sync(count) == 1
    database.close()


def test_connections_that_the_server_has_ended_are_replaced_before_work_begins(postgres_url: str) -> None:
    database, another = open_database(postgres_url), open_database(postgres_url)
    together = threading.Barrier(3, timeout=20)
    backends = "SELECT pg_backend_pid(), current_setting('transaction_isolation')"

    def meet(connection: Connection) -> Any:
        together.wait()
        return connection.exec_driver_sql(backends).one()[0]

    def end(connection: Connection, backend: int) -> None:
        assert connection.exec_driver_sql(f"SELECT pg_terminate_backend({backend}, 20000)").scalar_one()

    with ThreadPoolExecutor(3) as threads:
        before = list(threads.map(lambda _: database.write_sync(meet), range(3)))
        for backend in before:
            another.write_sync(functools.partial(end, backend=backend))
        attempts = []

        def work(connection: Connection) -> Any:
            attempts.append(1)
            return meet(connection)

        after = list(threads.map(lambda _: database.write_sync(work), range(3)))
    assert len(attempts) == 3
    assert not {*before} & {*after}
    assert database.read_sync(lambda connection: connection.exec_driver_sql(backends).one()[1]) == "repeatable read"
    assert database.write_sync(lambda connection: connection.exec_driver_sql(backends).one()[1]) == "read committed"
    database.close()
    another.close()


def test_whoever_stops_waiting_keeps_nobody_else_from_storing(database: Database) -> None:
    async def give_up_and_go_on() -> None:
        for number in range(20):
            given_up = asyncio.ensure_future(database.write(add(f"given up {number}")))
            await asyncio.sleep(0)
            given_up.cancel()
            await database.write(add(str(number)))

    asyncio.run(asyncio.wait_for(give_up_and_go_on(), 20))
    names = set(database.read_sync(lambda connection: connection.execute(text("SELECT name FROM things")).scalars()))
    assert {str(number) for number in range(20)} <= names


@pytest.mark.slow
def test_a_postgresql_that_is_gone_is_unavailable_and_not_a_bug() -> None:
    database = open_database("postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(Unavailable):
        database.read_sync(count)
    database.close()


def test_a_fault_in_a_query_is_not_tried_again(database: Database) -> None:
    attempts = []

    def work(connection: Connection) -> None:
        attempts.append(1)
        connection.execute(text("SELECT nothing FROM nowhere"))

    with pytest.raises(DBAPIError):
        database.write_sync(work)
    assert len(attempts) == 1


def test_a_kind_of_database_that_is_not_supported_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"mysql.*sqlite:///FILE"):
        open_database("mysql://localhost/x")


def test_look_ups_at_once_each_find_their_own_and_one_that_fails_fails_alone(database: Database) -> None:
    async def many() -> list[object]:
        query = "SELECT name, CAST(? AS int) FROM things WHERE name = ?"
        good = [database.fetch_one(query, number, str(number % 3)) for number in range(9)]
        bad = database.fetch_one("SELECT name FROM nothing_of_that_name WHERE name = ?", "0")
        return await asyncio.gather(*good, bad, *good_again(database), return_exceptions=True)

    database.write_sync(add("0"))
    database.write_sync(add("1"))
    *rows, failed, first, nobody = asyncio.run(many())
    assert [None if row is None else tuple(row) for row in rows] == [  # type: ignore[arg-type]
        ("0", 0), ("1", 1), None, ("0", 3), ("1", 4), None, ("0", 6), ("1", 7), None,
    ]  # fmt: skip
    assert isinstance(failed, Exception)
    assert (tuple(first), nobody) == (("0",), None)  # type: ignore[arg-type]


def good_again(database: Database) -> list[Coroutine[Any, Any, Sequence[Any] | None]]:
    """Somebody who is there, and somebody who is not."""
    return [database.fetch_one("SELECT name FROM things WHERE name = ?", name) for name in ("0", "9")]


def test_a_look_up_sees_what_was_stored_before_it_was_asked(database: Database) -> None:
    async def one(number: int) -> bool:
        await database.write(add(str(number)))
        return await database.fetch_one("SELECT name FROM things WHERE name = ?", str(number)) is not None

    async def many() -> list[bool]:
        return await asyncio.gather(*(one(number) for number in range(100)))

    assert all(asyncio.run(many()))


COSTLY = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT count(*) FROM n"
FEW, MANY = 1_000, 1_000_000


@pytest.mark.parametrize("way", ["fetch_one", "read"])
def test_a_query_of_many_steps_does_not_hold_the_event_loop(tmp_path: Path, way: str) -> None:
    database = open_database(sqlite_file_url(tmp_path / "things.db"))

    async def ask(rows: int) -> tuple[int, float, float]:
        """What is found, and the processor time of this thread, and of all."""
        began, all_began = time.thread_time(), time.process_time()
        if way == "fetch_one":
            row = await database.fetch_one(COSTLY, rows)
            found = 0 if row is None else row[0]
        else:
            found = await database.read(lambda connection: connection.exec_driver_sql(COSTLY, (rows,)).scalar_one())
        return found, time.thread_time() - began, time.process_time() - all_began

    async def ask_all() -> None:
        for _ in range(5):
            assert (await ask(FEW))[0] == FEW
        found, here, everywhere = await ask(MANY)
        assert found == MANY
        assert here < everywhere / 4
        assert sum([(await ask(FEW))[0] for _ in range(200)]) == 200 * FEW  # steps of others are not counted

    asyncio.run(ask_all())
    database.close()


def test_a_query_elsewhere_may_take_as_many_steps_as_it_needs(tmp_path: Path) -> None:
    database = open_database(sqlite_file_url(tmp_path / "things.db"))

    def work(connection: Connection) -> int:
        return int(connection.exec_driver_sql(COSTLY, (MANY,)).scalar_one())

    assert (database.read_sync(work), database.write_sync(work)) == (MANY, MANY)
    assert asyncio.run(database.read_in_thread(work)) == MANY
    database.close()


def test_look_ups_find_a_lost_connection_again(postgres_url: str) -> None:
    database = open_database(postgres_url)
    assert isinstance(database, PostgresDatabase)

    async def many() -> list[Sequence[Any] | None]:
        return await asyncio.gather(*(database.fetch_one("SELECT CAST(? AS int)", number) for number in range(5)))

    asyncio.run(many())
    database.read_sync(
        lambda connection: connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        ).all()
    )
    assert [row and row[0] for row in asyncio.run(many())] == list(range(5))
    database.close()


SECRET = "the-value-of-a-parameter"


def test_a_failing_statement_tells_no_value(database: Database) -> None:
    add_twice: list[Callable[[Connection], object]] = [
        add(SECRET),
        lambda connection: connection.exec_driver_sql(
            as_text(connection, "INSERT INTO things (name) VALUES (?)"), (SECRET,)
        ),
        lambda connection: connection.execute(text("INSERT INTO nothing (name) VALUES (:name)"), {"name": SECRET}),
    ]
    database.write_sync(add(SECRET))
    for work in add_twice:
        with pytest.raises(DBAPIError) as failed:
            database.write_sync(work)
        assert SECRET not in logged(failed.value)
        assert "INSERT INTO" in logged(failed.value)
    asyncio.run(look_up_in_vain(database))


def logged(error: BaseException) -> str:
    """What the log of a server has of an exception."""
    return LogLine("%(message)s").formatException((type(error), error, error.__traceback__))


async def look_up_in_vain(database: Database) -> None:
    """Ask what cannot be asked, on the connections for look-ups, alone and together with others."""
    questions = [database.fetch_one("SELECT name FROM nothing WHERE name = ?", SECRET) for _ in range(3)]
    for failure in await asyncio.gather(*questions, return_exceptions=True):
        assert isinstance(failure, Exception)
        assert SECRET not in logged(failure)


def test_every_engine_hides_its_parameters() -> None:
    calls = [
        (path.name, {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords})
        for path in Path(templates_server.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("create_engine")
    ]
    assert len(calls) >= 3
    assert [name for name, keywords in calls if keywords.get("hide_parameters") != "True"] == []
