"""A small proxy that speaks CONNECT (RFC 9110, 9.3.6): it lets through to one port, whatever name is asked for."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

TUNNEL = b"HTTP/1.1 200 Connection established\r\n\r\n"


@dataclass
class ConnectProxy:
    """What it was asked for, and what it answers instead of letting through."""

    leads_to: int = 0
    refusal: str = ""  # such as "403 Forbidden"
    password: str = ""  # USER:PASSWORD that it wants
    port: int = 0
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def proxying(proxy: ConnectProxy) -> Iterator[ConnectProxy]:
    """Run it until the block ends."""
    with _accepting(proxy) as port:
        proxy.port = port
        yield proxy


@contextmanager
def _accepting(proxy: ConnectProxy) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=_serve, args=(proxy, connection), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield int(listener.getsockname()[1])
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def _serve(proxy: ConnectProxy, connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        connection.settimeout(10)
        head = connection.recv(65536).decode("latin-1")
        proxy.asked.append(head.partition("\r\n")[0])
        wanted = "Basic " + base64.b64encode(proxy.password.encode()).decode()
        refusal = proxy.refusal
        if proxy.password and f"proxy-authorization: {wanted}".lower() not in head.lower():
            refusal = "407 Proxy Authentication Required"
        if refusal:
            connection.sendall(f"HTTP/1.1 {refusal}\r\nContent-Length: 0\r\n\r\n".encode())
            return
        with socket.create_connection(("127.0.0.1", proxy.leads_to), timeout=10) as server:
            connection.sendall(TUNNEL)
            _pump_both(connection, server)


def _pump_both(one: socket.socket, other: socket.socket) -> None:
    back = threading.Thread(target=_pump, args=(other, one), daemon=True)
    back.start()
    _pump(one, other)
    back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
