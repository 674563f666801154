"""A server that speaks the Client API, greets each person by name, and notes under whom events are filed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

LONGEST_WAIT_SECONDS = 5
FROM_EVERYWHERE = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "authorization, content-type",
    "Access-Control-Expose-Headers": "retry-after",
    "Access-Control-Max-Age": "600",
}


class PeopleServer:
    """`started` are the people whose sessions began, `events` what was stored, both in order."""

    def __init__(self) -> None:
        self.url = ""
        self.started: list[str] = []
        self.events: list[dict[str, Any]] = []
        self._greeting = "Hello"
        self._revision = 1
        self._changed = threading.Condition()

    def greet_by(self, greeting: str) -> None:
        """Begin every greeting so from now on; who follows changes is told."""
        with self._changed:
            self._greeting = greeting
            self._revision += 1
            self._changed.notify_all()

    def greeting_of(self, person: str) -> str:
        """What that person is shown as the label of `onboarding.welcome`."""
        return f"{self._greeting} {person}"

    def post(self, path: str, body: Any) -> tuple[int, dict[str, Any] | None]:
        """Status and body of the answer: to the start of a session, or to events."""
        if path == "/api/client/events":
            self.events.extend(body if isinstance(body, list) else [body])
            return 204, None
        person = body.get("external_id") or "visitor"
        self.started.append(person)
        return 200, self._answer(person)

    def get(self, path: str) -> tuple[int, dict[str, Any] | None]:
        """Status and body of the answer: to a test that waits for events, or to who follows changes."""
        if path == "/stored":
            return 200, {"events": len(self.events)}
        address = urlsplit(path)
        asked = parse_qs(address.query)
        person = unquote(address.path.split("/")[-2]).removeprefix("ses_")
        answer = self.changes(person, int(asked["since"][0]), float(asked.get("wait", ["0"])[0]))
        return (204, None) if answer is None else (200, answer)

    def changes(self, person: str, since: int, wait_seconds: float) -> dict[str, Any] | None:
        """The states that are newer than a revision; None where there are none in that time."""
        with self._changed:
            is_newer = self._changed.wait_for(lambda: self._revision > since, min(wait_seconds, LONGEST_WAIT_SECONDS))
            return self._answer(person) if is_newer else None

    def _answer(self, person: str) -> dict[str, Any]:
        properties = {"label": self.greeting_of(person), "discount-percent": 20, "ends-at": "2027-04-30T22:00:00Z"}
        item = {"id": person, "experience": "hero", "enabled": True}
        item["properties"] = {"layout": "boxed", "link": None, "source": None, "title": f"For {person}"}
        states = {
            "onboarding.welcome": {"enabled": True, "scenario": None, "properties": properties},
            "homepage.body": {"enabled": True, "scenario": None, "items": [item]},
        }
        return {"session": f"ses_{person}", "revision": self._revision, "states": states}


class ManyConnections(ThreadingHTTPServer):
    """One that lets as many connect at once as there are overlapping requests of a test."""

    daemon_threads = True
    request_queue_size = 128


@contextmanager
def people_server() -> Iterator[PeopleServer]:
    """Such a server, until the block ends."""
    people = PeopleServer()
    with ManyConnections(("127.0.0.1", 0), _handler(people)) as server:
        people.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield people
        server.shutdown()
        thread.join()


def _handler(people: PeopleServer) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._send(*people.post(self.path, body))

        def do_GET(self) -> None:
            self._send(*people.get(self.path))

        def do_OPTIONS(self) -> None:
            self._send(204)

        def _send(self, status: int, body: dict[str, Any] | None = None) -> None:
            payload = b"" if body is None else json.dumps(body).encode()
            self.close_connection = True
            self.send_response(status)
            for name, value in FROM_EVERYWHERE.items():
                self.send_header(name, value)
            self.send_header("Connection", "close")
            if status != 204:
                self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_: object) -> None:
            """Silent."""

    return Handler
