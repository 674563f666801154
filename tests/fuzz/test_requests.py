"""Hostile requests to every route find no failure, take no second of the processor, and leave no memory behind."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest

from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.routes import ROUTES
from tests.fuzz.raw_exchange import status_of
from tests.fuzz.requests import HostileRequest, hostile_requests
from tests.fuzz.stage import ANY_REVISION, Stage
from tests.fuzz.valid_megabytes import MEGABYTE, TARGETS
from tests.server_processes import ServerProcess, server_process
from tests.servers import PostgresServer

POSTGRES_REQUESTS = 2_500
WARM_UP_REQUESTS = 3_000
LONG_REQUESTS = int(os.environ.get("MTRIBES_FUZZ_REQUESTS", "5000"))
"""Of the long proof; the variable is for a longer one by hand."""
MAX_GROWTH_BYTES = 32 * MEGABYTE
"""Measured: less than 5 MB."""
MAX_PROCESSOR_SECONDS = 1.5
"""For a megabyte of body, on a slow machine. Measured: at most 0.25 s for what is refused, 0.9 s for what is taken."""
SOUND_TRIES = 3
"""The machine may be busy: of so many the best counts."""
MIN_REACHED = 0.95
"""Of the routes, that sound requests reach in the long run: all but one, which is there behind a prefix alone."""
ANSWER_SECONDS = 20.0
STREAM_SECONDS = 0.2
LINUX = sys.platform == "linux"
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK") if LINUX else 100
OPTIONS = ("--demo", "--rate-limits", "off", "--metrics", "--trusted-proxy", "127.0.0.1")
"""No limits of rates, since what is fuzzed is behind them; a listed proxy, since its headers are read then alone."""
pytestmark = pytest.mark.skipif(not LINUX, reason="memory and processor time are read from /proc")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A demo server in a process of its own."""
    with server_process(tmp_path_factory.mktemp("fuzz") / "data", *OPTIONS) as process:
        yield process


@pytest.fixture(scope="module")
def stage(server: ServerProcess) -> Iterator[Stage]:
    """What sound requests need there."""
    with contextlib.closing(Stage.of(server.folder)) as made:
        yield made


