"""A relay before a server that knows which requests are under way: what browsers ask, and until when."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

OF_A_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


@dataclass
class Asked:
    """A request; `ended` is when its answer was there."""

    method: str
    path: str
    began: float
    ended: float | None = None

    @property
    def is_long_poll(self) -> bool:
        """Whether it waits at the server for a change."""
        parts = urlsplit(self.path)
        return self.method == "GET" and parts.path.endswith("/changes") and parse_qs(parts.query)["wait"] != ["0"]

    @property
    def session(self) -> str:
        """Whose changes it asks for."""
        return self.path.split("/sessions/")[1].split("/")[0]


@dataclass
class Relay:
    """What was asked at `url`."""

    url: str
    asked: list[Asked] = field(default_factory=list)

    @property
    def long_polls(self) -> list[Asked]:
        """Those of the requests, the oldest first."""
        return [one for one in self.asked if one.is_long_poll]

    def most_long_polls_at_once(self) -> int:
        """How many were under way when there were most."""
        polls = self.long_polls
        now = time.monotonic()
        return max(
            (sum(other.began <= one.began < (other.ended or now) for other in polls) for one in polls), default=0
        )


@contextlib.contextmanager
def relay_before(server_url: str) -> Iterator[Relay]:
    """A relay to that server until the block ends."""
    relay = Relay("")
    address = urlsplit(server_url).netloc

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._forward()

        def do_POST(self) -> None:
            self._forward()

        def do_OPTIONS(self) -> None:
            self._forward()

        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(self.command, self.path, time.monotonic())
            relay.asked.append(asked)
            try:
                self._answer(body)
            except OSError:  # the page, or the server, is gone
                self.close_connection = True
            finally:
                asked.ended = time.monotonic()

        def _answer(self, body: bytes) -> None:
            connection = http.client.HTTPConnection(address, timeout=70)
            headers = {name: text for name, text in self.headers.items() if name.lower() not in OF_A_CONNECTION}
            with contextlib.closing(connection):
                connection.request(self.command, self.path, body or None, headers)
                answer = connection.getresponse()
                payload = answer.read()
            self.send_response(answer.status)
            for name, text in answer.getheaders():
                if name.lower() not in OF_A_CONNECTION:
                    self.send_header(name, text)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        relay.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield relay
        server.shutdown()
