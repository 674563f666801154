"""The server on a cluster of Citus, whose tables are distributed as the manual says.

MTRIBES_TEST_CITUS is the URL of a coordinator's database with the extension, which these tests may empty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, select

from templates_server.features.operations.retention_job import RetentionJob
from templates_server.primitives.timestamps import DAY, system_clock
from templates_server.storage import migrations
from templates_server.storage import tables as schema
from templates_server.storage.factory import open_database
from tests.citus_rules import ABOUT_PEOPLE
from tests.environments import add_environment
from tests.manual import code_blocks, page_text
from tests.people import add_organization, add_person, add_space
from tests.requirements import require_switch
from tests.server.client.app_of_tests import DEVICE, App
from tests.servers import RunningServer, running_server

BOTH = {"anonymous_id": "v", "external_id": "u"}
TRIBE = {
    "name": "Watchers",
    "audience": "all",
    "match": "any",
    "filters": [
        {"event": "video/completed", "frequency": {"more_than": 1}},
        {"behaviour": "sessions_30_days", "operator": "greater_than", "value": 30},
    ],
}


def statements_of_the_manual() -> list[str]:
    """The SQL by which the manual has tables distributed."""
    [statements] = code_blocks(page_text("guides/citus"), "sql")
    return statements.splitlines()


def test_the_manual_distributes_every_table_about_people() -> None:
    tables = [re.findall(r"'(\w+)'", statement) for statement in statements_of_the_manual()]
    assert sorted(first for first, *_ in tables) == sorted(ABOUT_PEOPLE)
    assert [names[1:] for names in tables] == [["person_id"], *[["person_id", "persons"]] * (len(tables) - 1)]


@pytest.fixture(scope="module")
def citus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server on the cluster."""
    url = require_switch("MTRIBES_TEST_CITUS", "tests on a cluster of Citus: the URL of a database on its coordinator")
    database = open_database(url)
    database.write_sync(_empty)
    migrations.upgrade(database)
    database.write_sync(_distribute)
    database.close()
    with running_server(Path(tmp_path_factory.mktemp("data")), database_url=url) as server:
        yield server


def _empty(connection: Connection) -> None:
    schema.metadata.drop_all(connection)
    connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")


def _distribute(connection: Connection) -> None:
    for statement in statements_of_the_manual():
        connection.exec_driver_sql(statement)


@pytest.fixture
def app(citus: RunningServer) -> Iterator[App]:
    """An app of an environment that nobody has used yet."""
    environment = add_environment(citus.database)
    with environment.app(citus) as client:
        yield App(citus, environment, client)


def test_tables_are_on_several_machines(citus: RunningServer) -> None:
    query = "SELECT table_name::text, count(DISTINCT (nodename, nodeport)) FROM citus_shards GROUP BY 1"
    rows = citus.database.read_sync(lambda connection: connection.exec_driver_sql(query).all())
    found: dict[str, int] = {row[0]: row[1] for row in rows}
    assert found.keys() == ABOUT_PEOPLE
    assert min(found.values()) > 1


def test_the_client_api_works_on_a_cluster(app: App) -> None:
    for number in range(20):
        app.send(f"e-{number}", anonymous_id=f"v-{number}")
    app.send("e-1", "e-2", anonymous_id="v")
    app.send("e-2", "e-3", external_id="u")
    app.tell("devices", {"anonymous_id": "v", **DEVICE})
    app.tell("devices", {"external_id": "u", **DEVICE, "model": "older"})
    visited = app.start(anonymous_id="v")
    app.tell("identify", {"anonymous_id": "v", "email": "ada@example.com", "data": {"plan": "gold"}})
    app.tell("alias", BOTH)
    app.tell("alias", BOTH)
    assert app.say("alias", {**BOTH, "external_id": "another"}).status_code == 422
    later = app.start(anonymous_id="v")
    app.tell("identify", {**BOTH, "data": {"seats": 2}})
    app.send("e-4", anonymous_id="v")
    assert app.events_of("u") == ["e-1", "e-2", "e-3", "e-4"]
    assert set(app.sessions_of("u")) == {visited, later}
    assert app.attributes("u") == {"plan": "gold", "seats": 2}
    assert app.user("u")["email"] == "ada@example.com"
    assert ("visitor", "v") not in app.people()
    app.tell("identify", {"anonymous_id": "v-1", "external_id": "u"})
    app.start(anonymous_id="v-2", external_id="u")
    assert app.events_of("u") == ["e-1", "e-2", "e-3", "e-4"]
    assert len(app.people()) == 20 - 2 + 1


def test_the_platform_api_works_on_a_cluster(citus: RunningServer) -> None:
    admin = add_person(citus.database, add_organization(citus.database))
    space = add_space(citus, admin)
    path = f"/v2/spaces/{space}/environments/production"
    with admin.client(citus) as client:
        key = _data(client.post(f"{path}/keys", json={"name": "web"}))[0]["key"]
        with citus.client(Authorization=f"Bearer {key}") as own:
            for who in ("ada", "ben"):
                events = [{"name": "video/completed", "external_id": who, "id": f"{who}-{n}"} for n in range(2)]
                assert own.post("/api/client/events", json=events[: 1 + (who == "ada")]).status_code == 204
            for visitor in ("v-1", "v-2"):
                merge = {"anonymous_id": visitor, "external_id": "ada"}
                assert own.post("/api/client/alias", json=merge).status_code == 204
        _data(
            client.post(f"{path}/users", json=[{"user_id": "ada", "tags": ["a/b"]}, {"user_id": "cy", "tags": ["a"]}])
        )
        lines = b"".join(json.dumps({"user_id": f"m-{n}", "attributes": {"n": n}}).encode() + b"\n" for n in range(500))
        for part in ("one", "two"):
            sent = client.put(
                f"{path}/imports/{part}/parts/1", content=lines, headers={"content-type": "application/x-ndjson"}
            )
            _data(sent)
        _data(client.patch(f"{path}/users/cy", json={"email": "cy@example.com"}))
        assert {tag["tag"]: tag["users"] for tag in _data(client.get(f"{path}/user-tags"))} == {"a": 1, "a/b": 1}
        assert len(_data(client.get(f"{path}/users?limit=1000"))) == 503
        _data(
            client.put(
                f"/v2/spaces/{space}/tribes",
                json={"space": space, "tribes": {"watchers": TRIBE}},
                headers={"if-match": '"0"'},
            )
        )
        assert _data(client.get(f"{path}/tribes/watchers/count"))[0]["count"] == 1
        assert [user["user_id"] for user in _data(client.get(f"{path}/tribes/watchers/users"))] == ["ada"]
        assert len(_data(client.get(f"{path}/events"))) == 3
        removed = _data(client.delete(f"{path}/users/ada"))[0]["removed"]
        assert (removed["visitors"], removed["events"]) == (2, 2)
        assert client.delete(f"/v2/spaces/{space}").status_code == 204
    keys = schema.environment_keys
    assert not citus.database.read_sync(
        lambda connection: connection.execute(select(keys).where(keys.c.key == key)).all()
    )


def test_old_events_are_purged_on_a_cluster(app: App) -> None:
    app.send("e-1", external_id="u")
    RetentionJob(app.server.database, lambda: system_clock() + 40 * DAY, keep_events_days=30).purge()
    assert app.events_of("u") == []


def _data(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()["data"]
