"""`mtribes event tail` as a process of its own at a real server, which stops and starts."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.failure_modes.error_assertions import Program, bare_environment, ended
from tests.people import add_organization, add_person, add_space
from tests.servers import RunningServer

TIMEOUT_SECONDS = 30


class Tail:
    """A command that runs, and the lines that it has written."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._notices: queue.Queue[bytes] = queue.Queue()
        pipes = ((process.stdout, self._lines), (process.stderr, self._notices))
        self._readers = [threading.Thread(target=_read, args=pipe, daemon=True) for pipe in pipes]
        for reader in self._readers:
            reader.start()

    def close(self) -> None:
        for reader in self._readers:
            reader.join(TIMEOUT_SECONDS)

    def line(self) -> str:
        return self._lines.get(timeout=TIMEOUT_SECONDS).decode().rstrip()

    def notice(self) -> str:
        return self._notices.get(timeout=TIMEOUT_SECONDS).decode().rstrip()


def _read(stream: Any, lines: queue.Queue[bytes]) -> None:
    with stream:
        for line in stream:
            lines.put(line)


@contextmanager
def tailing(program: Program, *words: str) -> Iterator[Tail]:
    process = program.start("event", "tail", *words)
    tail = Tail(process)
    try:
        yield tail
    finally:
        process.kill()
        process.wait(TIMEOUT_SECONDS)
        tail.close()


class Place:
    """A Space with an app, and somebody who reads its events."""

    def __init__(self, server: RunningServer, folder: Path) -> None:
        person = add_person(server.database, add_organization(server.database))
        self.space = add_space(server, person)
        with person.client(server) as client:
            path = f"/v2/spaces/{self.space}/environments/staging/keys"
            key = client.post(path, json={"name": "tests"}).json()["data"][0]["key"]
        self.words = ("--space", self.space, "--environment", "staging")
        self.app = server.client(Authorization=f"Bearer {key}")
        environment = bare_environment(folder, MTRIBES_TOKEN=person.token, MTRIBES_HOST=server.url)
        self.program = Program(folder, dict(environment))

    def send(self, name: str, **given: Any) -> None:
        event = {"name": name, "external_id": "ada", **given}
        assert self.app.post("/api/client/events", json=[event]).status_code == 204


@pytest.fixture
def place(server: RunningServer, tmp_path: Path) -> Iterator[Place]:
    found = Place(server, tmp_path)
    yield found
    found.app.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is a signal of POSIX")
def test_events_are_lines_until_ctrl_c(place: Place) -> None:
    with tailing(place.program, *place.words) as tail:
        assert tail.notice() == f"Waiting for events in staging of {place.space}. Press Ctrl-C to stop."
        place.send("video/completed", metadata=[{"key": "genre", "value": "Sport"}])
        assert tail.line()[8:] == "  video/completed               ada                   genre=Sport"
        assert place.app.post("/api/client/sessions", json={"anonymous_id": "phone-1"}).status_code == 200
        assert tail.line()[8:] == "  (session)                     visitor phone-1"
        tail.process.send_signal(signal.SIGINT)
        assert tail.process.wait(TIMEOUT_SECONDS) == 0


def test_filters_are_the_server_s(place: Place) -> None:
    words = ("--json", "--limit", "1", "--name", "video/completed", "--user", "ada", *place.words)
    with tailing(place.program, *words) as tail:
        tail.notice()
        place.send("video/started")
        place.send("video/completed", external_id="bob")
        place.send("video/completed", id="e-1")
        told = json.loads(tail.line())
        assert (told["kind"], told["id"], told["user_id"]) == ("event", "e-1", "ada")
        assert tail.process.wait(TIMEOUT_SECONDS) == 0


def test_a_name_that_no_event_has_is_refused(place: Place) -> None:
    outcome = ended(place.program.start("event", "tail", "--name", "", *place.words))
    assert outcome.exit_code == 2
    assert "name" in outcome.err
