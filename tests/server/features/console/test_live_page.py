"""The page Live of the console: what arrived last, filtered; a stream behind the cookie; the first steps of a Space."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from templates_server.features.events.stream import feed as feeds
from templates_server.security.authorization import Role
from templates_server.settings import StreamLimits
from templates_server.storage import tables
from tests.server.features.auth.flows import Browser, Someone, signed_in_browser, someone, tokens_for
from tests.server.features.console.people import colleague, new_space, submit, text_of
from tests.server.features.sessions.changes.subscribed_app import Stream, read_stream
from tests.servers import RunningServer, running_server

HOSTILE = "<script>alert(1)</script>/\u202e\U0001f980"
ROWS_SHOWN = 50
STREAM = re.compile(r'data-stream="([^"]+)"')


class Place:
    """The staging of a new Space, or the development `beside` it, who looks at it in a browser, and its app."""

    def __init__(self, server: RunningServer, *, beside: Place | None = None) -> None:
        self.server = server
        self.person: Someone = beside.person if beside else someone(server)
        self.space: str = beside.space if beside else new_space(server, self.person)
        name = "development" if beside else "staging"
        self.environment = f"/console/spaces/{self.space}/environments/{name}"
        self.path = f"{self.environment}/live"
        self.browser = signed_in_browser(server, self.person)

    @contextlib.contextmanager
    def app(self) -> Iterator[App]:
        """An app with a key of its own."""
        keys = f"{self.environment}/keys"
        submit(self.browser, self.browser.get(keys), keys, name="Web")
        (key, *_) = re.findall(r"pk_[0-9A-Za-z]{32}", self.browser.get(keys).text)
        with self.server.client(Authorization=f"Bearer {key}") as client:
            yield App(client)

    @contextlib.contextmanager
    def streamed(self, browser: Browser | None = None, **query: str) -> Iterator[Stream]:
        """The stream that the page names, from its beginning, while the block lasts."""
        browser = browser or self.browser
        (path,) = STREAM.findall(browser.get(self.path, **query).text)
        with self.server.client() as client:
            client.cookies = browser.cookies
            with client.stream("GET", path.replace("&amp;", "&"), timeout=60) as answer:
                assert answer.status_code == 200, answer.read()
                assert answer.headers["content-type"].startswith("text/event-stream")
                assert answer.headers["cache-control"] == "no-store"
                with read_stream(answer) as stream:
                    yield stream


class App:
    """What an app sends."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def send(self, **event: Any) -> None:
        event = {"name": "video/completed", "external_id": "ada", **event}
        if "anonymous_id" in event:
            del event["external_id"]
        self.client.post("/api/client/events", json=[event]).raise_for_status()

    def start(self, **fields: Any) -> None:
        self.client.post("/api/client/sessions", json=fields).raise_for_status()


def told(stream: Stream, count: int, kind: str = "event") -> list[dict[str, Any]]:
    """What a stream tells of a kind, once there are so many."""

    def found() -> list[Mapping[str, str]]:
        return [event for event in stream.events() if event["event"] == kind]

    with stream.news:
        assert stream.news.wait_for(lambda: len(found()) >= count, 10), stream.lines
    return [json.loads(event["data"]) for event in found()]


