"""`created`, `updated`, `first_seen` and `last_seen` of a person, whichever request creates them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from templates_server.http.response import Surface
from templates_server.routes import ROUTES
from tests.server.client.app_of_tests import DEVICE, App

EVENT = {"name": "video/completed"}
DOORS: dict[str, tuple[str, Any]] = {
    "an event of a visitor": ("events", [{**EVENT, "anonymous_id": "v"}]),
    "an event of a user": ("events", [{**EVENT, "external_id": "u"}]),
    "an event of the past": ("events", [{**EVENT, "external_id": "u", "timestamp": "2020-01-01T00:00:00Z"}]),
    "an alias": ("alias", {"anonymous_id": "v", "external_id": "u"}),
    "a device of a visitor": ("devices", {"anonymous_id": "v", **DEVICE}),
    "a device of a user": ("devices", {"external_id": "u", **DEVICE}),
    "a session of a visitor": ("sessions", {"anonymous_id": "v"}),
    "a session of a user": ("sessions", {"external_id": "u"}),
    "a session of both": ("sessions", {"anonymous_id": "v", "external_id": "u"}),
    "identify with nothing": ("identify", {"external_id": "u"}),
    "identify of a visitor": ("identify", {"anonymous_id": "v"}),
    "identify of both": ("identify", {"anonymous_id": "v", "external_id": "u", "email": "u@example.com"}),
}


def test_every_route_that_creates_people_is_tried_here() -> None:
    routes = {
        route.path.removeprefix("/api/client/")
        for route in ROUTES
        if route.surface is Surface.CLIENT and route.method == "POST"
    }
    assert {what for what, _ in DOORS.values()} == routes


@pytest.mark.parametrize("door", DOORS)
def test_times_of_a_new_person_are_those_of_the_request(app: App, door: str) -> None:
    before = time.time_ns() // 1_000_000
    app.tell(*DOORS[door])
    after = time.time_ns() // 1_000_000
    people = app.people().values()
    assert people
    for person in people:
        times = {person["created"], person["updated"], person["first_seen"], person["last_seen"]}
        assert len(times) == 1, person
        assert before <= times.pop() <= after


def test_being_seen_again_changes_last_seen_alone(app: App) -> None:
    app.tell(*DOORS["an event of a user"])
    first = app.user("u")
    time.sleep(0.01)
    app.tell("events", [{**EVENT, "external_id": "u", "timestamp": "2020-01-01T00:00:00Z"}])
    later = app.user("u")
    assert later["last_seen"] > first["last_seen"]
    assert later["event_units"] == 2
    assert {**later, "last_seen": 0, "event_units": 1} == {**first, "last_seen": 0}


def test_a_profile_that_changes_is_updated_then(app: App) -> None:
    app.tell(*DOORS["an event of a user"])
    first = app.user("u")
    time.sleep(0.01)
    app.tell("identify", {"external_id": "u", "email": "u@example.com"})
    later = app.user("u")
    assert later["updated"] == later["last_seen"] > first["updated"]
    assert (later["created"], later["first_seen"]) == (first["created"], first["first_seen"])
