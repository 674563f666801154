"""What the Client API takes in, against a bare Node echo and `sqlite3 .import`:  python -m tests.benchmarks.serving

Server and peer run on one core, in turn; the load comes from another. `--database sqlite` or `postgresql` is for one of
them, `--only identify`, `sessions` or `events` for one of the jobs. The people who start sessions are known, with what
their apps told of them, and their visitors were merged before: that happens once in a life, sessions all the time.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.http_load import Load, post
from tests.server_processes import ServerProcess, server_process, status_of
from tests.servers import PostgresServer

PAIRS = 5
EVENTS_AT_ONCE = 50
IDENTITIES = 2_000
VISITORS = 500
IMPORTED_ROWS = 300_000
ECHO = """
require("node:http").createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const body = Buffer.concat(parts);
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": body.length });
    response.end(body);
  });
}).listen(+process.argv[1], "127.0.0.1");
"""
EVENTS_TABLE = (
    "CREATE TABLE events (environment_id TEXT, person_id TEXT, event_id TEXT, name TEXT, session_id TEXT, entity TEXT,"
    " data TEXT, metadata TEXT, happened BIGINT, received BIGINT, PRIMARY KEY (environment_id, person_id, event_id));"
)


def main() -> None:
    """Print the ratios of each, on SQLite and on PostgreSQL."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=DATABASES, action="append")
    parser.add_argument("--only", choices=JOBS, action="append")
    asked = parser.parse_args()
    jobs = [measure for job, measure in JOBS.items() if job in (asked.only or JOBS)]
    os.sched_setaffinity(0, {1})
    for database in asked.database or DATABASES:
        with tempfile.TemporaryDirectory() as name, _echo() as echo, contextlib.ExitStack() as stack:
            options = ("--database", stack.enter_context(own_postgres())) if database == "postgresql" else ()
            server = stack.enter_context(demo_server(Path(name) / "server", *options))
            key = json.loads((server.folder / "demo.json").read_text())["spaces"]["vod"]["production"]
            for measure in jobs:
                measure(Place(database, server.url, key, echo, Path(name)))


@dataclass(frozen=True)
class Place:
    """Where it is measured: the server on a database, with the key of an app; the peer; a folder for files."""

    database: str
    url: str
    key: str
    echo: str
    folder: Path

    def load(self, path: str, bodies: Sequence[bytes], *, expected_status: bytes = b"204") -> Load:
        """Requests to the server."""
        requests = [post(path, body, bearer=self.key) for body in bodies]
        return Load(self.url, requests, expected_status=expected_status)

    def compare(self, what: str, subject: Load, bodies: Sequence[bytes], target: float) -> None:
        """Against the peer that echoes these bodies."""
        echoed = Load(self.echo, [post("/", body) for body in bodies])
        compare(f"{self.database}: {what}", subject.per_second, echoed.per_second, target)


def _measure_identities(place: Place) -> None:
    bodies = _identities()
    place.compare("identify a second", place.load("/api/client/identify", bodies), bodies, 0.12)


def _measure_sessions(place: Place) -> None:
    """Once everybody is known, and every visitor was merged."""
    _send_all(place.load("/api/client/identify", _identities()))
    bodies = _starts()
    sessions = place.load("/api/client/sessions", bodies, expected_status=b"200")
    _send_all(sessions)
    place.compare("sessions a second", sessions, bodies, 0.20)


def _send_all(load: Load) -> None:
    wanted = load.answered + len(load.requests)
    while load.answered < wanted:
        load.per_second()


def _measure_events(place: Place) -> None:
    events = place.load("/api/client/events", _events())
    compare(
        f"{place.database}: events stored a second",
        lambda: events.per_second() * EVENTS_AT_ONCE,
        lambda: _imported_a_second(place.folder),
        0.25,
    )


DATABASES = ("sqlite", "postgresql")
JOBS: Mapping[str, Callable[[Place], None]] = {
    "identify": _measure_identities,
    "sessions": _measure_sessions,
    "events": _measure_events,
}


