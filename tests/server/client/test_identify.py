"""`POST /api/client/identify`: what may be said of a person, and what is kept of it."""

from __future__ import annotations

from typing import Any

import pytest

from templates_server.features.people.profile_parser import (
    MAX_ATTRIBUTE_CHARACTERS,
    MAX_ATTRIBUTES_BYTES,
    MOST_ATTRIBUTES,
)
from templates_server.storage import tables
from tests.server.client.app_of_tests import DEVICE, App


def test_a_new_user_is_kept_as_told(app: App) -> None:
    answer = app.say(
        "identify",
        {
            "external_id": "u",
            "email": "ada@example.com",
            "phone": "+44 20 7946 0000",
            "timezone": "Europe/London",
            "locale": "en-GB",
            "data": {"plan": "gold", "seats": 2.0, "trial": False, "renews": "2027-01-31"},
        },
    )
    assert (answer.status_code, answer.content) == (204, b"")
    user = app.user("u")
    assert (user["email"], user["phone"]) == ("ada@example.com", "+44 20 7946 0000")
    assert (user["timezone"], user["locale"]) == ("Europe/London", "en-GB")
    assert user["attributes"] == '{"plan":"gold","renews":"2027-01-31","seats":2,"trial":false}'
    assert user["dates"] == '{"renews":1801353600000}'
    assert user["first_seen"] == user["last_seen"] == user["created"] == user["updated"]


def test_what_is_told_later_is_merged_by_name(app: App) -> None:
    app.tell("identify", {"external_id": "u", "email": "ada@example.com", "data": {"plan": "gold", "seats": 2}})
    app.tell("identify", {"external_id": "u", "phone": "1", "data": {"plan": "silver"}})
    assert app.attributes("u") == {"plan": "silver", "seats": 2}
    assert (app.user("u")["email"], app.user("u")["phone"]) == ("ada@example.com", "1")


def test_a_profile_that_stays_the_same_was_not_updated(app: App) -> None:
    app.tell("identify", {"external_id": "u", "data": {"seats": 2}})
    before = app.user("u")
    app.tell("identify", {"external_id": "u", "data": {"seats": 2.0}})
    after = app.user("u")
    assert after["updated"] == before["updated"]
    assert after["last_seen"] >= before["last_seen"]


def test_a_visitor_has_a_profile_too(app: App) -> None:
    app.tell("identify", {"anonymous_id": "v", "timezone": "Europe/Berlin"})
    assert app.people()["visitor", "v"]["timezone"] == "Europe/Berlin"


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({"external_id": "u", "email": "ada", "timezone": "Mars/One", "locale": "en_GB"}, "email timezone locale"),
        ({"external_id": "..", "phone": ""}, "external_id phone"),
        ({"external_id": "u", "data": {"list": [1], "": 1}}, "data.list data."),
        ({"external_id": "u", "data": {str(number): 1 for number in range(MOST_ATTRIBUTES + 1)}}, "data"),
        ({"external_id": "u", "data": {"long": "x" * 4097}}, "data.long"),
        ({"external_id": 7, "email": [], "data": "x"}, "external_id email data"),
        ({"anonymous_id": "a\nb", "external_id": "x" * 257}, "anonymous_id external_id"),
        ({"email": "ada@example.com"}, " "),
        ([], " "),
    ],
)
def test_every_broken_rule_is_named_and_nothing_is_stored(app: App, body: Any, paths: str) -> None:
    answer = app.say("identify", body)
    assert answer.status_code == 422
    found = [error["path"].replace('""', "") for error in answer.json()["errors"]]
    assert found == ([""] if paths == " " else paths.split(" "))
    assert app.people() == {}


def test_a_profile_that_would_become_too_large_is_refused_and_those_beside_it_are_kept(app: App) -> None:
    app.tell("identify", {"external_id": "u", "data": {str(number): 1 for number in range(MOST_ATTRIBUTES)}})
    answer = app.say("identify", {"external_id": "u", "email": "ada@example.com", "data": {"more": 1}})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "data")
    assert app.user("u")["email"] is None
    app.tell("identify", {"external_id": "u", "data": {"1": 2}})


