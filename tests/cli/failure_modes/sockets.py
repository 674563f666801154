"""Servers that are none: sockets that accept a connection and then behave as the test says. TLS if it is wished for."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Behaviour = Callable[[socket.socket], None]
GOOD_BODY = b'{"data": [], "dataType": "space", "errors": null}'


@contextmanager
def listening(behaviour: Behaviour, tls: ssl.SSLContext | None = None, *, port: int = 0) -> Iterator[int]:
    """The port of something that accepts connections, takes one request, and does `behaviour`."""
    with socket.create_server(("127.0.0.1", port)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, contextlib.suppress(OSError):
                    _serve(connection, behaviour, tls)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield int(listener.getsockname()[1])
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def _serve(connection: socket.socket, behaviour: Behaviour, tls: ssl.SSLContext | None) -> None:
    connection.settimeout(10)
    if tls is None:
        connection.recv(65536)
        behaviour(connection)
        return
    with tls.wrap_socket(connection, server_side=True) as secure:
        secure.recv(65536)
        behaviour(secure)


def answering(body: bytes = GOOD_BODY, *, status: str = "200 OK", **headers: str) -> Behaviour:
    """Answer every request so; `_` in a header's name is a dash."""
    lines = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())

    def answer(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body)
        connection.settimeout(0.5)  # to close before all was read would reset the connection
        with contextlib.suppress(OSError):
            while connection.recv(65536):
                pass

    return answer


def reset(connection: socket.socket) -> None:
    """End the connection by RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
