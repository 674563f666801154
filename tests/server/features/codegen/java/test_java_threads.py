"""Many people on many threads of one JVM: each sees their own, each event is theirs, and no thread is left."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.server.features.codegen.client_api_peer import SERVED_WELCOME, session_answer
from tests.server.features.codegen.java.jdk import PROGRAMS, compile_java, run_java, write_java
from tests.server.features.codegen.reference_space import vod

pytestmark = pytest.mark.slow

PEOPLE = 200
REQUESTS_EACH = 3


class PersonalServer(ThreadingHTTPServer):
    """Serves each person a text of their own, and keeps the events."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.events: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: PersonalServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/events"):
            self.server.events += body
            self._send(204, b"")
            return
        properties = SERVED_WELCOME["properties"] | {"label": f"for {body['external_id']}"}
        states = {"onboarding.welcome": SERVED_WELCOME | {"properties": properties}}
        self._send(200, json.dumps(session_answer(states, session=f"ses_{body['external_id']}")).encode())

    def _send(self, status: int, payload: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def server() -> Iterator[PersonalServer]:
    with PersonalServer() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_two_hundred_people_on_64_threads_see_and_track_what_is_theirs(server: PersonalServer, tmp_path: Path) -> None:
    source = write_java(tmp_path / "source", vod())
    assert compile_java([source, PROGRAMS / "People.java"], tmp_path / "classes") == ""
    told = run_java("app.People", [tmp_path / "classes"], server.url, str(PEOPLE))
    assert told == "threads left 0\n"
    people = [f"person-{number}" for number in range(PEOPLE)]
    expected = {f"{what}/by-{person}": REQUESTS_EACH for person in people for what in ("seen", "welcome")}
    assert Counter(event["name"] for event in server.events) == expected
    for event in server.events:
        person = event["name"].partition("/by-")[2]
        assert (event["external_id"], event["session"]) == (person, f"ses_{person}")
    assert len({event["id"] for event in server.events}) == len(server.events)
