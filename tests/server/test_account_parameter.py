"""`?accountId=`: an organization, by id or key, outside of which there is nothing for the call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from templates_server.security.authorization import Role
from templates_server.storage.tables import memberships
from tests.people import Grant, Organization, Person, add_organization, add_person, add_space, add_token, unique
from tests.servers import RunningServer


@dataclass(frozen=True)
class Two:
    """Somebody who belongs to two organizations, with a Space in each, and one where they do not belong."""

    client: httpx.Client
    person: Person
    here: Organization
    there: Organization
    elsewhere: Organization
    spaces: tuple[str, str]

    def get(self, path: str, account: str | None = None) -> httpx.Response:
        return self.client.get(path, params={} if account is None else {"accountId": account})

    def listed(self, path: str, account: str | None, name: str = "key") -> list[Any]:
        return [each[name] for each in self.get(path, account).json()["data"]]


@pytest.fixture
def two(server: RunningServer) -> Iterator[Two]:
    here, there, elsewhere = (add_organization(server.database) for _ in range(3))
    person = add_person(server.database, here)
    row = {"organization_id": there.id, "account_id": person.id, "role": Role.ADMINISTRATOR}
    server.database.write_sync(lambda connection: connection.execute(memberships.insert(), row))
    mine = add_space(server, person)
    other = add_space(server, Person(person.id, person.email, there, person.token))
    with person.client(server) as client:
        yield Two(client, person, here, there, elsewhere, (mine, other))


def test_without_it_everything_of_ones_own_is_there(two: Two) -> None:
    assert set(two.listed("/v2/spaces", None)) == set(two.spaces)
    assert set(two.listed("/v2/organizations", None)) == {two.here.key, two.there.key}


def test_lists_hold_what_is_in_the_account(two: Two) -> None:
    for name in (two.here.id, two.here.key):
        assert two.listed("/v2/spaces", name) == [two.spaces[0]]
        assert two.listed("/v2/organizations", name) == [two.here.key]
        assert two.get("/v2/me", name).json()["data"][0]["organizations"] == [
            {"key": two.here.key, "role": "administrator"}
        ]


def test_what_is_outside_the_account_is_not_there(two: Two) -> None:
    for path in (f"/v2/spaces/{two.spaces[1]}", f"/v2/organizations/{two.there.key}/spaces"):
        assert two.get(path, two.there.key).status_code == 200
        assert two.get(path, two.here.key).status_code == 404


def test_it_holds_for_changes_too(two: Two) -> None:
    changes = [
        ("POST", f"/v2/organizations/{two.there.key}/spaces", {"key": unique("space")}),
        ("POST", f"/v2/spaces/{two.spaces[1]}/environments/staging/keys", {"name": "web"}),
        ("DELETE", f"/v2/spaces/{two.spaces[1]}", None),
    ]
    for account, expected in ((two.here.key, [404] * 3), (two.there.id, [201, 201, 204])):
        answers = [two.client.request(m, path, json=body, params={"accountId": account}) for m, path, body in changes]
        assert [answer.status_code for answer in answers] == expected


@pytest.mark.parametrize("path", ["/v2/me", "/v2/spaces", "/v2/organizations"])
def test_an_account_of_others_is_answered_as_one_that_is_not_there(two: Two, path: str) -> None:
    answers = [two.get(path, name) for name in (two.elsewhere.id, two.elsewhere.key, unique("org"), "", "é\u202e")]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}


def test_a_token_that_is_narrowed_to_a_space_stays_so(server: RunningServer, two: Two) -> None:
    space_id = two.get(f"/v2/spaces/{two.spaces[0]}").json()["data"][0]["id"]
    narrow = add_token(server.database, Grant(limits=[space_id]), account_id=two.person.id)
    with server.client(Authorization=f"Bearer {narrow}") as client:
        seen = [client.get("/v2/spaces", params={"accountId": each.key}) for each in (two.here, two.there)]
    assert [[space["key"] for space in answer.json()["data"]] for answer in seen] == [[two.spaces[0]], []]


def test_pages_stay_within_the_account(two: Two) -> None:
    first = two.client.get("/v2/spaces", params={"limit": 1, "accountId": two.here.key})
    rest = two.client.get(first.links["next"]["url"])
    assert ([each["key"] for each in first.json()["data"]], rest.json()["data"]) == ([two.spaces[0]], [])


def test_an_account_that_is_stated_twice_is_refused(two: Two) -> None:
    twice = f"accountId={two.elsewhere.key}&accountId={two.here.key}"
    for path in ("/v2/spaces", f"/v2/spaces/{two.spaces[0]}"):
        assert two.client.get(path, params={"accountId": two.here.key}).status_code == 200
        assert two.client.get(f"{path}?{twice}").status_code == 400
        assert two.client.get(f"{path}?accountId={two.here.key}&%61ccountId={two.here.key}").status_code == 400
