"""Users over HTTP: inserted, updated, changed, looked for; their tags; who may do it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from templates_server.access import Role, Scope
from templates_server.persons.names import PersonKind, named
from templates_server.schema import audit_entries
from templates_server.users import store
from tests.people import Grant, add_organization, add_person
from tests.server.users.conftest import Place

ADA = {
    "user_id": "ada",
    "email": "ada@example.com",
    "phone": "+49 30 1234",
    "timezone": "Europe/Berlin",
    "locale": "de-DE",
    "joined": "2020-02-29",
    "tags": ["sports/football", "news"],
    "attributes": {"plan": "gold", "age": 36, "score": 1.5, "is_member": True},
}


def test_a_new_user_is_created_and_told_again(place: Place) -> None:
    answer = place.client.post(place.url("users"), json=ADA)
    assert answer.status_code == 201
    assert answer.json() == {
        "data": [{"user_id": "ada", "result": "created"}],
        "dataType": "upsert",
        "errors": None,
    }
    told = place.user("ada")
    assert {name: told[name] for name in ADA} == ADA | {"tags": ["news", "sports/football"]}
    assert (told["first_seen"], told["last_seen"]) == (None, None)
    assert told["created"] == told["updated"]
    assert abs((datetime.fromisoformat(told["created"]) - datetime.now(UTC)).total_seconds()) < 60


def test_what_was_never_given_is_null_or_empty(place: Place) -> None:
    place.upsert({"user_id": "bare"})
    told = place.user("bare")
    assert {told[name] for name in ("email", "phone", "timezone", "locale", "joined")} == {None}
    assert (told["tags"], told["attributes"]) == ([], {})


def test_the_same_again_is_unchanged_and_no_longer_201(place: Place) -> None:
    place.upsert(ADA)
    before = place.user("ada")
    answer = place.client.post(place.url("users"), json=ADA)
    assert (answer.status_code, answer.json()["data"][0]["result"]) == (200, "unchanged")
    assert place.user("ada") == before


def test_an_update_merges_attributes_and_leaves_what_is_not_given(place: Place) -> None:
    place.upsert(ADA)
    assert place.upsert({"user_id": "ada", "email": None, "attributes": {"plan": None, "age": 37, "new": "x"}}) == [
        "updated"
    ]
    told = place.user("ada")
    assert told["attributes"] == {"age": 37, "is_member": True, "new": "x", "score": 1.5}
    assert (told["email"], told["phone"], told["tags"]) == (None, ADA["phone"], ["news", "sports/football"])


def test_true_is_another_value_than_1(place: Place) -> None:
    place.upsert({"user_id": "ada", "attributes": {"n": 1}})
    assert place.upsert({"user_id": "ada", "attributes": {"n": True}}) == ["updated"]
    assert place.user("ada")["attributes"]["n"] is True


def test_what_an_answer_says_can_be_sent_back(place: Place) -> None:
    place.upsert(ADA)
    assert place.upsert(place.user("ada")) == ["unchanged"]


def test_one_user_may_come_several_times_in_a_call(place: Place) -> None:
    changes: list[dict[str, Any]] = [
        {"user_id": "ada", "tags": ["a"]},
        {"user_id": "bob"},
        {"user_id": "ada", "add_tags": ["b"]},
        {"user_id": "ada", "remove_tags": ["x"]},
        {"user_id": "ada", "remove_tags": ["a"]},
    ]
    assert place.upsert(*changes) == ["created", "created", "updated", "unchanged", "updated"]
    assert place.user("ada")["tags"] == ["b"]
    assert place.tags() == {"b": 1}


def test_tags_are_counted_through_every_kind_of_change(place: Place) -> None:
    place.upsert({"user_id": "ada", "tags": ["a", "b"]}, {"user_id": "bob", "tags": ["a"]})
    assert place.tags() == {"a": 2, "b": 1}
    place.upsert({"user_id": "ada", "tags": ["c"]})
    place.client.put(place.url("users", "bob", "tags", "c"))
    assert place.tags() == {"a": 1, "c": 2}
    place.client.delete(place.url("users", "bob"))
    assert place.tags() == {"c": 1}
    place.client.patch(place.url("users", "ada"), json={"tags": None})
    assert place.tags() == {}


@pytest.mark.parametrize(
    ("sent", "paths"),
    [
        ({"user_id": "x", "email": "no"}, ["email"]),
        ({}, ["user_id"]),
        ([], [""]),
        (
            [{"user_id": "x"}, {"user_id": ".."}, {"user_id": 7, "tags": ["A"]}],
            ["[1].user_id", "[2].user_id", "[2].tags[0]"],
        ),
        ([{"user_id": "x"}, "y"], ["[1]"]),
        ("x", [""]),
        ({"user_id": "x", "nickname": "y"}, ["nickname"]),
        ([{"user_id": f"u{number}"} for number in range(1001)], [""]),
    ],
)
def test_one_bad_user_refuses_all_and_everything_that_is_wrong_is_named(
    place: Place, sent: Any, paths: list[str]
) -> None:
    answer = place.client.post(place.url("users"), json=sent)
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == paths
    assert place.client.get(place.url("users")).json()["data"] == []


def test_a_profile_that_would_become_too_large_is_refused_with_all_others(place: Place) -> None:
    place.upsert({"user_id": "ada", "attributes": {f"a{number}": number for number in range(150)}})
    more = {"user_id": "ada", "attributes": {f"b{number}": number for number in range(51)}}
    answer = place.client.post(place.url("users"), json=[{"user_id": "bob"}, more])
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == ["[1].attributes"]
    assert place.client.get(place.url("users", "bob")).status_code == 404
    assert len(place.user("ada")["attributes"]) == 150


def test_patching_changes_who_is_there_and_nobody_else(place: Place) -> None:
    place.upsert(ADA)
    answer = place.client.patch(place.url("users", "ada"), json={"locale": "fr", "add_tags": ["x"]})
    assert answer.status_code == 200
    assert answer.json()["data"] == [place.user("ada")]
    assert (place.user("ada")["locale"], place.user("ada")["tags"]) == ("fr", ["news", "sports/football", "x"])
    assert place.client.patch(place.url("users", "bob"), json={}).status_code == 404
    assert place.client.get(place.url("users", "bob")).status_code == 404


def test_a_patch_cannot_rename_and_says_what_is_wrong(place: Place) -> None:
    place.upsert(ADA)
    answer = place.client.patch(place.url("users", "ada"), json={"user_id": "bob", "email": "no"})
    assert [error["path"] for error in answer.json()["errors"]] == ["user_id", "email"]
    assert place.client.patch(place.url("users", "ada"), json=[]).status_code == 422


@pytest.mark.parametrize("user_id", ["a/b", "ä 日本 🦊", "a%2Fb", "?#", "x" * 256])
def test_any_id_can_stand_in_a_path(place: Place, user_id: str) -> None:
    place.upsert({"user_id": user_id})
    escaped = "".join(f"%{byte:02X}" for byte in user_id.encode())
    assert place.user(escaped)["user_id"] == user_id
    assert place.client.delete(place.url("users", escaped)).status_code == 200


def test_a_user_can_be_named_by_the_derived_id_too(place: Place) -> None:
    place.upsert(ADA)
    person_id = named(PersonKind.USER, "ada").person_id
    assert place.user(person_id) == place.user("ada")
    assert place.client.put(place.url("users", person_id, "tags", "x")).status_code == 204


def test_tags_with_slashes_are_set_and_taken_by_path(place: Place) -> None:
    place.upsert({"user_id": "ada"})
    for path in ("sports/football/australia", "sports%2Fcycling", "%C3%A9t%C3%A9"):
        assert place.client.put(place.url("users", "ada", "tags", path)).status_code == 204
    assert place.user("ada")["tags"] == ["sports/cycling", "sports/football/australia", "été"]
    assert place.client.delete(place.url("users", "ada", "tags", "sports", "football", "australia")).status_code == 204
    assert place.client.delete(place.url("users", "ada", "tags", "never")).status_code == 204
    assert place.tags() == {"sports/cycling": 1, "été": 1}


@pytest.mark.parametrize("tag", ["A", "a/b/c/d", "%20a"])
def test_a_tag_that_breaks_a_rule_is_refused(place: Place, tag: str) -> None:
    place.upsert({"user_id": "ada"})
    for method in ("PUT", "DELETE"):
        assert place.client.request(method, place.url("users", "ada", "tags", tag)).status_code == 422
    assert place.client.put(place.url("users", "nobody", "tags", "x")).status_code == 404


def test_users_are_found_by_tag_and_what_is_below_it(place: Place) -> None:
    place.upsert(
        {"user_id": "exact", "tags": ["sports"]},
        {"user_id": "below", "tags": ["a", "sports/football/usa", "z"]},
        {"user_id": "beside", "tags": ["sportsbar", "motor/sports"]},
        {"user_id": "bare"},
    )
    assert found(place, tag="sports") == {"exact", "below"}
    assert found(place, tag="sports/football") == {"below"}
    assert found(place, tag="sports/foot") == set()
    assert place.client.get(place.url("users"), params={"tag": "A"}).status_code == 422


def test_users_are_found_by_a_part_of_id_or_address(place: Place) -> None:
    place.upsert(
        {"user_id": "Ada-1", "email": "x@example.com"},
        {"user_id": "2", "email": "dADa@example.com"},
        {"user_id": "3%", "email": "Ä@example.com"},
        {"user_id": "4_", "tags": ["sports"]},
    )
    assert found(place, search="ada") == {"Ada-1", "2"}
    assert found(place, search="%") == {"3%"}
    assert found(place, search="_") == {"4_"}
    assert found(place, search="ä") == set()
    assert found(place, search="Ä@EX") == {"3%"}
    assert found(place, search="4", tag="sports") == {"4_"}
    assert found(place, search="") == {"Ada-1", "2", "3%", "4_"}


def found(place: Place, **query: str) -> set[str]:
    """Whom a query finds."""
    answer = place.client.get(place.url("users"), params=query)
    assert answer.status_code == 200, answer.text
    return {one["user_id"] for one in answer.json()["data"]}


def test_lists_are_pages(place: Place) -> None:
    place.upsert(*({"user_id": f"u{number}", "tags": [f"t{number:02}", "all"]} for number in range(25)))
    assert paged(place, "users?tag=all", "user_id") == {f"u{number}" for number in range(25)}
    assert sorted(paged(place, "user-tags?search=t", "tag")) == [f"t{number:02}" for number in range(25)]


def paged(place: Place, path: str, key: str) -> set[str]:
    """What all pages of ten have under a key, each once."""
    found: list[str] = []
    url: str | None = place.url(f"{path}&limit=10")
    while url:
        answer = place.client.get(url)
        found += [one[key] for one in answer.json()["data"]]
        url = answer.links.get("next", {}).get("url")
    assert len(found) == len(set(found))
    return set(found)


@pytest.mark.parametrize("limit", [1, 2, 10])
def test_a_search_looks_at_a_bounded_number_of_people_a_page_and_finds_each_once(
    place: Place, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(store, "MOST_LOOKED_THROUGH", 3)
    others = [{"user_id": f"u{number}"} for number in range(20)]
    ada = [{"user_id": name, "email": "x@example.com", "tags": ["vip"]} for name in ("ada", "Ada", "adam", "nada")]
    place.upsert(*others, *ada)
    for query in ("search=ada", "search=X@example.com", "tag=vip", "search=ada&tag=vip"):
        pages = list(pages_of(place, f"users?{query}&limit={limit}"))
        names = [one["user_id"] for page in pages for one in page]
        assert sorted(names) == ["Ada", "ada", "adam", "nada"]
        assert len(pages) > 4
        assert max(map(len, pages)) <= min(limit, 4)
    if limit > 1:
        (first, *_) = pages_of(place, f"users?search=ada&limit={limit}")
        assert first[0]["user_id"] == "ada"
    assert [one for page in pages_of(place, "users?search=nobody") for one in page] == []


def pages_of(place: Place, path: str) -> Iterator[list[dict[str, Any]]]:
    """All pages of a list."""
    url: str | None = place.url(path)
    while url:
        answer = place.client.get(url)
        yield answer.json()["data"]
        url = answer.links.get("next", {}).get("url")


def test_visitors_are_found_without_looking_at_users(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_LOOKED_THROUGH", 3)
    place.upsert(*({"user_id": f"u{number}"} for number in range(20)))
    assert len(list(pages_of(place, "visitors?limit=5"))) == 1


def test_tags_are_alphabetical_by_code_points_and_searched_for(place: Place) -> None:
    tags = ["b", "a/b", "a-b", "a", "ä", "z", "日本", "🦊"]
    place.upsert({"user_id": "ada", "tags": tags})
    assert list(place.tags()) == sorted(tags)
    assert list(place.tags(search="A")) == ["a", "a-b", "a/b"]
    assert list(place.tags(search="a/")) == ["a/b"]


def test_visitors_are_listed_apart_from_users(place: Place) -> None:
    place.upsert(ADA)
    with place.app() as app:
        assert app.post("/api/client/events", json=[{"name": "a/b", "anonymous_id": "v1"}]).status_code == 204
    (visitor,) = place.client.get(place.url("visitors")).json()["data"]
    assert visitor["anonymous_id"] == "v1"
    assert visitor["first_seen"] == visitor["last_seen"] is not None
    assert found(place) == {"ada"}
    person_id = named(PersonKind.VISITOR, "v1").person_id
    for method in ("GET", "PATCH", "DELETE"):
        assert place.client.request(method, place.url("users", person_id), json={}).status_code == 404


def test_environments_keep_their_people_apart(place: Place) -> None:
    place.upsert(ADA)
    staging = place.path.replace("production", "staging")
    assert place.client.get(f"{staging}/users/ada").status_code == 404
    assert place.client.get(f"{staging}/user-tags").json()["data"] == []
    assert place.client.delete(f"{staging}/users/ada").status_code == 404
    assert place.user("ada")["user_id"] == "ada"


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "users", Scope.USERS_READ),
        ("POST", "users", Scope.USERS_WRITE),
        ("GET", "users/ada", Scope.USERS_READ),
        ("PATCH", "users/ada", Scope.USERS_WRITE),
        ("DELETE", "users/ada", Scope.USERS_WRITE),
        ("GET", "users/ada/everything", Scope.USERS_READ),
        ("PUT", "users/ada/tags/x", Scope.USERS_WRITE),
        ("DELETE", "users/ada/tags/x", Scope.USERS_WRITE),
        ("GET", "user-tags", Scope.USERS_READ),
        ("GET", "visitors", Scope.USERS_READ),
    ],
)
def test_each_needs_its_scope_and_viewers_see_no_people(place: Place, method: str, path: str, scope: Scope) -> None:
    place.upsert(ADA)
    database, organization = place.server.database, place.person.organization
    viewer = add_person(database, organization, role=Role.VIEWER)
    lacking = add_person(database, organization, grant=Grant(scopes=set(Scope) - {scope}))
    having = add_person(database, organization, role=Role.DEVELOPER, grant=Grant(scopes={scope}))
    stranger = add_person(database, add_organization(database))
    for person, expected in ((viewer, {403}), (lacking, {403}), (stranger, {404}), (having, {200, 201, 204})):
        with person.client(place.server) as client:
            answer = client.request(method, place.url(path), json={"user_id": "ada"})
            assert answer.status_code in expected, answer.text


def test_deeds_are_remembered_by_the_derived_id_alone(place: Place) -> None:
    place.upsert(ADA)
    place.upsert(ADA, {"user_id": "bob"}, {"user_id": "eve"})
    place.client.patch(place.url("users", "ada"), json={"locale": "fr"})
    place.client.put(place.url("users", "ada", "tags", "secret"))
    place.client.put(place.url("users", "ada", "tags", "secret"))  # changes nothing
    place.client.delete(place.url("users", "ada", "tags", "secret"))
    place.client.get(place.url("users", "ada", "everything"))
    place.client.delete(place.url("users", "ada"))
    query = select(audit_entries).where(audit_entries.c.organization_id == place.person.organization.id)
    rows = place.server.database.read_now(lambda connection: connection.execute(query).mappings().all())
    rows = [row for row in rows if row["action"].startswith("user.")]
    ada, bob, eve = (named(PersonKind.USER, called).person_id for called in ("ada", "bob", "eve"))
    actions = ["user.upsert", "user.upsert", "user.tag", "user.untag", "user.export", "user.delete"]
    assert sorted((row["action"], row["target"]) for row in rows) == sorted(
        [*((action, ada) for action in actions), ("user.upsert", "2 users")]
    )
    (several,) = (row for row in rows if row["target"] == "2 users")
    assert json.loads(several["details"]) == {"created": 2, "unchanged": 1, "people": sorted([bob, eve])}
    assert {(row["space"], row["environment"]) for row in rows} == {(place.space, "production")}
    assert all("ada@" not in str(dict(row)) and "secret" not in str(dict(row)) for row in rows)


def test_an_upsert_under_an_idempotency_key_is_answered_again(place: Place) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = place.client.post(place.url("users"), json=ADA, headers=headers)
    again = place.client.post(place.url("users"), json=ADA, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()


def test_attributes_that_are_too_large_altogether_are_refused_in_bulk_too(place: Place) -> None:
    some = {f"a{number:03}": "x" * 4096 for number in range(15)}
    assert place.upsert({"user_id": "u", "attributes": some}) == ["created"]
    for user_id, attributes in (("v", {**some, "z": "x" * 4096}), ("u", {"z": "x" * 4096})):
        sent = [{"user_id": "w"}, {"user_id": user_id, "attributes": attributes}]
        answer = place.client.post(place.url("users"), json=sent)
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "[1].attributes")
    assert place.user("u")["attributes"] == some
    assert [place.client.get(place.url("users", user_id)).status_code for user_id in ("v", "w")] == [404, 404]
