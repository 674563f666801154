"""What states and started sessions hold in memory is what their budgets count, and bounded by them."""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, update

from templates_server.errors import ValidationFailed
from templates_server.features.people.app_versions import version_key
from templates_server.features.people.last_session import AppFacts
from templates_server.features.sessions import store
from templates_server.features.sessions.changes.diff import KnownStates
from templates_server.features.sessions.changes.start_cache import StartCache
from templates_server.features.sessions.compiled_states import TOO_LARGE, CompiledStates, StatesCache, make_states
from templates_server.features.sessions.evaluator import ClientContext, SessionEvaluation, StartContext
from templates_server.primitives.timestamps import system_clock
from templates_server.storage import tables
from tests.environments import AppEnvironment, add_environment, deliver
from tests.memory import measured
from tests.servers import RunningServer, running_server

CHILDREN = {f"child-{number}": {"experience": "hero"} for number in range(40)}
MODEL: dict[str, Any] = {
    "experiences": {"hero": {"properties": {"title": {"type": "text"}}}},
    "collections": {"home": {"children": CHILDREN}},
}
GOLD = {"attribute": "attributes.plan", "operator": "equals", "value": "gold"}
TRIBES = {"gold": {"audience": "all", "match": "all", "filters": [GOLD]}}
TITLE_CHARACTERS = 5000
MIB = 1024 * 1024


def delivery(mark: int, *, is_targeted: bool = False) -> dict[str, Any]:
    """A delivery of 200 KB, another for each mark; twice as large where there is a targeted scenario."""
    state = {"properties": {"title": f"{mark} ".ljust(TITLE_CHARACTERS, "x")}}
    targeted = [{"name": "For gold", "tribes": ["gold"], **state}] if is_targeted else []
    scenarios = {f"home.{child}": {"default": state, "targeted": targeted} for child in CHILDREN}
    return {"published": ["home"], "scenarios": scenarios}


def states(mark: int, *, is_targeted: bool = False) -> CompiledStates:
    document, revision = delivery(mark, is_targeted=is_targeted), f"1.{mark}.1"
    documents = store.EnvironmentDocuments(
        "space", "Space", "production", revision, MODEL, document, {"tribes": TRIBES}
    )
    return make_states(documents, "sqlite")


def untargeted(made: CompiledStates, context: StartContext | None = None) -> SessionEvaluation:
    return SessionEvaluation(made, made.untargeted, context)


@pytest.mark.slow
def test_sessions_hold_no_states_of_their_time() -> None:
    sessions = StartCache()
    with measured() as grown:
        for mark in range(30):
            sessions.save(f"ses_{mark}", untargeted(states(mark)))
        assert grown() < MIB / 2
        assert grown() <= sessions.bytes <= 3 * grown()


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["untargeted", "targeted", "with fields", "with long fields", "with a device", "with an app"]
)
def test_the_budget_of_sessions_counts_what_they_hold(kind: str) -> None:
    made = states(1, is_targeted=True)
    names = itertools.count()

    def decided() -> SessionEvaluation:
        own = next(names)
        said = {
            "with fields": lambda: ClientContext({f"field-{own}-{number}": own + number for number in range(100)}),
            "with long fields": lambda: ClientContext({"\u4e2d\u6587": f"{own} ".ljust(4096, "\u4e2d")}),
            "with a device": lambda: ClientContext({}, f"{own} ".ljust(256, "x"), f"{own} ".ljust(256, "\u4e2d")),
            "with an app": lambda: ClientContext(
                {}, app=AppFacts(version_key(f"{own}.1"), version_key(f"{own}.2"), "ios")
            ),
        }.get(kind, ClientContext)()
        shown = list(made.untargeted) if kind == "targeted" else made.untargeted
        return SessionEvaluation(made, shown, StartContext(said, 10**12 + own))

    sessions = StartCache()
    with measured() as grown:
        for number in range(300):
            sessions.save(f"ses_{number}_".ljust(49, "x"), decided())
        assert grown() <= sessions.bytes <= 3 * grown()


