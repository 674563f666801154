"""Who did what, when: remembered with every change, and told to administrators alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from templates_server.errors import Conflict
from templates_server.features.audit import store
from templates_server.http.audit_event import AuditEvent
from templates_server.primitives.ip_addresses import parse_network
from templates_server.primitives.timestamps import system_clock
from templates_server.security.authorization import ALL_SCOPES, Role, Scope
from templates_server.storage.database import Database
from tests.people import Grant, Organization, Person, add_organization, add_person, add_service, add_space, unique
from tests.servers import RunningServer, running_server

MODEL = {"experiences": {"header": {}}, "collections": {"home": {"children": {"header": {"experience": "header"}}}}}
WHATEVER_IS_THERE = {"If-Match": "*"}


@pytest.fixture
def person(server: RunningServer) -> Person:
    return add_person(server.database, add_organization(server.database))


@pytest.fixture
def client(server: RunningServer, person: Person) -> Iterator[httpx.Client]:
    with person.client(server) as client:
        yield client


def path(organization: Organization) -> str:
    return f"/v2/organizations/{organization.key}/audit"


def entries(client: httpx.Client, organization: Organization) -> list[dict[str, Any]]:
    answer = client.get(path(organization))
    assert (answer.status_code, answer.json()["dataType"]) == (200, "audit_entry")
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


def test_every_change_of_a_space_is_remembered_by_whom_and_where(
    server: RunningServer, client: httpx.Client, person: Person
) -> None:
    space = add_space(server, person)
    base, production = f"/v2/spaces/{space}", f"/v2/spaces/{space}/environments/production"
    (created,) = client.get(base).json()["data"]
    client.put(f"{base}/model", json=MODEL)
    client.put(f"{production}/delivery", json={"scenarios": {"home.header": {"default": {"enabled": False}}}})
    client.post(f"{production}/publish", json={"collections": ["home"]})
    client.post(f"{production}/unpublish", json={"collections": ["home"]})
    (key,) = client.post(f"{production}/keys", json={"name": "web"}).json()["data"]
    client.delete(f"{production}/keys/{key['key']}")
    client.delete(base)
    found = list(reversed(entries(client, person.organization)))
    assert [(entry["action"], entry["details"]) for entry in found] == [
        ("space.create", {"key": space}),
        ("model.replace", {"revision": 1}),
        ("delivery.replace", {"revision": 1}),
        ("collection.publish", {"collections": ["home"], "revision": 2}),
        ("collection.unpublish", {"collections": ["home"], "revision": 3}),
        ("key.create", {"name": "web"}),
        ("key.revoke", {}),
        ("space.delete", {}),
    ]
    assert [found[index]["target"] for index in (0, 1, -1)] == [created["id"]] * 3
    assert [found[index]["target"] for index in (5, 6)] == [key["id"]] * 2
    assert {entry["environment"] for entry in found[2:7]} == {"production"}
    assert {entry["space"] for entry in found[1:]} == {space}
    assert all(entry["actor"] == {"kind": "person", "id": person.id, "name": person.email} for entry in found)
    assert {entry["address"] for entry in found} == {"127.0.0.1"}


@pytest.mark.parametrize("forged", ["for=192.0.2.1", "for=127.0.0.1", "nonsense"])
def test_a_deed_keeps_the_address_that_the_proxy_states(tmp_path: Path, forged: str) -> None:
    with running_server(tmp_path, trusted_proxies=(parse_network("127.0.0.1"),)) as server:
        person = add_person(server.database, add_organization(server.database))
        headers = {"X-Forwarded-For": "198.51.100.9, 203.0.113.4", "Forwarded": forged}
        with person.client(server, **headers) as client:
            client.post(f"/v2/organizations/{person.organization.key}/spaces", json={"key": unique("space")})
            assert [entry["address"] for entry in entries(client, person.organization)] == ["203.0.113.4"]


def test_what_changes_nothing_is_no_deed(server: RunningServer, client: httpx.Client, person: Person) -> None:
    space = add_space(server, person)
    base, staging = f"/v2/spaces/{space}", f"/v2/spaces/{space}/environments/staging"
    client.put(f"{base}/model", json=MODEL)
    client.post(f"{staging}/publish", json={"collections": ["home"]})
    (key,) = client.post(f"{staging}/keys", json={"name": "web"}).json()["data"]
    client.delete(f"{staging}/keys/{key['id']}")
    before = entries(client, person.organization)
    answers = [
        client.put(f"{base}/model", json=MODEL, headers=WHATEVER_IS_THERE),
        client.put(f"{staging}/delivery", json={"published": ["home"]}, headers=WHATEVER_IS_THERE),
        client.post(f"{staging}/publish", json={"collections": ["home"]}),
        client.post(f"{staging}/unpublish", json={"collections": ["never"]}),
        client.delete(f"{staging}/keys/{key['id']}"),
        client.put(f"{base}/model", json={"experiences": 1}),
        client.put(f"{base}/model", json={"revision": 7}),
        client.post(f"/v2/organizations/{person.organization.key}/spaces", json={"key": space}),
        client.delete(f"{staging}/keys/key_x"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 204, 422, 412, 409, 404]
    assert entries(client, person.organization) == before


def test_a_service_account_is_told_by_its_name(server: RunningServer, client: httpx.Client, person: Person) -> None:
    service = add_service(server.database, person.organization)
    add_space(server, service)
    (entry,) = entries(client, person.organization)
    assert entry["actor"] == {"kind": "service", "id": service.id, "name": "A service"}


def record(database: Database, organization: Organization, action: str, *, happened: int) -> None:
    deed = AuditEvent(organization.id, happened, "person", "acc_x", "ada@example.com", action, "spc_x")
    database.write_sync(lambda connection: store.record(connection, deed))


def test_the_newest_comes_first_over_all_pages(server: RunningServer, client: httpx.Client, person: Person) -> None:
    now = system_clock()
    for number in (3, 1, 4, 0, 2):
        record(server.database, person.organization, f"space.{number}", happened=now + number)
    record(server.database, add_organization(server.database), "space.elsewhere", happened=now)
    found, place = [], f"{path(person.organization)}?limit=2"
    while place:
        answer = client.get(place)
        found.append([entry["action"] for entry in answer.json()["data"]])
        place = answer.links.get("next", {}).get("url", "")
    assert found == [["space.4", "space.3"], ["space.2", "space.1"], ["space.0"]]


def test_entries_of_all_times_are_in_order_whatever_the_databases_language(
    server: RunningServer, client: httpx.Client, person: Person
) -> None:
    times = [1, 10, 1_000_000_000_000, 1_999_999_999_999, 2_000_000_000_010, 2_000_000_000_035, 9_999_999_999_999]
    for happened in times:
        record(server.database, person.organization, f"space.{happened}", happened=happened)
    listed = [int(entry["action"].removeprefix("space.")) for entry in entries(client, person.organization)]
    assert listed == times[::-1]


@pytest.mark.parametrize(
    ("role", "scopes", "status"),
    [
        (Role.DEVELOPER, ALL_SCOPES, 403),
        (Role.VIEWER, ALL_SCOPES, 403),
        (Role.ADMINISTRATOR, ALL_SCOPES - {Scope.SPACES_READ}, 403),
        (Role.ADMINISTRATOR, {Scope.SPACES_READ}, 200),
    ],
)
def test_only_administrators_read_it(
    server: RunningServer, person: Person, role: Role, scopes: set[Scope], status: int
) -> None:
    reader = add_person(server.database, person.organization, role=role, grant=Grant(scopes))
    with reader.client(server) as client:
        assert client.get(path(person.organization)).status_code == status


def test_another_organizations_record_is_not_there(server: RunningServer, client: httpx.Client) -> None:
    other = add_organization(server.database)
    answers = [client.get(f"/v2/organizations/{name}/audit") for name in (other.key, other.id, unique("org"))]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}


def test_a_deed_that_fails_leaves_nothing(server: RunningServer, client: httpx.Client, person: Person) -> None:
    deed = AuditEvent(
        person.organization.id, system_clock(), "person", person.id, person.email, "space.create", "spc_x"
    )

    def fail(connection: Any) -> None:
        store.record(connection, deed)
        raise Conflict("too late")

    with pytest.raises(Conflict):
        server.database.write_sync(fail)
    assert entries(client, person.organization) == []


def actions(client: httpx.Client, organization: Organization, **query: str | int) -> list[str]:
    """The actions of all pages."""
    found, place = [], str(httpx.URL(path(organization), params=query))
    while place:
        answer = client.get(place)
        assert answer.status_code == 200, answer.text
        found += [entry["action"] for entry in answer.json()["data"]]
        place = answer.links.get("next", {}).get("url", "")
    return found


@pytest.fixture
def several(server: RunningServer, person: Person) -> int:
    """Deeds of two actors, a second apart; when the first was."""
    began = 1_796_000_000_000
    for number, (actor, action) in enumerate(
        [("ada@example.com", "token.create"), ("Nightly", "token.revoke"), ("ada@example.com", "tokens_x.create")]
    ):
        deed = AuditEvent(person.organization.id, began + 1000 * number, "person", f"acc_{actor}", actor, action, "x")
        server.database.write_sync(lambda connection, deed=deed: store.record(connection, deed))  # type: ignore[misc]
    return began


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"actor": "ada@example.com"}, ["tokens_x.create", "token.create"]),
        ({"actor": " ADA@example.com"}, ["tokens_x.create", "token.create"]),
        ({"actor": "acc_Nightly"}, ["token.revoke"]),
        ({"actor": "Nightly", "action": "token.create"}, []),
        ({"action": "token"}, ["token.revoke", "token.create"]),
        ({"action": "token.create"}, ["token.create"]),
        ({"action": "token_"}, []),
        ({"action": "%"}, []),
        ({"since": "2026-11-30"}, ["tokens_x.create", "token.revoke", "token.create"]),
        ({"since": "2026-11-30T00:53:21Z"}, ["tokens_x.create", "token.revoke"]),
        ({"since": "2026-11-30T01:53:21+01:00", "action": "token"}, ["token.revoke"]),
        ({"since": "2099-01-01"}, []),
        ({"since": "1900-01-01"}, ["tokens_x.create", "token.revoke", "token.create"]),
        ({}, ["tokens_x.create", "token.revoke", "token.create"]),
    ],
)
@pytest.mark.usefixtures("several")
def test_filters_narrow_the_record(
    client: httpx.Client, person: Person, query: dict[str, str], found: list[str]
) -> None:
    assert actions(client, person.organization, **query) == found
    assert actions(client, person.organization, limit=1, **query) == found


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01", "", "2026-11-30T00:00:00"])
def test_a_time_that_is_none_is_refused(client: httpx.Client, person: Person, since: str) -> None:
    answer = client.get(path(person.organization), params={"since": since})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "since")


@pytest.mark.usefixtures("several")
def test_a_page_looks_through_so_many_and_no_more(
    client: httpx.Client, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_LOOKED_THROUGH", 1)
    answer = client.get(path(person.organization), params={"action": "token.create", "limit": 1})
    assert (answer.json()["data"], "next" in answer.links) == ([], True)
    assert actions(client, person.organization, action="token.create", limit=1) == ["token.create"]


def test_entries_are_chosen_by_action_person_and_space(
    server: RunningServer, client: httpx.Client, person: Person
) -> None:
    space, other = add_space(server, person), add_space(server, person)
    for key in (space, space, other):
        keys = f"/v2/spaces/{key}/environments/production/keys"
        client.post(keys, json={"name": "App"}).raise_for_status()

    def targets(**filters: str) -> list[tuple[str, str | None]]:
        answer = client.get(path(person.organization), params=filters).raise_for_status()
        return [(entry["action"], entry["space"]) for entry in answer.json()["data"]]

    assert targets(action="key.create", space=space) == [("key.create", space)] * 2
    assert targets(action="key", space=other) == [("key.create", other)]
    assert targets(action="space") == [("space.create", None)] * 2
    assert len(targets(actor=person.email)) == 5
    assert targets(action="k") == targets(action="key%") == targets(actor="nobody") == []


def test_a_page_of_chosen_entries_may_be_short_and_lead_on(
    monkeypatch: pytest.MonkeyPatch, server: RunningServer, client: httpx.Client, person: Person
) -> None:
    monkeypatch.setattr(store, "MOST_LOOKED_THROUGH", 3)
    space = add_space(server, person)
    for number in range(7):
        keys = f"/v2/spaces/{space}/environments/production/keys"
        client.post(keys, json={"name": f"App {number}"}).raise_for_status()
    url: str | None = f"{path(person.organization)}?action=space&limit=2"
    pages = []
    while url:
        answer = client.get(url).raise_for_status()
        pages.append([entry["action"] for entry in answer.json()["data"]])
        url = answer.links.get("next", {}).get("url")
    assert pages == [[], [], ["space.create"]]
