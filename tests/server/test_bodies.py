"""Bodies within limits: size, inflated size, time, depth, and what no type can hold."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus

import httpx
import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response

from templates_server.bodies import decode_json
from templates_server.endpoint import Call, Route, Surface, json_response
from templates_server.errors import BadRequest, ValidationFailed
from templates_server.json_depth import check_depth
from templates_server.routes import ROUTES
from templates_server.settings import Limits
from tests.servers import RunningServer, running_server

LIMIT_BYTES = 100_000
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "gzip": gzip.compress,
    "zstd": zstandard.compress,
}


class Thing(msgspec.Struct):
    """A body for these tests."""

    name: str
    numbers: list[int] = []


async def echo(call: Call) -> Response:
    body: Thing = call.body
    return json_response({"length": len(body.name), "numbers": body.numbers})


@pytest.fixture(scope="module")
def echoing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with one more route, which reads a body as every route does."""
    route = Route("POST", "/echo", echo, Surface.SYSTEM, "Echo.", reads=Thing)
    limits = Limits(max_body_bytes=LIMIT_BYTES, body_timeout_seconds=1)
    with running_server(tmp_path_factory.mktemp("echo"), limits=limits, routes=(*ROUTES, route)) as running:
        yield running


def post(server: RunningServer, content: bytes, **headers: str) -> httpx.Response:
    with server.client() as client:
        return client.post("/echo", content=content, headers={"content-type": "application/json", **headers})


@pytest.mark.parametrize("encoding", ["identity", "gzip", "zstd"])
def test_a_body_is_read_in_each_encoding(echoing: RunningServer, encoding: str) -> None:
    body = json.dumps({"name": "a" * 50_000}).encode()
    answer = post(echoing, ENCODERS[encoding](body), **{"content-encoding": encoding})
    assert answer.json() == {"length": 50_000, "numbers": []}


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_bomb_is_cut_off_at_the_limit(echoing: RunningServer, encoding: str) -> None:
    bomb = ENCODERS[encoding](b" " * 200_000_000)
    assert len(bomb) < LIMIT_BYTES * 2.5
    began = time.monotonic()
    assert post(echoing, bomb, **{"content-encoding": encoding}).status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_cut_or_false_encoding_is_a_bad_request(echoing: RunningServer, encoding: str) -> None:
    whole = ENCODERS[encoding](b'{"name": "a"}')
    for content in (whole[:-3], b"nonsense"):
        assert post(echoing, content, **{"content-encoding": encoding}).status_code == HTTPStatus.BAD_REQUEST


def test_another_encoding_or_type_is_named(echoing: RunningServer) -> None:
    assert "br" in post(echoing, b"x", **{"content-encoding": "br"}).json()["errors"][0]["message"]
    answer = post(echoing, b"x", **{"content-type": "text/plain"})
    assert answer.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE


def test_a_body_over_the_limit_is_refused_whether_or_not_it_says_so(echoing: RunningServer) -> None:
    body = b'{"name": "' + b"a" * LIMIT_BYTES + b'"}'
    assert post(echoing, body).status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    with echoing.client() as client:
        chunked = client.post("/echo", content=iter([body]), headers={"content-type": "application/json"})
    assert chunked.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_a_body_that_does_not_come_is_timed_out(echoing: RunningServer) -> None:
    host, port = echoing.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(
            b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    ("body", "status", "path"),
    [
        (b'{"name": 1}', 422, "name"),
        (b'{"name": "a", "numbers": [1, "x"]}', 422, "numbers[1]"),
        (b"{}", 422, ""),
        (b'{"name": "a\\u0000b"}', 422, "name"),
        (b'{"name": NaN}', 400, ""),
        (b'{"name": "\\ud800"}', 400, ""),
        (b'{"name": "\xff"}', 400, ""),
        (b'{"name": "a", "numbers": [' + b"9" * 400 + b"]}", 422, "numbers[0]"),
        (b"", 400, ""),
        (b"[" * 2000, 400, ""),
        (b"[" * 40_000 + b"]" * 40_000, 400, ""),
    ],
)
def test_what_cannot_be_decoded_is_refused_with_its_place(
    echoing: RunningServer, body: bytes, status: int, path: str
) -> None:
    answer = post(echoing, body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (status, path)


@given(st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_depth_is_that_of_the_structure_and_not_of_the_texts(value: object) -> None:
    def depth(value: object) -> int:
        if isinstance(value, dict):
            return 1 + max((depth(item) for item in value.values()), default=0)
        if isinstance(value, list):
            return 1 + max((depth(item) for item in value), default=0)
        return 0

    body = json.dumps(value).encode()
    check_depth(body, depth(value))
    if depth(value):
        with pytest.raises(BadRequest):
            check_depth(body, depth(value) - 1)


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert decode_json(b'{"name": "\\\\u0000"}', Thing, max_depth=5).name == "\\u0000"
    with pytest.raises(ValidationFailed):
        decode_json(b'{"name": "\\u0000"}', Thing, max_depth=5)