@pytest.mark.slow
def test_sessions_keep_to_their_budget_and_the_oldest_go() -> None:
    sessions = StartCache(most_bytes=100_000)
    with measured() as grown:
        for mark in range(80):
            context = StartContext(ClientContext({"campaign": f"{mark} ".ljust(1000, "x")}))
            sessions.save(f"ses_{mark}", untargeted(states(mark % 7), context))
        assert grown() <= 100_000 + 50_000  # the interpreter's own, and what states have in common
        assert sessions.bytes <= 100_000
    assert sessions.find("ses_0") is None
    assert sessions.find("ses_79") is not None


@pytest.mark.slow
def test_what_is_shared_is_counted_once_and_given_back() -> None:
    sessions = StartCache(most_bytes=20_000)
    made = states(1)
    sessions.save("ses_0", untargeted(made))
    first = sessions.bytes
    sessions.save("ses_1", untargeted(made))
    assert sessions.bytes < 1.5 * first
    for number in range(1000):
        sessions.save(f"ses_{number}", untargeted(states(2) if number > 500 else made))
    kept = [number for number in range(1000) if sessions.find(f"ses_{number}")]
    assert kept == list(range(kept[0], 1000))
    assert sessions.bytes <= 20_000
    empty = StartCache(most_bytes=10)
    empty.save("ses_0", untargeted(made))
    assert (empty.bytes, empty.find("ses_0")) == (0, None)


def test_a_session_remembers_what_it_was_told() -> None:
    made = states(1, is_targeted=True)
    shown = [*made.untargeted[:2], None, made.entities[3].candidates[0].shown, *made.untargeted[4:]]
    sessions = StartCache()
    sessions.save("ses_0", SessionEvaluation(made, shown, None))
    started = sessions.find("ses_0")
    assert started is not None
    expected = {name: one.digest for name, one in zip(made.outline.names, shown, strict=True) if one is not None}
    assert started.told.by_name() == expected
    assert (started.outline.revision, len(expected)) == ("1.1.1", 39)
    sessions.save("ses_1", untargeted(made))
    assert sessions.find("ses_1") == started_of(made)


def started_of(made: CompiledStates) -> object:
    sessions = StartCache()
    sessions.save("", SessionEvaluation(made, made.untargeted, None))
    found = sessions.find("")
    assert found is not None
    assert found.told == KnownStates(made.outline.names, "".join(one.digest for one in made.untargeted))
    return found


# The cache of states


def environments(server: RunningServer, count: int) -> list[AppEnvironment]:
    return [
        add_environment(server.database, model=MODEL, delivery=delivery(mark, is_targeted=True), tribes=TRIBES)
        for mark in range(count)
    ]


@pytest.mark.slow
def test_the_budget_of_states_counts_what_they_hold(server: RunningServer) -> None:
    places = environments(server, 12)
    cache = StatesCache(server.database)

    async def ask(some: list[AppEnvironment]) -> None:
        for place in some:
            await cache.states_of(place.id)

    asyncio.run(ask(places[:2]))  # what is imported or remembered once is not the cache's
    before = cache.bytes
    with measured() as grown:
        asyncio.run(ask(places[2:]))
        held, counted = grown(), cache.bytes - before
    texts = 10 * 40 * TITLE_CHARACTERS  # of one scenario: both are held once, and all without the targeted ones again
    assert 3 * texts < counted < 3.8 * texts
    assert 0.8 * held <= counted <= 1.25 * held


