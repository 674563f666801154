"""Sessions that are followed at servers as they are started: by the command, in processes of their own."""

from __future__ import annotations

import contextlib
import http.client
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from templates_server.settings import sqlite_url
from templates_server.storage.factory import open_database
from tests.environments import AppEnvironment, add_environment, deliver
from tests.server.features.sessions.changes.subscribed_app import GOLD_FIRST, MODEL, TRIBES, changes_of, delivery
from tests.server_processes import ServerProcess, server_process
from tests.servers import PostgresServer

MOST_SECONDS = 1.0
MOST_CONNECTIONS = 300


class Line:
    """A connection to a server that stays open, and so at one worker."""

    def __init__(self, server: ServerProcess, environment: AppEnvironment) -> None:
        address = urlsplit(server.url)
        self._connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
        self._connection.connect()
        self._headers = {"Authorization": f"Bearer {environment.key}", "Content-Type": "application/json"}
        self.port = self._connection.sock.getsockname()[1]

    def start(self, who: str) -> dict[str, str]:
        """A session that starts."""
        self._connection.request("POST", "/api/client/sessions", json.dumps({"external_id": who}), self._headers)
        answer = self._connection.getresponse()
        assert answer.status == 200
        found: dict[str, str] = json.loads(answer.read())
        return found

    def follow(self, session: str) -> http.client.HTTPResponse:
        """The stream of a session."""
        self._connection.request("GET", changes_of(session), headers={**self._headers, "Accept": "text/event-stream"})
        return self._connection.getresponse()

    def close(self) -> None:
        self._connection.close()


@contextlib.contextmanager
def lines_to_each(server: ServerProcess, environment: AppEnvironment) -> Iterator[dict[int, Line]]:
    """A line to each of two workers, by their process ids."""
    found: dict[int, Line] = {}
    with contextlib.ExitStack() as opened:
        for _ in range(MOST_CONNECTIONS):
            line = Line(server, environment)
            opened.callback(line.close)
            line.start("somebody")  # only then is it certain that it was accepted
            found.setdefault(worker_of(server, line.port), line)
            if len(found) == 2:
                break
        assert len(found) == 2
        yield found


def worker_of(server: ServerProcess, port: int) -> int:
    """The process id of the worker that has the other end of a connection from a port."""
    sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    wanted = (f":{urlsplit(server.url).port:04X}", f":{port:04X}")
    (inode,) = [fields[9] for fields in sockets if fields[1].endswith(wanted[0]) and fields[2].endswith(wanted[1])]
    (worker,) = [pid for pid in workers_of(server) if inode in inodes_of(pid)]
    return worker


def workers_of(server: ServerProcess) -> list[int]:
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
    return [int(pid) for pid in children.split()]


def inodes_of(pid: int) -> set[str]:
    targets = []
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            targets.append(str(each.readlink()))
    return {target.removeprefix("socket:[").removesuffix("]") for target in targets}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="who has a connection is read from /proc")
def test_two_workers_each_show_a_new_delivery_within_a_second(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.new_database_url()
    options = ("--workers", "2", "--database", url, "--rate-limits", "off")
    with server_process(tmp_path, *options) as server, contextlib.closing(open_database(url)) as database:
        environment = add_environment(database, model=MODEL, delivery=GOLD_FIRST, tribes=TRIBES)
        with lines_to_each(server, environment) as lines, lines_to_each(server, environment) as streams:
            followed = {worker: line.follow(line.start("ada")["session"]) for worker, line in streams.items()}
            for stream in followed.values():
                assert (stream.status, stream.readline(), stream.readline()) == (200, b"retry: 2000\n", b"\n")
            time.sleep(1.5)  # all have been looked at, and nothing is new
            assert {line.start("bob")["revision"] for line in lines.values()} == {"1.1.1"}
            deliver(database, environment, delivery(title="Everybody"))  # neither worker's own doing
            began = time.monotonic()
            for line in lines.values():
                while line.start("bob")["revision"] != "1.2.1":
                    assert time.monotonic() - began < MOST_SECONDS
            shown_seconds = time.monotonic() - began
            for stream in followed.values():
                while b'"Everybody"' not in stream.readline():
                    assert time.monotonic() - began < MOST_SECONDS
            told_seconds = time.monotonic() - began
    print(f"shown after {shown_seconds:.2f} s, told after {told_seconds:.2f} s")  # noqa: T201 - with -s, the record
    assert shown_seconds <= told_seconds < MOST_SECONDS


@pytest.mark.slow
def test_beyond_max_streams_nobody_else_is_followed(tmp_path: Path) -> None:
    with server_process(tmp_path, "--max-streams", "1") as server:
        database = open_database(sqlite_url(server.folder), checkpoints=False)
        environment = add_environment(database, model=MODEL, delivery=GOLD_FIRST, tribes=TRIBES)
        database.close()
        first, second = Line(server, environment), Line(server, environment)
        sessions = [line.start("ada")["session"] for line in (first, second)]
        assert first.follow(sessions[0]).status == 200
        refused = second.follow(sessions[1])
        assert (refused.status, refused.headers["Retry-After"]) == (503, "30")
        refused.read()
        assert second.start("ada")["revision"] == "1.1.1"
        first.close()
        second.close()
