"""Spaces and the public keys of their environments over HTTP, and who may do what with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from templates_server.access import ALL_SCOPES, Role, Scope
from templates_server.schema import environment_keys, events, model_revisions, spaces
from templates_server.spaces import store
from tests.people import Grant, Organization, Person, add_organization, add_person, add_service, add_space, unique
from tests.servers import RunningServer


@pytest.fixture(scope="module")
def organization(server: RunningServer) -> Organization:
    return add_organization(server.database)


@pytest.fixture(scope="module")
def person(server: RunningServer, organization: Organization) -> Person:
    return add_person(server.database, organization, role=Role.DEVELOPER)


@pytest.fixture
def client(server: RunningServer, person: Person) -> Iterator[httpx.Client]:
    with person.client(server) as client:
        yield client


@pytest.fixture
def space(server: RunningServer, person: Person) -> str:
    return add_space(server, person)


def data(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()["data"]


def test_a_new_space_can_be_read_by_its_key_and_its_id(client: httpx.Client, organization: Organization) -> None:
    key = unique("shop")
    created = client.post(f"/v2/organizations/{organization.key}/spaces", json={"key": key, "name": "店"})
    assert (created.status_code, created.json()["dataType"]) == (201, "space")
    (space,) = data(created)
    told = {name: space[name] for name in ("key", "name", "organization", "revision")}
    assert told == {"key": key, "name": "店", "organization": organization.key, "revision": 0}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", space["created"])
    assert data(client.get(f"/v2/spaces/{key}")) == data(client.get(f"/v2/spaces/{space['id']}")) == [space]


def test_a_space_has_three_environments_that_deliver_nothing_yet(client: httpx.Client, space: str) -> None:
    environments = data(client.get(f"/v2/spaces/{space}/environments"))
    assert environments == [
        {"name": name, "revision": 0, "published": [], "keys": 0} for name in ("development", "production", "staging")
    ]
    assert data(client.get(f"/v2/spaces/{space}/environments/staging")) == [environments[2]]
    assert client.get(f"/v2/spaces/{space}/environments/testing").status_code == 404


def test_without_a_name_a_space_is_called_by_its_key(client: httpx.Client, organization: Organization) -> None:
    key = unique("shop")
    created = client.post(f"/v2/organizations/{organization.key}/spaces", json={"key": key})
    assert data(created)[0]["name"] == key


def test_a_space_is_renamed_as_a_revision_of_its_model_and_keeps_its_key(
    server: RunningServer, client: httpx.Client, organization: Organization, space: str
) -> None:
    model = {"experiences": {"hero": {"properties": {"title": {"type": "text"}}}}}
    assert client.put(f"/v2/spaces/{space}/model", json=model, headers={"If-Match": '"0"'}).is_success
    wanted = {"name": " Läden <1> "}
    first, again = (client.patch(f"/v2/spaces/{space}?note=New%20brand", json=wanted) for _ in range(2))
    assert (first.status_code, first.json()["dataType"]) == (200, "space")
    (renamed,) = data(first)
    assert data(again) == [renamed]
    assert (renamed["key"], renamed["name"], renamed["revision"]) == (space, "Läden <1>", 2)
    assert data(client.get(f"/v2/spaces/{space}")) == [renamed]
    (document,) = data(client.get(f"/v2/spaces/{space}/model"))
    assert (document["name"], list(document["experiences"])) == ("Läden <1>", ["hero"])
    newest = data(client.get(f"/v2/spaces/{space}/model/revisions"))[0]
    assert (newest["revision"], newest["note"]) == (2, "New brand")
    stale = client.put(f"/v2/spaces/{space}/model", json=model, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    boss = add_person(server.database, organization)
    with boss.client(server) as administrator:
        log = data(administrator.get(f"/v2/organizations/{organization.key}/audit?action=space.rename&space={space}"))
    assert [entry["details"] for entry in log] == [{"before": space, "name": "Läden <1>", "revision": 2}]


def test_a_space_without_a_model_is_renamed_too(client: httpx.Client, space: str) -> None:
    (renamed,) = data(client.patch(f"/v2/spaces/{space}", json={"name": "Radio"}))
    assert (renamed["name"], renamed["revision"]) == ("Radio", 1)


@pytest.mark.parametrize("body", [{}, {"name": " "}, {"name": "x" * 201}, {"name": "a\nb"}, {"name": 1}])
def test_a_name_that_is_none_renames_nothing(client: httpx.Client, space: str, body: dict[str, Any]) -> None:
    answer = client.patch(f"/v2/spaces/{space}", json=body)
    assert answer.status_code == 422
    assert data(client.get(f"/v2/spaces/{space}"))[0]["revision"] == 0


def test_two_renamings_at_once_are_two_revisions(server: RunningServer, person: Person, space: str) -> None:
    def rename(number: int) -> int:
        with person.client(server) as client:
            return client.patch(f"/v2/spaces/{space}", json={"name": f"Name {number}"}).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(rename, range(4))) == {200}
    with person.client(server) as client:
        assert data(client.get(f"/v2/spaces/{space}"))[0]["revision"] == 4


def test_a_key_that_is_taken_is_a_conflict_even_for_another_organization(
    server: RunningServer, client: httpx.Client, organization: Organization, space: str
) -> None:
    again = client.post(f"/v2/organizations/{organization.key}/spaces", json={"key": space})
    assert (again.status_code, again.json()["errors"][0]["path"]) == (409, "key")
    stranger = add_person(server.database, add_organization(server.database))
    with stranger.client(server) as other:
        answer = other.post(f"/v2/organizations/{stranger.organization.key}/spaces", json={"key": space})
    assert answer.status_code == 409
    assert client.get(f"/v2/spaces/{space}").status_code == 200


def test_of_many_that_want_a_key_at_once_one_gets_it(client: httpx.Client, organization: Organization) -> None:
    key = unique("shop")
    with ThreadPoolExecutor(6) as threads:
        posts = [
            threads.submit(client.post, f"/v2/organizations/{organization.key}/spaces", json={"key": key})
            for _ in range(6)
        ]
    assert sorted(post.result().status_code for post in posts) == [201] + [409] * 5


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({"key": "Shop"}, {"key"}),
        ({"key": "", "name": "a\nb"}, {"key", "name"}),
        ({"key": "x" * 65}, {"key"}),
        ({"key": "shop", "name": "x" * 201}, {"name"}),
        ({}, {""}),
        ({"key": 5}, {"key"}),
    ],
)
def test_a_space_that_breaks_a_rule_is_not_made(
    client: httpx.Client, organization: Organization, body: Any, paths: set[str]
) -> None:
    answer = client.post(f"/v2/organizations/{organization.key}/spaces", json=body)
    assert (answer.status_code, {error["path"] for error in answer.json()["errors"]}) == (422, paths)


def test_lists_are_pages_that_lead_to_one_another(server: RunningServer) -> None:
    person = add_person(server.database, add_organization(server.database))
    keys = sorted(add_space(server, person) for _ in range(5))
    for path in ("/v2/spaces", f"/v2/organizations/{person.organization.key}/spaces"):
        with person.client(server) as client:
            assert [space["key"] for space in data(client.get(path))] == keys
            found, url, pages = [], f"{path}?limit=2", 0
            while url:
                answer = client.get(url)
                found += [space["key"] for space in data(answer)]
                url, pages = answer.links.get("next", {}).get("url", ""), pages + 1
            assert (found, pages) == (keys, 3)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "limit=-1", "cursor=%21", "cursor=_w", "cursor=AA"]
)
def test_a_page_that_cannot_be_is_refused(client: httpx.Client, query: str) -> None:
    assert client.get(f"/v2/spaces?{query}").status_code == 400


def test_only_what_is_ones_own_is_listed(server: RunningServer, client: httpx.Client, space: str) -> None:
    stranger = add_person(server.database, add_organization(server.database))
    theirs = add_space(server, stranger)
    with stranger.client(server) as other:
        assert [found["key"] for found in data(other.get("/v2/spaces"))] == [theirs]
        for path in (f"/v2/spaces/{space}", f"/v2/spaces/{space}/model", f"/v2/spaces/{space}/environments/production"):
            assert other.get(path).status_code == 404
        assert other.get(f"/v2/spaces/{space}").json() == other.get("/v2/spaces/nowhere").json()
        assert other.delete(f"/v2/spaces/{space}").status_code == 404
    assert client.get(f"/v2/spaces/{space}").status_code == 200


def test_a_token_that_is_narrowed_to_a_space_sees_that_alone(
    server: RunningServer, client: httpx.Client, person: Person, organization: Organization, space: str
) -> None:
    add_space(server, person)
    space_id = data(client.get(f"/v2/spaces/{space}"))[0]["id"]
    narrowed = add_person(server.database, organization, grant=Grant(limits=[space_id]))
    with narrowed.client(server) as other:
        assert [found["key"] for found in data(other.get("/v2/spaces"))] == [space]
        assert other.get(f"/v2/spaces/{space}/model").status_code == 200
        assert other.post(f"/v2/organizations/{organization.key}/spaces", json={"key": "x"}).status_code == 404


READS = ["", "/model", "/environments", "/environments/production", "/environments/production/delivery",
         "/environments/production/keys"]  # fmt: skip
WRITES = [
    ("DELETE", ""),
    ("PUT", "/model"),
    ("PUT", "/environments/production/delivery"),
    ("POST", "/environments/production/publish"),
    ("POST", "/environments/production/unpublish"),
    ("POST", "/environments/production/keys"),
    ("DELETE", "/environments/production/keys/x"),
]


def test_a_viewer_reads_but_does_not_write(server: RunningServer, organization: Organization, space: str) -> None:
    viewer = add_person(server.database, organization, role=Role.VIEWER)
    with viewer.client(server) as client:
        for path in READS:
            assert client.get(f"/v2/spaces/{space}{path}").status_code == 200, path
        for method, path in WRITES:
            assert client.request(method, f"/v2/spaces/{space}{path}", json={}).status_code == 403, path
        assert client.post(f"/v2/organizations/{organization.key}/spaces", json={"key": "x"}).status_code == 403


def test_a_token_needs_the_scope_and_is_told_which(
    server: RunningServer, organization: Organization, space: str
) -> None:
    wanting = [(path, "GET", Scope.SPACES_READ) for path in READS]
    wanting += [(path, method, Scope.SPACES_WRITE) for method, path in WRITES]
    wanting += [("/model/diff", "POST", Scope.SPACES_READ), ("/code", "POST", Scope.CODE_READ)]
    clients = {
        scope: add_person(server.database, organization, grant=Grant(scopes=ALL_SCOPES - {scope})).client(server)
        for scope in (Scope.SPACES_READ, Scope.SPACES_WRITE, Scope.CODE_READ)
    }
    for path, method, scope in wanting:
        answer = clients[scope].request(method, f"/v2/spaces/{space}{path}", json={})
        assert answer.status_code == 403, path
        assert scope in answer.json()["errors"][0]["message"]
    assert clients[Scope.SPACES_READ].get("/v2/spaces").status_code == 403
    for client in clients.values():
        client.close()


def test_without_a_token_nothing_is_answered(server: RunningServer, space: str) -> None:
    with server.client() as client:
        for path in READS:
            assert client.get(f"/v2/spaces/{space}{path}").status_code == 401


def test_a_service_account_may_make_spaces(server: RunningServer, organization: Organization) -> None:
    assert add_space(server, add_service(server.database, organization))


def test_a_space_goes_with_everything_that_is_in_it(server: RunningServer, client: httpx.Client, space: str) -> None:
    space_id = data(client.get(f"/v2/spaces/{space}"))[0]["id"]
    client.put(f"/v2/spaces/{space}/model", json={"experiences": {"hero": {}}})
    key = data(client.post(f"/v2/spaces/{space}/environments/production/keys", json={"name": "web"}))[0]["key"]
    with server.client(Authorization=f"Bearer {key}") as app:
        assert app.post("/api/client/events", json=[{"anonymous_id": "a", "name": "x/y"}]).status_code == 204
    assert client.delete(f"/v2/spaces/{space}").status_code == 204
    assert client.delete(f"/v2/spaces/{space}").status_code == 404
    assert client.get(f"/v2/spaces/{space}").status_code == 404
    with server.client(Authorization=f"Bearer {key}") as app:
        assert app.post("/api/client/events", json=[{"anonymous_id": "a", "name": "x/y"}]).status_code == 401
    left = server.database.read_now(
        lambda connection: (
            connection.execute(spaces.select().where(spaces.c.id == space_id)).all(),
            connection.execute(model_revisions.select().where(model_revisions.c.space_id == space_id)).all(),
            connection.execute(environment_keys.select().where(environment_keys.c.key == key)).all(),
            connection.execute(events.select().where(events.c.name == "x/y")).all(),
        )
    )
    assert left == ([], [], [], [])


@pytest.fixture
def keys(space: str) -> str:
    return f"/v2/spaces/{space}/environments/production/keys"


def test_several_keys_live_at_once_and_each_is_revoked_by_itself(client: httpx.Client, keys: str) -> None:
    created = [client.post(keys, json={"name": name}) for name in ("web", "iOS", "Roku")]
    assert {answer.status_code for answer in created} == {201}
    web, ios, roku = (data(answer)[0] for answer in created)
    assert all(re.fullmatch(r"pk_[0-9A-Za-z]{32}", key["key"]) and key["revoked"] is None for key in (web, ios, roku))
    assert data(client.get(keys)) == [web, ios, roku]
    assert client.delete(f"{keys}/{web['id']}").status_code == 204
    assert client.delete(f"{keys}/{ios['key']}").status_code == 204
    listed = {key["name"]: key["revoked"] for key in data(client.get(keys))}
    assert (bool(listed["web"]), bool(listed["iOS"]), listed["Roku"]) == (True, True, None)
    assert data(client.get(keys.removesuffix("/keys")))[0]["keys"] == 1


def test_revoking_again_keeps_the_first_time_and_an_unknown_key_is_404(client: httpx.Client, keys: str) -> None:
    key = data(client.post(keys, json={"name": "web"}))[0]["id"]
    client.delete(f"{keys}/{key}")
    revoked = data(client.get(keys))[0]["revoked"]
    assert client.delete(f"{keys}/{key}").status_code == 204
    assert data(client.get(keys))[0]["revoked"] == revoked
    assert client.delete(f"{keys}/pk_unknown").status_code == 404
    assert client.delete(f"{keys.replace('production', 'staging')}/{key}").status_code == 404


def test_a_live_key_names_its_environment_in_a_path_and_a_revoked_one_does_not(client: httpx.Client, keys: str) -> None:
    key = data(client.post(keys, json={"name": "web"}))[0]["key"]
    path = keys.replace("production/keys", key)
    assert data(client.get(path))[0]["name"] == "production"
    client.delete(f"{keys}/{key}")
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 201])
def test_a_key_needs_a_name_of_one_line(client: httpx.Client, keys: str, name: str) -> None:
    answer = client.post(keys, json={"name": name})
    assert (answer.status_code, [error["path"] for error in answer.json()["errors"]]) == (422, ["name"])


def test_there_is_an_end_to_how_many_keys_live(
    client: httpx.Client, keys: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MAX_LIVE_KEYS", 2)
    first = data(client.post(keys, json={"name": "1"}))[0]["id"]
    assert client.post(keys, json={"name": "2"}).status_code == 201
    assert client.post(keys, json={"name": "3"}).status_code == 409
    client.delete(f"{keys}/{first}")
    assert client.post(keys, json={"name": "3"}).status_code == 201