def ended(stream: Stream, *, seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not stream.ended.is_set():
        assert time.monotonic() < until, stream.lines
        time.sleep(0.02)


def shown(page: httpx.Response) -> list[str]:
    """The keys of the rows."""
    return re.findall(r'<tr data-key="([^"]*)">', page.text)


@pytest.fixture
def place(server: RunningServer) -> Place:
    return Place(server)


def test_what_arrived_last_is_shown_without_a_script(place: Place) -> None:
    first = place.browser.get(place.path)
    assert shown(first) == []
    assert "Nothing received yet" in first.text
    with place.app() as app:
        app.send(
            id="e-1", metadata=[{"key": "title", "value": "Parasite"}], data={"price": [1, "<"]}, entity="home.top"
        )
        app.start(anonymous_id="phone", app={"version": "2.5.1", "platform": "ios"})
    page = place.browser.get(place.path)
    assert [key.partition(" ")[0] for key in shown(page)] in (["session", "event"], ["event", "session"])
    text = text_of(page)
    assert re.search(
        r'video/completed ada just now entity : home.top title : Parasite data : {"price":\[1,"<"\]}', text
    )
    assert "Session phone just now app : ios 2.5.1" in text
    assert f'href="{place.environment}/users/ada"' in page.text
    assert f'href="{place.environment}/visitors/phone"' in page.text
    assert f'<a class="button small" href="{place.path}">Refresh</a>' in page.text


def test_filters_take_a_name_a_user_or_a_visitor(place: Place) -> None:
    with place.app() as app:
        for number in range(ROWS_SHOWN + 2):
            app.send(id=f"e-{number}", timestamp=f"2026-01-01T00:00:{number:02}Z")  # before anybody looks
        place.browser.get(place.path)
        app.send(id="e-b", name="video/started", external_id="bob")
        app.send(id="e-p", anonymous_id="phone")
        app.start(external_id="bob")
    assert {"event e-b", "event e-p"} < set(shown(place.browser.get(place.path)))
    assert shown(place.browser.get(place.path, name="video/started")) == ["event e-b"]
    assert shown(place.browser.get(place.path, anonymous_id=" phone ")) == ["event e-p"]
    assert len(shown(place.browser.get(place.path, user="bob"))) == 2
    assert len(shown(place.browser.get(place.path, user="ada"))) == ROWS_SHOWN
    page = place.browser.get(place.path, user="ada", name="video/started")
    assert "Nothing received that matches the filter" in page.text
    assert f'href="{place.path}?name=video%2Fstarted&amp;user=ada">Refresh</a>' in page.text
    assert '<option value="video/started">' in page.text


def test_a_narrower_look_does_not_end_the_wider_one(place: Place) -> None:
    for query in ({}, {"user": "bob"}):
        place.browser.get(place.path, **query)
    with place.app() as app:
        app.send(id="e-1")
    assert shown(place.browser.get(place.path)) == ["event e-1"]


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ({"name": "x" * 300}, "name", "This must have"),
        ({"user": ".."}, "user", "This is reserved"),
        ({"user": "a", "anonymous_id": "b"}, "anonymous_id", "Specify a user or a visitor, not both."),
    ],
)
def test_a_bad_filter_is_refused_beside_its_field(place: Place, query: dict[str, str], field: str, said: str) -> None:
    page = place.browser.get(place.path, **query)
    assert page.status_code == 422
    assert re.search(rf'id="{field}-problem" role="alert">{said}[^<]*</p>\s*<label for="{field}">', page.text)
    assert f'value="{query[field]}"' in page.text
    assert STREAM.findall(page.text) == []
    assert place.browser.get(f"{place.path}/stream", **query).status_code == 422


def test_a_stream_tells_what_arrives_after_its_page(place: Place) -> None:
    with place.app() as app:
        page = place.browser.get(place.path, user="ada")
        (path,) = STREAM.findall(page.text)
        app.send(id="e-1")  # between the page and its stream
        with place.server.client() as client:
            client.cookies = place.browser.cookies
            with (
                client.stream("GET", path.replace("&amp;", "&"), timeout=60) as answer,
                read_stream(answer) as stream,
                place.streamed() as everything,
            ):
                app.send(id="e-2", external_id="bob")
                app.start(external_id="ada")
                assert [one["id"] for one in told(stream, 1)] == ["e-1"]
                assert told(stream, 1, "session")[0]["user_id"] == "ada"
                assert [one["id"] for one in told(everything, 1)] == ["e-2"]
                assert len(told(stream, 1)) == 1


def signed_out(_: Place, browser: Browser, __: Someone) -> None:
    submit(browser, browser.get("/console"), "/sign-out")


def made_a_viewer(place: Place, _: Browser, person: Someone) -> None:
    members = tables.memberships
    query = update(members).where(members.c.account_id == person.account_id).values(role=Role.VIEWER.value)
    place.server.database.write_sync(lambda connection: connection.execute(query))


@pytest.mark.parametrize("change", [signed_out, made_a_viewer])
def test_a_stream_ends_with_the_permission(
    place: Place, monkeypatch: pytest.MonkeyPatch, change: Callable[[Place, Browser, Someone], None]
) -> None:
    monkeypatch.setattr(feeds, "PERMISSION_SECONDS", 0.1)
    person = colleague(place.server, place.person, Role.DEVELOPER)
    browser = signed_in_browser(place.server, person)
    with place.app() as app, place.streamed(browser) as stream:
        app.send(id="e-1")
        assert len(told(stream, 1)) == 1
        change(place, browser, person)
        ended(stream)
        app.send(id="e-2")
    assert len(told(stream, 1)) == 1


