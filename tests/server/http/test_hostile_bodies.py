"""Bodies that no honest client sends, to every route that reads one: refused with a reason, never a failure of ours."""

from __future__ import annotations

import contextlib
import gzip
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from templates_server.features.api_docs.examples import part_of
from templates_server.features.api_docs.responses import PATH_PARAMETER
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import JSON
from templates_server.routes import ROUTES
from templates_server.settings import ConnectionLimits
from tests.people import OF_A_SIGN_IN, Person, add_organization, add_person, add_space
from tests.raw_http import send_raw
from tests.servers import RunningServer, running_server

READING = [route for route in ROUTES if route.reads is not None]
JSON_SURFACES = {Surface.PLATFORM, Surface.CLIENT, Surface.OFREP, Surface.OAUTH}
JSON_ROUTES = [
    route for route in READING if route.surface in JSON_SURFACES and JSON in getattr(route.reads, "media_types", [JSON])
]
REFUSED = {400, 401, 403, 404, 408, 409, 412, 413, 415, 422}
HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "half": b'{"a": ',
    "two values": b"{} {}",
    "deep lists": b"[" * 2000,
    "deep lists, closed": b"[" * 50_000 + b"]" * 50_000,
    "deep objects": b'{"a":' * 5000,
    "deep and honest": b'{"key": ' + b"[" * 100 + b"]" * 100 + b"}",
    "NaN": b'{"key": NaN, "name": NaN}',
    "infinity": b'[{"name": "a", "data": {"x": -Infinity}}]',
    "a number too large": b'{"key": 1e999, "external_id": 1e999}',
    "a giant integer": b'{"key": ' + b"9" * 5000 + b"}",
    "a giant integer inside": b'{"external_id": "a", "fields": {"x": ' + b"9" * 400 + b"}}",
    "giant integers": b'[{"name": "a", "external_id": "b", "data": {"x": 99999999999999999999999}}]',
    "a lone surrogate": b'{"key": "\\ud800", "external_id": "\\udfff", "client_id": "\\ud800"}',
    "a lone surrogate in an event": b'[{"name": "\\ud800", "external_id": "a"}]',
    "NUL": b'{"key": "a\\u0000", "name": "\\u0000", "external_id": "a\\u0000", "client_id": "\\u0000"}',
    "NUL in an event": b'[{"name": "a", "external_id": "a\\u0000b"}]',
    "a bare NUL": b'{"key": "\x00"}',
    "not UTF-8": b'{"key": "\xff\xfe"}',
    "UTF-16": '{"key": "a"}'.encode("utf-16"),
    "UTF-32": '{"key": "a"}'.encode("utf-32"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a key twice": b'{"key": "a", "key": "b", "revision": 1, "revision": 2}',
    "a list": b"[]",
    "a text": b'"a"',
    "null": b"null",
    "a number": b"7",
    "a control character": b'{"key": "a\x01b"}',
    "a comment": b"{} // a",
    "YAML": b"a: &a [*a]",
}


def bomb(encode: Any) -> bytes:
    return bytes(encode(b'{"key": "' + b"a" * 30_000_000 + b'"}'))


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    limits = ConnectionLimits(linger_seconds=0.3)
    with running_server(tmp_path_factory.mktemp("target"), connection_limits=limits) as running:
        person = add_person(running.database, add_organization(running.database), grant=OF_A_SIGN_IN)
        space = add_space(running, person)
        with person.client(running) as client:
            answer = client.post(f"/v2/spaces/{space}/environments/production/keys", json={"name": "a"})
            tribes: dict[str, object] = {"tribes": {"everybody": {"filters": []}}}
            client.put(f"/v2/spaces/{space}/tribes", json=tribes).raise_for_status()
        with running.client() as client:
            yield Target(running, person, space, answer.json()["data"][0]["key"], client)


class Target:
    """A server, somebody who may do everything there, and the paths of what they have."""

    def __init__(self, server: RunningServer, person: Person, space: str, key: str, client: httpx.Client) -> None:
        self.server = server
        self._client = client
        self._tokens = {Surface.PLATFORM: person.token, Surface.CLIENT: key, Surface.OFREP: key}
        self._names = {
            "space": space,
            "environment": "production",
            "organization": person.organization.key,
            "key": key,
            "tribe": "everybody",
        }

    def path(self, route: Route) -> str:
        return PATH_PARAMETER.sub(
            lambda part: self._names.get(part[1], part_of(route, part[1]).example.strip("$")), route.path
        )

    def headers(self, route: Route, media_type: str) -> dict[str, str]:
        token = self._tokens.get(route.surface)
        return {"Content-Type": media_type, **({"Authorization": f"Bearer {token}"} if token else {})}

    def send(
        self, route: Route, content: bytes, media_type: str = "application/json", **headers: str
    ) -> httpx.Response:
        sent = {**self.headers(route, media_type), **headers}
        return self._client.request(route.method, self.path(route), content=content, headers=sent)


def media_types_of(route: Route) -> tuple[str, ...]:
    if route.surface is Surface.PAGE:
        return ("application/x-www-form-urlencoded", "application/json")
    return ("application/json", "application/yaml", "application/x-www-form-urlencoded", "multipart/form-data")