@pytest.mark.slow
def test_states_keep_to_their_budget_and_the_oldest_go(server: RunningServer) -> None:
    places = environments(server, 10)
    size = states_size(server, places[0])
    cache = StatesCache(server.database, most_bytes=3 * size + size // 2)

    async def ask() -> None:
        with measured() as grown:
            for place in places:
                await cache.states_of(place.id)
                assert cache.bytes <= 3 * size + size // 2
            assert grown() <= 5 * size
        assert await cache.states_of(places[-1].id) is await cache.states_of(places[-1].id)

    asyncio.run(ask())


def states_size(server: RunningServer, place: AppEnvironment) -> int:
    cache = StatesCache(server.database)
    asyncio.run(cache.states_of(place.id))
    return cache.bytes


def test_states_that_are_larger_than_the_budget_are_made_once(server: RunningServer) -> None:
    [place] = environments(server, 1)
    cache = StatesCache(server.database, most_bytes=10)

    async def ask() -> bool:
        return await cache.states_of(place.id) is await cache.states_of(place.id)

    assert asyncio.run(ask())


def test_a_new_revision_is_seen_at_once_and_replaces_the_old_one(server: RunningServer) -> None:
    [place] = environments(server, 1)
    cache = StatesCache(server.database)

    async def ask() -> CompiledStates:
        return await cache.states_of(place.id)

    first = asyncio.run(ask())
    size = cache.bytes
    deliver(server.database, place, delivery(99, is_targeted=True))
    second = asyncio.run(ask())
    assert (first.revision, second.revision) == ("1.1.1", "1.2.1")
    assert cache.bytes == pytest.approx(size, rel=0.05)


def test_those_who_ask_at_once_have_states_made_once(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    [place] = environments(server, 1)
    cache = StatesCache(server.database)
    made: list[str] = []
    documents_of = store.load_documents

    def counted(connection: Connection, environment_id: str) -> store.EnvironmentDocuments:
        made.append(environment_id)
        return documents_of(connection, environment_id)

    monkeypatch.setattr(store, "load_documents", counted)

    async def ask() -> list[CompiledStates]:
        return await asyncio.gather(*(cache.states_of(place.id) for _ in range(50)))

    assert len({id(one) for one in asyncio.run(ask())}) == len(made) <= 2


HUGE_MODEL: dict[str, Any] = {
    "experiences": {"hero": {"properties": {f"p-{n}": {"type": "text", "default": "x" * 10_000} for n in range(20)}}},
    "collections": {f"c-{number}": {"children": CHILDREN} for number in range(10)},
}


@pytest.mark.slow
def test_a_short_document_of_very_many_states_is_refused_where_they_are_made(server: RunningServer) -> None:
    place = add_environment(server.database, model=HUGE_MODEL, delivery={"published": ["c-1"]})
    cache = StatesCache(server.database)
    with measured() as grown, place.app(server) as app:
        answer = app.post("/api/client/sessions", json={"anonymous_id": "v"})
        assert (answer.status_code, answer.json()["errors"][0]["message"]) == (422, TOO_LARGE)
        with pytest.raises(ValidationFailed):
            asyncio.run(cache.states_of(place.id))
        assert grown() < 8 * MIB
    assert cache.bytes == 0


# At the door


@pytest.mark.slow
def test_sessions_of_many_deliveries_leave_no_memory_behind(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        place = add_environment(server.database, model=MODEL, delivery=delivery(0))
        with place.app(server) as app:

            def start(mark: int) -> None:
                push(server, place, delivery(mark), revision=mark)
                assert app.post("/api/client/sessions", json={"anonymous_id": "v"}).status_code == 200

            for mark in range(2, 6):
                start(mark)
            with measured() as grown:
                for mark in range(6, 31):
                    start(mark)
                assert grown() < 25 * 40 * TITLE_CHARACTERS / 5


def push(server: RunningServer, place: AppEnvironment, document: dict[str, Any], *, revision: int) -> None:
    """Another delivery, as if it had been pushed."""
    row = {"environment_id": place.id, "document": json.dumps(document), "revision": revision}
    row |= {"created": system_clock(), "created_by": "test"}
    present = update(tables.environments).where(tables.environments.c.id == place.id).values(revision=revision)
    server.database.write_sync(lambda one: (one.execute(tables.delivery_revisions.insert(), row), one.execute(present)))
