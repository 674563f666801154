"""Hostile requests to every route of a demo server, byte by byte."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from templates_server.endpoint import Route, Surface
from templates_server.openapi.answers import PATH_PARAMETER
from templates_server.openapi.examples import part_of
from templates_server.routes import ROUTES
from tests.fuzz.hostile_bytes import CODINGS, changed_bytes, hostile_json, hostile_text

ANSWER_SECONDS = 20.0
STREAM_SECONDS = 0.2
HEADERS: Mapping[str, tuple[str, ...]] = {
    "User-Agent": ("mtribes/" + "9" * 4_301, "mtribes/0.0.0", "mtribes/1." * 500, "mtribes/" + "1." * 3_000 + "1"),
    "X-Forwarded-For": ("127.0.0.1", "10.0.0.1, " * 2_000, "[::1", "a" * 9_000, "1.2.3.4:99999", "::ffff:" + "0" * 99),
    "Forwarded": ('for="' + "\\" * 9_000, 'for="[::1]:1"', "for=_x;" * 900, ",;" * 4_000, 'for="' + '\\"' * 4_000),
    "Cookie": ("=" * 9_000, "; " * 4_000, '__Host-mtribes="' + "\\" * 5_000, "a=\xff", "session=" + "9" * 5_000),
    "Range": (
        "bytes=" + "9" * 5_000 + "-",
        "bytes=-" + "9" * 5_000,
        "bytes=" + "0-0," * 2_000,
        "bytes=5-1",
        "lines=1-2",
    ),
    "If-Range": ('"x"', "W/" * 2_000),
    "If-Match": ('"' + "9" * 5_000 + '"', '"1", ' * 2_000, "*", '"a"', "\xff"),
    "If-None-Match": ('"' + "9" * 5_000 + '"', ", " * 4_000, "*", 'W/"1"'),
    "Accept": ("a/" * 4_000, "*/*;q=" + "9" * 5_000, "text/html," * 900, "text/event-stream"),
    "Content-Type": (
        "application/json;" * 900,
        "a" * 9_000,
        "application/json; charset=utf-16",
        "\xff",
        "multipart/form-data",
    ),
    "Idempotency-Key": ("a" * 255, "\xff" * 9, " ", "'; --"),
    "Prefer": ("wait=" + "9" * 5_000, "wait=-1", "wait=1e9", "wait=" * 900),
    "Last-Event-ID": ("9" * 5_000, "1.1.1~" + "a" * 3_000, "~" * 4_000),
    "Content-Digest": ("sha-256=:" + "A" * 5_000 + ":", "sha-256=::", "md5=x", "sha-256=:" * 900),
    "Origin": ("null", "http://" + "a" * 5_000, "\xff"),
    "Referer": ("http://" + "a" * 5_000,),
    "Host": ("", "a" * 3_000, "127.0.0.1:" + "9" * 300, "[::1", "127.0.0.1@evil"),
    "Expect": ("100-continue", "200-ok"),
    "Accept-Language": ("en;q=" + "9" * 5_000, "-" * 5_000),
    "Authorization": ("Basic " + "A" * 5_000, "Bearer " + "a" * 5_000, "Bearer pk_\xff", "Bearer", "Basic Og=="),
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "x" * 90)


@dataclass(frozen=True)
class Demo:
    """A demo server by its URL, and what opens it."""

    url: str
    token: str
    key: str

    @classmethod
    def of(cls, folder: Path) -> Demo:
        """Return the one that works on a data folder."""
        facts = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
        return cls(facts["host"], facts["token"], facts["spaces"]["vod"]["production"])

    def exchange(self, request: bytes, *, seconds: float = ANSWER_SECONDS) -> bytes:
        """Return what the server answers until it ends the connection, or for so long."""
        parts = urlsplit(self.url)
        answer = bytearray()
        with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=seconds) as connection:
            try:
                connection.sendall(request)
                while piece := connection.recv(65_536):
                    answer += piece
            except TimeoutError:  # a stream that is open
                pass
            except ConnectionError:  # it has refused before all was sent
                pass
        return bytes(answer)


@dataclass(frozen=True)
class HostileRequest:
    """A request, and the route that it is meant for."""

    route: Route
    content: bytes
    may_stream: bool

    def status_of(self, answer: bytes) -> int:
        """Return the status of an answer; 0 for none."""
        head = answer.partition(b"\r\n")[0].split(b" ")
        return int(head[1]) if len(head) > 1 and head[0] == b"HTTP/1.1" and head[1].isdigit() else 0


def hostile_requests(demo: Demo, seed: int) -> Iterator[HostileRequest]:
    """Yield requests without end, the same ones for a seed, to one route after the other."""
    chance = Random(seed)  # noqa: S311 - a draw, not a secret
    while True:
        for route in chance.sample(ROUTES, len(ROUTES)):
            yield _hostile_request(demo, route, chance)


def body_of(route: Route) -> Any:
    """Return a sound body of a route, as values of JSON; None where it has none."""
    if route.example is None:
        return None
    return json.loads(msgspec.json.encode(route.example)) if not isinstance(route.example, bytes) else {}


def _hostile_request(demo: Demo, route: Route, chance: Random) -> HostileRequest:
    method = chance.choice(METHODS) if chance.random() < 0.05 else route.method
    headers = {"Host": urlsplit(demo.url).netloc, "Connection": "close", **_credentials(demo, route, chance)}
    body = b""
    if route.reads is not None:
        headers["Content-Type"] = chance.choice(_media_types_of(route))
        body = hostile_json(body_of(route) or {"a": 1}, chance)
        if chance.random() < 0.15:
            coding, encode = chance.choice(CODINGS)
            headers["Content-Encoding"], body = coding, encode(body)
        headers["Content-Length"] = str(len(body))
    for name in chance.sample(list(HEADERS), chance.choice((0, 0, 1, 1, 2))):
        headers[name] = chance.choice(HEADERS[name])
    target = _target(route, chance)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    content = f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1", "replace") + body
    may_stream = "event-stream" in head or "/changes" in route.path
    if chance.random() < 0.02:
        content = changed_bytes(content, chance)
        may_stream = True  # it may wait for more, or say that it was no request
    return HostileRequest(route, content, may_stream)


def _media_types_of(route: Route) -> Sequence[str]:
    if route.surface is Surface.PAGE:
        return ("application/x-www-form-urlencoded",)
    return getattr(route.reads, "media_types", ("application/json",))


def _credentials(demo: Demo, route: Route, chance: Random) -> Mapping[str, str]:
    wanted = {Surface.PLATFORM: demo.token, Surface.CLIENT: demo.key}.get(route.surface)
    given = chance.choice((demo.token, demo.key, None)) if chance.random() < 0.1 else wanted
    return {"Authorization": f"Bearer {given}"} if given else {}


def _target(route: Route, chance: Random) -> str:
    names = {"space": "vod", "environment": "production", "organization": "acme"}
    if route.method == "DELETE" and route.path.endswith("{space}"):
        names = {"space": "nowhere"}  # or all others would have nothing to work on

    def part(match: Any) -> str:
        if chance.random() < 0.2:
            text = quote(hostile_text(chance).encode("utf-8", "surrogatepass"), safe="")[:3_000]
            return (
                chance.choice((text, "%00", "%FF", "%2F%2e%2e", "%", "%zz")) if chance.random() < 0.3 else text or "x"
            )
        return names.get(match[1]) or quote(part_of(route, match[1]).example.strip("$"), safe="")

    path = PATH_PARAMETER.sub(part, route.path)
    known = [given.name for given in route.takes if given.place == "query"]
    wanted = [*(name for name in known if chance.random() < 0.4), *(("accountId",) if chance.random() < 0.05 else ())]
    pairs = [f"{name}={quote(hostile_text(chance).encode('utf-8', 'surrogatepass'))[:2_000]}" for name in wanted]
    if chance.random() < 0.05:
        pairs.append(
            chance.choice(
                ("%00=%00", "limit=%FF", "&" * 900, "=" * 900, "cursor=" + "A" * 3_000, "a=%", "limit=1&limit=2")
            )
        )
    return path + ("?" + "&".join(pairs) if pairs else "")