@pytest.mark.slow
@pytest.mark.parametrize("route", READING, ids=lambda route: f"{route.method} {route.path}")
def test_hostile_bodies_are_refused_by_every_route(target: Target, route: Route) -> None:
    for name, body in HOSTILE.items():
        for media_type in media_types_of(route):
            answer = target.send(route, body, media_type)
            assert answer.status_code in REFUSED or answer.status_code < 400, (name, media_type, answer.text[:300])
            assert "Traceback" not in answer.text


MUST_BE_REFUSED = [name for name in HOSTILE if name not in {"a key twice", "a list", "null", "a byte order mark"}]


@pytest.mark.parametrize("name", MUST_BE_REFUSED)
def test_no_route_takes_what_is_no_sound_json(target: Target, name: str) -> None:
    for route in JSON_ROUTES:
        assert target.send(route, HOSTILE[name]).status_code in {400, 413, 422}, route.path


@pytest.mark.slow
@pytest.mark.parametrize("route", READING, ids=lambda route: f"{route.method} {route.path}")
@pytest.mark.parametrize(("encoding", "encode"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_bombs_and_broken_encodings_are_refused_by_every_route(
    target: Target, route: Route, encoding: str, encode: Any
) -> None:
    unread = set() if route.before_body is None else {303}  # who is a stranger signs in first
    for content, statuses in (
        (bomb(encode), {413}),
        (encode(encode(b"{}")), {303, 400, 403, 415, 422}),
        (b"nonsense", {400}),
        (encode(b"{}")[:-2], {400}),
    ):
        answer = target.send(route, content, **{"Content-Encoding": encoding})
        assert answer.status_code in statuses | unread, answer.text[:200]
    for encodings in ("br", "gzip, gzip", "gzip, identity", "x" * 1000, "deflate"):
        assert target.send(route, b"{}", **{"Content-Encoding": encodings}).status_code in {415} | unread


SMUGGLED = {
    "length and coding": ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "two lengths": ("Content-Length: 2\r\nContent-Length: 7\r\n\r\n{}", 400),
    "a folded header": ("Content-Length: 2\r\nX-A: b\r\n c\r\n\r\n{}", 400),
    "a bare line feed": ("Content-Length: 2\nX-A: b\r\n\r\n{}", 400),
    "a chunk that lies": ("Transfer-Encoding: chunked\r\n\r\n2\r\n{}{}\r\n0\r\n\r\n", 400),
    "no chunk": ("Transfer-Encoding: chunked\r\n\r\nnonsense\r\n", 400),
    "another coding": ("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
    "a length beyond the limit": ("Content-Length: 99999999999\r\n\r\n{}", 413),
}


@pytest.mark.parametrize("shape", SMUGGLED)
def test_shapes_of_smuggling_are_refused_on_each_surface(target: Target, shape: str) -> None:
    sent, status = SMUGGLED[shape]
    host = target.server.url.removeprefix("http://")
    seen = set()
    for route in READING:
        if route.surface in seen:
            continue
        seen.add(route.surface)
        media_type = "application/json" if route.surface in JSON_SURFACES else "application/x-www-form-urlencoded"
        head = [f"{name}: {value}\r\n" for name, value in target.headers(route, media_type).items()]
        lines = f"{route.method} {target.path(route)} HTTP/1.1\r\nHost: {host}\r\n{''.join(head)}{sent}"
        heard = send_raw(target.server, lines.encode(), seconds=5)
        assert heard.statuses == [status], (route.path, heard.content)
        assert heard.is_closed
    assert seen == {Surface.OAUTH, Surface.PAGE, Surface.PLATFORM, Surface.CLIENT, Surface.OFREP}


TRICKS = ["\0", "\ud800", "a/b", "../..", "'; DROP TABLE spaces; --", "pk_", "é" * 9]
TEXTS = st.text(max_size=12) | st.sampled_from(TRICKS)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.integers(-(2**70), 2**70),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
WORDS = [
    "key",
    "name",
    "revision",
    "experiences",
    "sections",
    "collections",
    "properties",
    "type",
    "default",
    "targets",
    "language",
    "options",
    "host",
    "scenarios",
    "published",
    "events",
    "external_id",
    "anonymous_id",
    "data",
    "metadata",
    "id",
    "timestamp",
    "session",
    "entity",
    "fields",
    "user_signature",
    "device",
    "client_id",
    "client_secret",
    "grant_type",
    "code",
    "refresh_token",
    "token",
    "scope",
    "value",
    "title",
    "items",
    "kind",
]
OBJECTS = st.dictionaries(st.sampled_from(WORDS), VALUES | st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=4))
BODIES = (OBJECTS | st.lists(OBJECTS, max_size=3) | VALUES).map(lambda value: json.dumps(value).encode()) | st.binary(
    max_size=60
)


@pytest.mark.parametrize("route", JSON_ROUTES, ids=lambda route: f"{route.method} {route.path}")
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES)
def test_whatever_is_sent_is_never_a_failure_of_ours(target: Target, route: Route, body: bytes) -> None:
    answer = target.send(route, body)
    assert answer.status_code < 500, answer.text
    with contextlib.suppress(ValueError):
        assert "INTERNAL" not in str(answer.json())
