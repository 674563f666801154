"""What the manual's page "Compatibility" says of this server, for clients of documented APIs that look like it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from templates_server.security.authorization import Role
from tests.environments import AppEnvironment, add_environment
from tests.people import Person, add_organization, add_person
from tests.servers import RunningServer

DEVICE = {"device_id": "d1", "token": "t", "os": "iOS 16.3", "model": "iPhone15,2", "app_build": "465"}
EVENT = {"external_id": "u1", "name": "video/completed", "data": {"product_id": 12345, "price": 49.99, "quantity": 4}}


@pytest.fixture(scope="module")
def environment(server: RunningServer) -> AppEnvironment:
    return add_environment(server.database)


@pytest.fixture(scope="module")
def person(server: RunningServer) -> Person:
    return add_person(server.database, add_organization(server.database), role=Role.DEVELOPER)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("identify", {"external_id": "u1", "email": "test@test.com", "data": {"first_name": "John"}, "extra": 1}, 204),
        ("alias", {"anonymous_id": "a1", "external_id": "u1"}, 204),
        ("alias", {"anonymous_id": "a1", "external_id": "u2"}, 422),
        ("devices", {"external_id": "u1", **DEVICE, "app_version": "1.2.4"}, 204),
        ("events", [EVENT], 204),
        ("events", [{**EVENT, "name": "Product Purchased"}], 204),
        ("events", [{**EVENT, "name": "x" * 257}], 422),
        ("events", [{**EVENT, "distinct_id": "x", "user": {"email": "a@b.c"}}], 204),
        ("events", [EVENT] * 1001, 422),
        ("segment", [{"type": "track"}], 404),
        ("track", {"event": "a"}, 404),
    ],
)
def test_each_call_of_the_client_api_has_its_documented_outcome(
    server: RunningServer, environment: AppEnvironment, path: str, body: Any, status: int
) -> None:
    with environment.app(server) as app:
        if path == "alias":  # the first of the two is this one's
            assert app.post("/api/client/alias", json={"anonymous_id": "a1", "external_id": "u1"}).status_code == 204
        assert app.post(f"/api/client/{path}", json=body).status_code == status


def test_head_is_get_without_a_body(server: RunningServer, person: Person) -> None:
    with person.client(server) as client:
        got, head = client.get("/v2/me"), client.head("/v2/me")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
    assert head.headers["content-length"] == str(len(got.content))


def test_an_account_id_is_an_organizations_key_and_optional(server: RunningServer, person: Person) -> None:
    with person.client(server) as client:
        organization = client.get("/v2/organizations").json()["data"][0]
        for account in (organization["key"], organization["id"]):
            assert client.get(f"/v2/organizations?accountId={account}").json()["data"] == [organization]
        assert client.get("/v2/organizations?accountId=1").status_code == 404


def test_errors_have_the_form_of_their_api(server: RunningServer, person: Person, environment: AppEnvironment) -> None:
    with person.client(server) as client, environment.app(server) as app:
        platform = client.put("/v2/spaces/nowhere/model", json={})
        apps = app.post("/api/client/identify", json={})
        oauth: httpx.Response = client.post("/oauth/token", data={"grant_type": "nothing"})
    assert platform.json().keys() == {"data", "dataType", "errors"}
    assert apps.json().keys() == {"errors"}
    assert {tuple(error) for answer in (platform, apps) for error in answer.json()["errors"]} == {
        ("code", "message", "path")
    }
    assert "error" in oauth.json()
