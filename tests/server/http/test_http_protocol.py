"""Connections within bounds: time, size, number and form, tried byte by byte."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from starlette.responses import Response, StreamingResponse

from templates_server.http.connection_limits import ConnectionLimiter
from templates_server.http.context import Call
from templates_server.http.request_body import read_body
from templates_server.http.response import Surface, json_response
from templates_server.http.route import Route
from templates_server.primitives.ip_addresses import parse_network
from templates_server.routes import ROUTES
from templates_server.settings import ConnectionLimits
from tests.raw_http import RawResponse, connect, format_request, read_raw, send_raw
from tests.servers import RunningServer, running_server

LIMITS = ConnectionLimits(
    head_timeout_seconds=0.6,
    idle_timeout_seconds=1.2,
    linger_seconds=0.4,
    write_timeout_seconds=0.6,
    max_connections=30,
)


async def tell_headers(call: Call) -> Response:
    await read_body(call.request, 1_000_000, call.settings.limits)
    return json_response([name.decode() for name, _ in call.request.scope["headers"]])


async def pour(_call: Call) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b"x" * 65536

    return StreamingResponse(pieces())


MORE_ROUTES = (
    Route("POST", "/tell", tell_headers, Surface.SYSTEM, "The names of the headers, told once the body is there."),
    Route("GET", "/pour", pour, Surface.SYSTEM, "64 MiB."),
)


@pytest.fixture(scope="module")
def bounded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("bounded")
    with running_server(folder, connection_limits=LIMITS, routes=(*ROUTES, *MORE_ROUTES)) as server:
        yield server


def is_refused(heard: RawResponse, status: int) -> bool:
    return heard.statuses == [status] and heard.is_closed


# Time


def test_who_says_nothing_is_not_waited_for(bounded: RunningServer) -> None:
    heard = send_raw(bounded, b"", seconds=3)
    assert heard.is_closed
    assert heard.content == b""
    assert 0.3 < heard.seconds < 1.5


@pytest.mark.parametrize(
    ("begun", "piece"),
    [(b"GET /healthz HTTP/1.1\r\nHost: x\r\n", b"X-A: b\r\n"), (b"GET /healthz", b"a"), (b"", b"\r\n")],
)
def test_dripping_bytes_does_not_put_the_deadline_of_the_head_off(
    bounded: RunningServer, begun: bytes, piece: bytes
) -> None:
    assert dripped(bounded, begun, piece) < 1.5


def dripped(server: RunningServer, begun: bytes, piece: bytes) -> float:
    """For how many seconds the server takes pieces."""
    began = time.monotonic()
    with connect(server) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(begun)
        while time.monotonic() - began < 4:
            connection.sendall(piece)
            if read_raw(connection, seconds=0.1).is_closed:
                break
    return time.monotonic() - began


def test_an_idle_connection_is_closed_and_blank_lines_do_not_keep_it(bounded: RunningServer) -> None:
    assert dripped(bounded, format_request("GET", "/healthz", server=bounded), b"\r\n") < 2.5


def test_a_body_that_nobody_reads_is_not_waited_for(bounded: RunningServer) -> None:
    head = format_request("POST", "/nowhere", "Content-Length: 1000000", server=bounded)
    assert dripped(bounded, head, b"x") < 1.5


def test_the_client_hears_of_the_refusal_while_it_still_sends(bounded: RunningServer) -> None:
    head = format_request("POST", "/oauth/token", "Content-Length: 900000", server=bounded)
    assert send_raw(bounded, head + b"x" * 900_000).statuses == [413]


@pytest.mark.slow
def test_who_does_not_take_the_answer_is_dropped(bounded: RunningServer) -> None:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(10)
        connection.connect(("127.0.0.1", int(bounded.url.rpartition(":")[2])))
        connection.sendall(format_request("GET", "/pour", server=bounded))
        time.sleep(2.5)
        taken = 0
        with contextlib.suppress(ConnectionError):
            while piece := connection.recv(1 << 20):
                taken += len(piece)
    assert taken < 1000 * 65536


@pytest.mark.slow
def test_a_connection_serves_one_request_after_another(bounded: RunningServer) -> None:
    with connect(bounded) as connection:
        for _ in range(30):
            connection.sendall(format_request("GET", "/healthz", server=bounded))
            assert read_raw(connection, seconds=0.1).statuses == [200]


# Size and number


def test_a_head_is_bounded_in_each_way(bounded: RunningServer) -> None:
    many = [f"X-{number}: a" for number in range(150)]
    cases = [
        (format_request("GET", "/" + "a" * 9000, server=bounded), 414),
        (format_request("GET", "/" + "a" * 900_000, server=bounded), 414),
        (format_request("GET", "/healthz", *many, server=bounded), 431),
        (format_request("GET", "/healthz", "X: " + "a" * 70_000, server=bounded), 431),
        (format_request("GET", "/healthz", "X: " + "a" * 900_000, server=bounded), 431),
        (format_request("GET", "/healthz", *[f"X: {'a' * 7000}"] * 20, server=bounded), 431),
        (format_request("GET", "/healthz", *many[:90], server=bounded), 200),
        (format_request("GET", "/healthz", "X: " + "a" * 50_000, server=bounded), 200),
    ]
    for sent, status in cases:
        assert send_raw(bounded, sent, seconds=0.5).statuses == [status], sent[:40]


def test_requests_sent_ahead_are_answered_in_order_and_only_so_many(bounded: RunningServer) -> None:
    ahead = format_request("GET", "/healthz", server=bounded)
    assert send_raw(bounded, ahead * 10, seconds=0.5).statuses == [200] * 10
    abuse = send_raw(bounded, ahead * 5000)
    assert (abuse.statuses, abuse.is_closed) == ([200], True)


def test_beyond_the_number_of_connections_one_is_told_to_come_back(bounded: RunningServer) -> None:
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(connect(bounded)) for _ in range(LIMITS.max_connections)]
        time.sleep(0.1)
        refused = send_raw(bounded, b"")
        assert len(held) == LIMITS.max_connections
    assert is_refused(refused, 503)
    assert b"retry-after: 5" in refused.content
    time.sleep(0.2)
    assert send_raw(bounded, format_request("GET", "/healthz", server=bounded), seconds=0.2).statuses == [200]


def test_an_address_has_its_share_and_a_listed_proxy_or_this_machine_has_no_bound_but_the_whole() -> None:
    limits = ConnectionLimits(max_connections=10, max_connections_an_address=2)
    connections = ConnectionLimiter(limits, proxies=[parse_network("10.0.0.0/8")])
    assert [connections.admits("192.0.2.1") for _ in range(3)] == [True, True, False]
    connections.release("192.0.2.1")
    connections.release("192.0.2.1")
    assert connections.admits("192.0.2.1")
    assert [connections.admits("10.1.1.1") for _ in range(3)] == [True] * 3
    assert [connections.admits("127.0.0.1") for _ in range(5)] == [True] * 5
    assert not connections.admits("127.0.0.1")
    strict = ConnectionLimiter(limits, own_machine_is_free=False)
    assert [strict.admits("::1") for _ in range(3)] == [True, True, False]


# Form

HEAD = "POST /tell HTTP/1.1\r\nHost: {host}\r\n"
TE = HEAD + "Transfer-Encoding: chunked\r\n\r\n"
MALFORMED = {
    "length and coding": HEAD + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding and length": HEAD + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    "two lengths": HEAD + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "a length twice": HEAD + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    "a list of lengths": HEAD + "Content-Length: 3, 3\r\n\r\nabc",
    "a length with a sign": HEAD + "Content-Length: +3\r\n\r\nabc",
    "a negative length": HEAD + "Content-Length: -3\r\n\r\nabc",
    "a length in hexadecimal": HEAD + "Content-Length: 0x3\r\n\r\nabc",
    "a giant length": HEAD + f"Content-Length: {10**30}\r\n\r\nabc",
    "another coding": HEAD + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a coding below chunked": HEAD + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "two codings": HEAD + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "a coding twice": HEAD + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a coding that is disguised": HEAD + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": HEAD + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a coding in HTTP/1.0": "POST /tell HTTP/1.0\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a folded header": HEAD + "X-A: b\r\n c\r\n\r\n",
    "bare line feeds": "GET /healthz HTTP/1.1\nHost: {host}\n\n",
    "one bare line feed": "GET /healthz HTTP/1.1\r\nHost: {host}\nX-A: b\r\n\r\n",
    "a bare carriage return": "GET /healthz HTTP/1.1\r\nHost: {host}\rX-A: b\r\n\r\n",
    "a NUL in a header": "GET /healthz HTTP/1.1\r\nHost: {host}\r\nX-A: a\0b\r\n\r\n",
    "a nameless header": "GET /healthz HTTP/1.1\r\nHost: {host}\r\n: b\r\n\r\n",
    "a space before the first header": "GET /healthz HTTP/1.1\r\n Host: {host}\r\n\r\n",
    "no length of a chunk": TE + "zz\r\n",
    "a chunk longer than it says": TE + "2\r\nabcd\r\n0\r\n\r\n",
    "chunks ended by line feeds": TE + "2\nab\n0\n\n",
    "a line feed in a chunk's extension": TE + "2;a\nb\r\nab\r\n0\r\n\r\n",
    "a negative chunk": TE + "-2\r\nab\r\n0\r\n\r\n",
    "a giant chunk": TE + "fffffffffffffffff\r\nab\r\n0\r\n\r\n",
    "a chunk's length with 0x": TE + "0x2\r\nab\r\n0\r\n\r\n",
    "a target with a host": "GET http://evil.example/healthz HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "a target without a slash": "GET healthz HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "a target that is no path": "OPTIONS * HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "CONNECT": "CONNECT evil.example:443 HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "a byte beyond ASCII in the target": "GET /\xff HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "HTTP/0.9": "GET /healthz\r\n\r\n",
    "HTTP/1.2": "GET /healthz HTTP/1.2\r\nHost: {host}\r\n\r\n",
    "HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "a method that is none": "GRAB /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "an upgrade with a body": HEAD + "Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\nabc",
}


@pytest.mark.parametrize("shape", MALFORMED)
def test_what_others_might_read_differently_is_refused_and_ends_the_connection(
    bounded: RunningServer, shape: str
) -> None:
    sent = MALFORMED[shape].replace("{host}", bounded.url.removeprefix("http://")).encode("latin-1")
    behind = format_request("GET", "/healthz", server=bounded)
    assert is_refused(send_raw(bounded, sent), 400)
    assert is_refused(send_raw(bounded, sent + behind), 400)


def test_a_trailer_does_not_become_a_header(bounded: RunningServer) -> None:
    head = format_request("POST", "/tell", "Transfer-Encoding: chunked", server=bounded)
    with connect(bounded) as connection:
        connection.sendall(head + b"2\r\nab\r\n")
        time.sleep(0.1)
        connection.sendall(b"0\r\nAuthorization: Bearer x\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
        heard = read_raw(connection, seconds=0.3)
    assert heard.statuses == [200]
    assert b'["host","transfer-encoding"]' in heard.content


def test_a_length_that_is_too_short_never_mixes_two_answers(bounded: RunningServer) -> None:
    head = format_request("POST", "/tell", "Content-Length: 3", server=bounded)
    heard = send_raw(bounded, head + b"abcd and more\r\n\r\n")
    assert heard.statuses == [200]
    assert heard.is_closed


def test_a_length_that_is_too_long_is_a_body_that_was_cut(bounded: RunningServer) -> None:
    with connect(bounded) as connection:
        connection.sendall(format_request("POST", "/oauth/token", "Content-Length: 30", server=bounded, body=b"abc"))
        connection.shutdown(socket.SHUT_WR)
        heard = read_raw(connection)
    assert heard.is_closed
    assert heard.statuses in ([], [400])


def test_an_upgrade_is_ignored_and_what_comes_behind_it_is_not_read(bounded: RunningServer) -> None:
    upgrade = format_request("GET", "/healthz", "Connection: Upgrade", "Upgrade: websocket", server=bounded)
    heard = send_raw(bounded, upgrade + format_request("GET", "/healthz", server=bounded))
    assert heard.statuses == [200]
    assert heard.is_closed


def test_waiting_for_leave_to_send_a_body_works(bounded: RunningServer) -> None:
    with connect(bounded) as connection:
        connection.sendall(format_request("POST", "/tell", "Expect: 100-continue", "Content-Length: 2", server=bounded))
        assert read_raw(connection, seconds=0.2).statuses == [100]
        connection.sendall(b"ab")
        assert read_raw(connection, seconds=0.2).statuses == [200]


@pytest.mark.slow
def test_a_refusal_says_no_more_than_it_must(bounded: RunningServer) -> None:
    head = send_raw(bounded, b"nonsense\r\n\r\n").content.partition(b"\r\n\r\n")[0].lower()
    for header in (b"connection: close", b"x-content-type-options: nosniff", b"cache-control: no-store"):
        assert header in head
    assert b"server:" not in head