def compare(what: str, subject: Callable[[], float], peer: Callable[[], float], target: float) -> None:
    subject(), peer()
    pairs = [(subject(), peer()) for _ in range(PAIRS)]
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    ours, theirs = (statistics.median(values) for values in zip(*pairs, strict=True))
    sys.stdout.write(f"{what}: {ratio:.3f} x (target {target} x), {ours:,.0f} against {theirs:,.0f}\n")


@contextlib.contextmanager
def demo_server(folder: Path, *options: str) -> Iterator[ServerProcess]:
    os.sched_setaffinity(0, {0})
    with server_process(folder, "--demo", "--rate-limits", "off", *options) as server:
        os.sched_setaffinity(0, {1})
        yield server


@contextlib.contextmanager
def own_postgres() -> Iterator[str]:
    """A PostgreSQL that may use both cores: the server has one of them, the load the other."""
    os.sched_setaffinity(0, {0, 1})
    with tempfile.TemporaryDirectory(prefix="mtribes-postgres-", ignore_cleanup_errors=True) as name:
        server = PostgresServer(Path(name), is_durable=True)
        try:
            yield server.new_database_url()
        finally:
            server.close()


@contextlib.contextmanager
def _echo() -> Iterator[str]:
    node = shutil.which("node")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(["taskset", "-c", "0", str(node), "-e", ECHO, str(port)]) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            while status_of(url) == 0:
                time.sleep(0.05)
            yield url
        finally:
            process.terminate()


def _identities() -> list[bytes]:
    """Users whose profiles change each time: each is told of once in every quarter."""
    return [
        json.dumps(
            {
                "external_id": f"user-{number}",
                "email": f"user-{number}@example.com",
                "timezone": "Europe/London",
                "locale": "en-GB",
                "data": {"subscription": ("gold", "silver")[change % 2], "seats": change, "renews": "2027-01-31"},
            }
        ).encode()
        for change in range(4)
        for number in range(IDENTITIES)
    ]


def _starts() -> list[bytes]:
    """Sessions of the same users, on their devices: the demo's scenarios ask for its four tribes."""
    return [
        json.dumps(
            {
                "anonymous_id": f"0b6c1f0e-7d52-4f34-9f55-{number:012}",
                "external_id": f"user-{number}",
                "fields": {"campaign": ("spring", "autumn")[number % 2]},
            }
        ).encode()
        for number in range(IDENTITIES)
    ]


def _events() -> list[bytes]:
    return [
        json.dumps(
            [
                {
                    "name": "video/completed",
                    "anonymous_id": f"0b6c1f0e-7d52-4f34-9f54-{number:012}",
                    "session": "ses_2YzzzzzzzzzzzzzzzzzzzA",
                    "entity": "homepage.body",
                    "timestamp": "2026-11-21T20:35:00.123Z",
                    "metadata": [{"key": "genre", "value": "Football"}, {"key": "title", "value": "The derby"}],
                }
            ]
            * EVENTS_AT_ONCE
        ).encode()
        for number in range(VISITORS)
    ]


def _imported_a_second(folder: Path) -> float:
    database, rows = folder / "imported.db", folder / "rows.csv"
    if not rows.exists():
        with rows.open("w") as file:
            for number in range(IMPORTED_ROWS):
                metadata = '"{""genre"":""Football"",""title"":""The derby""}"'
                ids = f"env_x,per_4cbGqkpsFgz0Ki8Pmq51nu,evt_{number * 7919 % IMPORTED_ROWS:022}"
                file.write(f"{ids},video/completed,ses_2Y,homepage.body,,{metadata},1795000000000,1795000000000\n")
    database.unlink(missing_ok=True)
    script = f"{EVENTS_TABLE}\n.mode csv\n.import {rows} events\n"
    began = time.perf_counter()
    subprocess.run(["taskset", "-c", "0", "sqlite3", str(database)], input=script, text=True, check=True)
    return IMPORTED_ROWS / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
