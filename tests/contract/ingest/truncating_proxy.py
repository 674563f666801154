"""A relay before a server that breaks the first connection off after so many bytes, and lets all others through."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

CHUNK_BYTES = 65536


@dataclass
class TruncatingProxy:
    """Listens at `url`. `passed_bytes` are those of both directions since it was last armed."""

    url: str
    target: tuple[str, int]
    cut_after_bytes: int | None = None  # None: never
    passed_bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(self, cut_after_bytes: int | None) -> None:
        """Break off once, after so many bytes from now on."""
        with self._lock:
            self.cut_after_bytes, self.passed_bytes = cut_after_bytes, 0

    def room(self, wanted: int) -> tuple[int, bool]:
        """How many of the bytes may pass, and whether it is over then."""
        with self._lock:
            limit = self.cut_after_bytes
            allowed = wanted if limit is None else min(wanted, limit - self.passed_bytes)
            self.passed_bytes += allowed
            is_over = limit is not None and self.passed_bytes >= limit
            if is_over:
                self.cut_after_bytes = None
            return allowed, is_over

    def serve(self, client: socket.socket) -> None:
        """One connection, both ways, until one end closes or it is cut."""
        with client, socket.create_connection(self.target) as server:
            back = threading.Thread(target=self._copy, args=(server, client), daemon=True)
            back.start()
            self._copy(client, server)
            back.join()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(CHUNK_BYTES):
                allowed, is_over = self.room(len(chunk))
                target.sendall(chunk[:allowed])
                if is_over:
                    for end in (source, target):
                        end.shutdown(socket.SHUT_RDWR)
                    return
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@contextmanager
def truncating_proxy(server_url: str) -> Iterator[TruncatingProxy]:
    """A relay to that server, until the block ends."""
    parts = urlsplit(server_url)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        relay = TruncatingProxy(
            f"http://127.0.0.1:{listening.getsockname()[1]}", (parts.hostname or "", parts.port or 80)
        )
        accepting = threading.Thread(target=_accept, args=(listening, relay), daemon=True)
        accepting.start()
        yield relay
        listening.shutdown(socket.SHUT_RDWR)
        accepting.join()


def _accept(listening: socket.socket, relay: TruncatingProxy) -> None:
    with suppress(OSError):
        while True:
            client, _ = listening.accept()
            threading.Thread(target=relay.serve, args=(client,), daemon=True).start()
