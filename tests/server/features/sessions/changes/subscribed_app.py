"""An app whose sessions are followed, for tests: by streams and by long polls."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.environments import AppEnvironment, add_environment
from tests.servers import RunningServer

MODEL: dict[str, Any] = {
    "experiences": {"hero": {"properties": {"title": {"type": "text"}}}},
    "collections": {"home": {"children": {"top": {"experience": "hero"}, "side": {"experience": "hero"}}}},
}
TOP, SIDE = "home.top", "home.side"
GOLD = {"name": "Gold", "filters": [{"attribute": "attributes.plan", "operator": "equals", "value": "gold"}]}
SPRING = {"name": "Spring", "filters": [{"contextual": "fields.campaign", "operator": "equals", "value": "spring"}]}
FANS = {
    "name": "Fans",
    "filters": [{"event": "video/completed", "frequency": {"more_than": 0}, "metadata": {"genre": "Football"}}],
}
TRIBES = {
    "gold": {**GOLD, "audience": "users", "match": "all"},
    "spring": {**SPRING, "audience": "all", "match": "all"},
    "fans": {**FANS, "audience": "all", "match": "all"},
}
FOOTBALL = {"name": "video/completed", "metadata": [{"key": "genre", "value": "Football"}]}


def delivery(*top: dict[str, Any], side: tuple[dict[str, Any], ...] = (), title: str = "Anybody") -> dict[str, Any]:
    """A delivery in which the two entities have these targeted scenarios."""
    default = {"properties": {"title": title}}
    return {
        "published": ["home"],
        "scenarios": {
            TOP: {"default": default, "targeted": list(top)},
            SIDE: {"default": {"properties": {"title": "Beside"}}, "targeted": list(side)},
        },
    }


def scenario(name: str, *tribes: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "tribes": list(tribes), "properties": {"title": name}, **more}


GOLD_FIRST = delivery(scenario("For gold", "gold"), scenario("For fans", "fans"))


@dataclass(frozen=True)
class App:
    """An app of an environment of its own."""

    server: RunningServer
    environment: AppEnvironment
    client: httpx.Client

    def start(self, **said: Any) -> dict[str, Any]:
        answer = self.client.post("/api/client/sessions", json=said)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def tell(self, what: str, body: Any) -> None:
        answer = self.client.post(f"/api/client/{what}", json=body)
        assert answer.status_code == 204, answer.text

    def poll(self, session: str, since: str = "", wait: int = 5, **headers: str) -> httpx.Response:
        parameters: dict[str, str | int] = {"since": since, "wait": wait}
        return self.client.get(changes_of(session), params=parameters, headers=headers)


def changes_of(session: str) -> str:
    return f"/api/client/sessions/{session}/changes"


@contextlib.contextmanager
def make_app(server: RunningServer, wanted: dict[str, Any], *, hero: dict[str, Any] | None = None) -> Iterator[App]:
    """An app to which that is delivered; `hero` is the experience that it has."""
    model = {**MODEL, "experiences": {"hero": hero or MODEL["experiences"]["hero"]}}
    environment = add_environment(server.database, model=model, delivery=wanted, tribes=TRIBES)
    with environment.app(server) as client:
        yield App(server, environment, client)


@dataclass
class Stream:
    """What has come over a stream, read by a thread of its own."""

    answer: httpx.Response
    lines: list[str] = field(default_factory=list)
    failure: httpx.HTTPError | None = None
    ended: threading.Event = field(default_factory=threading.Event)
    news: threading.Condition = field(default_factory=threading.Condition)

    def read(self) -> None:
        try:
            for line in self.answer.iter_lines():
                with self.news:
                    self.lines.append(line)
                    self.news.notify_all()
        except httpx.HTTPError as error:
            self.failure = error
        with self.news:
            self.ended.set()
            self.news.notify_all()

    def events(self) -> list[Mapping[str, str]]:
        """The fields of each event that has come whole."""
        *blocks, _ = ["", *"\n".join([*self.lines, ""]).split("\n\n")]
        found = [
            dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":")) for block in blocks
        ]
        return [event for event in found if "data" in event]

    def changes(self, count: int, *, seconds: float = 10) -> list[dict[str, Any]]:
        """The data of the events, once there are so many."""
        with self.news:
            assert self.news.wait_for(lambda: len(self.events()) >= count, seconds), self.lines
        return [json.loads(event["data"]) for event in self.events()]


@contextlib.contextmanager
def open_stream(app: App, session: str, **headers: str) -> Iterator[Stream]:
    """The stream of a session, while the block lasts."""
    wanted = {"Accept": "text/event-stream", **headers}
    with (
        app.environment.app(app.server) as client,
        client.stream("GET", changes_of(session), headers=wanted, timeout=60) as answer,
        read_stream(answer) as stream,
    ):
        yield stream


@contextlib.contextmanager
def read_stream(answer: httpx.Response) -> Iterator[Stream]:
    """What comes over a stream that was opened, while the block lasts."""
    stream = Stream(answer)
    reader = threading.Thread(target=stream.read, daemon=True)
    reader.start()
    yield stream
    connection = answer.extensions["network_stream"].get_extra_info("socket")
    with contextlib.suppress(OSError):  # the server has ended it
        connection.shutdown(socket.SHUT_RDWR)
    reader.join(10)
    assert stream.ended.is_set()


@contextlib.contextmanager
def unread_stream(app: App, session: str) -> Iterator[None]:
    """A stream of which nothing but the beginning is ever read, while the block lasts."""
    address = urlsplit(app.server.url)
    head = f"GET {changes_of(session)} HTTP/1.1\r\nHost: {address.netloc}\r\nAccept: text/event-stream\r\n"
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((address.hostname, address.port))
        connection.sendall(f"{head}Authorization: Bearer {app.environment.key}\r\n\r\n".encode())
        assert connection.recv(12) == b"HTTP/1.1 200"
        yield


def titles(change: Mapping[str, Any]) -> dict[str, str]:
    """The title of each state of an answer."""
    return {entity: state["properties"]["title"] for entity, state in change["states"].items()}
