"""Which revisions a code hash was rendered from: recorded once, without costing anybody their code."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, insert, select

from templates_server.errors import Unavailable
from templates_server.features.codegen import store
from templates_server.features.codegen.generator import GENERATOR
from templates_server.security.authorization import Role
from templates_server.storage.database import Database
from templates_server.storage.tables import code_renderings, spaces
from tests.people import Person, add_organization, add_person, add_space
from tests.servers import RunningServer
from tests.unhandled_exceptions import UNHANDLED

MODEL: dict[str, Any] = {
    "experiences": {"hero": {"properties": {"title": {"type": "text"}}}},
    "collections": {"home": {"children": {"top": {"experience": "hero"}}}},
}
TARGETS = [{"language": "typescript"}]


@pytest.fixture(scope="module")
def person(server: RunningServer) -> Person:
    return add_person(server.database, add_organization(server.database))


@pytest.fixture
def client(server: RunningServer, person: Person) -> Iterator[httpx.Client]:
    with person.client(server) as client:
        yield client


@pytest.fixture
def space(server: RunningServer, person: Person, client: httpx.Client) -> str:
    key = add_space(server, person)
    push(client, f"/v2/spaces/{key}", MODEL)
    return f"/v2/spaces/{key}"


def push(client: httpx.Client, space: str, model: Mapping[str, Any]) -> None:
    assert client.put(f"{space}/model", json=model, headers={"If-Match": "*"}).is_success


def deliver(client: httpx.Client, space: str, title: str, environment: str = "production") -> None:
    document = {"scenarios": {"home.top": {"default": {"properties": {"title": title}}}}}
    url = f"{space}/environments/{environment}/delivery"
    assert client.put(url, json=document, headers={"If-Match": "*"}).is_success


def generate(client: httpx.Client, space: str, **more: Any) -> Any:
    answer = client.post(f"{space}/code", json={"targets": TARGETS, **more})
    assert answer.is_success, answer.text
    return answer.json()["data"][0]


def recorded(server: RunningServer, space: str) -> list[tuple[Any, ...]]:
    """What is stored of a Space, the first rendering first: hash, both revisions, generator."""
    table = code_renderings.c
    query = (
        select(table.code_hash, table.model_revision, table.delivery_revision, table.generator)
        .join(spaces, spaces.c.id == table.space_id)
        .where(spaces.c.key == space.rpartition("/")[2])
        .order_by(table.rendered, table.model_revision)
    )
    return [tuple(row) for row in server.database.read_sync(lambda connection: connection.execute(query).all())]


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch, server: RunningServer) -> list[object]:
    """Every unit of work of a request that the server writes: when tokens were used is written beside these."""
    found: list[object] = []
    write = type(server.database).write

    async def counted(database: Database, work: Any, **how: bool) -> Any:
        if "LastUsedTracker" not in getattr(work, "__qualname__", ""):
            found.append(work)
        return await write(database, work, **how)

    monkeypatch.setattr(type(server.database), "write", counted)
    return found


def test_a_rendering_records_what_it_was_made_from(server: RunningServer, client: httpx.Client, space: str) -> None:
    assert recorded(server, space) == []
    code = generate(client, space)
    assert recorded(server, space) == [(code["code_hash"], 1, 0, GENERATOR)]


def test_every_hash_has_the_revisions_that_gave_it_first(
    server: RunningServer, client: httpx.Client, space: str
) -> None:
    first = generate(client, space)["code_hash"]
    deliver(client, space, "Hello")
    second = generate(client, space)["code_hash"]
    push(client, space, {**MODEL, "experiences": {"hero": {"properties": {"title": {"type": "image"}}}}})
    third = generate(client, space)["code_hash"]
    push(client, space, MODEL)
    assert generate(client, space)["code_hash"] == second
    wanted = [(first, 1, 0, GENERATOR), (second, 1, 1, GENERATOR), (third, 2, 1, GENERATOR)]
    assert sorted(recorded(server, space)) == sorted(wanted)


def test_an_old_model_is_recorded_under_its_revision(server: RunningServer, client: httpx.Client, space: str) -> None:
    push(client, space, {**MODEL, "experiences": {"hero": {"properties": {"title": {"type": "image"}}}}})
    old = generate(client, space, revision=1)["code_hash"]
    assert recorded(server, space) == [(old, 1, 0, GENERATOR)]


def test_who_has_the_code_already_is_recorded_too(server: RunningServer, client: httpx.Client, space: str) -> None:
    known = client.put(f"{space}/model", json=MODEL, headers={"If-Match": "*"}).json()["data"][0]["code_hash"]
    assert recorded(server, space) == []
    assert generate(client, space, if_code_hash=known)["unchanged"] is True
    assert recorded(server, space) == [(known, 1, 0, GENERATOR)]


def test_what_is_recorded_is_not_written_again(client: httpx.Client, space: str, writes: list[object]) -> None:
    known = generate(client, space)["code_hash"]
    assert len(writes) == 1
    for more in ({}, {"if_code_hash": known}, {"revision": 1}):
        generate(client, space, **more)
    assert len(writes) == 1


def test_a_viewer_who_reads_code_records_it(server: RunningServer, person: Person, client: httpx.Client) -> None:
    space = f"/v2/spaces/{add_space(server, person)}"
    push(client, space, MODEL)
    with add_person(server.database, person.organization, role=Role.VIEWER).client(server) as viewer:
        code = generate(viewer, space)
    assert [row[0] for row in recorded(server, space)] == [code["code_hash"]]


def test_a_space_keeps_the_newest_renderings(server: RunningServer, client: httpx.Client, space: str) -> None:
    def fill(connection: Connection) -> None:
        key = space.rpartition("/")[2]
        space_id = connection.execute(select(spaces.c.id).where(spaces.c.key == key)).scalar_one()
        row = {"space_id": space_id, "model_revision": 1, "delivery_revision": 0, "generator": "1.x"}
        rows = [
            {**row, "code_hash": f"{number:064x}", "rendered": number} for number in range(store.MOST_RENDERINGS + 2)
        ]
        connection.execute(insert(code_renderings), rows)

    server.database.write_sync(fill)
    newest = generate(client, space)["code_hash"]
    kept = [row[0] for row in recorded(server, space)]
    assert len(kept) == store.MOST_RENDERINGS
    assert (kept[0], kept[-1]) == (f"{3:064x}", newest)


def test_a_deleted_space_takes_its_renderings_along(server: RunningServer, client: httpx.Client, space: str) -> None:
    generate(client, space)
    assert client.delete(space).is_success
    assert recorded(server, space) == []


@pytest.fixture(params=[(Unavailable("full"), "WARNING"), (RuntimeError("planted"), "ERROR")], ids=["full", "broken"])
def level(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """While nothing can be recorded: at which level that is logged."""
    failure, level = request.param

    def fail(_connection: Connection, _rendering: store.CodeHashRecord) -> None:
        raise failure

    with monkeypatch.context() as patch:
        patch.setattr(store, "add_code_hash", fail)
        yield level
    UNHANDLED.take()


def test_a_rendering_that_cannot_be_recorded_is_given_out(
    server: RunningServer, client: httpx.Client, space: str, caplog: pytest.LogCaptureFixture, level: str
) -> None:
    with caplog.at_level(logging.WARNING, "templates_server"):
        assert generate(client, space)["targets"][0]["files"]
    assert [record.levelname for record in caplog.records if "code hash" in record.message] == [level]
    assert recorded(server, space) == []


def test_what_could_not_be_recorded_is_recorded_with_the_next_request(
    server: RunningServer, client: httpx.Client, space: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(store, "MOST_RENDERINGS", None)  # which nothing can be compared with
        code = generate(client, space)
    assert UNHANDLED.take()
    generate(client, space, if_code_hash=code["code_hash"])
    assert [row[0] for row in recorded(server, space)] == [code["code_hash"]]
