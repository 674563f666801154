"""Service accounts over HTTP, and what their credentials open as long as they live."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from templates_server.features.accounts.store import MAX_SERVICE_ACCOUNTS
from templates_server.primitives.timestamps import system_clock
from templates_server.security.authorization import ALL_SCOPES, Role, Scope
from templates_server.security.secrets import is_well_formed
from templates_server.storage.tables import service_accounts
from tests.people import OF_A_SIGN_IN, Grant, Person, add_organization, add_person, add_service
from tests.server.features.auth.flows import status_with
from tests.servers import RunningServer


def developer(server: RunningServer, grant: Grant = OF_A_SIGN_IN) -> Person:
    return add_person(server.database, add_organization(server.database), role=Role.DEVELOPER, grant=grant)


def path_of(person: Person, account_id: str = "") -> str:
    path = f"/v2/organizations/{person.organization.key}/service-accounts"
    return f"{path}/{account_id}" if account_id else path


def made(server: RunningServer, person: Person, **wanted: Any) -> dict[str, Any]:
    with person.client(server) as client:
        answer = client.post(path_of(person), json={"name": "Nightly", **wanted})
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()["data"][0]
    return created


def issued(server: RunningServer, account: dict[str, Any], way: str) -> httpx.Response:
    """The answer of the token endpoint to the account's credentials."""
    credentials = {"client_id": account["client_id"], "client_secret": account["client_secret"]}
    with server.client() as client:
        if way == "form":
            return client.post("/oauth/token", data={"grant_type": "client_credentials", **credentials})
        if way == "json":
            body = {**credentials, "audience": "https://x.example", "grant_type": "client_credentials"}
            return client.post("/oauth/token", json=body)
        pair = base64.b64encode(":".join(credentials.values()).encode()).decode()
        return client.post(
            "/oauth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {pair}"}
        )


@pytest.mark.parametrize("way", ["form", "basic", "json"])
def test_a_new_service_account_gets_tokens_until_it_is_revoked(server: RunningServer, way: str) -> None:
    ada = developer(server)
    account = made(server, ada, scopes=["code:read"])
    assert is_well_formed(account["client_secret"])
    assert (account["id"], account["scopes"]) == (account["client_id"], ["code:read"])
    token = issued(server, account, way).json()["access_token"]
    with server.client(Authorization=f"Bearer {token}") as client:
        me = client.get("/v2/me").json()["data"][0]
    assert (me["kind"], me["name"], me["scopes"]) == ("service", "Nightly", ["code:read"])
    assert me["organizations"] == [{"key": ada.organization.key, "role": "developer"}]
    with ada.client(server) as client:
        for _ in range(2):
            assert client.delete(path_of(ada, account["id"])).status_code == 204
            assert status_with(server, token) == 401
            assert issued(server, account, way).status_code == 401
        assert client.get(path_of(ada)).json()["data"] == []


def test_the_secret_is_told_once(server: RunningServer) -> None:
    ada = developer(server)
    account = made(server, ada)
    assert account["scopes"] == sorted(ALL_SCOPES)
    with ada.client(server) as client:
        listed = client.get(path_of(ada))
    assert listed.json()["data"] == [{name: account[name] for name in account.keys() - {"client_secret"}}]
    assert account["client_secret"] not in listed.text
    rows = server.database.read_sync(
        lambda connection: connection.execute(
            service_accounts.select().where(service_accounts.c.id == account["id"])
        ).all()
    )
    assert account["client_secret"] not in str(rows)


def test_it_may_do_no_more_than_who_made_it(server: RunningServer) -> None:
    ada = developer(server, Grant([Scope.CODE_READ, Scope.SPACES_WRITE], kind="access"))
    assert made(server, ada)["scopes"] == ["code:read", "spaces:write"]
    with ada.client(server) as client:
        answer = client.post(path_of(ada), json={"name": "", "scopes": ["code:read", "users:read", "x"]})
    assert answer.status_code == 422
    assert [problem["path"] for problem in answer.json()["errors"]] == ["name", "scopes[1]", "scopes[2]"]