def processor_seconds(server: ServerProcess) -> float:
    """Return the time of the processor that the server has used."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def resident_bytes(server: ServerProcess) -> int:
    """Return the memory that the server holds."""
    pages = Path(f"/proc/{server.process.pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


@dataclass
class Run:
    """Requests that were sent: what failed, and how often each route gave what was asked of it."""

    failures: list[str] = field(default_factory=list)
    successes: Counter[str] = field(default_factory=Counter)

    def send(self, server: ServerProcess, stage: Stage, requests: Iterable[HostileRequest]) -> None:
        """Send requests; a failure is a 500, or no answer where there must be one."""
        for request in requests:
            seconds = STREAM_SECONDS if request.may_stream else ANSWER_SECONDS
            status = status_of(stage.exchange(request.content, seconds=seconds))
            self.successes[name_of(request.route)] += 200 <= status < 400
            if status in {500, 502} or (status == 0 and not request.may_stream):
                self.failures.append(f"{status} {name_of(request.route)}: {request.content[:2_000]!r}")
        assert server.process.poll() is None

    def reached(self) -> float:
        """Return the share of the routes that gave what was asked of them at least once."""
        return 1 - len(self.missed()) / len(ROUTES)

    def missed(self) -> list[str]:
        """Return the routes that never did."""
        return [name for name in map(name_of, ROUTES) if not self.successes[name]]


def name_of(route: Route) -> str:
    """Return what a route is called here."""
    return f"{route.method} {route.path}"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_hostile_requests_leave_no_memory_behind(server: ServerProcess, stage: Stage) -> None:
    run, requests = Run(), hostile_requests(stage, seed=11)
    run.send(server, stage, itertools.islice(requests, WARM_UP_REQUESTS))
    before = resident_bytes(server)
    run.send(server, stage, itertools.islice(requests, LONG_REQUESTS))
    growth = resident_bytes(server) - before
    assert run.failures == []
    assert "Traceback" not in server.said()
    assert run.reached() >= MIN_REACHED, run.missed()
    assert growth < MAX_GROWTH_BYTES, f"{growth / MEGABYTE:.0f} MB more after {LONG_REQUESTS:,} requests"


@pytest.mark.slow
def test_hostile_requests_find_no_failure_on_postgresql(tmp_path: Path, postgres: PostgresServer) -> None:
    url, run = postgres.new_database_url(), Run()
    with (
        server_process(tmp_path / "data", *OPTIONS, "--database", url) as server,
        contextlib.closing(Stage.of(server.folder)) as stage,
    ):
        run.send(server, stage, itertools.islice(hostile_requests(stage, seed=12), POSTGRES_REQUESTS))
        assert run.failures == []
        assert "Traceback" not in server.said()
        assert run.reached() >= MIN_REACHED, run.missed()


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
IMPORT_NUMBERS = itertools.count(1)


@pytest.mark.slow
@pytest.mark.parametrize("route", READING, ids=name_of)
def test_a_megabyte_takes_less_than_a_second_and_a_half(server: ServerProcess, stage: Stage, route: Route) -> None:
    stage.renew()
    took = {name: seconds_of(server, stage, route, body) for name, body in bodies_of(stage, route).items()}
    assert {name: seconds for name, seconds in took.items() if seconds > MAX_PROCESSOR_SECONDS} == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_a_megabyte_that_is_sound_takes_less_than_three_seconds(server: ServerProcess, stage: Stage, name: str) -> None:
    method, path, body = TARGETS[name]
    assert MEGABYTE * 0.7 < len(body) < MEGABYTE * 1.1
    took = []
    for _ in range(SOUND_TRIES):
        stage.renew()
        before = processor_seconds(server)
        key = {"Authorization": f"Bearer {stage.key}"} if path.startswith("/api/client") else {}
        media_type = "application/x-ndjson" if "/parts/" in path else "application/json"
        place = path.replace("/parts/", f"-{next(IMPORT_NUMBERS)}/parts/")
        headers = {"Content-Type": media_type, **ANY_REVISION, **key}
        answer = stage.administrator.request(method, place, content=body, headers=headers)
        assert answer.is_success, answer.text[:2_000]
        took.append(processor_seconds(server) - before)
    assert min(took) < 2 * MAX_PROCESSOR_SECONDS, took  # 1.0 to 1.7 s, by what else the machine does


def bodies_of(stage: Stage, route: Route) -> dict[str, bytes]:
    """Return large bodies for a route: those of every route, and its own with what is in it a thousand times."""
    sound = stage.body(route) or {}
    if route.surface is Surface.PAGE:
        return large_forms(sound, has_room=(route.max_body_bytes or 0) >= MEGABYTE)
    own = json.dumps(sound).encode()
    times = MEGABYTE // (len(own) + 1) + 1
    return {**LARGE, "its own, many times": b"[" + b",".join([own] * times)[:MEGABYTE] + b"]"}


def large_forms(sound: Mapping[str, str], *, has_room: bool) -> dict[str, bytes]:
    """Return large forms that are the page's own; with a large field each, where the page has room for one."""
    begin = urlencode({"form_token": sound.get("form_token", "")}).encode()
    of_fields = {
        f"{name} of {piece}": urlencode({**sound, name: piece * (MEGABYTE // 3 // len(piece))}).encode()
        for name in (sound.keys() - {"form_token"} if has_room else ())
        for piece in ("[", '{"a":', "a: ", "- ", "x")
    }
    return {**{name: begin + b"&" + body for name, body in LARGE.items()}, **of_fields}


def seconds_of(server: ServerProcess, stage: Stage, route: Route, body: bytes) -> float:
    """Return the processor's time that the server needed for a body; it must not fail."""
    before = processor_seconds(server)
    answer = stage.exchange(request_of(stage, route, body), seconds=ANSWER_SECONDS)
    seconds = processor_seconds(server) - before
    assert status_of(answer) not in {0, 403, 404, 409, 500}, (body[:60], answer[:300])
    return seconds


def request_of(stage: Stage, route: Route, body: bytes) -> bytes:
    """Return a request to a route with a body of the kind that it looks like."""
    token = {Surface.PLATFORM: stage.token, Surface.CLIENT: stage.key, Surface.OFREP: stage.key}.get(route.surface)
    path = "/".join(
        stage.part(route, part.strip("{}*")) if part.startswith("{") else part for part in route.path.split("/")
    ).replace("/parts/2", f"-{next(IMPORT_NUMBERS)}/parts/1")
    headers = {
        "Host": stage.url.partition("//")[2],
        "Connection": "close",
        "Content-Type": media_type_of(route, body),
        "Content-Length": str(len(body)),
        **stage.headers(route),
        **({"Authorization": f"Bearer {token}"} if token else {}),
    }
    lines = [f"{route.method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + body


def media_type_of(route: Route, body: bytes) -> str:
    """Return the media type of a body that it was made for, as far as the route reads such a one at all."""
    if "/parts/" in route.path:
        return "application/x-ndjson"
    if b"=" in body[:3] or route.surface is Surface.PAGE:
        return "application/x-www-form-urlencoded"
    return "application/yaml" if body[:1] in b"-ak'" or body.startswith(b"{a: ") else "application/json"
