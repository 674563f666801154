"""HTTP byte by byte, as no client library would send it."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.servers import RunningServer

STATUS_LINE = re.compile(rb"HTTP/1\.1 (\d{3}) ")


@dataclass(frozen=True)
class RawResponse:
    """What came back, whether the server then ended the connection, and after how long."""

    content: bytes
    is_closed: bool
    seconds: float

    @property
    def statuses(self) -> list[int]:
        """The status of each answer."""
        return [int(status) for status in STATUS_LINE.findall(self.content)]


@contextlib.contextmanager
def connect(server: RunningServer) -> Iterator[socket.socket]:
    """A connection to the server."""
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        yield connection


def read_raw(connection: socket.socket, *, seconds: float = 2) -> RawResponse:
    """All that comes until the server ends the connection, or the time is over."""
    began = time.monotonic()
    content = bytearray()
    while (left := began + seconds - time.monotonic()) > 0:
        connection.settimeout(left)
        try:
            piece = connection.recv(65536)
        except TimeoutError:
            break
        except ConnectionError:
            piece = b""
        if not piece:
            return RawResponse(bytes(content), is_closed=True, seconds=time.monotonic() - began)
        content += piece
    return RawResponse(bytes(content), is_closed=False, seconds=time.monotonic() - began)


def send_raw(server: RunningServer, sent: bytes, *, seconds: float = 2) -> RawResponse:
    """What the server says to these bytes."""
    with connect(server) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(sent)
        return read_raw(connection, seconds=seconds)


def format_request(method: str, target: str, *headers: str, server: RunningServer, body: bytes = b"") -> bytes:
    """The bytes of a request, with a Host header first."""
    host = server.url.removeprefix("http://")
    head = "".join(f"{line}\r\n" for line in (f"{method} {target} HTTP/1.1", f"Host: {host}", *headers))
    return head.encode("latin-1") + b"\r\n" + body
