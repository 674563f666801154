"""`GET .../environments/:environment/events/stream`: what arrives is told as it arrives, on both databases."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, func, select, update

from templates_server.errors import Unavailable
from templates_server.features.events.stream import feed as feeds
from templates_server.features.events.stream import recorder, store
from templates_server.features.events.stream.filters import StreamFilter
from templates_server.features.events.stream.positions import resume_position
from templates_server.http import server_sent_events
from templates_server.primitives.timestamps import MINUTE, system_clock
from templates_server.security.authorization import Role, Scope
from templates_server.settings import Settings, StreamLimits, sqlite_url
from templates_server.storage import migrations, tables
from templates_server.storage.factory import open_database
from tests.people import OF_A_SIGN_IN, Grant, Person, add_organization, add_person, add_service, add_space
from tests.server.features.sessions.changes.subscribed_app import Stream, read_stream
from tests.server_processes import server_process
from tests.servers import PostgresServer, RunningServer, running_server


class Place:
    """The production of a Space, somebody who reads it, and its app."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.person = add_person(server.database, add_organization(server.database))
        self.space = add_space(server, self.person)
        self.path = f"/v2/spaces/{self.space}/environments/production"
        with self.person.client(server) as client:
            key = client.post(f"{self.path}/keys", json={"name": "tests"}).json()["data"][0]["key"]
        self.key = key
        self.app = server.client(Authorization=f"Bearer {key}")

    def tell(self, what: str, body: Any) -> None:
        answer = self.app.post(f"/api/client/{what}", json=body)
        assert answer.status_code == 204, answer.text

    def send(self, *events: dict[str, Any]) -> None:
        self.tell("events", [{"name": "video/completed", "external_id": "ada", **event} for event in events])

    def ids(self, stream: Stream, count: int) -> list[str]:
        return [one["id"] for one in told(stream, count, "event")]

    @contextlib.contextmanager
    def streamed(
        self, *, server: RunningServer | None = None, person: Person | None = None, last: str = "", **query: Any
    ) -> Iterator[Stream]:
        """A stream that has begun, while the block lasts."""
        headers = {"Last-Event-ID": last} if last else {}
        with (
            (person or self.person).client(server or self.server) as client,
            client.stream("GET", f"{self.path}/events/stream", params=query, headers=headers, timeout=60) as answer,
        ):
            assert answer.status_code == 200, answer.read()
            assert answer.headers["content-type"].startswith("text/event-stream")
            with read_stream(answer) as stream:
                wait_for(lambda: position(stream) is not None)
                yield stream


