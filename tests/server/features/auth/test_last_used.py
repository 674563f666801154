"""When a token was last used: noted at most once a minute, aside, whatever becomes of it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, select

from templates_server.features.accounts import token_store
from templates_server.features.auth import last_used as uses
from templates_server.features.auth.last_used import LastUsedTracker
from templates_server.primitives.timestamps import MINUTE, parse_rfc3339, system_clock
from templates_server.security.secrets import hash_secret
from templates_server.settings import sqlite_file_url
from templates_server.storage.factory import open_database
from templates_server.storage.tables import tokens
from tests.people import OF_A_SIGN_IN, Person, add_organization, add_person, add_token
from tests.servers import RunningServer, running_server
from tests.unhandled_exceptions import UNHANDLED


def token_id(server: RunningServer, secret: str) -> str:
    query = select(tokens.c.id).where(tokens.c.token_hash == hash_secret(secret))
    return str(server.database.read_sync(lambda connection: connection.execute(query).scalar_one()))


def last_used(server: RunningServer, secret: str) -> int | None:
    query = select(tokens.c.last_used).where(tokens.c.token_hash == hash_secret(secret))
    found: int | None = server.database.read_sync(lambda connection: connection.execute(query).scalar_one())
    return found


def use(server: RunningServer, person: Person) -> int:
    with person.client(server) as client:
        return client.get("/v2/me").status_code


def wait_for(found: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_list_shows_when_a_token_was_last_used(server: RunningServer) -> None:
    ada = add_person(server.database, add_organization(server.database))
    before = system_clock()
    assert use(server, ada) == 200
    wait_for(lambda: last_used(server, ada.token))
    with ada.client(server) as client:
        (shown,) = client.get("/v2/tokens").json()["data"]
    assert before <= parse_rfc3339(shown["last_used"]) <= system_clock()


def test_a_use_is_stored_when_the_server_stops(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        ada = add_person(server.database, add_organization(server.database))
        assert use(server, ada) == 200
        assert last_used(server, ada.token) is None
        url = server.settings.database_url
    database = open_database(url)
    stored = database.read_sync(lambda connection: connection.execute(select(tokens.c.last_used)).scalar_one())
    database.close()
    assert stored is not None


def test_a_token_is_noted_once_a_minute_by_whichever_process(server: RunningServer) -> None:
    ada = add_person(server.database, add_organization(server.database))
    name, now = token_id(server, ada.token), system_clock()

    def note(used: int) -> int | None:
        server.database.write_sync(lambda connection: token_store.record_uses(connection, {name: used}))
        return last_used(server, ada.token)

    assert note(now) == now
    assert note(now + MINUTE - 1) == now
    assert note(now - MINUTE) == now
    assert note(now + MINUTE) == now + MINUTE


def test_requests_within_the_minute_note_nothing_and_one_batch_takes_many(tmp_path: Path) -> None:
    written: list[int] = []

    async def requests() -> None:
        database = open_database(sqlite_file_url(tmp_path / "x.db"))

        def count(_connection: Connection, noted: dict[str, int]) -> None:
            written.append(len(noted))

        noting = LastUsedTracker(database)
        original, token_store.record_uses = token_store.record_uses, count  # type: ignore[assignment]
        try:
            for number in range(500):
                noting.record(f"tok_{number % 50}", used=10 * MINUTE, before=None)
                noting.record("tok_seen", used=10 * MINUTE, before=9 * MINUTE + 1)
            await noting.finish()
            await noting.finish()
        finally:
            token_store.record_uses = original
            database.close()

    asyncio.run(requests())
    assert written == [50]


def test_a_database_that_takes_no_writes_fails_no_request(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uses, "GATHERED_SECONDS", 0.0)

    def refuse(_connection: Connection, _noted: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(token_store, "record_uses", refuse)
    with caplog.at_level(logging.ERROR), running_server(tmp_path) as server:
        ada = add_person(server.database, add_organization(server.database))
        assert [use(server, ada) for _ in range(3)] == [200, 200, 200]
        wait_for(lambda: caplog.records)
    assert "could not store" in caplog.text
    assert all("the disk is full" in traceback for traceback in UNHANDLED.take())
    assert ada.token not in caplog.text


def test_a_sign_in_leaves_no_trace_of_its_use_and_a_request_writes_nothing_itself(server: RunningServer) -> None:
    ada = add_person(server.database, add_organization(server.database), grant=OF_A_SIGN_IN)
    statements: list[str] = []
    listening = (server.database.engine, "before_cursor_execute", lambda *args: statements.append(str(args[2])))
    event.listen(*listening)
    try:
        assert use(server, ada) == 200
    finally:
        event.remove(*listening)
    assert statements
    assert [text for text in statements if not text.lstrip().upper().startswith(("SELECT", "BEGIN"))] == []
    personal = add_token(server.database, OF_A_SIGN_IN, account_id=ada.id)
    assert last_used(server, personal) is None
    assert last_used(server, ada.token) is None
