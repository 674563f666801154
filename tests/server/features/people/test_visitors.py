"""Visitors over HTTP: tagged and untagged, found by tag, attribute and text; what becomes of their tags in a merge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from templates_server.features.people.erasure_store import ErasedPerson, repeat_erasures
from templates_server.features.people.identity import PersonKind, make_person_ref
from templates_server.features.people.profile import Scalar, attribute_patterns, encode_attributes, merge_attributes
from templates_server.features.people.profile_parser import MOST_TAGS
from templates_server.primitives.timestamps import system_clock
from templates_server.security.authorization import Role, Scope
from templates_server.storage.tables import audit_entries
from tests.people import Grant, add_organization, add_person
from tests.server.features.people.conftest import Place

VIP_TRIBE = {"audience": "visitors", "filters": [{"tag": "vip"}]}


@pytest.fixture
def app(place: Place) -> Iterator[httpx.Client]:
    """An app that has told of the visitors v and w."""
    with place.app() as client:
        for visitor in ("v", "w"):
            assert client.post("/api/client/identify", json={"anonymous_id": visitor}).status_code == 204
        yield client


def tag(place: Place, visitor: str, name: str, method: str = "PUT") -> httpx.Response:
    return place.client.request(method, place.url("visitors", visitor, "tags", name))


def visitors(place: Place, **query: Any) -> dict[str, list[str]]:
    """The tags of those visitors who are found, by what they are called."""
    answer = place.client.get(place.url("visitors"), params=query)
    assert answer.status_code == 200, answer.text
    return {one["anonymous_id"]: one["tags"] for one in answer.json()["data"]}


def counts(place: Place) -> dict[str, tuple[int, int]]:
    """How many users and visitors have each tag."""
    told = place.client.get(place.url("user-tags")).json()["data"]
    return {one["tag"]: (one["users"], one["visitors"]) for one in told}


@pytest.mark.usefixtures("app")
def test_a_visitor_is_tagged_and_untagged(place: Place) -> None:
    for _ in range(2):
        assert tag(place, "v", "sports/football/australia").status_code == 204
    tag(place, "v", "news")
    assert visitors(place) == {"v": ["news", "sports/football/australia"], "w": []}
    assert counts(place) == {"news": (0, 1), "sports/football/australia": (0, 1)}
    for _ in range(2):
        assert tag(place, "v", "news", "DELETE").status_code == 204
    assert visitors(place, tag="sports") == {"v": ["sports/football/australia"]}
    assert counts(place) == {"sports/football/australia": (0, 1)}


@pytest.mark.usefixtures("app")
def test_one_visitor_is_told_as_in_the_list(place: Place) -> None:
    tag(place, "v", "news")
    listed = {one["anonymous_id"]: one for one in place.client.get(place.url("visitors")).json()["data"]}
    answer = place.client.get(place.url("visitors", "v"))
    assert (answer.status_code, answer.json()) == (200, {"data": [listed["v"]], "dataType": "visitor", "errors": None})
    assert place.client.get(place.url("visitors", "nobody")).status_code == 404


@pytest.mark.usefixtures("app")
def test_tagging_is_an_update_of_the_visitor(place: Place) -> None:
    [before] = [one for one in place.client.get(place.url("visitors")).json()["data"] if one["anonymous_id"] == "v"]
    tag(place, "v", "news")
    [after] = [one for one in place.client.get(place.url("visitors")).json()["data"] if one["anonymous_id"] == "v"]
    assert after["updated"] > before["updated"]
    assert {**after, "updated": "", "tags": []} == {**before, "updated": "", "tags": []}


@pytest.mark.usefixtures("app")
def test_a_visitor_is_found_by_the_derived_id_too(place: Place) -> None:
    assert tag(place, make_person_ref(PersonKind.VISITOR, "v").person_id, "news").status_code == 204
    assert visitors(place)["v"] == ["news"]


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("name", ["Sports", "a/b/c/d", " a", "x" * 65])
def test_a_tag_that_breaks_a_rule_is_refused(place: Place, name: str) -> None:
    for method in ("PUT", "DELETE"):
        answer = tag(place, "v", name, method)
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "tag")
    assert place.client.get(place.url("visitors"), params={"tag": name}).status_code == 422


def test_who_is_no_visitor_there_is_not_found(place: Place, app: httpx.Client) -> None:
    place.upsert({"user_id": "u"})
    app.post("/api/client/alias", json={"anonymous_id": "w", "external_id": "u"})
    for nobody in ("nobody", "u", "w", make_person_ref(PersonKind.USER, "u").person_id):
        assert tag(place, nobody, "news").status_code == 404
    assert place.client.put(place.url("users", "v", "tags", "news")).status_code == 404
    assert counts(place) == {}


@pytest.mark.slow
@pytest.mark.usefixtures("app")
def test_one_tag_too_many_is_refused(place: Place) -> None:
    for number in range(MOST_TAGS):
        assert tag(place, "v", f"t{number}").status_code == 204
    answer = tag(place, "v", "one-more")
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "tags")
    assert "one-more" not in counts(place)


@pytest.mark.usefixtures("app")
def test_tagging_is_on_the_record_without_the_id(place: Place) -> None:
    tag(place, "v", "news")
    tag(place, "v", "news")
    tag(place, "v", "news", "DELETE")
    query = select(audit_entries.c.action, audit_entries.c.target, audit_entries.c.details).where(
        audit_entries.c.action.like("visitor.%"), audit_entries.c.space == place.space
    )
    query = query.order_by(audit_entries.c.action)
    entries = place.server.database.read_sync(lambda connection: connection.execute(query).all())
    person_id = make_person_ref(PersonKind.VISITOR, "v").person_id
    assert [tuple(entry) for entry in entries] == [("visitor.tag", person_id, "{}"), ("visitor.untag", person_id, "{}")]


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(("scope", "role"), [(Scope.USERS_READ, Role.DEVELOPER), (Scope.USERS_WRITE, Role.VIEWER)])
def test_it_takes_the_scope_and_a_role_that_may_change_people(place: Place, scope: Scope, role: Role) -> None:
    member = add_person(place.server.database, place.person.organization, role=role, grant=Grant(frozenset({scope})))
    stranger = add_person(place.server.database, add_organization(place.server.database))
    url = place.url("visitors", "v", "tags", "news")
    for who, status in ((member, 403), (stranger, 404)):
        with who.client(place.server) as client:
            assert {client.put(url).status_code, client.delete(url).status_code} == {status}


# Found


def test_visitors_are_found_by_tag_attribute_and_text(place: Place, app: httpx.Client) -> None:
    app.post("/api/client/identify", json={"anonymous_id": "v", "email": "Vera@example.com", "data": {"plan": "gold"}})
    app.post("/api/client/identify", json={"anonymous_id": "w", "data": {"plan": "golden", "note": ',"plan":"gold"'}})
    tag(place, "w", "vip/gold")
    assert set(visitors(place, attribute="plan=gold")) == {"v"}
    assert set(visitors(place, tag="vip")) == {"w"}
    assert set(visitors(place, search="vera@")) == {"v"}
    assert set(visitors(place, search="W")) == {"w"}
    assert set(visitors(place, search="vera@", attribute="plan=golden")) == set()


def test_users_are_found_by_an_attribute_of_any_type(place: Place) -> None:
    place.upsert(
        {"user_id": "text", "attributes": {"n": "2", "z": 1}},
        {"user_id": "number", "attributes": {"n": 2.0, "a": 1}},
        {"user_id": "boolean", "attributes": {"n": True}},
        {"user_id": "longer", "attributes": {"n": 22, "x": "n=2"}},
    )

    def found(attribute: str) -> set[str]:
        answer = place.client.get(place.url("users"), params={"attribute": attribute})
        return {one["user_id"] for one in answer.json()["data"]}

    assert found("n=2") == {"text", "number"}
    assert found("n=true") == {"boolean"}
    assert found("x=n=2") == {"longer"}
    assert found("n=") == set()


@pytest.mark.parametrize("attribute", ["plan", "=gold", f"{'x' * 65}=1", f"x={'y' * 4097}", "a\x01=1"])
def test_an_attribute_that_cannot_be_looked_for_is_refused(place: Place, attribute: str) -> None:
    for kind in ("users", "visitors"):
        answer = place.client.get(place.url(kind), params={"attribute": attribute})
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "attribute")


SCALARS = st.one_of(
    st.text(max_size=4), st.integers(-3, 12), st.floats(-2, 2), st.booleans(), st.sampled_from('",:{}\\')
)
NAMES = st.text(st.sampled_from('ab",:{}\\é '), min_size=1, max_size=3)


@given(st.dictionaries(NAMES, SCALARS, max_size=4), NAMES, SCALARS)
def test_patterns_find_what_has_that_value_and_nothing_else(sent: dict[str, Any], name: str, value: Scalar) -> None:
    attributes = merge_attributes({}, sent)
    for wanted in {name, *attributes}:
        looked_for = value if isinstance(value, str) else encode_attributes({"x": value})[5:-1]
        patterns = attribute_patterns(wanted, looked_for)
        found = any(pattern in encode_attributes(attributes) for pattern in patterns)
        assert found == (wanted in attributes and written(attributes[wanted]) == looked_for)


def written(value: Scalar) -> str:
    """A value as a person writes it."""
    return value if isinstance(value, str) else encode_attributes({"x": value})[5:-1]


# What follows from the tags


@pytest.mark.usefixtures("app")
def test_a_tribe_has_the_visitors_with_its_tag(place: Place) -> None:
    path = f"/v2/spaces/{place.space}/tribes/vips"
    assert place.client.put(path, json=VIP_TRIBE).is_success
    count = place.url("tribes", "vips", "count")
    assert place.client.get(count).json()["data"][0]["count"] == 0
    tag(place, "v", "vip/gold")
    assert place.client.get(count).json()["data"][0]["count"] == 1
    explanation = place.client.get(place.url("tribes", "vips", "explanation"), params={"anonymous_id": "v"})
    assert explanation.json()["data"][0]["outcome"] == "matched"


def test_the_tags_of_a_visitor_come_to_the_user_and_are_counted_there(place: Place, app: httpx.Client) -> None:
    place.upsert({"user_id": "u", "tags": ["both", "only-u"]})
    for name in ("both", "only-v"):
        tag(place, "v", name)
    tag(place, "w", "both")
    assert counts(place) == {"both": (1, 2), "only-u": (1, 0), "only-v": (0, 1)}
    assert app.post("/api/client/alias", json={"anonymous_id": "v", "external_id": "u"}).status_code == 204
    assert place.user("u")["tags"] == ["both", "only-u", "only-v"]
    assert counts(place) == {"both": (1, 1), "only-u": (1, 0), "only-v": (1, 0)}


def test_a_merge_keeps_to_the_limit_of_tags(place: Place, app: httpx.Client) -> None:
    own = [f"u{number:03}" for number in range(MOST_TAGS - 1)]
    place.upsert({"user_id": "u", "tags": own})
    for name in ("a", "b"):
        tag(place, "v", name)
    assert app.post("/api/client/alias", json={"anonymous_id": "v", "external_id": "u"}).status_code == 204
    assert place.user("u")["tags"] == ["a", *own]
    assert counts_of("a", "b", place=place) == [(1, 0), None]


def counts_of(*tags: str, place: Place) -> list[tuple[int, int] | None]:
    found = {}
    for name in tags:
        for one in place.client.get(place.url("user-tags"), params={"search": name}).json()["data"]:
            found[one["tag"]] = (one["users"], one["visitors"])
    return [found.get(name) for name in tags]


def test_a_user_who_is_erased_takes_along_the_counts_of_their_visitors(place: Place, app: httpx.Client) -> None:
    place.upsert({"user_id": "u", "tags": ["news"]})
    tag(place, "v", "news")
    tag(place, "w", "news")
    app.post("/api/client/alias", json={"anonymous_id": "v", "external_id": "u"})
    assert place.client.delete(place.url("users", "u")).status_code == 200
    assert counts(place) == {"news": (0, 1)}


@pytest.mark.usefixtures("app")
def test_a_visitor_of_a_restored_backup_who_is_erased_again_leaves_true_counts(place: Place) -> None:
    place.upsert({"user_id": "u", "tags": ["news"]})
    for visitor in ("v", "w"):
        tag(place, visitor, "news")
    erased = ErasedPerson(place.environment_id, make_person_ref(PersonKind.VISITOR, "v").person_id, system_clock())
    assert place.server.database.write_sync(lambda connection: repeat_erasures(connection, [erased])) == 1
    assert counts(place) == {"news": (1, 1)}
    assert set(visitors(place)) == {"w"}


def test_the_times_of_who_an_event_created_are_told(place: Place) -> None:
    event = {"name": "video/completed"}
    with place.app() as client:
        for who in ({"external_id": "u"}, {"anonymous_id": "v"}):
            assert client.post("/api/client/events", json=[{**event, **who}]).status_code == 204
    [visitor] = place.client.get(place.url("visitors")).json()["data"]
    for told in (place.user("u"), visitor):
        assert told["created"] == told["updated"] == told["first_seen"] == told["last_seen"]
        assert not told["updated"].startswith("1970")
