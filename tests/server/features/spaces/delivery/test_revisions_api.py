"""Deliveries of the past and of other environments, over HTTP: compared and restored, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from templates_server.security.authorization import Role
from tests.people import Person, add_organization, add_person, add_space
from tests.servers import RunningServer

MODEL: dict[str, Any] = {
    "experiences": {"hero": {"properties": {"title": {"type": "text"}}}},
    "collections": {
        "home": {"children": {"top": {"experience": "hero"}}},
        "help": {"children": {"tip": {"experience": "hero"}}},
    },
}
WHATEVER_IS_THERE = {"If-Match": "*"}


def delivery(title: str, *published: str, tribes: tuple[str, ...] = ()) -> dict[str, Any]:
    default = {"default": {"enabled": True, "properties": {"title": title}}}
    targeted = [{"name": f"For {key}", "tribes": [key], "enabled": True} for key in tribes]
    return {"published": list(published), "scenarios": {"home.top": {**default, "targeted": targeted}}}


@pytest.fixture(scope="module")
def person(server: RunningServer) -> Person:
    return add_person(server.database, add_organization(server.database))


@pytest.fixture
def client(server: RunningServer, person: Person) -> Iterator[httpx.Client]:
    with person.client(server) as client:
        yield client


@pytest.fixture
def space(server: RunningServer, person: Person, client: httpx.Client) -> str:
    path = f"/v2/spaces/{add_space(server, person)}"
    data(client.put(f"{path}/model", json=MODEL))
    data(client.put(f"{path}/tribes", json={"tribes": {"gold": {}, "silver": {}}}))
    return path


@pytest.fixture
def here(client: httpx.Client, space: str) -> str:
    """Production, at revision 3."""
    path = f"{space}/environments/production"
    documents = (delivery("One", "home", tribes=("gold",)), delivery("Two", "home"), delivery("Two", "home", "help"))
    for revision, document in enumerate(documents):
        data(client.put(f"{path}/delivery", json={**document, "revision": revision}))
    return path


def data(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()["data"][0]


def compared(client: httpx.Client, here: str, **params: str) -> Any:
    return data(client.get(f"{here}/delivery/diff", params=params))


def paths(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["path"] for error in answer.json()["errors"]]


# Differences


def at(revision: int, environment: str = "production") -> dict[str, Any]:
    return {"environment": environment, "revision": revision}


def test_the_newest_revision_is_compared_with_the_one_before(client: httpx.Client, here: str) -> None:
    change: Any = {"kind": "published", "collection": "help", "entity": None, "scenario": None, "values": []}
    assert compared(client, here) == {"from": at(2), "to": at(3), "changes": [change]}


def test_two_revisions_are_compared_in_either_direction(client: httpx.Client, here: str) -> None:
    there, back = compared(client, here, **{"from": "1", "to": "2"}), compared(client, here, **{"from": "2", "to": "1"})
    assert (there["from"], there["to"]) == (back["to"], back["from"]) == (at(1), at(2))
    assert [(each["kind"], each["scenario"]) for each in there["changes"]] == [
        ("changed", "default"),
        ("removed", "For gold"),
    ]
    assert there["changes"][0]["values"] == [{"path": "properties.title", "before": "One", "after": "Two"}]
    assert back["changes"][0]["values"] == [{"path": "properties.title", "before": "Two", "after": "One"}]


@pytest.mark.parametrize(
    ("params", "start", "end"),
    [
        ({}, at(2), at(3)),
        ({"to": "1"}, at(0), at(1)),
        ({"to": "0"}, at(0), at(0)),
        ({"from": "1"}, at(1), at(3)),
        ({"from": "staging"}, at(1, "staging"), at(3)),
        ({"to": "staging"}, at(3), at(1, "staging")),
        ({"from": "2", "to": "staging"}, at(2), at(1, "staging")),
        ({"from": "production", "to": "003"}, at(3), at(3)),
        ({"from": "staging", "to": "development"}, at(1, "staging"), at(0, "development")),
    ],
)
def test_what_is_not_named_is_the_obvious_other_side(
    client: httpx.Client, here: str, params: dict[str, str], start: Any, end: Any
) -> None:
    data(client.put(here.replace("production", "staging") + "/delivery", json=delivery("Two", "home", "help")))
    found = compared(client, here, **params)
    assert (found["from"], found["to"]) == (start, end)


def test_environments_that_deliver_the_same_have_no_difference(client: httpx.Client, here: str) -> None:
    staging = here.replace("production", "staging")
    data(client.put(f"{staging}/delivery", json=delivery("Two", "home", "help")))
    assert compared(client, here, to="staging")["changes"] == []
    data(client.post(f"{staging}/unpublish", json={"collections": ["home"]}))
    assert [each["kind"] for each in compared(client, here, to="staging")["changes"]] == ["unpublished"]


@pytest.mark.parametrize("wrong", ["", "x", "-1", "1.0", "Production", "pk_abc", "4", "99999999999999999999", "²"])
def test_sides_that_name_nothing_are_refused_together(client: httpx.Client, here: str, wrong: str) -> None:
    answer = client.get(f"{here}/delivery/diff", params={"from": wrong, "to": wrong})
    assert sorted(paths(answer)) == ["from", "to"]


def test_a_missing_revision_is_refused_with_the_newest_one(client: httpx.Client, here: str) -> None:
    answer = client.get(f"{here}/delivery/diff", params={"from": "9"})
    assert answer.json()["errors"][0]["message"] == "production has no revision 9; the latest is 3"


def test_a_viewer_sees_differences_and_restores_nothing(
    server: RunningServer, client: httpx.Client, person: Person, here: str
) -> None:
    with add_person(server.database, person.organization, role=Role.VIEWER).client(server) as viewer:
        assert compared(viewer, here) == compared(client, here)
        answer = viewer.post(f"{here}/delivery/restore", json={"revision": 1}, headers=WHATEVER_IS_THERE)
    assert answer.status_code == 403
    assert data(client.get(f"{here}/delivery"))["revision"] == 3


# Restoring


def restore(client: httpx.Client, here: str, revision: Any, match: str | None = "*", **params: str) -> httpx.Response:
    headers = {} if match is None else {"If-Match": match}
    return client.post(f"{here}/delivery/restore", json={"revision": revision}, headers=headers, params=params)


def test_an_old_revision_is_delivered_again_as_a_new_one(client: httpx.Client, here: str) -> None:
    answer = restore(client, here, 1, '"3"', note="Back to gold")
    assert (data(answer), answer.headers["etag"]) == ({"revision": 4, "changed": True}, '"4"')
    old, new = (data(client.get(f"{here}/delivery", params={"revision": number})) for number in ("1", "4"))
    assert {**old, "revision": 4} == new == data(client.get(f"{here}/delivery"))
    assert compared(client, here, **{"from": "1"})["changes"] == []
    assert data(client.get(f"{here}/delivery/revisions"))["note"] == "Back to gold"


def test_restoring_is_recorded_with_both_revisions(client: httpx.Client, person: Person, here: str) -> None:
    data(restore(client, here, 2))
    entry = data(client.get(f"/v2/organizations/{person.organization.key}/audit"))
    assert (entry["action"], entry["details"]) == ("delivery.restore", {"revision": 4, "restored": 2})
    assert (entry["environment"], entry["space"]) == ("production", here.split("/")[3])


def test_restoring_what_is_delivered_changes_and_records_nothing(
    client: httpx.Client, person: Person, here: str
) -> None:
    assert data(restore(client, here, 3)) == {"revision": 3, "changed": False}
    entry = data(client.get(f"/v2/organizations/{person.organization.key}/audit"))
    assert entry["action"] == "delivery.replace"


def test_revision_0_delivers_nothing_again(client: httpx.Client, here: str) -> None:
    data(restore(client, here, 0))
    after = data(client.get(f"{here}/delivery"))
    assert (after["published"], after["scenarios"]) == ([], {})


@pytest.mark.parametrize("match", ['"2"', '"0"', "4", None])
def test_nothing_is_restored_over_what_the_caller_has_not_seen(
    client: httpx.Client, here: str, match: str | None
) -> None:
    answer = restore(client, here, 1, match)
    assert (answer.status_code, answer.headers["etag"]) == (412, '"3"')
    assert data(client.get(f"{here}/delivery"))["revision"] == 3
    if match is None:
        assert 'Send `If-Match: "3"`' in answer.json()["errors"][0]["message"]


def test_an_if_match_that_is_no_revision_is_refused(client: httpx.Client, here: str) -> None:
    assert restore(client, here, 1, "nonsense").status_code == 400


@pytest.mark.parametrize("revision", [4, 2**31 - 1, 2**31, -1, None, "1", 1.5, True])
def test_only_a_revision_that_exists_is_restored(client: httpx.Client, here: str, revision: Any) -> None:
    assert paths(restore(client, here, revision)) == ["revision"]
    assert data(client.get(f"{here}/delivery"))["revision"] == 3


def test_what_the_space_no_longer_has_is_named_all_of_it(client: httpx.Client, space: str, here: str) -> None:
    data(restore(client, here, 0))
    assert client.delete(f"{space}/tribes/gold").status_code == 204
    smaller = {"experiences": {"hero": {}}, "collections": {"home": {"children": {"top": {"experience": "hero"}}}}}
    data(client.put(f"{space}/model", json=smaller, headers=WHATEVER_IS_THERE))
    assert paths(restore(client, here, 1)) == [
        "scenarios.home.top.default.properties.title",
        "scenarios.home.top.targeted[0].tribes[0]",
    ]
    assert sorted(paths(restore(client, here, 3))) == ["published[0]", "scenarios.home.top.default.properties.title"]
    gone: Any = {"experiences": {}, "collections": {}}
    data(client.put(f"{space}/model", json=gone, headers=WHATEVER_IS_THERE))
    assert set(paths(restore(client, here, 3))) == {"published[0]", "published[1]", "scenarios.home.top"}
    assert data(client.get(f"{here}/delivery"))["revision"] == 4


def test_of_many_that_restore_at_once_exactly_one_wins(client: httpx.Client, here: str) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda number: restore(client, here, number % 3, '"3"').status_code, range(12)))
    assert sorted(answers) == [200] + [412] * 11
    assert data(client.get(f"{here}/delivery"))["revision"] == 4


def test_the_same_restoration_under_one_key_is_done_once(client: httpx.Client, here: str) -> None:
    headers = {"If-Match": '"3"', "Idempotency-Key": f"restore {here}"}
    answers = [client.post(f"{here}/delivery/restore", json={"revision": 1}, headers=headers) for _ in range(2)]
    assert [data(answer) for answer in answers] == [{"revision": 4, "changed": True}] * 2
    assert data(client.get(f"{here}/delivery"))["revision"] == 4


def test_sessions_show_what_was_restored(server: RunningServer, client: httpx.Client, here: str) -> None:
    key = data(client.post(f"{here}/keys", json={"name": "web"}))["key"]

    def title() -> Any:
        with server.client(Authorization=f"Bearer {key}") as app:
            answer = app.post("/api/client/sessions", json={"anonymous_id": "v"})
        return answer.json()["states"]["home.top"]["properties"]["title"]

    assert title() == "Two"
    data(restore(client, here, 1))
    assert title() == "One"
