"""What the Client API decides where its public description is silent: each decision, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from templates_server.primitives.ids import new_id
from templates_server.primitives.timestamps import system_clock
from templates_server.storage import tables
from tests.environments import revoke
from tests.server.client.app_of_tests import DEVICE, App

NULLS = {"email": None, "phone": None, "timezone": None, "locale": None, "user_signature": None}


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("identify", {"external_id": "u", "anonymous_id": None, "data": None, **NULLS}),
        ("identify", {"external_id": None, "anonymous_id": "v", **NULLS}),
        ("alias", {"external_id": "u", "anonymous_id": "v", "user_signature": None}),
        ("devices", {"external_id": "u", "anonymous_id": None, "token": None, **DEVICE}),
        ("events", [{"name": None, "external_id": "u", "data": None, "metadata": None, "id": None, "timestamp": None}]),
        ("sessions", {"external_id": None, "anonymous_id": "v", "fields": None, "device": None}),
    ],
)
def test_explicit_nulls_are_not_given(app: App, other_app: App, what: str, body: object) -> None:
    app.tell(what, body)
    other_app.tell(what, without_nulls(body))
    assert stored_by(app) == stored_by(other_app)
    assert stored_by(app)["persons"]


def without_nulls(value: Any) -> Any:
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return {key: item for key, item in value.items() if item is not None} if isinstance(value, dict) else value


def stored_by(app: App) -> dict[str, list[dict[str, Any]]]:
    """All rows of an app, less what no two calls have in common."""
    own = {"environment_id", "event_id", "session_id", "session"}
    return {
        table: [
            {name: bool(value) if isinstance(value, int) else value for name, value in row.items() if name not in own}
            for row in rows
        ]
        for table, rows in app.everything().items()
    }


def test_a_null_removes_nothing_that_is_kept(app: App) -> None:
    kept = {"email": "ada@example.com", "phone": "+44 20", "timezone": "Europe/London", "locale": "en-GB"}
    app.tell("identify", {"external_id": "u", **kept, "data": {"plan": "gold", "seats": 2}})
    before = app.user("u")
    app.tell("identify", {"external_id": "u", **dict.fromkeys(kept), "data": {"plan": None}})
    after = app.user("u")
    assert {**after, "last_seen": 0} == {**before, "last_seen": 0}


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("identify", {"external_id": "u", "tags": ["vip"], "joined": "2020-01-01", "first_seen": 1, "unheard": {}}),
        ("alias", {"external_id": "u", "anonymous_id": "v", "unheard": [1]}),
        ("events", [{"name": "a/b", "external_id": "u", "unheard": [1]}]),
        ("sessions", {"external_id": "u", "unheard": [1]}),
    ],
)
def test_unknown_keys_are_ignored(app: App, what: str, body: object) -> None:
    app.tell(what, body)
    assert "unheard" not in str(app.everything())
    assert (app.user("u")["tags"], app.user("u")["joined"]) == ("", None)


def test_unknown_keys_of_a_device_are_kept(app: App) -> None:
    app.tell("devices", {"external_id": "u", **DEVICE, "battery": {"level": 0.5}, "nothing": None})
    assert app.devices_of("u")["phone"]["data"] == '{"battery":{"level":0.5}}'


def test_properties_of_an_event_are_read_as_data(app: App) -> None:
    app.tell("events", [{"name": "a/b", "external_id": "u", "properties": {"x": 1}}])
    (event,) = app.rows(tables.events)
    assert event["data"] == '{"x":1}'


@pytest.mark.parametrize("who", [{"anonymous_id": "v"}, {"external_id": "u"}])
@pytest.mark.parametrize("what", ["identify", "devices", "events", "sessions"])
def test_either_id_is_enough(app: App, what: str, who: dict[str, str]) -> None:
    body = {"name": "a/b", **DEVICE, **who}
    app.tell(what, [body] if what == "events" else body)
    assert len(app.people()) == 1


@pytest.mark.parametrize("who", [{"anonymous_id": "v"}, {"external_id": "u"}, {}])
def test_an_alias_needs_both_ids(app: App, who: dict[str, str]) -> None:
    answer = app.say("alias", who)
    missing = {"anonymous_id", "external_id"} - who.keys()
    assert (answer.status_code, {error["path"] for error in answer.json()["errors"]}) == (422, missing)
    assert app.people() == {}


@pytest.mark.parametrize("what", ["identify", "devices", "events", "sessions"])
def test_nobody_is_not_enough(app: App, what: str) -> None:
    body = {"name": "a/b", **DEVICE}
    answer = app.say(what, [body] if what == "events" else body)
    assert answer.status_code == 422


def test_a_first_alias_moves_events_sessions_devices_and_attributes(app: App) -> None:
    app.send("e-1", "e-2", anonymous_id="v")
    session = app.start(anonymous_id="v")
    app.tell("devices", {"anonymous_id": "v", **DEVICE})
    app.tell("identify", {"anonymous_id": "v", "email": "ada@example.com", "data": {"plan": "gold"}})
    app.tell("alias", {"anonymous_id": "v", "external_id": "u"})
    assert app.people().keys() == {("user", "u")}
    assert (app.events_of("u"), app.sessions_of("u")) == (["e-1", "e-2"], [session])
    assert app.devices_of("u").keys() == {"phone"}
    assert (app.user("u")["email"], app.attributes("u")) == ("ada@example.com", {"plan": "gold"})
    assert (app.user("u")["device_os"], app.user("u")["device_model"]) == ("iOS", "iPhone15,2")


def test_what_the_user_has_of_their_own_wins(app: App) -> None:
    app.tell("identify", {"external_id": "u", "email": "own@example.com", "data": {"plan": "silver", "a": 1}})
    app.tell(
        "identify", {"anonymous_id": "v", "email": "v@example.com", "phone": "1", "data": {"plan": "gold", "b": 2}}
    )
    app.tell("alias", {"anonymous_id": "v", "external_id": "u"})
    user = app.user("u")
    assert (user["email"], user["phone"]) == ("own@example.com", "1")
    assert app.attributes("u") == {"plan": "silver", "a": 1, "b": 2}


def test_the_same_alias_again_is_taken_and_changes_nothing(app: App) -> None:
    app.send("e-1", anonymous_id="v")
    app.tell("alias", {"anonymous_id": "v", "external_id": "u"})
    before = app.everything()
    answer = app.say("alias", {"anonymous_id": "v", "external_id": "u"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert app.everything() == before


def test_another_user_for_a_visitor_who_was_merged_is_refused_and_changes_nothing(app: App) -> None:
    app.send("e-1", anonymous_id="v")
    app.tell("alias", {"anonymous_id": "v", "external_id": "u"})
    before = app.everything()
    answer = app.say("alias", {"anonymous_id": "v", "external_id": "other"})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "anonymous_id")
    assert app.everything() == before


@pytest.mark.parametrize("what", ["identify", "sessions"])
def test_identify_and_sessions_with_both_ids_merge_likewise(app: App, what: str) -> None:
    app.send("e-1", anonymous_id="v")
    app.tell("identify", {"anonymous_id": "v", "data": {"plan": "gold"}})
    app.tell(what, {"anonymous_id": "v", "external_id": "u", "data": {"seats": 2}})
    assert app.people().keys() == {("user", "u")}
    assert app.events_of("u") == ["e-1"]
    assert app.attributes("u")["plan"] == "gold"


@pytest.mark.parametrize("what", ["identify", "sessions"])
def test_where_the_visitor_was_merged_elsewhere_they_serve_the_user_without_merging(app: App, what: str) -> None:
    app.send("e-1", anonymous_id="v")
    app.tell("alias", {"anonymous_id": "v", "external_id": "u"})
    before = app.user("u")
    app.tell(what, {"anonymous_id": "v", "external_id": "other", "email": "other@example.com"})
    assert app.user("u") == before
    assert (app.events_of("u"), app.events_of("other")) == (["e-1"], [])
    assert [row["user_person_id"] for row in app.rows(tables.merges)] == [before["person_id"]]
    if what == "identify":
        assert app.user("other")["email"] == "other@example.com"
    else:
        assert len(app.sessions_of("other")) == 1


def test_an_event_of_an_unknown_person_creates_them(app: App) -> None:
    app.send("e-1", external_id="u")
    app.send("e-2", anonymous_id="v")
    assert app.people().keys() == {("user", "u"), ("visitor", "v")}


def test_an_event_id_that_was_seen_before_is_not_stored_twice(app: App) -> None:
    for _ in range(2):
        app.send("e-1", "e-1", external_id="u")
    assert app.events_of("u") == ["e-1"]


def test_one_bad_item_rejects_the_call_and_is_named_by_its_index(app: App) -> None:
    good = {"name": "a/b", "external_id": "u"}
    answer = app.say("events", [good, good, {**good, "name": "sdk/nothing"}])
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == ["[2].name"]
    assert app.people() == {}


@pytest.mark.parametrize("what", ["identify", "alias", "devices", "events", "sessions"])
def test_an_unknown_and_a_revoked_key_open_nothing(app: App, what: str) -> None:
    body = {"anonymous_id": "v", "external_id": "u", "name": "a/b", **DEVICE}
    sent = [body] if what == "events" else body
    assert app.say(what, sent, Authorization="Bearer pk_nobodys").status_code == 401
    assert app.say(what, sent, Authorization="").status_code == 401
    revoke(app.server.database, app.environment)
    assert app.say(what, sent).status_code == 401
    assert app.people() == {}


def test_of_several_keys_the_old_ones_work_until_they_are_revoked(app: App) -> None:
    newer = new_id("pk")
    row = {"id": new_id("key"), "environment_id": app.environment.id, "key": newer, "name": "newer"}
    row["created"] = str(system_clock())
    app.server.database.write_sync(lambda connection: connection.execute(tables.environment_keys.insert(), row))
    app.send("e-1", external_id="u")
    bearer = {"Authorization": f"Bearer {newer}"}
    assert app.say("events", [{"name": "a/b", "external_id": "u", "id": "e-2"}], **bearer).status_code == 204
    revoke(app.server.database, app.environment)
    assert app.say("events", [{"name": "a/b", "external_id": "u"}]).status_code == 401
    assert app.say("events", [{"name": "a/b", "external_id": "u", "id": "e-3"}], **bearer).status_code == 204
    assert app.events_of("u") == ["e-1", "e-2", "e-3"]
