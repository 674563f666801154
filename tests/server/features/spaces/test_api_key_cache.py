"""What a key opens is remembered for a moment, and never past a write of this process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import pytest

from templates_server.features.spaces import api_key_cache
from templates_server.features.spaces.api_key_cache import KEPT_SECONDS, ApiKeyCache
from templates_server.storage.database import Database, Parameter
from templates_server.storage.factory import open_database
from tests.environments import AppEnvironment, add_environment, deliver, revoke
from tests.servers import RunningServer

Found = TypeVar("Found")


@pytest.fixture
def environment(server: RunningServer) -> AppEnvironment:
    return add_environment(server.database)


class Watched:
    """The apps of a process, of whose database the look-ups are counted, and whose clock stands still."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.look_ups, self.now = 0, 100.0
        self.apps = ApiKeyCache(database, clock=lambda: self.now)
        fetch_one = database.fetch_one

        async def counted(query: str, *parameters: Parameter) -> Any:
            self.look_ups += 1
            return await fetch_one(query, *parameters)

        monkeypatch.setattr(database, "fetch_one", counted)

    async def revisions(self, environment: AppEnvironment) -> Any:
        found = await self.apps.find(environment.key)
        return None if found is None else found.revisions


@pytest.fixture
def other_process(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """Its database is the server's, over connections of its own: the server's writes are those of another process."""
    database = open_database(server.settings.database_url)
    yield Watched(database, monkeypatch)
    database.close()


def run(work: Callable[[], Awaitable[Found]]) -> Found:
    async def all_of_it() -> Found:
        return await work()

    return asyncio.run(all_of_it())


def test_a_key_is_looked_up_once_a_moment(environment: AppEnvironment, other_process: Watched) -> None:
    async def ask() -> list[Any]:
        found = [await other_process.revisions(environment) for _ in range(10)]
        other_process.now += KEPT_SECONDS
        return [*found, await other_process.revisions(environment)]

    assert set(run(ask)) == {(1, 1, 0)}
    assert other_process.look_ups == 2


def test_what_another_process_stored_holds_after_a_moment(
    server: RunningServer, environment: AppEnvironment, other_process: Watched
) -> None:
    async def ask() -> Any:
        before = await other_process.revisions(environment)
        await asyncio.to_thread(deliver, server.database, environment, {"published": []})
        other_process.now += KEPT_SECONDS
        after = await other_process.revisions(environment)
        await asyncio.to_thread(revoke, server.database, environment)
        other_process.now += KEPT_SECONDS
        return before, after, await other_process.revisions(environment)

    assert run(ask) == ((1, 1, 0), (1, 2, 0), None)


def test_what_this_process_stored_holds_at_once(server: RunningServer, environment: AppEnvironment) -> None:
    body = {"anonymous_id": "a", "name": "a/b"}
    with environment.app(server) as app:
        started = app.post("/api/client/sessions", json=body)
        deliver(server.database, environment, {"published": []})
        again = app.post("/api/client/sessions", json=body)
        revoke(server.database, environment)
        refused = app.post("/api/client/sessions", json=body)
    assert (started.json()["revision"], again.json()["revision"], refused.status_code) == ("1.1.0", "1.2.0", 401)


def test_only_so_many_are_remembered(
    server: RunningServer, other_process: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_key_cache, "MOST_KEPT", 2)
    environments = [add_environment(server.database) for _ in range(3)]

    async def ask() -> None:
        for environment in (*environments, environments[2], environments[0]):
            await other_process.revisions(environment)

    run(ask)
    assert other_process.look_ups == 4
