"""What apps are told while a session runs, at a real server, on both databases."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from templates_server.primitives.timestamps import SECOND, system_clock, to_rfc3339
from tests.environments import decide, deliver, remodel, revoke
from tests.server.features.sessions.changes.subscribed_app import (
    FOOTBALL,
    GOLD_FIRST,
    MODEL,
    SIDE,
    TOP,
    TRIBES,
    App,
    delivery,
    make_app,
    open_stream,
    scenario,
    titles,
)
from tests.servers import RunningServer, running_server

SIDE_SHOWS = {"default": {"properties": {"title": "Beside"}}}
Make = Callable[..., App]
LATE_MSEC = 15 * SECOND  # the look of every minute is later


@pytest.fixture
def made(server: RunningServer) -> Iterator[Make]:
    """Makes apps."""
    with ExitStack() as stack:
        yield lambda wanted=GOLD_FIRST: stack.enter_context(make_app(server, wanted))


def later(act: Callable[[], Any], seconds: float = 0.5) -> threading.Timer:
    timer = threading.Timer(seconds, act)
    timer.start()
    return timer


def test_a_poll_gets_only_the_entities_that_changed(made: Make) -> None:
    app = made()
    started = app.start(external_id="ada")
    app.tell("identify", {"external_id": "ada", "data": {"plan": "gold"}})
    answer = app.poll(started["session"], started["revision"])
    assert answer.status_code == 200
    assert titles(answer.json()) == {TOP: "For gold"}


def test_a_poll_waits_until_something_changes(made: Make) -> None:
    app = made()
    started = app.start(anonymous_id="v")
    began = time.monotonic()
    timer = later(lambda: app.tell("events", [{**FOOTBALL, "anonymous_id": "v"}]))
    answer = app.poll(started["session"], started["revision"], wait=20)
    seconds = time.monotonic() - began
    timer.join()
    assert titles(answer.json()) == {TOP: "For fans"}
    assert 0.4 < seconds < 5


@pytest.mark.slow
def test_an_event_with_data_that_a_tribe_asks_for_is_told(made: Make, server: RunningServer) -> None:
    app = made()
    data = [{"path": ["minutes"], "operator": "greater_than", "value": 80}]
    fans = {**TRIBES["fans"], "filters": [{"event": "video/completed", "data": data}]}
    decide(server.database, app.environment, {**TRIBES, "fans": fans}, revision=2)
    started = app.start(anonymous_id="v")
    event = {"name": "video/completed", "anonymous_id": "v"}
    app.tell("events", [{**event, "data": {"minutes": 80}}])
    assert app.poll(started["session"], started["revision"], wait=3).status_code == 204
    app.tell("events", [{**event, "data": {"minutes": 81}}])
    assert titles(app.poll(started["session"], started["revision"], wait=20).json()) == {TOP: "For fans"}


def test_a_poll_ends_empty_when_nothing_changed(made: Make) -> None:
    app = made()
    started = app.start(anonymous_id="v")
    began = time.monotonic()
    answer = app.poll(started["session"], started["revision"], wait=1)
    assert (answer.status_code, answer.content) == (204, b"")
    assert 0.9 < time.monotonic() - began < 5


def test_a_poll_that_does_not_wait_is_answered_at_once(made: Make) -> None:
    app = made()
    started = app.start(external_id="ada")
    began = time.monotonic()
    assert app.poll(started["session"], started["revision"], wait=0).status_code == 204
    deliver(app.server.database, app.environment, delivery(title="Everybody"))
    assert titles(app.poll(started["session"], started["revision"], wait=0).json()) == {TOP: "Everybody"}
    assert time.monotonic() - began < 5


def test_what_was_told_is_not_told_again_and_what_goes_back_is(made: Make) -> None:
    app = made()
    started = app.start(external_id="ada")
    app.tell("identify", {"external_id": "ada", "data": {"plan": "gold"}})
    first = app.poll(started["session"], started["revision"]).json()
    assert app.poll(started["session"], first["revision"], wait=0).status_code == 204
    app.tell("identify", {"external_id": "ada", "data": {"plan": "silver"}})
    assert titles(app.poll(started["session"], first["revision"]).json()) == {TOP: "Anybody"}
    assert app.poll(started["session"], started["revision"], wait=0).status_code == 204


def test_a_stream_tells_each_change_with_an_id_to_come_back_with(made: Make) -> None:
    app = made()
    started = app.start(external_id="ada")
    with open_stream(app, started["session"]) as stream:
        assert stream.answer.headers["content-type"].startswith("text/event-stream")
        assert stream.answer.headers["cache-control"] == "no-store"
        app.tell("identify", {"external_id": "ada", "data": {"plan": "gold"}})
        assert titles(stream.changes(1)[0]) == {TOP: "For gold"}
        deliver(app.server.database, app.environment, delivery(title="Everybody"))
        assert titles(stream.changes(2)[1]) == {TOP: "Everybody"}
        events = stream.events()
    assert [event["event"] for event in events] == ["states", "states"]
    app.tell("identify", {"external_id": "ada", "data": {"plan": "silver"}})
    with open_stream(app, started["session"], **{"Last-Event-ID": events[0]["id"]}) as stream:
        assert titles(stream.changes(1)[0]) == {TOP: "Everybody"}


def test_new_tribes_and_a_new_delivery_are_told(made: Make) -> None:
    app = made()
    started = app.start(external_id="ada")
    everybody = {**TRIBES, "gold": {**TRIBES["gold"], "filters": [{"attribute": "created", "operator": "exists"}]}}
    with open_stream(app, started["session"]) as stream:
        decide(app.server.database, app.environment, everybody, revision=2)
        assert titles(stream.changes(1)[0]) == {TOP: "For gold"}
        deliver(app.server.database, app.environment, delivery(side=(scenario("Beside gold", "gold"),)))
        assert titles(stream.changes(2)[1]) == {TOP: "Anybody", SIDE: "Beside gold"}


def test_a_new_model_is_told(made: Make) -> None:
    app = made({"published": ["home"], "scenarios": {}})
    started = app.start(external_id="ada")
    model = {**MODEL, "experiences": {"hero": {"properties": {"title": {"type": "text", "default": "Of the model"}}}}}
    with open_stream(app, started["session"]) as stream:
        deliver(app.server.database, app.environment, {"published": ["home"], "scenarios": {SIDE: SIDE_SHOWS}})
        assert titles(stream.changes(1)[0]) == {SIDE: "Beside"}
        remodel(app.server.database, app.environment, model)
        assert titles(stream.changes(2)[1]) == {TOP: "Of the model"}


@pytest.mark.slow
def test_a_scenario_begins_and_ends_at_its_times(made: Make) -> None:
    """The times are set while the stream is open: however late that was, they lie ahead of it."""
    app = made()
    started = app.start(anonymous_id="v", fields={"campaign": "spring"})
    assert titles(started)[TOP] == "Anybody"
    with open_stream(app, started["session"]) as stream:
        starts = in_seconds(1.5)
        deliver(app.server.database, app.environment, delivery(scenario("Now", "spring", starts=to_rfc3339(starts))))
        assert titles(stream.changes(1)[0]) == {TOP: "Now"}
        assert starts <= system_clock() < starts + LATE_MSEC
        ends = in_seconds(1.5)
        ending = delivery(scenario("Now", "spring", ends=to_rfc3339(ends)))
        deliver(app.server.database, app.environment, ending, 3)
        assert titles(stream.changes(2)[1]) == {TOP: "Anybody"}
        assert ends <= system_clock() < ends + LATE_MSEC


def in_seconds(seconds: float) -> int:
    return system_clock() + int(seconds * SECOND)


class LeapingClock:
    """A clock that leaps ahead when it has been read so many times more."""

    def __init__(self) -> None:
        self._ahead_msec = 0
        self._leaps: list[int] = []

    def leap(self, milliseconds: int, *, after_readings: int) -> None:
        self._leaps = [*[0] * after_readings, milliseconds]

    def __call__(self) -> int:
        if self._leaps:
            self._ahead_msec += self._leaps.pop(0)
        return system_clock() + self._ahead_msec


@pytest.mark.slow
def test_a_time_that_comes_while_it_is_decided_what_to_show_is_not_missed(tmp_path: Path) -> None:
    clock = LeapingClock()
    with running_server(tmp_path, clock=clock) as server, make_app(server, GOLD_FIRST) as app:
        for readings in range(4):  # two looks or more: when one begins, and when somebody new is known to follow
            clock.leap(0, after_readings=0)
            starts = to_rfc3339(clock() + SECOND)
            deliver(server.database, app.environment, delivery(scenario("Now", "spring", starts=starts)), readings + 2)
            started = app.start(anonymous_id="v", fields={"campaign": "spring"})
            clock.leap(2 * SECOND, after_readings=readings)
            answer = app.poll(started["session"], started["revision"], wait=5)
            assert answer.status_code == 200, readings
            assert titles(answer.json()) == {TOP: "Now"}


def test_a_visitor_who_becomes_a_user_is_shown_what_is_the_users(made: Make) -> None:
    app = made()
    app.tell("identify", {"external_id": "ada", "data": {"plan": "gold"}})
    started = app.start(anonymous_id="v")
    with open_stream(app, started["session"]) as stream:
        app.tell("alias", {"anonymous_id": "v", "external_id": "ada"})
        assert titles(stream.changes(1)[0]) == {TOP: "For gold"}
        app.tell("identify", {"external_id": "ada", "data": {"plan": "silver"}})
        assert titles(stream.changes(2)[1]) == {TOP: "Anybody"}


def test_a_revoked_key_ends_its_streams_and_polls(made: Make) -> None:
    app = made()
    started = app.start(anonymous_id="v")
    with open_stream(app, started["session"]) as stream:
        timer = later(lambda: revoke(app.server.database, app.environment), 1)
        assert app.poll(started["session"], started["revision"], wait=20).status_code == 401
        timer.join()
        assert stream.ended.wait(5)
        assert stream.events() == []


@pytest.mark.parametrize("session", ["ses_1", "ses_0000000000000000000000_0000000000000000000000", "ses_" + "0" * 500])
def test_an_unknown_session_is_not_found(made: Make, session: str) -> None:
    app = made()
    assert app.poll(session, wait=0).status_code == 404
    assert app.poll(session, wait=0, Accept="text/event-stream").status_code == 404


def test_another_environments_session_is_not_found(made: Make) -> None:
    app, other = made(), made()
    started = app.start(anonymous_id="v")
    other.start(anonymous_id="v")
    assert other.poll(started["session"], wait=0).status_code == 404


@pytest.mark.parametrize("wait", ["-1", "61", "1.5", "a", "", "999999999999"])
def test_a_wait_that_is_none_is_refused(made: Make, wait: str) -> None:
    app = made()
    started = app.start(anonymous_id="v")
    answer = app.client.get(f"/api/client/sessions/{started['session']}/changes?wait={wait}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "wait"


@pytest.mark.parametrize("since", ["nonsense", "1.1.1~", "1.1.1~short", "9.9.9~aaaaaabbbbbb", "1.1.1~" + "a" * 3000])
def test_an_app_whose_revision_says_nothing_is_told_everything(made: Make, since: str) -> None:
    app = made()
    started = app.start(anonymous_id="v")
    assert app.poll(started["session"], since, wait=0).json()["states"] == started["states"]


def test_pages_of_any_origin_may_follow(made: Make) -> None:
    app = made()
    started = app.start(anonymous_id="v")
    answer = app.poll(started["session"], wait=0, Origin="https://shop.example.com")
    assert answer.headers["access-control-allow-origin"] == "*"
    with open_stream(app, started["session"], Origin="https://shop.example.com") as stream:
        assert stream.answer.headers["access-control-allow-origin"] == "*"