def wait_for(is_so: Callable[[], bool], *, seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


def told(stream: Stream, count: int, kind: str) -> list[dict[str, Any]]:
    """The data of the messages of a kind, once there are so many."""

    def found() -> list[Mapping[str, str]]:
        return [event for event in stream.events() if event["event"] == kind]

    with stream.news:
        assert stream.news.wait_for(lambda: len(found()) >= count, 10), stream.lines
    return [json.loads(event["data"]) for event in found()]


def position(stream: Stream) -> str | None:
    """The last `id` that the stream has had."""
    return next((line.removeprefix("id: ") for line in reversed(stream.lines) if line.startswith("id: ")), None)


@pytest.fixture
def place(server: RunningServer) -> Iterator[Place]:
    found = Place(server)
    yield found
    found.app.close()


def test_events_and_sessions_are_told_as_the_lists_have_them(place: Place) -> None:
    with place.streamed() as stream:
        place.send({"id": "e-1", "data": {"x": [1]}, "metadata": [{"key": "genre", "value": "Sport"}]})
        app = {"version": "2.3.0", "build": "127", "platform": "ios"}
        started = place.app.post("/api/client/sessions", json={"anonymous_id": "phone-1", "app": app}).json()
        (event,) = told(stream, 1, "event")
        (session,) = told(stream, 1, "session")
    with place.person.client(place.server) as client:
        assert event == client.get(f"{place.path}/events", params={"user": "ada"}).json()["data"][0]
    assert event["id"] == "e-1"
    when = session.pop("started")
    assert when.endswith("Z")
    assert session == {
        "session": started["session"],
        "user_id": None,
        "anonymous_id": "phone-1",
        "code_hash": None,
        "code_language": None,
        "app_version": "2.3.0",
        "app_build": "127",
        "app_platform": "ios",
        "os_version": None,
    }


def test_what_was_there_before_is_not_told(place: Place) -> None:
    place.send({"id": "e-0"})
    with place.streamed() as stream:
        place.send({"id": "e-0"}, {"id": "e-1"})  # the first is stored already
        assert place.ids(stream, 1) == ["e-1"]


def test_an_arrival_that_is_refused_is_not_told(place: Place) -> None:
    with place.streamed() as stream:
        assert place.app.post("/api/client/events", json=[{"name": ""}]).status_code == 422
        place.send({"id": "e-1"})
        assert place.ids(stream, 1) == ["e-1"]


def test_filters_take_a_name_a_user_or_a_visitor(place: Place) -> None:
    with (
        place.streamed(name="video/started") as by_name,
        place.streamed(user="bob") as by_user,
        place.streamed(anonymous_id="phone-1") as by_visitor,
        place.streamed() as everything,
    ):
        place.send({"id": "e-1"}, {"id": "e-2", "name": "video/started"}, {"id": "e-3", "external_id": "bob"})
        place.tell("events", [{"id": "e-4", "name": "video/completed", "anonymous_id": "phone-1"}])
        place.app.post("/api/client/sessions", json={"external_id": "bob"})
        assert sorted(place.ids(everything, 4)) == ["e-1", "e-2", "e-3", "e-4"]
        assert place.ids(by_name, 1) == ["e-2"]
        assert place.ids(by_user, 1) == ["e-3"]
        assert place.ids(by_visitor, 1) == ["e-4"]
        assert told(by_user, 1, "session")[0]["user_id"] == "bob"
        assert told(by_name, 0, "session") == told(by_visitor, 0, "session") == []


def test_a_visitor_who_was_merged_is_told_as_the_user(place: Place) -> None:
    place.tell("alias", {"anonymous_id": "phone-1", "external_id": "ada"})
    with place.streamed(user="ada") as stream:
        place.tell("events", [{"id": "e-1", "name": "video/completed", "anonymous_id": "phone-1"}])
        (event,) = told(stream, 1, "event")
    assert (event["user_id"], event["anonymous_id"]) == ("ada", None)


@pytest.mark.parametrize(
    "query",
    [{"name": ""}, {"user": ".."}, {"anonymous_id": "\x01"}, {"user": "a", "anonymous_id": "b"}, {"wait": "soon"}],
)
def test_a_bad_filter_is_refused(place: Place, query: dict[str, str]) -> None:
    with place.person.client(place.server) as client:
        answer = client.get(f"{place.path}/events/stream", params=query)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["path"] in query


def test_a_stream_resumes_where_it_ended(place: Place) -> None:
    with place.streamed() as stream:
        first = position(stream)
        place.send({"id": "e-1"})
        assert place.ids(stream, 1) == ["e-1"]
        wait_for(lambda: position(stream) != first)
        last = position(stream) or ""
    place.send({"id": "e-2"})
    with place.streamed(last=last) as stream:
        place.send({"id": "e-3"})
        assert place.ids(stream, 2) == ["e-2", "e-3"]


@pytest.mark.parametrize("last", ["nonsense", "9" * 18, "1:0:", "5:9:4", "999999999:999999999:", "1" * 5000])
def test_a_position_of_no_stream_begins_anew(place: Place, last: str) -> None:
    place.send({"id": "e-0"})
    with place.streamed(last=last) as stream:
        place.send({"id": "e-1"})
        assert place.ids(stream, 1) == ["e-1"]


def test_positions_compare_by_database() -> None:
    assert resume_position("5", "9", "sqlite") == "5"
    assert resume_position("10", "9", "sqlite") == "9"
    assert resume_position("7:9:8", "9:12:", "postgresql") == "7:9:8"
    assert resume_position("7:13:8", "9:12:", "postgresql") == "9:12:"
    assert resume_position("7:9:8,8", "9:12:", "postgresql") == "9:12:"


def test_another_process_is_told_what_this_one_stores(place: Place, tmp_path: Path) -> None:
    url = place.server.settings.database_url
    with running_server(tmp_path, database_url=url) as other, place.streamed(server=other) as stream:
        time.sleep(recorder.LOOK_SECONDS)
        place.send({"id": "e-1"})
        assert place.ids(stream, 1) == ["e-1"]


def test_a_quiet_stream_shows_life_and_where_it_is(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_sent_events, "HEARTBEAT_SECONDS", 0.2)
    with place.streamed() as stream:
        wait_for(lambda: sum(line.startswith("id: ") for line in stream.lines) >= 3)
        assert stream.events() == []


def test_what_is_too_much_is_counted(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "MOST_A_SECOND", 3)
    with place.streamed() as stream:
        place.send(*({"id": f"e-{number}"} for number in range(10)))
        assert place.ids(stream, 3) == ["e-0", "e-1", "e-2"]
        assert told(stream, 1, "skipped") == [{"skipped": 7}]


def test_who_comes_back_late_is_told_the_newest_and_how_many_are_left_out(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_TOLD", 2)
    with place.streamed() as stream:
        last = position(stream) or ""
    place.send({"id": "e-1"}, {"id": "e-2"}, {"id": "e-3"})
    with place.streamed(last=last) as stream:
        assert place.ids(stream, 2) == ["e-1", "e-2"]
        assert told(stream, 1, "skipped") == [{"skipped": 1}]


def test_a_slow_reader_is_told_how_many_are_skipped() -> None:
    listener = feeds.Listener("env", StreamFilter(), "1")
    listener.tell([b"data: {}\n\n"] * (feeds.MOST_WAITING + 5), 2, "2")
    assert len(listener.waiting) == feeds.MOST_WAITING
    assert listener.skipped == 7


def ended(stream: Stream) -> None:
    with stream.news:
        assert stream.news.wait_for(stream.ended.is_set, 10), stream.lines


@pytest.mark.parametrize("end", ["revoked", "removed", "demoted", "deleted"])
def test_a_stream_ends_with_what_opened_it(place: Place, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "PERMISSION_SECONDS", 0.2)
    member = add_person(place.server.database, place.person.organization, role=Role.DEVELOPER)
    mine = tables.memberships.c.account_id == member.id
    changes = {
        "revoked": update(tables.tokens).where(tables.tokens.c.account_id == member.id).values(revoked=system_clock()),
        "removed": delete(tables.memberships).where(mine),
        "demoted": update(tables.memberships).where(mine).values(role="viewer"),
        "deleted": delete(tables.spaces).where(tables.spaces.c.key == place.space),
    }
    with place.streamed(person=member) as stream:
        place.send({"id": "e-1"})
        assert place.ids(stream, 1) == ["e-1"]
        assert not stream.ended.is_set()
        place.server.database.write_sync(lambda connection: connection.execute(changes[end]))
        ended(stream)


def test_a_stream_ends_when_asked_to_and_when_the_server_stops(place: Place, tmp_path: Path) -> None:
    with place.streamed(wait=1) as stream:
        ended(stream)
    with contextlib.ExitStack() as stopped:
        with running_server(tmp_path, database_url=place.server.settings.database_url) as other:
            stream = stopped.enter_context(place.streamed(server=other))
        ended(stream)
        assert stream.failure is None


def test_viewers_public_keys_and_strangers_get_no_stream(place: Place) -> None:
    database, organization = place.server.database, place.person.organization
    others = Grant(scopes=set(Scope) - {Scope.EVENTS_READ})
    refused = {
        add_person(database, organization, role=Role.VIEWER).token: 403,
        add_person(database, organization, grant=others).token: 403,
        add_person(database, add_organization(database)).token: 404,
        place.key: 403,
        "mtp_nothing": 401,
    }
    for token, status in refused.items():
        with place.server.client(Authorization=f"Bearer {token}") as client:
            assert client.get(f"{place.path}/events/stream", params={"wait": 0}).status_code == status
    service = add_service(database, organization, grant=OF_A_SIGN_IN)
    with place.streamed(person=service) as stream:
        place.send({"id": "e-1"})
        assert place.ids(stream, 1) == ["e-1"]


def test_streams_have_places_with_the_sessions_that_are_followed(tmp_path: Path) -> None:
    with running_server(tmp_path, follow_limits=StreamLimits(most=1)) as server:
        place = Place(server)
        with place.streamed(), place.person.client(server) as client:
            refused = client.get(f"{place.path}/events/stream")
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
        place.app.close()


def test_environments_are_kept_apart(tmp_path: Path) -> None:
    now = system_clock()
    with running_server(tmp_path, clock=lambda: now) as server:  # so that times are equal, too
        place, other = Place(server), Place(server)
        other.tell("alias", {"anonymous_id": "phone-1", "external_id": "eve"})
        with place.streamed(user="ada") as stream, place.streamed() as all_here, other.streamed() as beside:
            for one, entity in ((other, "there"), (place, "here")):
                one.send({"id": "e-1", "entity": entity})
                one.tell("events", [{"id": "e-2", "name": "a/b", "anonymous_id": "phone-1", "entity": entity}])
            found = {tag: told(one, 2, "event") for tag, one in (("here", all_here), ("there", beside))}
            assert place.ids(stream, 1) == ["e-1"]
        assert {tag: {one["entity"] for one in each} for tag, each in found.items()} == {"here": {"here"}} | {
            "there": {"there"}
        }
        assert [one["anonymous_id"] for one in found["here"]] == [None, "phone-1"]
        assert [one["user_id"] for one in found["there"]] == ["ada", "eve"]
        with place.streamed() as stream, place.person.client(server) as client, other.person.client(server) as theirs:
            place.send({"id": "e-3"})
            assert theirs.delete(f"{other.path}/users/ada").status_code == 200
            assert place.ids(stream, 1) == ["e-3"]
            assert client.get(f"{other.path}/events/stream", params={"wait": 0}).status_code == 404
        place.app.close()
        other.app.close()


def rows(place: Place, table: Any) -> int:
    query = select(func.count()).select_from(table)
    found: int = place.server.database.read_sync(lambda connection: connection.execute(query).scalar_one())
    return found


def test_nothing_is_noted_where_nobody_follows(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        place, other = Place(server), Place(server)
        with place.streamed(name="video/started"):
            other.send({"id": "e-1"})
            place.send({"id": "e-1"})
            assert rows(place, tables.event_arrivals) == 0
            place.send({"id": "e-2", "name": "video/started"})
            assert rows(place, tables.event_arrivals) == 1
        now = system_clock()
        server.database.write_sync(lambda connection: store.forget_old(connection, now=now + 4 * MINUTE))
        assert (rows(place, tables.event_arrivals), rows(place, tables.event_followers)) == (1, 1)
        server.database.write_sync(lambda connection: store.forget_old(connection, now=now + 10 * MINUTE))
        assert (rows(place, tables.event_arrivals), rows(place, tables.event_followers)) == (0, 0)
        place.app.close()
        other.app.close()


def test_an_erasure_forgets_what_was_noted(place: Place) -> None:
    with place.streamed() as stream, place.person.client(place.server) as client:
        place.send({"id": "e-1"})
        place.ids(stream, 1)
        assert rows(place, tables.event_arrivals) >= 1
        assert client.delete(f"{place.path}/users/ada").status_code == 200
        query = select(tables.environments.c.id).join(tables.spaces).where(tables.spaces.c.key == place.space)
        ids = place.server.database.read_sync(lambda connection: list(connection.execute(query).scalars()))
        left = select(tables.event_arrivals.c.entries).where(tables.event_arrivals.c.environment_id.in_(ids))
        assert place.server.database.read_sync(lambda connection: list(connection.execute(left))) == []


def test_what_has_arrived_is_looked_up_by_its_whole_key(tmp_path: Path) -> None:
    """However many events an environment has: SQLite would look through all of them in the other order."""
    database = open_database(sqlite_url(tmp_path))
    migrations.upgrade(database)
    for query, key in ((store.EVENTS, "event_id"), (store.SESSIONS, "session_id")):
        asked = f"EXPLAIN QUERY PLAN {query.format(asked=store.ASKED['sqlite'])}"
        plan = database.read_sync(
            lambda connection, asked=asked: [row[-1] for row in connection.exec_driver_sql(asked, ("[]", "env_x"))]  # type: ignore[misc]
        )
        assert "SCAN json_each" in plan[0]
        assert f"(environment_id=? AND person_id=? AND {key}=?)" in plan[1]
    database.close()


@pytest.mark.slow
def test_following_is_renewed_while_there_is_a_stream(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "RENEW_SECONDS", 0.1)
    monkeypatch.setattr(feeds, "FOLLOWED_FOR", 3_000)
    monkeypatch.setattr(feeds, "REST_PER_LOOK", 1)
    monkeypatch.setattr(recorder, "LOOK_SECONDS", 0.1)
    with place.streamed() as stream:
        time.sleep(4)
        place.send({"id": "e-1"})
        assert place.ids(stream, 1) == ["e-1"]


@pytest.mark.slow
def test_a_stream_goes_on_after_the_database_was_away(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "REST_AFTER_FAILURE_SECONDS", 0.1)
    real = store.list_arrived_since
    failures = iter([True, True])

    def fails(*arguments: Any, **named: Any) -> Any:
        if next(failures, False):
            raise Unavailable("The database is away.")
        return real(*arguments, **named)

    with place.streamed() as stream:
        monkeypatch.setattr(store, "list_arrived_since", fails)
        place.send({"id": "e-1"})
        assert place.ids(stream, 1) == ["e-1"]
    assert next(failures, None) is None


def test_without_the_header_of_a_token_it_is_401(server: RunningServer) -> None:
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        assert client.get("/v2/spaces/x/environments/production/events/stream").status_code == 401


@pytest.mark.slow
def test_streams_at_each_of_two_workers_are_told_everything(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.new_database_url()
    options = ("--workers", "2", "--database", url, "--rate-limits", "off")
    with (
        server_process(tmp_path, *options) as process,
        contextlib.closing(open_database(url)) as database,
        contextlib.ExitStack() as opened,
    ):
        here = RunningServer(process.url, Settings(process.url, url, tmp_path), database, None)  # type: ignore[arg-type]
        place = Place(here)
        opened.callback(place.app.close)
        streams = [opened.enter_context(place.streamed()) for _ in range(6)]
        time.sleep(recorder.LOOK_SECONDS)
        began = time.monotonic()
        for number in range(6):
            with here.client(Authorization=f"Bearer {place.key}") as app:  # a connection of its own: at either worker
                event = {"name": "a/b", "external_id": "ada", "id": f"e-{number}"}
                assert app.post("/api/client/events", json=[event]).status_code == 204
        found = [sorted(place.ids(stream, 6)) for stream in streams]
        seconds = time.monotonic() - began
    assert found == [[f"e-{number}" for number in range(6)]] * 6
    print(f"told to six streams of two workers after {seconds:.2f} s")  # noqa: T201 - with -s, the record
