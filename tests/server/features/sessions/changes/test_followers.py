"""Who may follow a session, how many, for how long, and what a process does that did not start the session."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from templates_server.http import server_sent_events
from templates_server.primitives.ip_addresses import parse_network
from templates_server.settings import ConnectionLimits, StreamLimits
from templates_server.storage import tables
from tests.environments import deliver
from tests.server.features.sessions.changes.subscribed_app import (
    GOLD_FIRST,
    SIDE,
    TOP,
    App,
    delivery,
    make_app,
    open_stream,
    scenario,
    titles,
    unread_stream,
)
from tests.servers import RunningServer, running_server

BESIDE_GOLD = scenario("Beside gold", "gold")


@contextlib.contextmanager
def beside(app: App, folder: Path) -> Iterator[App]:
    """The same app at another process that works on the same database."""
    with (
        running_server(folder, database_url=app.server.settings.database_url) as other,
        app.environment.app(other) as client,
    ):
        yield App(other, app.environment, client)


def test_another_process_tells_what_changed_and_keeps_what_it_cannot_know(
    server: RunningServer, tmp_path: Path
) -> None:
    wanted = delivery(scenario("By campaign", "spring"), scenario("For fans", "fans"), side=(BESIDE_GOLD,))
    with make_app(server, wanted) as app, beside(app, tmp_path) as other:
        started = app.start(external_id="ada", fields={"campaign": "spring"})
        first = other.poll(started["session"], started["revision"]).json()
        assert titles(first) == {SIDE: "Beside"}  # it was not there: it tells all that it knows
        assert other.poll(started["session"], first["revision"], wait=0).status_code == 204
        app.tell("identify", {"external_id": "ada", "data": {"plan": "gold"}})
        second = other.poll(started["session"], first["revision"]).json()
        assert titles(second) == {SIDE: "Beside gold"}
        assert titles(app.poll(started["session"], second["revision"]).json()) == {TOP: "By campaign"}


@pytest.mark.slow
def test_what_another_process_changes_is_told_within_about_a_second(server: RunningServer, tmp_path: Path) -> None:
    with make_app(server, GOLD_FIRST) as app, beside(app, tmp_path) as other:
        started = app.start(external_id="ada")
        with open_stream(app, started["session"]) as stream:
            time.sleep(1.5)  # the first look is over
            other.tell("identify", {"external_id": "ada", "data": {"plan": "gold"}})
            began = time.monotonic()
            assert titles(stream.changes(1)[0]) == {TOP: "For gold"}
            assert time.monotonic() - began < 3


def test_a_server_that_stops_ends_streams_and_polls_at_once(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        with running_server(tmp_path) as server:
            app = stack.enter_context(make_app(server, GOLD_FIRST))
            started = app.start(anonymous_id="v")
            stream = stack.enter_context(open_stream(app, started["session"]))
            began = time.monotonic()
        assert stream.ended.wait(1)
        assert time.monotonic() - began < 5
        assert stream.failure is None  # it ended as streams end, it was not cut


def test_a_stream_says_that_it_lives_while_nothing_changes(server: RunningServer, monkeypatch: Any) -> None:
    monkeypatch.setattr(server_sent_events, "HEARTBEAT_SECONDS", 0.2)
    with make_app(server, GOLD_FIRST) as app:
        started = app.start(anonymous_id="v")
        with open_stream(app, started["session"]) as stream:
            time.sleep(1)
            comments = [line for line in stream.lines if line.startswith(":")]
            assert 2 <= len(comments) <= 5
            assert stream.events() == []


def test_there_are_places_for_so_many_and_who_leaves_makes_room(tmp_path: Path) -> None:
    with running_server(tmp_path, follow_limits=StreamLimits(most=1)) as server, make_app(server, GOLD_FIRST) as app:
        started = app.start(anonymous_id="v")
        with open_stream(app, started["session"]):
            refused = app.poll(started["session"], started["revision"], wait=0)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
        deadline = time.monotonic() + 5
        while app.poll(started["session"], started["revision"], wait=0).status_code == 503:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert app.poll(started["session"], started["revision"], wait=0).status_code == 204


def test_one_address_cannot_take_all_places(tmp_path: Path) -> None:
    limits = StreamLimits(most=10, most_an_address=1)
    proxies = (parse_network("127.0.0.1"),)
    with (
        running_server(tmp_path, follow_limits=limits, trusted_proxies=proxies) as server,
        make_app(server, GOLD_FIRST) as app,
    ):
        started = app.start(anonymous_id="v")
        one, other = {"X-Forwarded-For": "203.0.113.7"}, {"X-Forwarded-For": "203.0.113.8"}
        with open_stream(app, started["session"], **one):
            assert app.poll(started["session"], started["revision"], wait=0, **one).status_code == 503
            assert app.poll(started["session"], started["revision"], wait=0, **other).status_code == 204


@pytest.mark.slow
def test_who_does_not_read_is_dropped(tmp_path: Path) -> None:
    lists = {f"list-{number}": ["x" * 1000] * 1000 for number in range(10)}
    hero = {"properties": {"title": {"type": "text"}, **{key: {"type": "list"} for key in lists}}}
    megabytes = delivery({**scenario("For gold", "gold"), "properties": lists})
    patience, places = ConnectionLimits(write_timeout_seconds=0.5), StreamLimits(most=1)
    with (
        running_server(tmp_path, connection_limits=patience, follow_limits=places) as server,
        make_app(server, megabytes, hero=hero) as app,
    ):
        started = app.start(external_id="ada")
        with unread_stream(app, started["session"]):
            deadline = time.monotonic() + 10
            app.tell("identify", {"external_id": "ada", "data": {"plan": "gold"}})
            while app.poll(started["session"], wait=0).status_code == 503:
                assert time.monotonic() < deadline
                time.sleep(0.1)


def test_a_session_that_is_no_more_ends_its_stream_and_is_not_found(server: RunningServer) -> None:
    sessions = tables.sessions
    with make_app(server, GOLD_FIRST) as app:
        started = app.start(anonymous_id="v")
        with open_stream(app, started["session"]) as stream:
            gone = delete(sessions).where(sessions.c.session_id == started["session"])
            app.server.database.write_sync(lambda connection: connection.execute(gone))
            deliver(app.server.database, app.environment, delivery(title="Everybody"))
            assert stream.ended.wait(5)
        assert app.poll(started["session"], wait=0).status_code == 404
