"""Hostile requests to every route find no failure, take no second of the processor, and leave no memory behind."""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from templates_server.endpoint import Route, Surface
from templates_server.routes import ROUTES
from tests.fuzz.requests import STREAM_SECONDS, Demo, HostileRequest, body_of, hostile_requests
from tests.server_processes import ServerProcess, server_process

MEGABYTE = 1_000_000
QUICK_REQUESTS = 400
WARM_UP_REQUESTS = 3_000
LONG_REQUESTS = int(os.environ.get("MTRIBES_FUZZ_REQUESTS", "10000"))
"""Of the long proof; the variable is for a longer one by hand."""
MAX_GROWTH_BYTES = 48 * 1024 * 1024
MAX_PROCESSOR_SECONDS = 1.0
LINUX = sys.platform == "linux"
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK") if LINUX else 100
pytestmark = pytest.mark.skipif(not LINUX, reason="memory and processor time are read from /proc")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A demo server in a process of its own that limits no rates: what is fuzzed is behind the limits."""
    folder = tmp_path_factory.mktemp("fuzz") / "data"
    with server_process(folder, "--demo", "--rate-limits", "off") as process:
        yield process


@pytest.fixture(scope="module")
def demo(server: ServerProcess) -> Demo:
    return Demo.of(server.folder)


def processor_seconds(server: ServerProcess) -> float:
    """Return the time of the processor that the server has used."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def resident_bytes(server: ServerProcess) -> int:
    """Return the memory that the server holds."""
    pages = Path(f"/proc/{server.process.pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def failures_of(server: ServerProcess, demo: Demo, requests: Iterator[HostileRequest]) -> list[str]:
    """Send requests; return those that the server failed at, or did not answer."""
    failures = []
    for request in requests:
        seconds = STREAM_SECONDS if request.may_stream else 20.0
        status = request.status_of(demo.exchange(request.content, seconds=seconds))
        if status in {500, 502} or (status == 0 and not request.may_stream):
            failures.append(f"{status} {request.route.method} {request.route.path}: {request.content[:2_000]!r}")
    assert server.process.poll() is None
    return failures


def test_hostile_requests_find_no_failure(server: ServerProcess, demo: Demo) -> None:
    assert failures_of(server, demo, itertools.islice(hostile_requests(demo, seed=10), QUICK_REQUESTS)) == []
    assert "Traceback" not in server.said()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_hostile_requests_leave_no_memory_behind(server: ServerProcess, demo: Demo) -> None:
    requests = hostile_requests(demo, seed=11)
    failures = failures_of(server, demo, itertools.islice(requests, WARM_UP_REQUESTS))
    before = resident_bytes(server)
    failures += failures_of(server, demo, itertools.islice(requests, LONG_REQUESTS))
    growth = resident_bytes(server) - before
    assert failures == []
    assert growth < MAX_GROWTH_BYTES, f"{growth / MEGABYTE:.0f} MB more after {LONG_REQUESTS:,} requests"


LARGE: dict[str, bytes] = {
    "empty objects": b"[" + b"{}," * (MEGABYTE // 3) + b"{}]",
    "numbers": b"[" + b"1," * (MEGABYTE // 2) + b"1]",
    "nulls": b"[" + b"null," * (MEGABYTE // 5) + b"null]",
    "brackets": b"[" * MEGABYTE,
    "brackets in a text": b"[" * 33 + b'"' + b'\\"' * (MEGABYTE // 2),
    "open texts": b'["' * (MEGABYTE // 2),
    "quotes": b'"' * MEGABYTE,
    "escapes": b'{"name": "' + b"\\u0041" * (MEGABYTE // 6) + b'"}',
    "a long text": b'{"external_id": "' + b"a" * MEGABYTE + b'"}',
    "a long key": b'{"' + b"a" * MEGABYTE + b'": 1}',
    "many keys": b"{" + b",".join(b'"k%d":1' % number for number in range(MEGABYTE // 12)) + b"}",
    "digits": b'{"revision": ' + b"9" * MEGABYTE + b"}",
    "a fraction": b'{"revision": 0.' + b"9" * MEGABYTE + b"}",
    "blanks": b" " * MEGABYTE,
    "lines": b"\n" * MEGABYTE,
    "ampersands": b"a=b&" * (MEGABYTE // 4),
    "percent signs": b"a=" + b"%" * MEGABYTE,
    "YAML dashes": b"- " * (MEGABYTE // 2),
    "YAML keys": b"a: " * (MEGABYTE // 3),
    "YAML flow": b"{a: " * (MEGABYTE // 4),
    "YAML quotes": b"'" * MEGABYTE,
    "YAML lines": b"".join(b"k%d: v\n" % number for number in range(MEGABYTE // 10)),
    "rows": b'{"user_id":"a"}\n' * (MEGABYTE // 16),
    "bad rows": b"x\n" * (MEGABYTE // 2),
}
READING = [route for route in ROUTES if route.reads is not None]


@pytest.mark.slow
@pytest.mark.parametrize("route", READING, ids=lambda route: f"{route.method} {route.path}")
def test_a_megabyte_takes_less_than_a_second(server: ServerProcess, demo: Demo, route: Route) -> None:
    took = {name: seconds_of(server, demo, route, body) for name, body in bodies_of(route).items()}
    assert {name: seconds for name, seconds in took.items() if seconds > MAX_PROCESSOR_SECONDS} == {}


def bodies_of(route: Route) -> dict[str, bytes]:
    """Return large bodies for a route: those of every route, and its own with what is in it a thousand times."""
    sound = body_of(route)
    own = json.dumps(sound).encode() if sound is not None else b"{}"
    return {
        **LARGE,
        "its own, many times": b"[" + b",".join([own] * (MEGABYTE // (len(own) + 1) + 1))[:MEGABYTE] + b"]",
    }


def seconds_of(server: ServerProcess, demo: Demo, route: Route, body: bytes) -> float:
    """Return the processor's time that the server needed for a body; it must not fail."""
    media_type = {"YAML": "application/yaml"}
    token = {Surface.PLATFORM: demo.token, Surface.CLIENT: demo.key}.get(route.surface)
    head = [f"{route.method} {path_of(route)} HTTP/1.1", f"Host: {demo.url.partition('//')[2]}", "Connection: close"]
    kind = "application/x-www-form-urlencoded" if b"=" in body[:3] else "application/json"
    kind = media_type["YAML"] if body[:1] in b"-ak'" and b"=" not in body[:3] else kind
    kind = "application/x-ndjson" if "/parts/" in route.path else kind
    head += [f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    head += [f"Authorization: Bearer {token}"] if token else []
    before = processor_seconds(server)
    answer = demo.exchange("\r\n".join([*head, "", ""]).encode() + body)
    seconds = processor_seconds(server) - before
    assert HostileRequest(route, b"", may_stream=False).status_of(answer) not in {0, 500}, (body[:60], answer[:300])
    return seconds


def path_of(route: Route) -> str:
    """Return the path of a route on the demo server."""
    names = {"space": "vod", "environment": "production", "organization": "acme", "import": "fuzz", "part": "1"}
    return "/".join(names.get(part[1:-1], part) if part.startswith("{") else part for part in route.path.split("/"))
