"""A visitor who is a user: what moves, what is counted once, and whose later things are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_server.features.people.identity import PersonKind, make_person_ref
from templates_server.features.people.profile import Profile
from templates_server.features.people.profile_merge import find_gained_tags, merge_profiles
from templates_server.features.people.profile_parser import MOST_ATTRIBUTES, MOST_TAGS
from templates_server.storage import tables
from tests.environments import add_environment
from tests.server.client.app_of_tests import DEVICE, App

VISITOR_AND_USER = {"anonymous_id": "v", "external_id": "u"}


def set_columns(app: App, kind: PersonKind, called: str, **columns: Any) -> None:
    """What only an import or time itself would bring about."""
    persons = tables.persons
    person_id = make_person_ref(kind, called).person_id
    query = persons.update().where(persons.c.environment_id == app.environment.id, persons.c.person_id == person_id)
    app.server.database.write_sync(lambda connection: connection.execute(query.values(columns)))


def test_the_first_time_is_the_earlier_one_and_the_last_time_the_later(app: App) -> None:
    app.send("e-1", anonymous_id="v")
    app.send("e-2", external_id="u")
    set_columns(app, PersonKind.VISITOR, "v", first_seen=1000, last_seen=5000)
    app.tell("alias", VISITOR_AND_USER)
    user = app.user("u")
    assert user["first_seen"] == 1000
    assert user["last_seen"] > 5000


def test_a_user_who_was_never_seen_was_first_there_when_the_visitor_was(app: App) -> None:
    app.send("e-1", anonymous_id="v")
    app.send("e-2", external_id="u")
    set_columns(app, PersonKind.VISITOR, "v", first_seen=1000)
    set_columns(app, PersonKind.USER, "u", first_seen=None, last_seen=None)
    app.tell("alias", VISITOR_AND_USER)
    assert app.user("u")["first_seen"] == 1000


def test_an_alias_of_two_unknown_people_makes_one_user(app: App) -> None:
    app.tell("alias", VISITOR_AND_USER)
    assert app.people().keys() == {("user", "u")}
    (merge,) = app.rows(tables.merges)
    assert (merge["called"], merge["user_person_id"]) == ("v", app.user("u")["person_id"])


def test_an_event_that_both_have_is_there_once(app: App) -> None:
    app.send("e-1", "e-2", anonymous_id="v")
    app.send("e-2", "e-3", external_id="u")
    app.tell("alias", VISITOR_AND_USER)
    assert app.events_of("u") == ["e-1", "e-2", "e-3"]
    assert len(app.rows(tables.events)) == 3


def test_an_event_that_is_sent_again_after_the_merge_is_not_stored_twice(app: App) -> None:
    app.send("e-1", anonymous_id="v")
    app.tell("alias", VISITOR_AND_USER)
    app.send("e-1", anonymous_id="v")
    app.send("e-1", external_id="u", anonymous_id="v")
    assert app.events_of("u") == ["e-1"]


def test_a_device_that_both_have_is_one_as_it_was_seen_last(app: App) -> None:
    app.tell("devices", {"external_id": "u", **DEVICE, "model": "old", "token": "t-1"})
    app.tell("devices", {"anonymous_id": "v", **DEVICE, "model": "new"})
    app.tell("devices", {"anonymous_id": "v", **DEVICE, "device_id": "tv", "os": "tvOS", "model": "last"})
    first = app.devices_of("u")["phone"]["first_seen"]
    app.tell("alias", VISITOR_AND_USER)
    devices = app.devices_of("u")
    assert {device_id: row["model"] for device_id, row in devices.items()} == {"phone": "new", "tv": "last"}
    assert devices["phone"]["first_seen"] == first
    assert (app.user("u")["device_os"], app.user("u")["device_model"]) == ("tvOS", "last")


@pytest.mark.parametrize("is_known", [True, False])
def test_the_device_that_was_seen_last_wins_whoever_stored_it(app: App, is_known: bool) -> None:  # noqa: FBT001
    for number in range(2):
        app.tell("devices", {"external_id": "u", **DEVICE, "device_id": f"u-{number}", "os": f"of the user {number}"})
    app.tell("devices", {"anonymous_id": "late", **DEVICE, "device_id": "late", "os": "of the visitor"})
    app.tell("devices", {"external_id": "u", **DEVICE, "device_id": "u-0", "os": "newest"})
    if not is_known:  # as earlier versions stored it
        for kind, called in ((PersonKind.USER, "u"), (PersonKind.VISITOR, "late")):
            set_columns(app, kind, called, device_seen=None)
    app.tell("alias", {"anonymous_id": "late", "external_id": "u"})
    assert app.user("u")["device_os"] == "newest"
    app.tell("devices", {"anonymous_id": "later", **DEVICE, "device_id": "later", "os": "newer still"})
    app.tell("alias", {"anonymous_id": "later", "external_id": "u"})
    assert app.user("u")["device_os"] == "newer still"
    app.send("e-1", anonymous_id="without")
    app.tell("alias", {"anonymous_id": "without", "external_id": "u"})
    assert app.user("u")["device_os"] == "newer still"


@pytest.mark.parametrize("what", ["identify", "devices", "events", "sessions"])
def test_what_comes_later_with_only_the_visitors_id_is_the_users(app: App, what: str) -> None:
    app.tell("alias", VISITOR_AND_USER)
    body = {"name": "a/b", "id": "e-1", "email": "ada@example.com", "anonymous_id": "v", **DEVICE}
    app.tell(what, [body] if what == "events" else body)
    assert app.people().keys() == {("user", "u")}
    found = {
        "identify": app.user("u")["email"] == "ada@example.com",
        "devices": app.devices_of("u").keys() == {"phone"},
        "events": app.events_of("u") == ["e-1"],
        "sessions": len(app.sessions_of("u")) == 1,
    }
    assert found[what]


def test_events_with_both_ids_are_the_users_and_merge_nobody(app: App) -> None:
    app.send("e-1", anonymous_id="v")
    app.send("e-2", anonymous_id="v", external_id="u")
    assert (app.events_of("u"), app.events_of_visitor("v")) == (["e-2"], ["e-1"])
    assert app.rows(tables.merges) == []


def test_two_visitors_are_merged_into_one_user(app: App) -> None:
    app.send("e-1", anonymous_id="phone")
    app.send("e-2", anonymous_id="laptop")
    for anonymous_id in ("phone", "laptop"):
        app.tell("alias", {"anonymous_id": anonymous_id, "external_id": "u"})
    assert app.events_of("u") == ["e-1", "e-2"]
    assert len(app.rows(tables.merges)) == 2


def test_the_same_visitor_of_another_environment_is_another(app: App) -> None:
    other = add_environment(app.server.database)
    app.tell("alias", VISITOR_AND_USER)
    with other.app(app.server) as client:
        there = App(app.server, other, client)
        there.send("e-1", anonymous_id="v")
        assert there.people().keys() == {("visitor", "v")}


def test_a_merge_keeps_to_the_most_attributes_a_user_may_have(app: App) -> None:
    app.tell("identify", {"external_id": "u", "data": {f"u{number:03}": 1 for number in range(MOST_ATTRIBUTES - 1)}})
    app.tell("identify", {"anonymous_id": "v", "data": {"b": 2, "a": 1}})
    app.tell("alias", VISITOR_AND_USER)
    attributes = app.attributes("u")
    assert len(attributes) == MOST_ATTRIBUTES
    assert attributes["a"] == 1
    assert "b" not in attributes


def test_one_device_used_by_two_people_one_after_the_other(app: App) -> None:
    """As the generated runtime does it: after a user the next person has another anonymous id."""
    app.send("before-ada", anonymous_id="v-1")
    ada = app.start(anonymous_id="v-1", external_id="ada")
    app.send("of-ada", anonymous_id="v-1", external_id="ada")
    app.start(anonymous_id="v-2")
    app.send("between", anonymous_id="v-2")
    ben = app.start(anonymous_id="v-2", external_id="ben")
    app.send("of-ben", anonymous_id="v-2", external_id="ben")
    app.send("late-of-ada", anonymous_id="v-1", external_id="ada")
    app.start(anonymous_id="v-3")
    app.send("after-ben", anonymous_id="v-3")
    assert app.events_of("ada") == ["before-ada", "late-of-ada", "of-ada"]
    assert app.events_of("ben") == ["between", "of-ben"]
    assert app.events_of_visitor("v-3") == ["after-ben"]
    assert app.sessions_of("ada") == [ada]
    assert ben in app.sessions_of("ben")


def test_one_device_whose_app_never_changes_the_anonymous_id(app: App) -> None:
    """Nobody gets what is another's: the visitor is the first user's, whom the second one does not touch."""
    app.tell("identify", {"anonymous_id": "v", "external_id": "ada", "data": {"plan": "gold"}})
    app.tell("identify", {"anonymous_id": "v", "external_id": "ben", "data": {"seats": 1}})
    app.send("of-ben", anonymous_id="v", external_id="ben")
    assert app.attributes("ada") == {"plan": "gold"}
    assert app.attributes("ben") == {"seats": 1}
    assert (app.events_of("ada"), app.events_of("ben")) == ([], ["of-ben"])


NAMES = st.text(st.sampled_from("abcdef"), min_size=1, max_size=2)
PROFILES = st.builds(
    Profile,
    email=st.sampled_from([None, "a@b.c", "d@e.f"]),
    joined=st.sampled_from([None, 0, 86_400_000]),
    tags=st.sets(NAMES).map(lambda tags: tuple(sorted(tags))),
    attributes=st.dictionaries(NAMES, st.integers(0, 3)).map(lambda found: dict(sorted(found.items()))),
)


@given(PROFILES, PROFILES)
def test_a_joined_profile_has_all_of_both_and_the_users_own_wins(user: Profile, visitor: Profile) -> None:
    joined = merge_profiles(user, visitor)
    assert joined.attributes == dict(sorted({**visitor.attributes, **user.attributes}.items()))
    assert set(joined.tags) == {*user.tags, *visitor.tags}
    assert joined.email == (visitor.email if user.email is None else user.email)
    assert joined.joined == (visitor.joined if user.joined is None else user.joined)
    assert merge_profiles(joined, visitor) == joined
    assert set(find_gained_tags(joined, user)) == {*visitor.tags} - {*user.tags}


def test_a_joined_profile_is_never_too_large() -> None:
    user = Profile(tags=tuple(f"a{number:03}" for number in range(MOST_TAGS - 1)))
    visitor = Profile(tags=("b", "c"), attributes={str(number): number for number in range(MOST_ATTRIBUTES)})
    joined = merge_profiles(user, visitor)
    assert len(joined.tags) == MOST_TAGS
    assert find_gained_tags(joined, user) == ["b"]
    assert json.loads(json.dumps(joined.attributes)) == dict(sorted(visitor.attributes.items()))