def test_attributes_have_so_many_bytes_altogether_however_they_were_told(app: App) -> None:
    """What is held of people counts in bytes: a page or a batch may have a thousand of them."""
    text = "x" * MAX_ATTRIBUTE_CHARACTERS
    most = MAX_ATTRIBUTES_BYTES // (len(text) + len('"00":"",'))
    app.tell("identify", {"anonymous_id": "v", "data": {f"{number:02}": text for number in range(most)}})
    stored = len(app.people()["visitor", "v"]["attributes"])
    rest = MAX_ATTRIBUTES_BYTES - stored - len(',"z":""')
    for data in ({"z": "x" * (rest + 1)}, {f"{number:02}": text for number in range(100)}):
        answer = app.say("identify", {"anonymous_id": "v", "email": "ada@example.com", "data": data})
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "data")
        assert f"{MAX_ATTRIBUTES_BYTES:,}" in answer.text
    app.tell("identify", {"anonymous_id": "v", "data": {"z": "x" * rest}})
    app.tell("identify", {"anonymous_id": "v", "email": "ada@example.com"})
    app.tell("alias", {"anonymous_id": "v", "external_id": "u"})
    assert len(app.user("u")["attributes"]) == MAX_ATTRIBUTES_BYTES
    app.tell("identify", {"anonymous_id": "w", "data": {"more": 1}})
    app.tell("alias", {"anonymous_id": "w", "external_id": "u"})
    assert "more" not in app.attributes("u")


def test_no_answer_holds_what_is_stored(app: App) -> None:
    app.tell("identify", {"external_id": "u", "email": "ada@example.com", "data": {"plan": "a-very-secret-plan"}})
    told = [
        app.say("identify", {"external_id": "u"}),
        app.say("identify", {"external_id": "u", "email": "wrong"}),
        app.say("alias", {"external_id": "u", "anonymous_id": "v"}),
        app.say("alias", {"external_id": "other", "anonymous_id": "v"}),
        app.say("devices", {"external_id": "u", **DEVICE}),
        app.say("events", [{"name": "a/b", "external_id": "u"}]),
        app.say("sessions", {"external_id": "u"}),
    ]
    assert not any(secret in answer.text for answer in told for secret in ("ada@example.com", "a-very-secret-plan"))


def test_a_device_is_kept_as_it_was_told_last(app: App) -> None:
    app.tell("devices", {"external_id": "u", **DEVICE, "token": "t-1", "battery": 1})
    app.tell("devices", {"external_id": "u", **DEVICE, "app_version": "4.3"})
    (device,) = app.rows(tables.devices)
    assert (device["app_version"], device["token"], device["data"]) == ("4.3", "t-1", '{"battery":1}')
    assert device["first_seen"] < device["last_seen"] or device["first_seen"] == device["last_seen"]


def test_the_device_that_was_seen_last_is_the_persons(app: App) -> None:
    app.tell("devices", {"external_id": "u", **DEVICE})
    app.tell("devices", {"external_id": "u", **DEVICE, "device_id": "tv", "os": "tvOS", "model": "AppleTV14,1"})
    app.tell("devices", {"external_id": "u", **DEVICE, "os": "iOS 19"})
    assert (app.user("u")["device_os"], app.user("u")["device_model"]) == ("iOS 19", "iPhone15,2")
    assert len(app.devices_of("u")) == 2


@pytest.mark.parametrize(
    ("change", "paths"),
    [
        ({"os": None}, ["os"]),
        ({"device_id": "", "model": 7}, ["model"]),
        ({"device_id": "", "model": "a\nb"}, ["device_id", "model"]),
        ({"token": "x" * 4097}, ["token"]),
        ({"more": "x" * 20_000}, [""]),
        ({"external_id": None}, [""]),
    ],
)
def test_a_device_that_breaks_a_rule_is_refused(app: App, change: dict[str, Any], paths: list[str]) -> None:
    answer = app.say("devices", {"external_id": "u", **DEVICE, **change})
    assert (answer.status_code, [error["path"] for error in answer.json()["errors"]]) == (422, paths)
    assert app.people() == {}
