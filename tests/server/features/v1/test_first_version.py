"""Version 1.0: the answers of version 2 at other paths; each says that it is deprecated, until when, what is next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx
import pytest

from templates_server.features.v1.deprecation import headers, successor
from templates_server.http.response import Surface
from templates_server.routes import ROUTES
from templates_server.security.authorization import Scope
from tests.people import Grant, Person, add_organization, add_person, add_space
from tests.servers import RunningServer

FIRST = [route for route in ROUTES if route.path.startswith("/v1.0/")]


@dataclass(frozen=True)
class Old:
    """An old integration: a client of version 1.0, and the Space that it works on."""

    client: httpx.Client
    person: Person
    space: str

    @property
    def users(self) -> str:
        return f"/v1.0/spaces/{self.space}/users"

    @property
    def users_now(self) -> str:
        return f"/v2/spaces/{self.space}/environments/production/users"


@pytest.fixture
def old(server: RunningServer) -> Iterator[Old]:
    person = add_person(server.database, add_organization(server.database))
    with person.client(server) as client:
        yield Old(client, person, add_space(server, person))


def said(answer: httpx.Response) -> dict[str, str]:
    """The links of an answer, by relation."""
    return {relation: target for target, relation in re.findall(r'<([^>]*)>; rel="([^"]+)"', answer.headers["link"])}


def assert_deprecated(answer: httpx.Response, server: RunningServer, place: str) -> None:
    assert re.fullmatch(r"@\d+", answer.headers["deprecation"])  # RFC 9745, 2: a date as in RFC 9651, 3.3.7
    assert int(answer.headers["deprecation"][1:]) < parsedate_to_datetime(answer.headers["sunset"]).timestamp()
    assert said(answer)["successor-version"] == server.url + place


def test_every_route_is_one_of_version_2_with_the_same_handler_scope_and_types() -> None:
    by_path = {(route.method, route.path.replace("{environment}", "production")): route for route in ROUTES}
    assert len(FIRST) == 9
    for route in FIRST:
        present = by_path[route.method, route.successor.replace("{environment}", "production")]
        for name in ("handler", "scope", "role", "reads", "gives", "status", "takes", "surface"):
            assert getattr(route, name) == getattr(present, name), (route.path, name)


def test_what_is_read_is_what_version_2_says(old: Old, server: RunningServer) -> None:
    old.client.post(old.users_now, json={"user_id": "ada", "email": "ada@example.com"}).raise_for_status()
    everybody: dict[str, object] = {"tribes": {"everybody": {"filters": []}}}
    old.client.put(f"/v2/spaces/{old.space}/tribes", json=everybody).raise_for_status()
    for path in (
        "/v1.0/organizations",
        "/v1.0/spaces",
        f"/v1.0/spaces/{old.space}",
        old.users,
        f"{old.users}/ada",
        f"/v1.0/spaces/{old.space}/tribes",
        f"/v1.0/spaces/{old.space}/tribes/everybody",
        f"/v1.0/spaces/{old.space}/tribes/everybody/users",
    ):
        first, second = old.client.get(path), old.client.get(successor(path))
        assert (first.status_code, first.content) == (second.status_code, second.content)
        assert first.json()["data"]
        assert_deprecated(first, server, successor(path))
        assert "deprecation" not in second.headers


def test_users_are_those_of_production(old: Old, server: RunningServer) -> None:
    answer = old.client.post(old.users, json=[{"user_id": "ada", "tags": ["a"]}, {"user_id": "bob"}])
    assert answer.status_code == 201
    assert_deprecated(answer, server, old.users_now)
    elsewhere = old.users_now.replace("production", "staging")
    assert old.client.get(elsewhere).json()["data"] == []
    assert len(old.client.get(old.users_now).json()["data"]) == 2
    assert [user["user_id"] for user in old.client.get(old.users, params={"tag": "a"}).json()["data"]] == ["ada"]
    assert [user["user_id"] for user in old.client.get(old.users, params={"search": "bo"}).json()["data"]] == ["bob"]


def test_pages_lead_on_within_version_1(old: Old) -> None:
    old.client.post(old.users, json=[{"user_id": f"u{number}"} for number in range(5)]).raise_for_status()
    found, path = [], f"{old.users}?limit=2"
    while path:
        answer = old.client.get(path)
        found += [user["user_id"] for user in answer.json()["data"]]
        path = said(answer).get("next", "")
        assert "/v1.0/" in path or not path
    assert sorted(found) == [f"u{number}" for number in range(5)]


def test_a_post_is_answered_once_under_its_key(old: Old) -> None:
    answers = [old.client.post(old.users, json={"user_id": "ada"}, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert answers[1].headers.get_list("deprecation") == answers[0].headers.get_list("deprecation")
    assert len(answers[1].headers.get_list("link")) == 1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1.0/spaces/nowhere", 404),
        ("GET", "/v1.0/spaces/nowhere/users/ada", 404),
        ("GET", "/v1.0/nothing", 404),
        ("GET", "/v1.0/spaces?limit=0", 400),
        ("DELETE", "/v1.0/organizations", 405),
        ("POST", "{users}", 415),
    ],
)
def test_refusals_say_it_too(old: Old, server: RunningServer, method: str, path: str, status: int) -> None:
    answer = old.client.request(method, path.format(users=old.users))
    assert answer.status_code == status
    assert answer.json()["errors"]
    assert_deprecated(answer, server, successor(path.format(users=old.users).partition("?")[0]))


def test_credentials_scopes_and_borders_are_those_of_version_2(old: Old, server: RunningServer) -> None:
    narrow = add_person(server.database, old.person.organization, grant=Grant(scopes=[Scope.SPACES_READ]))
    stranger = add_person(server.database, add_organization(server.database))
    with server.client() as nobody, narrow.client(server) as reader, stranger.client(server) as other:
        for client, status in ((nobody, 401), (reader, 403), (other, 404)):
            answer = client.get(old.users)
            assert answer.status_code == status
            assert_deprecated(answer, server, old.users_now)


def test_the_description_calls_them_deprecated(server: RunningServer) -> None:
    with server.client() as client:
        paths = client.get("/openapi.json").json()["paths"]
        page = client.get("/docs/api/version-1.0").text
    for route in FIRST:
        operation = paths[route.path][route.method.lower()]
        assert operation["deprecated"] is True
        assert all(parameter["name"] != "environment" for parameter in operation["parameters"])
        assert {"Deprecation", "Sunset", "Link"} <= set(operation["responses"]["200"]["headers"])
    assert page.count("Deprecated:") == len(FIRST)
    assert all(route.surface is Surface.PLATFORM for route in FIRST)


@pytest.mark.parametrize("path", [b'/v1.0/a>b<c"d', b"/v1.0/\xc3\xa4\xff", b"/v1.0/a b\x7f", b"/v1.0/%3E%0d%0a"])
def test_no_path_breaks_out_of_the_link(path: bytes) -> None:
    link = headers(path, public_url="https://example.com")["Link"]
    assert re.fullmatch(r'<https://example\.com/v2/[!#-;=?-~]*>; rel="successor-version"', link)
