"""The model of a Space over HTTP: reading, replacing, comparing, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import yaml

from templates_server.security.authorization import Role
from tests.people import Person, add_organization, add_person, add_space
from tests.servers import RunningServer

VOD: dict[str, Any] = {
    "name": "VOD store",
    "experiences": {
        "hero": {"properties": {"title": {"type": "text", "default": "Hi"}, "source": {"type": "image"}}},
        "banner": {"name": "Banner", "properties": {"label": {"type": "text"}}},
    },
    "sections": {"body": {"supports": ["hero", "banner"]}},
    "collections": {"homepage": {"children": {"body": {"section": "body"}, "top": {"experience": "banner"}}}},
}


@pytest.fixture(scope="module")
def person(server: RunningServer) -> Person:
    return add_person(server.database, add_organization(server.database), role=Role.DEVELOPER)


@pytest.fixture
def url(server: RunningServer, person: Person) -> str:
    return f"/v2/spaces/{add_space(server, person)}/model"


@pytest.fixture
def client(server: RunningServer, person: Person) -> Iterator[httpx.Client]:
    with person.client(server) as client:
        yield client


def data(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()["data"][0]


def errors(answer: httpx.Response) -> dict[str, str]:
    return {error["path"]: error["message"] for error in answer.json()["errors"]}


def test_a_new_space_has_an_empty_model_at_revision_0(client: httpx.Client, url: str) -> None:
    answer = client.get(url)
    space = url.split("/")[3]
    assert answer.headers["etag"] == '"0"'
    empty = {"space": space, "name": space, "revision": 0, "experiences": {}, "sections": {}, "collections": {}}
    assert answer.json() == {"data": [empty], "dataType": "model", "errors": None}


def test_what_was_put_is_read_back_with_its_revision(client: httpx.Client, url: str) -> None:
    stored = client.put(url, json=VOD)
    assert stored.headers["etag"] == '"1"'
    assert stored.json()["dataType"] == "model"
    assert (data(stored)["revision"], data(stored)["changed"], len(data(stored)["code_hash"])) == (1, True, 64)
    model = data(client.get(url))
    assert (model["name"], model["revision"]) == ("VOD store", 1)
    assert model["experiences"]["hero"]["properties"]["title"] == {"type": "text", "default": "Hi"}
    assert model["sections"] == {"body": {"supports": ["banner", "hero"]}}


SAID = {
    "events": {"video/completed": {"name": "Completed", "metadata": {"title": {"type": "text", "required": True}}}},
    "fields": {"campaign": {"type": "select", "options": ["spring", "autumn"]}},
}


def test_events_and_fields_make_a_revision_that_is_read_back(client: httpx.Client, url: str) -> None:
    without = data(client.put(url, json=VOD))
    stored = data(client.put(url, json=VOD | SAID, headers={"If-Match": '"1"'}))
    assert (stored["revision"], stored["changed"]) == (2, True)
    assert stored["code_hash"] != without["code_hash"]
    model = data(client.get(url))
    assert {part: model[part] for part in SAID} == SAID
    again = client.put(url, json=model)
    assert (data(again)["revision"], data(again)["changed"], again.headers["etag"]) == (2, False, '"2"')
    first = data(client.get(url, params={"revision": 1}))
    assert not first.keys() & SAID.keys()


def test_events_and_fields_are_the_same_in_yaml(client: httpx.Client, url: str) -> None:
    as_yaml = {"Content-Type": "application/yaml"}
    assert client.put(url, content=yaml.safe_dump(SAID), headers=as_yaml).is_success
    pulled = client.get(url, headers={"Accept": "application/yaml"}).text
    assert "  video/completed:" in pulled
    assert data(client.put(url, content=pulled, headers=as_yaml))["changed"] is False


def test_what_is_wrong_with_events_and_fields_is_told_at_once_and_nothing_is_stored(
    client: httpx.Client, url: str
) -> None:
    wrong = {"events": {"completed": {}, "a/b": {"metadata": {"pair1": {"type": "text"}}}}, "fields": {"a": {}}}
    answer = client.put(url, json=wrong)
    assert answer.status_code == 422
    assert set(errors(answer)) == {"events.completed", 'events."a/b".metadata.pair1', "fields.a.type"}
    assert data(client.get(url))["revision"] == 0


def test_the_difference_of_events_and_fields_is_told(client: httpx.Client, url: str) -> None:
    client.put(url, json=SAID)
    without = data(client.post(f"{url}/diff", json={}))
    assert [(change["path"], change["kind"], change["breaking"]) for change in without["changes"]] == [
        ('events."video/completed"', "removed", True),
        ("fields.campaign", "removed", True),
    ]


def test_the_model_is_read_and_written_as_yaml_too(client: httpx.Client, url: str) -> None:
    as_yaml = {"Content-Type": "application/yaml"}
    assert data(client.put(url, content="name: Ja\nexperiences:\n  hero: {name: on}\n", headers=as_yaml))["changed"]
    answer = client.get(url, headers={"Accept": "application/yaml"})
    assert answer.headers["content-type"].startswith("application/yaml")
    assert "Accept" in answer.headers["vary"]
    space = url.split("/")[3]
    assert answer.text == (
        f"space: {space}\nname: Ja\nrevision: 1\n"
        'experiences:\n  hero:\n    name: "on"\n    properties: {}\nsections: {}\ncollections: {}\n'
    )
    assert data(client.put(url, content=answer.text, headers=as_yaml)) | {"code_hash": ""} == {
        "revision": 1,
        "code_hash": "",
        "changed": False,
    }


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("application/yaml, application/json;q=0.5", "application/yaml"),
        ("application/json, application/yaml", "application/json"),
        ("text/html", "application/json"),
    ],
)
def test_who_asks_chooses_the_form(client: httpx.Client, url: str, accept: str, kind: str) -> None:
    assert client.get(url, headers={"Accept": accept}).headers["content-type"].partition(";")[0] == kind


def test_who_has_the_revision_gets_no_body(client: httpx.Client, url: str) -> None:
    client.put(url, json=VOD)
    for tag, status in (('"1"', 304), ('W/"1"', 304), ('"0", "1"', 304), ('"0"', 200), ('"2"', 200)):
        answer = client.get(url, headers={"If-None-Match": tag})
        assert (answer.status_code, answer.headers["etag"]) == (status, '"1"')
        assert bool(answer.content) == (status == 200)


def test_an_equal_document_makes_no_new_revision_whatever_its_order(client: httpx.Client, url: str) -> None:
    first = data(client.put(url, json=VOD))
    turned = {**VOD, "revision": 1, "experiences": dict(reversed(VOD["experiences"].items()))}
    again = data(client.put(url, json=turned))
    assert again == {"revision": 1, "code_hash": first["code_hash"], "changed": False}


def test_pushing_the_empty_model_back_makes_no_revision(client: httpx.Client, url: str) -> None:
    assert data(client.put(url, json=data(client.get(url))))["revision"] == 0


def test_an_old_revision_can_be_read(client: httpx.Client, url: str) -> None:
    client.put(url, json=VOD)
    client.put(url, json={**VOD, "name": "Second", "revision": 1})
    old = client.get(url, params={"revision": "1"})
    assert (data(old)["name"], data(old)["revision"], old.headers["etag"]) == ("VOD store", 1, '"1"')
    assert data(client.get(url, params={"revision": "0"}))["experiences"] == {}
    assert client.get(url, params={"revision": "3"}).status_code == 404
    assert client.get(url, params={"revision": "9" * 10}).status_code == 404
    for wrong in ("x", "-1", "1.0", "", "9" * 40, "²"):
        assert client.get(url, params={"revision": wrong}).status_code == 400, wrong


def test_a_name_becomes_that_of_the_space_and_none_keeps_it(client: httpx.Client, url: str) -> None:
    client.put(url, json=VOD)
    space = url.removesuffix("/model")
    assert data(client.get(space))["name"] == "VOD store"
    client.put(url, json={"experiences": {}, "revision": 1})
    assert (data(client.get(space))["name"], data(client.get(url))["name"]) == ("VOD store", "VOD store")


@pytest.mark.parametrize(
    ("headers", "revision", "status"),
    [
        ({"If-Match": '"1"'}, None, 200),
        ({"If-Match": "1"}, None, 200),
        ({"If-Match": "*"}, None, 200),
        ({"If-Match": "*"}, 0, 200),
        ({"If-Match": '"1"'}, 0, 200),
        ({"If-Match": '"0"'}, 1, 412),
        ({"If-Match": '"2"'}, None, 412),
        ({"If-Match": "something"}, None, 400),
        ({}, 1, 200),
        ({}, 0, 412),
        ({}, 2, 412),
        ({}, None, 412),
    ],
)
def test_a_change_is_taken_only_when_made_from_the_present_revision(
    client: httpx.Client, url: str, headers: dict[str, str], revision: int | None, status: int
) -> None:
    client.put(url, json=VOD)
    document = {"name": "Second"} | ({} if revision is None else {"revision": revision})
    answer = client.put(url, json=document, headers=headers)
    assert answer.status_code == status, answer.text
    if status == 412:
        assert "The current revision is 1" in errors(answer)[""]
        assert (answer.headers["etag"], answer.json()["errors"][0]["code"]) == ('"1"', "PRECONDITION_FAILED")
    assert data(client.get(url))["revision"] == (2 if status == 200 else 1)


def test_of_many_that_push_at_once_exactly_one_wins(client: httpx.Client, url: str) -> None:
    client.put(url, json=VOD)

    def push(number: int) -> int:
        return client.put(url, json={"name": f"Version {number}"}, headers={"If-Match": '"1"'}).status_code

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(push, range(16)))
    assert sorted(statuses) == [200] + [412] * 15
    winner = statuses.index(200)
    assert (data(client.get(url))["revision"], data(client.get(url))["name"]) == (2, f"Version {winner}")


def test_many_that_force_at_once_all_get_a_revision_of_their_own(client: httpx.Client, url: str) -> None:
    def push(number: int) -> int:
        answer = client.put(url, json={"name": f"Version {number}"}, headers={"If-Match": "*"})
        return int(data(answer)["revision"])

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(push, range(12))) == list(range(1, 13))


def test_every_problem_is_named_and_nothing_is_stored(client: httpx.Client, url: str) -> None:
    answer = client.put(url, json={"experiences": {"Hero": {}, "hero": {"properties": {"a": {"type": "txt"}}}}})
    assert answer.status_code == 422
    assert set(errors(answer)) == {"experiences.Hero", "experiences.hero.properties.a.type"}
    assert {error["code"] for error in answer.json()["errors"]} == {"VALIDATION_ERROR"}
    assert data(client.get(url))["revision"] == 0


@pytest.mark.parametrize(
    ("kind", "content", "status"),
    [
        ("application/yaml", "a: &x 1", 400),
        ("application/yaml", "a: [", 400),
        ("application/json", "{", 400),
        ("application/json", '{"name": "a", "name": "b"}', 400),
        ("application/json", "[" * 100_000, 400),
        ("application/yaml", "[" * 100_000, 400),
        ("text/plain", "name: x", 415),
        ("application/json", '"' + "x" * (4 * 1024 * 1024) + '"', 413),
        ("application/json", "5", 422),
    ],
)
def test_what_cannot_be_read_is_refused(client: httpx.Client, url: str, kind: str, content: str, status: int) -> None:
    answer = client.put(url, content=content, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text


def test_a_diff_tells_what_would_break_and_stores_nothing(client: httpx.Client, url: str) -> None:
    client.put(url, json=VOD)
    after = yaml.safe_load(yaml.safe_dump(VOD))
    del after["experiences"]["hero"]["properties"]["title"]
    after["experiences"]["hero"]["properties"]["sub-title"] = {"type": "text"}
    answer = client.post(f"{url}/diff", json=after)
    diff = data(answer)
    assert (diff["revision"], diff["breaking"]) == (1, True)
    path = "experiences.hero.properties"
    assert [(change["path"], change["kind"], change["breaking"]) for change in diff["changes"]] == [
        (f"{path}.sub-title", "added", False),
        (f"{path}.title", "removed", True),
    ]
    assert {"language": "typescript", "before": None, "after": "subTitle"} in diff["changes"][0]["identifiers"]
    assert data(client.get(url))["revision"] == 1


def test_a_diff_of_an_invalid_document_names_every_problem(client: httpx.Client, url: str) -> None:
    answer = client.post(f"{url}/diff", json={"space": "other", "sections": {"a": {"supports": ["b"]}}})
    assert (answer.status_code, set(errors(answer))) == (422, {"space", "sections.a.supports[0]"})
