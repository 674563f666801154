"""What the Client API takes in, against a bare Node echo and `sqlite3 .import`:  python -m tests.benchmarks.serving

Server and peer run on one core, in turn; the load comes from another.
"""

from __future__ import annotations

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
from collections.abc import Callable, Iterator
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
    os.sched_setaffinity(0, {1})
    with tempfile.TemporaryDirectory() as name, _echo() as echo:
        folder = Path(name)
        with _demo_server(folder / "sqlite") as server:
            _measure("SQLite", server, echo, folder)
        with _postgres() as url, _demo_server(folder / "postgresql", "--database", url) as server:
            _measure("PostgreSQL", server, echo, folder)


def _measure(database: str, server: ServerProcess, echo: str, folder: Path) -> None:
    key = json.loads((server.folder / "demo.json").read_text())["spaces"]["vod"]["production"]
    bodies = _identities()
    echoed = Load(echo, [post("/", body) for body in bodies])
    identities = Load(
        server.url, [post("/api/client/identify", body, bearer=key) for body in bodies], expected_status=b"204"
    )
    _compare(f"{database}: identify a second", identities.per_second, echoed.per_second, 0.12)
    bodies = _starts()
    echoed = Load(echo, [post("/", body) for body in bodies])
    sessions = Load(server.url, [post("/api/client/sessions", body, bearer=key) for body in bodies])
    _compare(f"{database}: sessions a second", sessions.per_second, echoed.per_second, 0.20)
    events = Load(
        server.url, [post("/api/client/events", body, bearer=key) for body in _events()], expected_status=b"204"
    )
    _compare(
        f"{database}: events stored a second",
        lambda: events.per_second() * EVENTS_AT_ONCE,
        lambda: _imported_a_second(folder),
        0.25,
    )


def _compare(what: str, subject: Callable[[], float], peer: Callable[[], float], target: float) -> None:
    subject(), peer()
    pairs = [(subject(), peer()) for _ in range(PAIRS)]
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    ours, theirs = (statistics.median(values) for values in zip(*pairs, strict=True))
    sys.stdout.write(f"{what}: {ratio:.3f} x (target {target} x), {ours:,.0f} against {theirs:,.0f}\n")


@contextlib.contextmanager
def _demo_server(folder: Path, *options: str) -> Iterator[ServerProcess]:
    os.sched_setaffinity(0, {0})
    with server_process(folder, "--demo", "--rate-limits", "off", *options) as server:
        os.sched_setaffinity(0, {1})
        yield server


@contextlib.contextmanager
def _postgres() -> Iterator[str]:
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