def test_developers_make_and_end_them_and_viewers_and_programs_do_not(server: RunningServer) -> None:
    organization = add_organization(server.database)
    boss = add_person(server.database, organization, grant=OF_A_SIGN_IN)
    account = made(server, boss)
    viewer = add_person(server.database, organization, role=Role.VIEWER, grant=OF_A_SIGN_IN)
    token = add_person(server.database, organization, role=Role.DEVELOPER)
    service = add_service(server.database, organization)
    for person in (viewer, token, service):
        with person.client(server) as client:
            assert client.post(path_of(boss), json={"name": "x"}).status_code == 403
    with viewer.client(server) as client:
        assert client.delete(path_of(boss, account["id"])).status_code == 403
    with token.client(server) as client:
        assert client.delete(path_of(boss, account["id"])).status_code == 204


def test_another_organizations_account_can_not_be_told_from_none(server: RunningServer) -> None:
    ada, stranger = developer(server), developer(server)
    account = made(server, stranger)
    with ada.client(server) as client:
        answers = [client.delete(path_of(ada, name)) for name in (account["id"], "svc_nothing")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert issued(server, account, "form").status_code == 200


def test_an_organization_has_at_most_so_many_and_they_come_in_pages(server: RunningServer) -> None:
    ada = developer(server)
    rows = [
        {
            "id": f"svc_{ada.id}{number}",
            "organization_id": ada.organization.id,
            "name": f"Nightly {number // 3}",
            "secret_hash": b"x",
            "scopes": "code:read",
            "created": system_clock(),
        }
        for number in range(MAX_SERVICE_ACCOUNTS)
    ]
    server.database.write_sync(lambda connection: connection.execute(service_accounts.insert(), rows))
    found: list[str] = []
    with ada.client(server) as client:
        assert client.post(path_of(ada), json={"name": "x"}).status_code == 409
        url = f"{path_of(ada)}?limit=40"
        while url:
            answer = client.get(url)
            found += [account["id"] for account in answer.json()["data"]]
            url = httpx.URL(answer.links["next"]["url"]).raw_path.decode() if "next" in answer.links else ""
        assert client.get(path_of(ada), params={"cursor": "eA"}).status_code == 400
        client.delete(path_of(ada, found[0])).raise_for_status()
        assert client.post(path_of(ada), json={"name": "x"}).status_code == 201
    assert sorted(found) == sorted(str(row["id"]) for row in rows)
    assert len(found) == MAX_SERVICE_ACCOUNTS


def test_deeds_are_remembered_once_and_without_the_secret(server: RunningServer) -> None:
    ada = add_person(server.database, add_organization(server.database), grant=OF_A_SIGN_IN)
    account = made(server, ada, scopes=["code:read"])
    with ada.client(server) as client:
        client.delete(path_of(ada, account["id"])).raise_for_status()
        client.delete(path_of(ada, account["id"])).raise_for_status()
        entries = client.get(f"/v2/organizations/{ada.organization.key}/audit").json()["data"]
    assert [entry["action"] for entry in entries] == ["service_account.revoke", "service_account.create"]
    assert entries[1]["details"] == {"name": "Nightly", "scopes": ["code:read"]}
    assert {entry["target"] for entry in entries} == {account["id"]}
    assert account["client_secret"] not in str(entries)


def test_a_token_never_does_more_than_its_account_may_now(server: RunningServer) -> None:
    account = made(server, developer(server), scopes=["code:read", "spaces:read"])
    token = issued(server, account, "form").json()["access_token"]
    fewer = service_accounts.update().where(service_accounts.c.id == account["id"]).values(scopes="code:read")
    server.database.write_sync(lambda connection: connection.execute(fewer))
    with server.client(Authorization=f"Bearer {token}") as client:
        assert client.get("/v2/me").json()["data"][0]["scopes"] == ["code:read"]
        assert client.get("/v2/spaces").status_code == 403
