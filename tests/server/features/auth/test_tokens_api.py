"""Personal access tokens over HTTP: who may make one, what it may do, who sees it and who may end it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from templates_server.features.accounts import store as accounts_store
from templates_server.features.auth.token_schemas import MAX_LIVE_TOKENS
from templates_server.primitives.timestamps import DAY, parse_rfc3339, system_clock
from templates_server.security.authorization import ALL_SCOPES, Role, Scope
from templates_server.security.secrets import hash_secret, is_well_formed
from templates_server.storage.tables import tokens
from tests.people import (
    OF_A_SIGN_IN,
    Grant,
    Person,
    add_organization,
    add_person,
    add_service,
    add_space,
    add_token,
    unique,
)
from tests.servers import RunningServer


def signed_in(server: RunningServer, *, role: Role = Role.ADMINISTRATOR, organization: Any = None) -> Person:
    place = organization or add_organization(server.database)
    return add_person(server.database, place, role=role, grant=OF_A_SIGN_IN)


def made(server: RunningServer, person: Person, **wanted: Any) -> dict[str, Any]:
    """What the server says of a new token."""
    with person.client(server) as client:
        answer = client.post("/v2/tokens", json={"name": "Build", **wanted})
    assert answer.status_code == 201, answer.text
    assert answer.json()["dataType"] == "token"
    created: dict[str, Any] = answer.json()["data"][0]
    return created


def by(server: RunningServer, token: str) -> httpx.Client:
    return server.client(Authorization=f"Bearer {token}")


def problems(answer: httpx.Response) -> dict[str, str]:
    return {problem["path"]: problem["message"] for problem in answer.json()["errors"]}


def belongs(server: RunningServer, person: Person, organization_id: str, role: Role = Role.ADMINISTRATOR) -> None:
    """Have the person belong to another organization too."""
    server.database.write_sync(
        lambda connection: accounts_store.add_member(connection, organization_id, account_id=person.id, role=role)
    )


# Making


def test_a_new_token_acts_as_its_owner_for_90_days_and_its_text_is_told_once(server: RunningServer) -> None:
    ada = signed_in(server)
    created = made(server, ada)
    assert is_well_formed(created["token"])
    assert created["token"].startswith("mtp_")
    assert parse_rfc3339(created["expires"]) - parse_rfc3339(created["created"]) == 90 * DAY
    assert (created["owner"], created["scopes"]) == (ada.email, sorted(ALL_SCOPES))
    assert (created["organizations"], created["spaces"], created["last_used"]) == ([], [], None)
    with by(server, created["token"]) as client:
        me = client.get("/v2/me").json()["data"][0]
        listed = client.get("/v2/tokens")
    assert (me["email"], me["expires"]) == (ada.email, created["expires"])
    assert created["token"] not in listed.text


def test_a_token_is_stored_by_its_sha_256(server: RunningServer) -> None:
    created = made(server, signed_in(server))
    rows = server.database.read_sync(
        lambda connection: connection.execute(tokens.select().where(tokens.c.id == created["id"])).mappings().all()
    )
    assert [bytes(row["token_hash"]) for row in rows] == [hash_secret(created["token"])]
    assert created["token"] not in str(rows)


@pytest.mark.parametrize("days", [1, 366])
def test_a_token_may_live_a_day_to_a_year(server: RunningServer, days: int) -> None:
    created = made(server, signed_in(server), expires_in_days=days)
    assert parse_rfc3339(created["expires"]) - parse_rfc3339(created["created"]) == days * DAY


@pytest.mark.parametrize("days", [0, -1, 367, 10**9, 1.5, "30", None, True])
def test_no_other_life_is_possible(server: RunningServer, days: object) -> None:
    with signed_in(server).client(server) as client:
        answer = client.post("/v2/tokens", json={"name": "x", "expires_in_days": days})
    assert answer.status_code == 422
    assert list(problems(answer)) == ["expires_in_days"]


def test_neither_a_token_nor_a_service_account_makes_a_token(server: RunningServer) -> None:
    organization = add_organization(server.database)
    personal, service = add_person(server.database, organization), add_service(server.database, organization)
    for caller in (personal, service):
        with caller.client(server) as client:
            answer = client.post("/v2/tokens", json={"name": "x"})
            unreadable = client.post("/v2/tokens", content=b"{")
        assert (answer.status_code, unreadable.status_code) == (403, 403)
        assert "Tokens cannot create or extend tokens" in answer.json()["errors"][0]["message"]


def test_a_token_gets_no_scope_that_the_sign_in_lacks(server: RunningServer) -> None:
    narrow = add_person(
        server.database, add_organization(server.database), grant=Grant([Scope.CODE_READ], kind="access")
    )
    assert made(server, narrow)["scopes"] == ["code:read"]
    with narrow.client(server) as client:
        answer = client.post("/v2/tokens", json={"name": "x", "scopes": ["code:read", "spaces:read", "spaces:raed"]})
    assert answer.status_code == 422
    assert problems(answer) == {
        "scopes[1]": "is a scope that you don't have yourself",
        "scopes[2]": '"spaces:raed" is not a scope; did you mean "spaces:read"?',
    }


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ({"name": ""}, "name"),
        ({"name": " \u3000"}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": None}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": "code:read"}, "scopes"),
        ({"organizations": []}, "organizations"),
        ({"spaces": []}, "spaces"),
        ({"spaces": ["vod"] * 101}, "spaces"),
        ({"spaces": ["\0"]}, "spaces[0]"),
    ],
)
def test_what_breaks_a_rule_is_named_by_its_path(server: RunningServer, wanted: dict[str, Any], path: str) -> None:
    with signed_in(server).client(server) as client:
        answer = client.post("/v2/tokens", json={"name": "x", **wanted})
    assert answer.status_code == 422, answer.text
    assert list(problems(answer)) == [path]


def test_a_person_has_at_most_so_many_live_tokens(server: RunningServer) -> None:
    ada, other = signed_in(server), signed_in(server)
    for _ in range(MAX_LIVE_TOKENS):
        add_token(server.database, Grant(), account_id=ada.id)
    with ada.client(server) as client:
        answer = client.post("/v2/tokens", json={"name": "x"})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "CONFLICT")
        first = client.get("/v2/tokens", params={"limit": 1}).json()["data"][0]
        assert client.delete(f"/v2/tokens/{first['id']}").status_code == 204
    made(server, ada)
    made(server, other)


# Narrowing


def test_a_token_narrowed_to_an_organization_or_a_space_reaches_nothing_else(server: RunningServer) -> None:
    one, other = add_organization(server.database), add_organization(server.database)
    ada = signed_in(server, organization=one)
    belongs(server, ada, other.id)
    mine, sibling = add_space(server, ada), add_space(server, ada)
    grace = signed_in(server, organization=other)
    theirs = add_space(server, grace)

    narrow = made(server, ada, spaces=[mine])
    assert (narrow["organizations"], narrow["spaces"]) == ([], [mine])
    with by(server, narrow["token"]) as client:
        assert [space["key"] for space in client.get("/v2/spaces").json()["data"]] == [mine]
        assert client.get(f"/v2/spaces/{mine}").status_code == 200
        hidden = [f"/v2/spaces/{sibling}", f"/v2/spaces/{theirs}", "/v2/spaces/nothing"]
        organizations = [f"/v2/organizations/{one.key}{rest}" for rest in ("", "/spaces", "/members", "/audit")]
        answers = [client.get(path) for path in (*hidden, *organizations)]
        assert client.post(f"/v2/organizations/{one.key}/spaces", json={"key": unique("x")}).status_code == 404
        assert client.get("/v2/organizations").json()["data"] == []
        assert client.get("/v2/me").json()["data"][0]["organizations"] == []
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1

    wider = made(server, ada, organizations=[other.id], spaces=[mine])
    assert (wider["organizations"], wider["spaces"]) == ([other.key], [mine])
    with by(server, wider["token"]) as client:
        assert {space["key"] for space in client.get("/v2/spaces").json()["data"]} == {mine, theirs}
        assert [found["key"] for found in client.get("/v2/organizations").json()["data"]] == [other.key]
        assert client.get(f"/v2/spaces/{sibling}").status_code == 404


def test_what_a_sign_in_is_narrowed_to_holds_for_its_tokens(server: RunningServer) -> None:
    one, other = add_organization(server.database), add_organization(server.database)
    ada = add_person(server.database, one, grant=Grant(kind="access", limits=[one.id]))
    belongs(server, ada, other.id)
    assert made(server, ada)["organizations"] == [one.key]
    with ada.client(server) as client:
        assert client.post("/v2/tokens", json={"name": "x", "organizations": [other.key]}).status_code == 422


def test_a_token_is_narrowed_only_to_what_its_maker_sees(server: RunningServer) -> None:
    ada, grace = signed_in(server), signed_in(server)
    theirs = add_space(server, grace)
    with ada.client(server) as client:
        answer = client.post(
            "/v2/tokens",
            json={
                "name": "x",
                "organizations": [ada.organization.key, grace.organization.key, grace.organization.id],
                "spaces": [theirs, "nothing"],
            },
        )
    assert answer.status_code == 422
    assert problems(answer).keys() == {"organizations[1]", "organizations[2]", "spaces[0]", "spaces[1]"}
    assert problems(answer)["spaces[0]"].replace(theirs, "nothing") == problems(answer)["spaces[1]"]


def test_a_token_whose_space_is_gone_reaches_nothing_and_does_not_look_wide(server: RunningServer) -> None:
    ada = signed_in(server)
    space = add_space(server, ada)
    narrow = made(server, ada, spaces=[space])
    with ada.client(server) as client:
        space_id = client.get(f"/v2/spaces/{space}").json()["data"][0]["id"]
        client.delete(f"/v2/spaces/{space}").raise_for_status()
        (listed,) = client.get("/v2/tokens").json()["data"]
    assert listed["spaces"] == [space_id]
    with by(server, narrow["token"]) as client:
        assert client.get("/v2/spaces").json()["data"] == []


def test_rights_follow_the_owners_present_role(server: RunningServer) -> None:
    organization = add_organization(server.database)
    signed_in(server, organization=organization)  # somebody who stays administrator
    ada = signed_in(server, organization=organization)
    token = made(server, ada)["token"]
    path = f"/v2/organizations/{organization.key}/spaces"
    with by(server, token) as client:
        assert client.post(path, json={"key": unique("space")}).status_code == 201
        set_role(server, ada, Role.VIEWER)
        refused = client.post(path, json={"key": unique("space")})
        assert refused.status_code == 403
        assert "role viewer" in refused.json()["errors"][0]["message"]
        set_role(server, ada, None)
        assert client.post(path, json={"key": unique("space")}).status_code == 404
        assert client.get("/v2/spaces").json()["data"] == []


def set_role(server: RunningServer, person: Person, role: Role | None) -> None:
    def work(connection: Any) -> None:
        member = accounts_store.find_member(connection, person.organization.id, person.email)
        assert member
        if role is None:
            accounts_store.remove_member(connection, person.organization.id, member)
        else:
            accounts_store.change_role(connection, person.organization.id, member=member, role=role)

    server.database.write_sync(work)


# Seeing and ending


def test_a_person_sees_all_their_tokens_and_a_token_itself_alone(server: RunningServer) -> None:
    organization = add_organization(server.database)
    ada, other = signed_in(server, organization=organization), signed_in(server, organization=organization)
    first, second = made(server, ada, name="one"), made(server, ada, name="two")
    made(server, other)
    with ada.client(server) as client:
        listed = client.get("/v2/tokens").json()
        page = client.get("/v2/tokens", params={"limit": 1})
        rest = client.get(httpx.URL(page.links["next"]["url"]).raw_path.decode())
    assert [found["name"] for found in listed["data"]] == ["one", "two"]
    assert listed["data"][0].keys() == first.keys() - {"token"}
    assert [page.json()["data"][0], *rest.json()["data"]] == listed["data"]
    with by(server, second["token"]) as client:
        assert [found["id"] for found in client.get("/v2/tokens").json()["data"]] == [second["id"]]
        assert client.delete(f"/v2/tokens/{first['id']}").status_code == 204  # by the owner's role: see below
    with add_service(server.database, organization).client(server) as client:
        assert client.get("/v2/tokens").json()["data"] == []


def test_a_token_of_somebody_who_administrates_nothing_ends_itself_alone(server: RunningServer) -> None:
    ada = signed_in(server, role=Role.DEVELOPER)
    first, second = made(server, ada), made(server, ada)
    with by(server, second["token"]) as client:
        assert client.delete(f"/v2/tokens/{first['id']}").status_code == 404
        assert client.delete(f"/v2/tokens/{second['id']}").status_code == 204
        assert client.get("/v2/me").status_code == 401


@pytest.mark.parametrize("cursor", ["", "eA", "MSAy", "MTIzIHRva18x", "LTEgdG9rXzE", "OTk5OTk5OTk5OTk5OTk5OTk5OTkgeA"])
def test_a_cursor_of_somebody_elses_is_no_failure(server: RunningServer, cursor: str) -> None:
    with signed_in(server).client(server) as client:
        assert client.get("/v2/tokens", params={"cursor": cursor}).status_code in {200, 400}


def test_a_revoked_token_ends_at_once_and_is_revoked_twice_without_harm(server: RunningServer) -> None:
    ada = signed_in(server)
    created = made(server, ada)
    with ada.client(server) as client, by(server, created["token"]) as token:
        assert token.get("/v2/me").status_code == 200
        for _ in range(2):
            assert client.delete(f"/v2/tokens/{created['id']}").status_code == 204
            assert token.get("/v2/me").status_code == 401
        assert client.get("/v2/tokens").json()["data"] == []


def test_nobody_elses_token_can_be_told_from_one_that_is_not_there(server: RunningServer) -> None:
    organization = add_organization(server.database)
    ada = signed_in(server, organization=organization)
    created = made(server, ada)
    strangers = [
        signed_in(server),
        signed_in(server, role=Role.DEVELOPER, organization=organization),
        add_service(server.database, organization),
    ]
    for stranger in strangers:
        with stranger.client(server) as client:
            answers = [client.delete(f"/v2/tokens/{name}") for name in (created["id"], "tok_nothing")]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content
    with by(server, created["token"]) as client:
        assert client.get("/v2/me").status_code == 200


def test_an_administrator_sees_and_ends_what_reaches_the_organization_and_no_more(server: RunningServer) -> None:
    ours, theirs = add_organization(server.database), add_organization(server.database)
    boss = signed_in(server, organization=ours)
    member = signed_in(server, role=Role.DEVELOPER, organization=ours)
    belongs(server, member, theirs.id)
    space, foreign = add_space(server, boss), add_space(server, signed_in(server, organization=theirs))
    wide = made(server, member, name="wide")
    by_space = made(server, member, name="by Space", spaces=[space, foreign])
    elsewhere = made(server, member, name="elsewhere", organizations=[theirs.key])
    with boss.client(server) as client:
        by_id = client.get("/v2/tokens", params={"organization": ours.id}).json()["data"]
        listed = client.get("/v2/tokens", params={"organization": ours.key}).json()["data"]
        for found_by in (by_id, listed):
            assert [found["name"] for found in found_by] == ["wide", "by Space"]
        assert (listed[1]["organizations"], listed[1]["spaces"]) == ([], [space])  # nothing of others is told
        assert {found["owner"] for found in listed} == {member.email}
        assert client.delete(f"/v2/tokens/{elsewhere['id']}").status_code == 404
        for created in (wide, by_space):
            assert client.delete(f"/v2/tokens/{created['id']}").status_code == 204
            with by(server, created["token"]) as token:
                assert token.get("/v2/me").status_code == 401
        assert client.get("/v2/tokens", params={"organization": theirs.key}).status_code == 404
        assert client.get("/v2/tokens", params={"organization": "nothing"}).status_code == 404


def test_only_administrators_see_the_tokens_of_others(server: RunningServer) -> None:
    organization = add_organization(server.database)
    developer = signed_in(server, role=Role.DEVELOPER, organization=organization)
    narrow = add_person(server.database, organization, grant=Grant([Scope.CODE_READ]))
    for person, told in ((developer, "role administrator"), (narrow, "scope spaces:read")):
        with person.client(server) as client:
            answer = client.get("/v2/tokens", params={"organization": organization.key})
        assert answer.status_code == 403
        assert told in answer.json()["errors"][0]["message"]


def test_ending_a_members_token_takes_the_scope_to_write(server: RunningServer) -> None:
    organization = add_organization(server.database)
    member = signed_in(server, role=Role.DEVELOPER, organization=organization)
    created = made(server, member)
    reader = add_person(server.database, organization, grant=Grant([Scope.SPACES_READ]))
    with reader.client(server) as client:
        answer = client.delete(f"/v2/tokens/{created['id']}")
    assert answer.status_code == 403
    assert "scope spaces:write" in answer.json()["errors"][0]["message"]


def test_a_token_narrowed_elsewhere_does_not_administrate(server: RunningServer) -> None:
    ours, other = add_organization(server.database), add_organization(server.database)
    boss = signed_in(server, organization=ours)
    belongs(server, boss, other.id)
    created = made(server, signed_in(server, role=Role.DEVELOPER, organization=ours))
    narrow = made(server, boss, organizations=[other.key])
    with by(server, narrow["token"]) as client:
        assert client.delete(f"/v2/tokens/{created['id']}").status_code == 404
        assert client.get("/v2/tokens", params={"organization": ours.key}).status_code == 404


# What is remembered


def test_every_organization_that_a_token_reaches_remembers_it(server: RunningServer) -> None:
    one, other, third = (add_organization(server.database) for _ in range(3))
    ada = signed_in(server, organization=one)
    belongs(server, ada, other.id)
    belongs(server, ada, third.id)
    space = add_space(server, signed_in(server, organization=other))
    created = made(server, ada, organizations=[one.key], spaces=[space])
    with ada.client(server) as client:
        client.delete(f"/v2/tokens/{created['id']}").raise_for_status()
        client.delete(f"/v2/tokens/{created['id']}").raise_for_status()
        for organization, times in ((one, 1), (other, 1), (third, 0)):
            entries = client.get(f"/v2/organizations/{organization.key}/audit").json()["data"]
            of_tokens = [entry for entry in entries if entry["action"].startswith("token.")]
            assert [entry["action"] for entry in of_tokens] == ["token.revoke", "token.create"] * times
            assert {entry["target"] for entry in of_tokens} <= {created["id"]}
            assert created["token"] not in str(entries)


def test_old_tokens_are_forgotten_when_another_is_made(server: RunningServer) -> None:
    ada = signed_in(server)
    kept, forgotten = made(server, ada), made(server, ada)
    old = tokens.update().where(tokens.c.id == forgotten["id"]).values(expires=system_clock() - 100 * DAY)
    server.database.write_sync(lambda connection: connection.execute(old))
    last = made(server, ada)
    rows = server.database.read_sync(
        lambda connection: connection.execute(
            tokens.select().where(tokens.c.account_id == ada.id, tokens.c.kind == "personal")
        ).all()
    )
    assert {row.id for row in rows} == {kept["id"], last["id"]}
