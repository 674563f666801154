"""A relay before a server that keeps every byte of both directions: what was on the wire, secrets and all."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.secret_scanner import LEAST_LENGTH, SECRETS


@dataclass
class RecordingProxy:
    """Listens at `url`; goes on to the port that it is told."""

    url: str
    target_port: int
    chunks: list[bytes] = field(default_factory=list)

    def secrets(self) -> dict[str, set[str]]:
        """By kind, all that was sent either way."""
        found: dict[str, set[str]] = {}
        for pattern in SECRETS:
            for kind, value in pattern.findall(b"\n".join(self.chunks)):
                if len(value) >= LEAST_LENGTH:
                    found.setdefault(kind.decode().lower(), set()).add(value.decode())
        return found


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    relay: RecordingProxy

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: programs that are ended break connections off."""


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        """Both directions until one end closes."""
        relay = self.server.relay
        with socket.create_connection(("127.0.0.1", relay.target_port)) as target:
            back = threading.Thread(target=_copy, args=(target, self.request, relay), daemon=True)
            back.start()
            _copy(self.request, target, relay)
            back.join()


def _copy(source: socket.socket, target: socket.socket, relay: RecordingProxy) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            relay.chunks.append(chunk)
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def recording_proxy() -> Iterator[RecordingProxy]:
    """A relay to a free port, where a server may be started."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        target_port = free.getsockname()[1]
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.relay = RecordingProxy(f"http://127.0.0.1:{server.server_address[1]}", target_port)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server.relay
        server.shutdown()
        thread.join()
