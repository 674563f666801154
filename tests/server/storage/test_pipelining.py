"""Statements that go straight to the driver: what they see, and that their faults are told as all others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from templates_server.errors import Unavailable
from templates_server.settings import sqlite_file_url
from templates_server.storage.bulk import Insertion, Update, write_all
from templates_server.storage.database import Database
from templates_server.storage.dialect import in_clause, in_param
from templates_server.storage.factory import open_database
from templates_server.storage.pipelining import Rows, execute_pipelined

KEPT = Insertion("kept", {"number": "bigint", "word": "text"})


@pytest.fixture
def database(fresh_database_url: str) -> Iterator[Database]:
    database = open_database(fresh_database_url)
    database.write_sync(
        lambda connection: execute_pipelined(connection, [("CREATE TABLE kept (number BIGINT, word TEXT)", ())])
    )
    yield database
    database.close()


def words(database: Database) -> list[str]:
    def read(connection: Connection) -> Rows:
        (rows,) = execute_pipelined(connection, [("SELECT word FROM kept ORDER BY number", ())])
        return rows

    return [row[0] for row in database.read_sync(read)]


def test_each_statement_sees_what_the_ones_before_it_did(database: Database) -> None:
    adding = "INSERT INTO kept (number, word) VALUES (?, ?)"
    counting = ("SELECT count(*), max(word) FROM kept WHERE number > ?", (0,))
    found = database.write_sync(
        lambda connection: execute_pipelined(connection, [(adding, (1, "a")), counting, (adding, (2, "b")), counting])
    )
    assert [list(map(tuple, rows)) for rows in found] == [[], [(1, "a")], [], [(2, "b")]]
    assert words(database) == ["a", "b"]


def test_a_fault_is_sqlalchemys_and_undoes_all(database: Database) -> None:
    database.write_sync(
        lambda connection: execute_pipelined(connection, [("CREATE UNIQUE INDEX one ON kept (number)", ())])
    )
    rows = [(1, "a"), (1, "b")]
    with pytest.raises(IntegrityError):
        database.write_sync(lambda connection: write_all(connection, KEPT, rows))
    adding = ("INSERT INTO kept (number, word) VALUES (1, 'c')", ())
    with pytest.raises(IntegrityError):
        database.write_sync(lambda connection: execute_pipelined(connection, [adding, adding]))
    with pytest.raises(DBAPIError):
        database.write_sync(lambda connection: execute_pipelined(connection, [adding, ("SELECT nothing", ())]))
    assert words(database) == []


HOSTILE = ['"', "\\", '\\"', "NULL", "null", "", " ", "{}", "{a,b}", "a,b", "'", "\n\t", "?", "%s", "\u2028", "é😀"]


def test_any_text_is_written_updated_and_found_as_it_is(database: Database) -> None:
    rows = [*enumerate(HOSTILE), (-1, None), (2**63 - 1, "last")]
    backwards = [(None if word is None else word[::-1], number) for number, word in rows]

    def keep(connection: Connection) -> Rows:
        (found,) = write_all(connection, KEPT, rows, then=[("SELECT number, word FROM kept", ())])
        return found

    def turn(connection: Connection) -> Rows:
        write_all(connection, Update("kept", {"word": "text"}, key={"number": "bigint"}), backwards)
        (found,) = execute_pipelined(connection, [("SELECT word, number FROM kept", ())])
        return found

    def find(connection: Connection) -> Rows:
        query = f"SELECT word FROM kept WHERE word {in_clause(connection)}"  # noqa: S608 - of this test
        return execute_pipelined(connection, [(query, (in_param(connection, HOSTILE),))])[0]

    assert set(database.write_sync(keep)) == set(rows)
    assert {row[0] for row in database.read_sync(find)} == set(HOSTILE)
    assert set(database.write_sync(turn)) == set(backwards)


def test_a_connection_that_is_lost_between_two_statements_costs_nothing(postgres_url: str) -> None:
    database, attempts = open_database(postgres_url), []
    killing = ("SELECT pg_terminate_backend(pg_backend_pid())", ())

    def work(connection: Connection) -> list[Rows]:
        attempts.append(connection)
        return execute_pipelined(connection, [killing if len(attempts) == 1 else ("SELECT 2", ()), ("SELECT 3", ())])

    assert [list(map(tuple, rows)) for rows in database.write_sync(work)] == [[(2,)], [(3,)]]
    assert len(attempts) == 2
    database.close()


def test_a_full_disk_is_a_lack_of_room_and_no_bug(tmp_path_factory: pytest.TempPathFactory) -> None:
    database = open_database(sqlite_file_url(tmp_path_factory.mktemp("full") / "mtribes.db"))

    def fill(connection: Connection) -> None:
        execute_pipelined(
            connection, [("CREATE TABLE kept (number BIGINT, word TEXT)", ()), ("PRAGMA max_page_count=3", ())]
        )
        write_all(connection, KEPT, [(1, "a" * 100_000)])

    with pytest.raises(Unavailable, match="The database is full"):
        database.write_sync(fill)
    database.close()
