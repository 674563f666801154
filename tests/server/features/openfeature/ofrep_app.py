"""An app that asks by OpenFeature's remote evaluation protocol, for tests: with a model that has every type."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from templates_server.security import server_key
from tests.environments import AppEnvironment, add_environment
from tests.server.features.sessions.changes.subscribed_app import TRIBES, Stream
from tests.server.features.sessions.changes.subscribed_app import read_stream as read
from tests.servers import RunningServer, running_server

ALL_FLAGS = "/ofrep/v1/evaluate/flags"
KINDS = ("text", "number", "toggle", "color", "date", "list", "image")
PROPERTIES: dict[str, Any] = {
    **{kind: {"type": kind} for kind in KINDS},
    "select": {"type": "select", "options": ["small", "large"]},
    "label": {"type": "text", "default": "Hello"},
}
MODEL: dict[str, Any] = {
    "experiences": {"hero": {"properties": PROPERTIES}},
    "sections": {"row": {"supports": ["hero"]}},
    "collections": {
        "home": {
            "children": {"top": {"experience": "hero"}, "side": {"experience": "hero"}, "row": {"section": "row"}}
        },
        "hidden": {"children": {"top": {"experience": "hero"}}},
    },
}
GIVEN: dict[str, Any] = {
    "text": 'A "quote", \u2028 and \\',
    "number": 2.5,
    "toggle": False,
    "color": {"value": "#6f58c4", "opacity": 0.5},
    "date": "2027-04-30T22:00:00Z",
    "list": ["a", "b"],
    "image": "https://images.example.com/a.jpg",
    "select": "large",
}
DELIVERY: dict[str, Any] = {
    "published": ["home"],
    "scenarios": {
        "home.top": {
            "default": {"properties": GIVEN},
            "targeted": [
                {"name": "For gold", "tribes": ["gold"], "properties": {"label": "Gold"}},
                {"name": "By campaign", "tribes": ["spring"], "properties": {"label": "Spring"}},
                {"name": "For fans", "tribes": ["fans"], "enabled": False},
            ],
        },
        "home.row": {"default": {"items": [{"id": "one", "experience": "hero", "properties": {"label": "One"}}]}},
    },
}


@dataclass(frozen=True)
class App:
    """An app of an environment of its own."""

    server: RunningServer
    environment: AppEnvironment
    client: httpx.Client

    def ask(self, context: Any, flag: str = "", **headers: str) -> httpx.Response:
        """All flags, or the one that is named."""
        return self.client.post(f"{ALL_FLAGS}/{flag}".rstrip("/"), json={"context": context}, headers=headers)

    def answer(self, user_id: str = "ada", **said: Any) -> httpx.Response:
        """The answer with all flags of a user."""
        answer = self.ask({"targetingKey": user_id, **said})
        assert answer.status_code == 200, answer.text
        return answer

    def flags(self, user_id: str = "ada", **said: Any) -> dict[str, dict[str, Any]]:
        """All flags of a user, by their keys."""
        flags = self.answer(user_id, **said).json()["flags"]
        found = {flag["key"]: flag for flag in flags}
        assert len(found) == len(flags)
        return found

    def stream_url(self, user_id: str = "ada", **said: Any) -> str:
        """Where changes of a user's flags are told."""
        return str(self.answer(user_id, **said).json()["eventStreams"][0]["url"])

    def tell(self, what: str, body: Any) -> None:
        """Say something to the Client API."""
        answer = self.client.post(f"/api/client/{what}", json=body)
        assert answer.status_code in {200, 204}, answer.text

    def has(self, user_id: str, **data: Any) -> None:
        """Have a user have attributes."""
        self.tell("identify", {"external_id": user_id, "data": data})


@contextlib.contextmanager
def make_app(
    server: RunningServer, delivery: dict[str, Any] | None = None, *, model: dict[str, Any] | None = None
) -> Iterator[App]:
    """An app to which that is delivered."""
    environment = add_environment(server.database, model=model or MODEL, delivery=delivery or DELIVERY, tribes=TRIBES)
    with environment.app(server) as client:
        yield App(server, environment, client)


@contextlib.contextmanager
def beside(server: RunningServer, folder: Path) -> Iterator[RunningServer]:
    """Another process that works on the same database, with the same key."""
    (folder / server_key.FILE_NAME).write_bytes((server.settings.data_folder / server_key.FILE_NAME).read_bytes())
    with running_server(folder, database_url=server.settings.database_url) as other:
        yield other


@contextlib.contextmanager
def open_stream(server: RunningServer, url: str, **headers: str) -> Iterator[Stream]:
    """The stream at a URL, as a browser opens it: with nothing but that."""
    wanted = {"Accept": "text/event-stream", **headers}
    with (
        server.client() as client,
        client.stream("GET", url, headers=wanted, timeout=60) as answer,
        read(answer) as stream,
    ):
        yield stream
