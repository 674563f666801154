"""Members over HTTP: roles, and who may end a membership. An organization keeps an administrator."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from templates_server.security.authorization import Role
from tests.people import OF_A_SIGN_IN, Organization, Person, add_organization, add_person, add_service, add_token
from tests.servers import RunningServer


def administrator(server: RunningServer, organization: Organization | None = None) -> Person:
    return add_person(server.database, organization or add_organization(server.database), grant=OF_A_SIGN_IN)


def path_of(organization: Organization, email: str = "") -> str:
    return f"/v2/organizations/{organization.key}/members" + (f"/{quote(email, safe='')}" if email else "")


def remove(server: RunningServer, by: Person, email: str) -> httpx.Response:
    with by.client(server) as client:
        return client.delete(path_of(by.organization, email))


def change(server: RunningServer, by: Person, email: str, **body: Any) -> httpx.Response:
    with by.client(server) as client:
        return client.patch(path_of(by.organization, email), json=body)


def roles(server: RunningServer, by: Person) -> dict[str, str]:
    with by.client(server) as client:
        return {found["email"]: found["role"] for found in client.get(path_of(by.organization)).json()["data"]}


def test_a_role_is_changed_and_holds_at_once(server: RunningServer) -> None:
    boss = administrator(server)
    ada = add_person(server.database, boss.organization, role=Role.VIEWER)
    with ada.client(server) as client:
        assert client.get(path_of(boss.organization)).status_code == 403
        answer = change(server, boss, ada.email.upper(), role="developer")
        assert answer.status_code == 200
        assert answer.json()["data"] == [{"email": ada.email, "name": "A viewer", "role": "developer"}]
        assert client.get(path_of(boss.organization)).status_code == 200


@pytest.mark.parametrize("body", [{}, {"role": "king"}, {"role": None}, {"role": ["viewer"]}])
def test_only_roles_that_there_are_can_be_given(server: RunningServer, body: dict[str, Any]) -> None:
    boss = administrator(server)
    assert change(server, boss, boss.email, **body).status_code == 422


def test_the_last_administrator_stays_one(server: RunningServer) -> None:
    boss = administrator(server)
    developer = add_person(server.database, boss.organization, role=Role.DEVELOPER)
    for answer in (remove(server, boss, boss.email), change(server, boss, boss.email, role="viewer")):
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "CONFLICT")
    assert change(server, boss, boss.email, role="administrator").status_code == 200
    assert change(server, boss, developer.email, role="administrator").status_code == 200
    assert remove(server, boss, boss.email).status_code == 204
    assert remove(server, boss, developer.email).status_code == 404  # boss is nobody there now


@pytest.mark.parametrize("act", ["remove", "change"])
def test_two_administrators_who_end_each_other_at_once_leave_one(server: RunningServer, act: str) -> None:
    for _ in range(5):
        one = administrator(server)
        other = administrator(server, one.organization)
        with ThreadPoolExecutor(2) as pool:
            if act == "remove":
                jobs = [pool.submit(remove, server, a, b.email) for a, b in ((one, other), (other, one))]
            else:
                jobs = [pool.submit(change, server, a, b.email, role="viewer") for a, b in ((one, other), (other, one))]
        statuses = sorted(job.result().status_code for job in jobs)
        assert statuses[0] in {200, 204}
        assert statuses[1] in {403, 404, 409}
        survivor = one if one.email in _administrators(server, one) else other
        assert _administrators(server, survivor) == [survivor.email]


def _administrators(server: RunningServer, by: Person) -> list[str]:
    with by.client(server) as client:
        answer = client.get(path_of(by.organization))
    return [found["email"] for found in answer.json()["data"] if found["role"] == "administrator"]


def test_a_removed_members_tokens_lose_the_organization_and_nothing_else(server: RunningServer) -> None:
    boss = administrator(server)
    ada = add_person(server.database, boss.organization, role=Role.DEVELOPER)
    sign_in = add_token(server.database, OF_A_SIGN_IN, account_id=ada.id)
    assert remove(server, boss, ada.email).status_code == 204
    for token in (ada.token, sign_in):
        with server.client(Authorization=f"Bearer {token}") as client:
            assert client.get("/v2/me").json()["data"][0]["organizations"] == []
            assert client.get(f"/v2/organizations/{boss.organization.key}").status_code == 404
            assert client.get(f"/v2/organizations/{boss.organization.key}/spaces").status_code == 404
    assert ada.email not in roles(server, boss)
    assert remove(server, boss, ada.email).status_code == 404


def test_only_administrators_change_who_belongs(server: RunningServer) -> None:
    organization = add_organization(server.database)
    boss = administrator(server, organization)
    developer = add_person(server.database, organization, role=Role.DEVELOPER, grant=OF_A_SIGN_IN)
    viewer = add_person(server.database, organization, role=Role.VIEWER, grant=OF_A_SIGN_IN)
    for person in (developer, viewer, add_service(server.database, organization)):
        with person.client(server) as client:
            answers = [
                client.post(path_of(organization), json={"email": "x@example.com", "role": "viewer"}),
                client.patch(path_of(organization, boss.email), json={"role": "viewer"}),
                client.delete(path_of(organization, boss.email)),
                client.get(f"/v2/organizations/{organization.key}/invitations"),
                client.delete(f"/v2/organizations/{organization.key}/invitations/inv_x"),
            ]
        assert [answer.status_code for answer in answers] == [403] * 5
    assert roles(server, boss)[boss.email] == "administrator"


def test_no_token_invites_or_promotes_anybody(server: RunningServer) -> None:
    organization = add_organization(server.database)
    boss, ada = add_person(server.database, organization), add_person(server.database, organization, role=Role.VIEWER)
    with boss.client(server) as client:
        invited = client.post(path_of(organization), json={"email": "x@example.com", "role": "viewer"})
        promoted = client.patch(path_of(organization, ada.email), json={"role": "administrator"})
        assert (invited.status_code, promoted.status_code) == (403, 403)
        assert "requires a person's sign-in" in invited.json()["errors"][0]["message"]
        assert client.delete(path_of(organization, ada.email)).status_code == 204


def test_members_come_in_pages(server: RunningServer) -> None:
    boss = administrator(server)
    emails = [add_person(server.database, boss.organization, role=Role.VIEWER).email for _ in range(4)]
    found: list[str] = []
    with boss.client(server) as client:
        answer = client.get(path_of(boss.organization), params={"limit": 2})
        found += [member["email"] for member in answer.json()["data"]]
        while "next" in answer.links:
            answer = client.get(httpx.URL(answer.links["next"]["url"]).raw_path.decode())
            found += [member["email"] for member in answer.json()["data"]]
    assert found == sorted([boss.email, *emails])


def test_nobody_of_another_organization_can_be_told_from_nobody(server: RunningServer) -> None:
    boss, stranger = administrator(server), administrator(server)
    answers = [remove(server, boss, email) for email in (stranger.email, "nobody@example.com", "x")]
    answers += [change(server, boss, stranger.email, role="viewer")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_deeds_name_no_address(server: RunningServer) -> None:
    boss = administrator(server)
    ada = add_person(server.database, boss.organization, role=Role.VIEWER)
    change(server, boss, ada.email, role="developer")
    remove(server, boss, ada.email)
    with boss.client(server) as client:
        entries = client.get(f"/v2/organizations/{boss.organization.key}/audit").json()["data"]
    assert [(entry["action"], entry["target"]) for entry in entries] == [
        ("member.remove", ada.id),
        ("member.change", ada.id),
    ]
    assert entries[1]["details"] == {"before": "viewer", "role": "developer"}
    assert ada.email not in str(entries)
