"""What environments deliver, over HTTP: reading, replacing, publishing, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from templates_server.features.tribes.store import store_tribes
from templates_server.primitives.revisions import NewRevision
from templates_server.security.authorization import Role
from tests.people import Person, add_organization, add_person, add_space
from tests.servers import RunningServer

MODEL = {
    "experiences": {"hero": {"properties": {"title": {"type": "text"}}}},
    "collections": {
        "home": {"children": {"top": {"experience": "hero"}}},
        "help": {"children": {"tip": {"experience": "hero"}}},
    },
}
TRIBES: dict[str, Any] = {"tribes": {"gold": {}, "silver": {}}}
GOLD = {"name": "Gold", "tribes": ["gold"], "enabled": True, "properties": {"title": "For gold"}}
DELIVERY = {
    "published": ["home"],
    "scenarios": {"home.top": {"default": {"enabled": True, "properties": {"title": "Hi"}}, "targeted": [GOLD]}},
}


@pytest.fixture(scope="module")
def person(server: RunningServer) -> Person:
    return add_person(server.database, add_organization(server.database), role=Role.DEVELOPER)


@pytest.fixture
def client(server: RunningServer, person: Person) -> Iterator[httpx.Client]:
    with person.client(server) as client:
        yield client


@pytest.fixture
def space(server: RunningServer, person: Person, client: httpx.Client) -> str:
    key = add_space(server, person)
    client.put(f"/v2/spaces/{key}/model", json=MODEL)
    space_id = client.get(f"/v2/spaces/{key}").json()["data"][0]["id"]
    server.database.write_sync(lambda connection: store_tribes(connection, space_id, NewRevision(TRIBES, 0, "", 0)))
    return f"/v2/spaces/{key}"


@pytest.fixture
def url(space: str) -> str:
    return f"{space}/environments/production/delivery"


def data(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()["data"][0]


def test_an_environment_delivers_nothing_at_first(client: httpx.Client, url: str) -> None:
    answer = client.get(url)
    assert (answer.headers["etag"], answer.json()["dataType"]) == ('"0"', "delivery")
    nothing = {"space": url.split("/")[3], "environment": "production", "revision": 0, "published": [], "scenarios": {}}
    assert data(answer) == nothing
    assert data(client.put(url, json=nothing)) == {"revision": 0, "changed": False}


def test_what_was_put_is_read_back_and_belongs_to_one_environment(client: httpx.Client, url: str) -> None:
    stored = client.put(url, json=DELIVERY)
    assert (data(stored), stored.headers["etag"]) == ({"revision": 1, "changed": True}, '"1"')
    read = data(client.get(url))
    assert {key: read[key] for key in DELIVERY} == DELIVERY
    assert data(client.get(url.replace("production", "staging")))["revision"] == 0


def test_the_delivery_is_read_and_written_as_yaml_too(client: httpx.Client, url: str) -> None:
    client.put(url, json=DELIVERY)
    text = client.get(url, headers={"Accept": "application/yaml"}).text
    assert text.startswith(f"space: {url.split('/')[3]}\nenvironment: production\nrevision: 1\npublished: [home]\n")
    answer = client.put(url, content=text, headers={"Content-Type": "application/yaml"})
    assert data(answer) == {"revision": 1, "changed": False}


def test_old_revisions_stay_readable_and_who_has_one_gets_no_body(client: httpx.Client, url: str) -> None:
    client.put(url, json=DELIVERY)
    client.put(url, json={"revision": 1})
    assert data(client.get(url, params={"revision": "1"}))["published"] == ["home"]
    assert client.get(url, params={"revision": "3"}).status_code == 404
    assert client.get(url, headers={"If-None-Match": '"2"'}).status_code == 304


def test_of_many_that_push_at_once_exactly_one_wins(client: httpx.Client, url: str) -> None:
    def push(number: int) -> int:
        scenarios = {"home.top": {"default": {"properties": {"title": str(number)}}}}
        return client.put(url, json={"scenarios": scenarios}, headers={"If-Match": '"0"'}).status_code

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(push, range(12))) == [200] + [412] * 11
    assert data(client.get(url))["revision"] == 1


def test_every_problem_is_named_and_nothing_is_stored(client: httpx.Client, url: str) -> None:
    document = {
        "environment": "staging",
        "published": ["nowhere"],
        "scenarios": {"home.top": {"targeted": [{**GOLD, "tribes": ["golden"]}]}},
    }
    answer = client.put(url, json=document)
    assert answer.status_code == 422
    assert {error["path"] for error in answer.json()["errors"]} == {
        "environment", "published[0]", "scenarios.home.top.targeted[0].tribes[0]",
    }  # fmt: skip
    assert data(client.get(url))["revision"] == 0


def test_publishing_adds_and_unpublishing_removes(client: httpx.Client, url: str) -> None:
    client.put(url, json=DELIVERY)
    here = url.removesuffix("/delivery")
    assert data(client.post(f"{here}/publish", json={"collections": ["help"]})) == {
        "revision": 2,
        "published": ["help", "home"],
    }
    assert data(client.post(f"{here}/publish", json={"collections": ["help", "home"]}))["revision"] == 2
    assert data(client.post(f"{here}/unpublish", json={"collections": ["home"]})) == {
        "revision": 3,
        "published": ["help"],
    }
    assert data(client.get(here)) == {"name": "production", "revision": 3, "published": ["help"], "keys": 0}
    assert data(client.get(url))["scenarios"] == DELIVERY["scenarios"]


def test_publishing_what_is_no_collection_is_refused_by_name(client: httpx.Client, url: str) -> None:
    answer = client.post(url.replace("delivery", "publish"), json={"collections": ["home", "hme", "x"]})
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == ["collections[1]", "collections[2]"]
    assert data(client.get(url))["published"] == []


def test_publishing_heeds_the_revision_that_it_is_made_from(client: httpx.Client, url: str) -> None:
    for deed, revision in (("publish", 0), ("unpublish", 1)):
        there, body = url.replace("delivery", deed), {"collections": ["home"]}
        stale = client.post(there, json=body, headers={"If-Match": f'"{revision + 1}"'})
        assert (stale.status_code, stale.headers["etag"]) == (412, f'"{revision}"')
        done = client.post(there, json=body, headers={"If-Match": f'"{revision}"'})
        assert (done.status_code, done.headers["etag"]) == (200, f'"{revision + 1}"')


def test_of_many_that_publish_at_once_nothing_is_lost(client: httpx.Client, url: str) -> None:
    def publish(collection: str) -> int:
        return client.post(url.replace("delivery", "publish"), json={"collections": [collection]}).status_code

    with ThreadPoolExecutor(6) as threads:
        assert set(threads.map(publish, ["home", "help"] * 4)) == {200}
    assert data(client.get(url))["published"] == ["help", "home"]
    assert data(client.get(url))["revision"] == 2


def test_a_model_that_lost_something_is_taken_and_the_delivery_stays_as_it_was(
    client: httpx.Client, space: str, url: str
) -> None:
    client.put(url, json=DELIVERY)
    smaller = {"experiences": {"hero": {}}, "collections": {"home": {"children": {"top": {"experience": "hero"}}}}}
    assert client.put(f"{space}/model", json=smaller, headers={"If-Match": "*"}).status_code == 200
    assert data(client.get(url))["scenarios"] == DELIVERY["scenarios"]
    again = client.put(url, json=data(client.get(url)))
    assert again.status_code == 422
    assert "scenarios.home.top.default.properties.title" in {error["path"] for error in again.json()["errors"]}
    gone: dict[str, Any] = {"collections": {}, "experiences": {}}
    assert client.put(f"{space}/model", json=gone, headers={"If-Match": "*"}).status_code == 200
    unpublished = client.post(url.replace("delivery", "unpublish"), json={"collections": ["home"]})
    assert data(unpublished)["published"] == []
