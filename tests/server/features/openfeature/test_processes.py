"""OFREP at two workers on PostgreSQL: a token opens a stream at either, what one publishes wakes both's."""

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

from templates_server.storage.factory import open_database
from tests.environments import AppEnvironment, add_environment, deliver
from tests.server.features.openfeature.ofrep_app import ALL_FLAGS, DELIVERY, MODEL
from tests.server.features.sessions.changes.subscribed_app import TRIBES
from tests.server.features.sessions.changes.test_processes import worker_of
from tests.server_processes import ServerProcess, server_process
from tests.servers import PostgresServer

MOST_SECONDS = 1.0
WORKERS_SECONDS = 60.0
OTHER = {**DELIVERY, "published": ["home", "hidden"]}


class Line:
    """A connection to a server that stays open, and so at one worker."""

    def __init__(self, server: ServerProcess, key: str) -> None:
        address = urlsplit(server.url)
        self._connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
        self._connection.connect()
        self._headers = {"X-API-Key": key, "Content-Type": "application/json"}
        self.port = self._connection.sock.getsockname()[1]

    def ask(self, query: str = "", **headers: str) -> http.client.HTTPResponse:
        """All flags of a user."""
        body = json.dumps({"context": {"targetingKey": "ada"}})
        self._connection.request("POST", ALL_FLAGS + query, body, {**self._headers, **headers})
        return self._connection.getresponse()

    def url(self) -> str:
        """Where changes are told, without the server."""
        stream = str(json.loads(self.ask().read())["eventStreams"][0]["url"])
        return stream[stream.index("/ofrep/") :]

    def follow(self, url: str) -> http.client.HTTPResponse:
        """The stream at that URL."""
        self._connection.request("GET", url)
        return self._connection.getresponse()

    def close(self) -> None:
        self._connection.close()


@contextlib.contextmanager
def lines_to_each(server: ServerProcess, environment: AppEnvironment) -> Iterator[list[Line]]:
    """A line to each of two workers."""
    found: dict[int, Line] = {}
    with contextlib.ExitStack() as opened:
        deadline = time.monotonic() + WORKERS_SECONDS  # on a busy machine one is ready long before the other
        while len(found) < 2 and time.monotonic() < deadline:
            line = Line(server, environment.key)
            line.ask().read()  # only then is it certain that it was accepted
            worker = worker_of(server, line.port)
            if worker in found:
                line.close()
                time.sleep(0.02)
            else:
                found[worker] = opened.enter_context(contextlib.closing(line))
        assert len(found) == 2
        yield [found[worker] for worker in sorted(found)]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="who has a connection is read from /proc")
def test_two_workers_take_each_others_tokens_and_tell_what_either_publishes(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    url = postgres.new_database_url()
    options = ("--workers", "2", "--database", url, "--rate-limits", "off")
    with server_process(tmp_path, *options) as server, contextlib.closing(open_database(url)) as database:
        environment = add_environment(database, model=MODEL, delivery=DELIVERY, tribes=TRIBES)
        with lines_to_each(server, environment) as lines, lines_to_each(server, environment) as streams:
            one, other = (line.url() for line in lines)
            assert one == other  # the same window, the same flags: each worker would make the same
            followed = [streams[0].follow(other), streams[1].follow(one)]
            for stream in followed:
                assert (stream.status, stream.readline(), stream.readline()) == (200, b"retry: 2000\n", b"\n")
            first = lines[0].ask()
            first.read()
            unchanged = lines[1].ask(**{"If-None-Match": first.headers["ETag"]})
            assert (unchanged.status, unchanged.read()) == (304, b"")
            time.sleep(1.5)  # all have been looked at, and nothing is new
            deliver(database, environment, OTHER)  # neither worker's own doing
            began = time.monotonic()
            for stream in followed:
                while not (line := stream.readline()).startswith(b"data: "):
                    assert time.monotonic() - began < MOST_SECONDS
                told = json.loads(line.removeprefix(b"data: "))
                assert (told["type"], told["etag"]) == ("refetchEvaluation", "1.2.1")
                for asking in lines:  # at either, at once
                    answer = json.loads(asking.ask(f"?flagConfigEtag={told['etag']}").read())
                    (flag,) = [one for one in answer["flags"] if one["key"] == "hidden.top.enabled"]
                    assert flag["value"] is True
        assert "token=" not in server.said()
