"""A relay before a real PostgreSQL that loses connections at COMMIT: before it arrives, after it was done, or while."""

from __future__ import annotations

import contextlib
import enum
import socket
import socketserver
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

SOCKET_NAME = ".s.PGSQL.5432"
COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
ENDS = (COMMIT, b"Q\x00\x00\x00\x0dROLLBACK\x00")
LATE_SECONDS = 0.6


class Loss(enum.Enum):
    """When a connection is lost."""

    BEFORE = "before it arrives"
    AFTER = "after it was done"
    WHILE = "while it is on its way: it arrives late"


@dataclass
class PostgresRelay:
    """Listens at `url`; loses as many COMMITs as it is told, of transactions that sent the marker."""

    url: str
    target: str
    marker: bytes
    loss: Loss = Loss.AFTER
    losses: int = 0
    lost: int = 0

    def lose(self, loss: Loss, losses: int = 1) -> None:
        """Lose the next COMMITs."""
        self.loss, self.losses, self.lost = loss, losses, 0


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False
    relay: PostgresRelay

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: connections are lost here."""


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        """Both directions, until one end closes or a COMMIT is to be lost."""
        relay = self.server.relay
        with socket.socket(socket.AF_UNIX) as target:
            target.connect(relay.target)
            back = threading.Thread(target=_copy, args=(target, self.request), daemon=True)
            back.start()
            self._pass_on(target)
            with contextlib.suppress(OSError):
                target.shutdown(socket.SHUT_RDWR)
            back.join()

    def _pass_on(self, target: socket.socket) -> None:
        relay, is_marked = self.server.relay, False
        while chunk := self.request.recv(65536):
            is_marked = is_marked or relay.marker in chunk
            if is_marked and chunk.endswith(COMMIT) and relay.losses > 0:
                relay.losses -= 1
                relay.lost += 1
                self._lose(relay.loss, target, chunk)
                return
            is_marked = is_marked and not chunk.endswith(ENDS)
            target.sendall(chunk)

    def _lose(self, loss: Loss, target: socket.socket, chunk: bytes) -> None:
        """The client hears nothing more; the server hears of the COMMIT, or not."""
        self.request.shutdown(socket.SHUT_RDWR)
        if loss is Loss.BEFORE:
            return
        if loss is Loss.WHILE:
            time.sleep(LATE_SECONDS)
        target.sendall(chunk)
        time.sleep(LATE_SECONDS)  # until it is done


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def postgres_relay(url: str, marker: bytes) -> Iterator[PostgresRelay]:
    """A relay to the PostgreSQL at a URL that names the folder of its socket."""
    parsed = make_url(url)
    with (
        tempfile.TemporaryDirectory(prefix="relay-") as own,
        _Server(str(Path(own) / SOCKET_NAME), _Handler) as server,
    ):
        through = parsed.update_query_dict({"host": own}).render_as_string(hide_password=False)
        server.relay = PostgresRelay(through, str(Path(str(parsed.query["host"])) / SOCKET_NAME), marker)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server.relay
        server.shutdown()