def test_an_open_page_does_not_keep_a_browser_signed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "PERMISSION_SECONDS", 0.1)
    hours = [0]
    began = int(time.time() * 1000)
    with running_server(tmp_path, clock=lambda: began + hours[0] * 3_600_000) as server:
        place = Place(server)
        with place.streamed() as stream:
            hours[0] = 11
            time.sleep(0.5)
            assert not stream.ended.is_set()
            hours[0] = 13
            ended(stream)


def test_viewers_and_strangers_get_neither_page_nor_stream(place: Place) -> None:
    viewer = signed_in_browser(place.server, colleague(place.server, place.person, Role.VIEWER))
    other = signed_in_browser(place.server, someone(place.server))
    for path in (place.path, f"{place.path}/stream"):
        refused = viewer.get(path)
        assert refused.status_code == 403
        assert "developer" in text_of(refused)
        assert other.get(path).status_code == 404
        assert Browser(place.server).get(path).headers["location"].startswith("/sign-in?next=")
    assert f'href="{place.path}"' not in viewer.get(place.environment).text
    developer = signed_in_browser(place.server, colleague(place.server, place.person, Role.DEVELOPER))
    assert f'href="{place.path}"' in developer.get(place.environment).text
    assert developer.get(place.path).status_code == 200


def test_streams_of_pages_have_places_with_all_others(tmp_path: Path) -> None:
    with running_server(tmp_path, follow_limits=StreamLimits(most=1)) as server:
        place = Place(server)
        with place.streamed():
            refused = place.browser.get(f"{place.path}/stream")
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")


def test_a_new_space_is_told_its_first_steps_until_all_are_done(place: Place) -> None:
    assert steps(place) == {"key": "to do", "session": "to do", "event": "to do", "tribe": "to do"}
    page = place.browser.get(place.path)
    assert f'<a href="{place.environment}/keys">Create one under Keys</a>' in page.text
    assert f'<a href="{place.environment}/tribes">Define one under Tribes</a>' in page.text
    assert f"mtribes event track video/completed --user ada --space {place.space} --environment staging" in page.text
    with place.app() as app:
        assert steps(place)["key"] == "done"
        app.start(external_id="ada")
        assert steps(place)["session"] == "done"
        app.send()
    assert steps(place) == {"key": "done", "session": "done", "event": "done", "tribe": "to do"}
    put_tribe(place)
    assert steps(place) == {}


def steps(place: Place) -> dict[str, str]:
    found = re.findall(
        r'data-step="(\w+)">.*?class="badge \w+">([^<]+)<', place.browser.get(place.path).text, re.DOTALL
    )
    return dict(found)


def put_tribe(place: Place) -> None:
    gold = {"name": "Gold", "audience": "users", "match": "all", "filters": []}
    token = tokens_for(place.server, place.person)["access_token"]
    with place.server.client(Authorization=f"Bearer {token}") as client:
        document = {"space": place.space, "tribes": {"gold": gold}}
        client.put(f"/v2/spaces/{place.space}/tribes", json=document, headers={"If-Match": "*"}).raise_for_status()


def test_another_environment_has_arrivals_and_steps_of_its_own(place: Place) -> None:
    elsewhere = Place(place.server, beside=place)
    assert shown(elsewhere.browser.get(elsewhere.path)) == shown(place.browser.get(place.path)) == []
    with elsewhere.app() as app, place.streamed() as stream:
        app.start(external_id="ada")
        app.send(id="e-1")
        with place.app() as own:
            own.send(id="e-2")
        assert [one["id"] for one in told(stream, 1)] == ["e-2"]
    assert shown(place.browser.get(place.path)) == ["event e-2"]
    assert len(shown(elsewhere.browser.get(elsewhere.path))) == 2
    assert steps(elsewhere)["session"] == "done"
    assert steps(place)["session"] == "to do"


def test_hostile_text_is_shown_as_text(place: Place) -> None:
    place.browser.get(place.path)
    with place.app() as app:
        app.send(
            id="<b>", external_id=HOSTILE, metadata=[{"key": "<i>", "value": '"><img src=x>'}], data={"x": "y" * 9000}
        )
    for query in ({}, {"user": HOSTILE}, {"name": "<u>"}):
        page = place.browser.get(place.path, **query)
        assert page.status_code == 200
        for wrong in ("<script>alert", "<b>", "<i>", "<img src=x", "<u>", "y" * 400):
            assert wrong not in page.text, wrong
    page = place.browser.get(place.path)
    assert HOSTILE in text_of(page)
    assert "y…" in page.text
