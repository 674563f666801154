"""Hostile requests to every route of a demo server, byte by byte."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import yaml

from templates_server.features.api_docs.responses import PATH_PARAMETER
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.routes import ROUTES
from tests.fuzz.hostile_bytes import CODINGS, changed_bytes, changed_value, hostile_json, hostile_text
from tests.fuzz.stage import CONSENT, Stage

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


PARTS = ("body", "path", "query", "headers", "credentials", "method", "coding", "bytes")
WEIGHTS = (12, 4, 4, 6, 1, 1, 2, 1)
HOSTILE_PARTS = (0, 1, 1, 1, 1, 2, 3)
"""How many parts of a request are hostile, each as often as it stands here."""


@dataclass(frozen=True)
class HostileRequest:
    """A request, and the route that it is meant for."""

    route: Route
    content: bytes
    may_stream: bool


def hostile_requests(stage: Stage, seed: int) -> Iterator[HostileRequest]:
    """Yield requests without end, to one route after the other; all that is drawn is the same for a seed."""
    chance = Random(seed)  # noqa: S311 - a draw, not a secret
    while True:
        stage.renew()
        for route in chance.sample(ROUTES, len(ROUTES)):
            yield _hostile_request(stage, route, chance)


def _hostile_request(stage: Stage, route: Route, chance: Random) -> HostileRequest:
    hostile = set(chance.choices(PARTS, WEIGHTS, k=chance.choice(HOSTILE_PARTS)))
    method = chance.choice(METHODS) if "method" in hostile and not route.path.endswith("{space}") else route.method
    headers = {"Host": urlsplit(stage.url).netloc, "Connection": "close", **stage.headers(route)}
    headers |= _credentials(stage, route, chance, is_hostile="credentials" in hostile)
    body = b""
    if route.reads is not None:
        headers["Content-Type"], body = _body(stage, route, chance, is_hostile="body" in hostile)
        if "/parts/" in route.path and chance.random() < 0.5:
            digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
            headers["Content-Digest"] = f"sha-256=:{digest}:"
        if "coding" in hostile:
            headers["Content-Encoding"], encode = chance.choice(CODINGS)
            body = encode(body)
        headers["Content-Length"] = str(len(body))
    for name in chance.sample(list(HEADERS), chance.choice((1, 1, 2))) if "headers" in hostile else ():
        headers[name] = chance.choice(HEADERS[name])
    target = _path(stage, route, chance, is_hostile="path" in hostile)
    query = _query(stage, route, chance, is_hostile="query" in hostile)
    if route.path == "/oauth/authorize" and "query" not in hostile:
        target, query = CONSENT, ""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    content = f"{method} {target}{query} HTTP/1.1\r\n{head}\r\n".encode("latin-1", "replace") + body
    may_stream = "event-stream" in head or "/changes" in route.path or route.path.endswith("/stream")
    if "bytes" in hostile:
        content = changed_bytes(content, chance)
        may_stream = True  # it may wait for more, or say that it was no request
    return HostileRequest(route, content, may_stream)


def _body(stage: Stage, route: Route, chance: Random, *, is_hostile: bool) -> tuple[str, bytes]:
    """Return a media type of a route, and a body that is of it, or was."""
    media_type = chance.choice(media_types_of(route))
    sound = stage.body(route) or {"a": 1}
    if media_type.endswith("json") and not media_type.endswith("ndjson"):
        return media_type, hostile_json(sound, chance) if is_hostile else json.dumps(sound).encode()
    value = changed_value(sound, chance) if is_hostile else sound
    content = _written(value, media_type)
    return media_type, changed_bytes(content, chance) if is_hostile and chance.random() < 0.3 else content


def _written(value: Any, media_type: str) -> bytes:
    """Return a value in another form than JSON; as JSON where the form has no place for it."""
    if media_type.endswith("x-www-form-urlencoded") and isinstance(value, dict):
        return urlencode([(name, str(text)) for name, text in value.items()], errors="surrogatepass").encode()
    if media_type.endswith("ndjson") and isinstance(value, list):
        return b"".join(json.dumps(row).encode() + b"\n" for row in value)
    if media_type.endswith("yaml"):
        return yaml.dump(value, allow_unicode=False).encode("utf-8", "surrogatepass")
    return json.dumps(value).encode()


def media_types_of(route: Route) -> Sequence[str]:
    """Return what the body of a route may be."""
    return getattr(route.reads, "media_types", ("application/json",))


def _credentials(stage: Stage, route: Route, chance: Random, *, is_hostile: bool) -> Mapping[str, str]:
    wanted = {Surface.PLATFORM: stage.token, Surface.CLIENT: stage.key, Surface.OFREP: stage.key}.get(route.surface)
    given = chance.choice((stage.token, stage.key, hostile_text(chance)[:500], None)) if is_hostile else wanted
    return {"Authorization": f"Bearer {given}"} if given else {}


def _path(stage: Stage, route: Route, chance: Random, *, is_hostile: bool) -> str:
    def part(match: Any) -> str:
        if not is_hostile or chance.random() < 0.5:
            return quote(stage.part(route, match[1]), safe="/" if match[2] else "")
        text = quote(hostile_text(chance).encode("utf-8", "surrogatepass"), safe="")[:3_000]
        return chance.choice((text or "x", text or "x", "%00", "%FF", "%2F%2e%2e", "%", "%zz"))

    return PATH_PARAMETER.sub(part, route.path)


def _query(stage: Stage, route: Route, chance: Random, *, is_hostile: bool) -> str:
    given = [one for one in route.takes if one.place == "query"]
    sound = [(one.name, stage.query(route, one)) for one in given if one.in_samples or chance.random() < 0.2]
    pairs = [f"{name}={quote(text)}" for name, text in sound]
    if is_hostile:
        names = [*(one.name for one in given), "accountId"]
        texts = [_hostile_query_text(name, chance) for name in names]
        pairs = [f"{name}={quote(text)[:2_000]}" for name, text in zip(names, texts, strict=True)]
        pairs = chance.sample(pairs, chance.randint(1, len(pairs)))
        if chance.random() < 0.2:
            pairs.append(chance.choice(ODD_PAIRS))
    return "?" + "&".join(pairs) if pairs else ""


ODD_PAIRS = ("%00=%00", "limit=%FF", "&" * 900, "=" * 900, "cursor=" + "A" * 3_000, "a=%", "limit=1&limit=2")


def _hostile_query_text(name: str, chance: Random) -> bytes:
    """Return what nobody expects in a parameter; in a cursor half of the time as what it is, encoded."""
    text = hostile_text(chance).encode("utf-8", "surrogatepass")
    if name == "cursor" and chance.random() < 0.5:
        return base64.urlsafe_b64encode(text).rstrip(b"=")
    return text
