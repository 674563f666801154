"""Who one is and where one belongs, over HTTP."""

from __future__ import annotations

import pytest

from templates_server.features.accounts import store as accounts_store
from templates_server.primitives.timestamps import system_clock
from templates_server.security.authorization import Role, Scope
from tests.people import Grant, add_organization, add_person, add_service
from tests.servers import RunningServer

ENVELOPE = {"data", "dataType", "errors"}


def test_me_tells_a_person_who_they_are_where_they_belong_and_what_the_token_may(server: RunningServer) -> None:
    organization = add_organization(server.database)
    person = add_person(server.database, organization, role=Role.DEVELOPER, grant=Grant([Scope.CODE_READ]))
    with person.client(server) as client:
        answer = client.get("/v2/me")
    assert answer.json().keys() == ENVELOPE
    (me,) = answer.json()["data"]
    assert me.pop("expires").endswith("Z")
    assert me == {
        "kind": "person",
        "email": person.email,
        "name": "A developer",
        "organizations": [{"key": organization.key, "role": "developer"}],
        "scopes": ["code:read"],
    }


def test_me_tells_a_service_account_its_organization(server: RunningServer) -> None:
    service = add_service(server.database, add_organization(server.database))
    with service.client(server) as client:
        (me,) = client.get("/v2/me").json()["data"]
    assert (me["kind"], me["email"], me["name"]) == ("service", None, "A service")
    assert [found["key"] for found in me["organizations"]] == [service.organization.key]


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer x", "Basic eDp5", "Bearer mto_" + "0" * 36, "bearer mtp_", "Bearer é"]
)
def test_without_a_good_token_the_answer_is_401_with_a_challenge(server: RunningServer, authorization: str) -> None:
    with server.client() as client:
        answer = client.get("/v2/me", headers={b"Authorization": authorization.encode()})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_organizations_are_ones_own_by_key(server: RunningServer) -> None:
    mine, others = add_organization(server.database), add_organization(server.database)
    person = add_person(server.database, mine, role=Role.VIEWER)
    with person.client(server) as client:
        listed = client.get("/v2/organizations").json()
        one = client.get(f"/v2/organizations/{mine.key}").json()
        by_id = client.get(f"/v2/organizations/{mine.id}").json()
        foreign = [client.get(f"/v2/organizations/{name}{rest}") for name in (others.key, "x") for rest in BELOW]
    assert listed["dataType"] == one["dataType"] == "organization"
    assert listed["data"] == one["data"] == by_id["data"]
    (organization,) = one["data"]
    assert organization.keys() == {"id", "key", "name", "role", "created"}
    assert (organization["key"], organization["role"]) == (mine.key, "viewer")
    assert {answer.status_code for answer in foreign} == {404}
    assert len({answer.content for answer in foreign}) == 1


BELOW = ("", "/members", "/service-accounts")


def test_a_token_that_is_narrowed_to_one_organization_shows_no_other(server: RunningServer) -> None:
    one, other = add_organization(server.database), add_organization(server.database)
    person = add_person(server.database, one, grant=Grant(limits=[other.id]))
    server.database.write_sync(
        lambda connection: accounts_store.add_member(
            connection, other.id, account_id=person.id, role=Role.ADMINISTRATOR
        )
    )
    with person.client(server) as client:
        assert [found["key"] for found in client.get("/v2/organizations").json()["data"]] == [other.key]
        assert [found["key"] for found in client.get("/v2/me").json()["data"][0]["organizations"]] == [other.key]
        assert client.get(f"/v2/organizations/{one.key}").status_code == 404


def test_developers_see_members_and_service_accounts_without_secrets(server: RunningServer) -> None:
    organization = add_organization(server.database)
    administrator = add_person(server.database, organization)
    developer = add_person(server.database, organization, role=Role.DEVELOPER)
    service_id, secret = server.database.write_sync(
        lambda connection: accounts_store.create_service_account(
            connection, organization.id, name="Nightly", scopes=[Scope.CODE_READ], now=system_clock()
        )
    )
    with developer.client(server) as client:
        members = client.get(f"/v2/organizations/{organization.key}/members").json()
        services = client.get(f"/v2/organizations/{organization.key}/service-accounts")
    assert members["data"] == [
        {"email": administrator.email, "name": "A administrator", "role": "administrator"},
        {"email": developer.email, "name": "A developer", "role": "developer"},
    ]
    (found,) = services.json()["data"]
    assert found.pop("created").endswith("Z")
    assert found == {"id": service_id, "name": "Nightly", "client_id": service_id, "scopes": ["code:read"]}
    assert secret not in services.text


@pytest.mark.parametrize("path", ["members", "service-accounts"])
def test_viewers_and_narrow_tokens_do_not_see_who_else_is_there(server: RunningServer, path: str) -> None:
    organization = add_organization(server.database)
    viewer = add_person(server.database, organization, role=Role.VIEWER)
    narrow = add_person(server.database, organization, grant=Grant([Scope.CODE_READ]))
    for person, told in ((viewer, "role developer"), (narrow, "scope spaces:read")):
        with person.client(server) as client:
            answer = client.get(f"/v2/organizations/{organization.key}/{path}")
        assert answer.status_code == 403
        assert told in answer.json()["errors"][0]["message"]
