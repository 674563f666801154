"""Bodies within limits: size, inflated size, time, depth, and what no type can hold."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from http import HTTPStatus

import httpx
import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response

from templates_server.errors import BadRequest, TooLarge, ValidationFailed
from templates_server.http import request_body
from templates_server.http.context import Call
from templates_server.http.request_body import decode_json
from templates_server.http.response import Surface, json_response
from templates_server.http.route import Route
from templates_server.primitives.json_depth import check_depth
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


SKIPPED_FRAME = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"  # RFC 8878, 3.1.2


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize("pieces", [2, 3, 5000])
def test_all_members_of_a_compressed_body_are_read(echoing: RunningServer, encoding: str, pieces: int) -> None:
    texts = [b'{"name": "', *[b"a"] * (pieces - 2), b'"}']
    body = b"".join(map(ENCODERS[encoding], texts))
    answer = post(echoing, body, **{"content-encoding": encoding})
    assert answer.status_code == (HTTPStatus.OK if len(body) <= LIMIT_BYTES else HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    assert len(body) > LIMIT_BYTES or answer.json() == {"length": pieces - 2, "numbers": []}


def test_skippable_frames_of_zstd_are_skipped(echoing: RunningServer) -> None:
    body = (
        SKIPPED_FRAME + zstandard.compress(b'{"name": ') + SKIPPED_FRAME + zstandard.compress(b'"ab"}') + SKIPPED_FRAME
    )
    assert post(echoing, body, **{"content-encoding": "zstd"}).json() == {"length": 2, "numbers": []}


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize("trailing", [b"\0", b"\0" * 512, b"x", b'{"name": "b"}', b"\x1f\x8b", b"\x28\xb5\x2f\xfd"])
def test_what_trails_the_last_member_is_refused(echoing: RunningServer, encoding: str, trailing: bytes) -> None:
    body = ENCODERS[encoding](b'{"name": "a"}') + trailing
    assert post(echoing, body, **{"content-encoding": encoding}).status_code == HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_second_member_that_is_cut_is_refused(echoing: RunningServer, encoding: str) -> None:
    body = ENCODERS[encoding](b'{"name": "a"}') + ENCODERS[encoding](b"  ")[:-3]
    assert post(echoing, body, **{"content-encoding": encoding}).status_code == HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_bomb_of_many_members_is_cut_off_at_the_limit(echoing: RunningServer, encoding: str) -> None:
    bomb = ENCODERS[encoding](b" " * 40_000) * 3
    assert post(echoing, bomb, **{"content-encoding": encoding}).status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


async def inflated(encoding: str, content: bytes, *, chunk_bytes: int, max_bytes: int) -> bytes:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(content), chunk_bytes):
            yield content[start : start + chunk_bytes]

    inflater = request_body._Gzip() if encoding == "gzip" else request_body._Zstandard()
    return await request_body._read_inflated(chunks(), inflater, max_bytes)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize("chunk_bytes", [1, 7, 1000, 2**20])
def test_members_are_read_however_they_are_cut_into_pieces(encoding: str, chunk_bytes: int) -> None:
    content = b"".join(map(ENCODERS[encoding], (b"", b"one ", b"two " * 3000, b"", b"three")))
    read = asyncio.run(inflated(encoding, content, chunk_bytes=chunk_bytes, max_bytes=LIMIT_BYTES))
    assert read == b"one " + b"two " * 3000 + b"three"


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_there_are_only_so_many_members(encoding: str) -> None:
    empty = ENCODERS[encoding](b"")
    most = empty * request_body.MOST_MEMBERS
    assert asyncio.run(inflated(encoding, most, chunk_bytes=2**16, max_bytes=len(most))) == b""
    with pytest.raises(BadRequest, match="at most 10,000 members"):
        asyncio.run(inflated(encoding, most + empty, chunk_bytes=2**16, max_bytes=2 * len(most)))


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_the_time_for_members_grows_with_their_number(encoding: str) -> None:
    def seconds(members: int) -> float:
        content = ENCODERS[encoding](b"") * members
        times = []
        for _ in range(5):
            began = time.process_time()
            asyncio.run(inflated(encoding, content, chunk_bytes=len(content), max_bytes=len(content)))
            times.append(time.process_time() - began)
        return min(times)

    assert seconds(10_000) < 6 * seconds(2_500)


def test_what_inflates_to_nothing_is_cut_off_at_the_limit() -> None:
    stored = b"\x00\x00\x00\xff\xff" * 40_000  # empty blocks of DEFLATE (RFC 1951, 3.2.4)
    with pytest.raises(TooLarge):
        asyncio.run(inflated("gzip", gzip.compress(b"")[:10] + stored, chunk_bytes=2**16, max_bytes=LIMIT_BYTES))


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
        ('{"name": "a"}'.encode("utf-16"), 400, ""),
        ('{"name": "a"}'.encode("utf-16-le"), 400, ""),
        ('{"name": "a"}'.encode("utf-32-be"), 400, ""),
        (("[" * 2000).encode("utf-16-le"), 400, ""),
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
