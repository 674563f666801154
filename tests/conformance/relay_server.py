"""The relay's HTTP: one thread a request, one connection a request."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from tests.conformance.relay import NUMBER_HEADER, ApiResult, Relay, Request, kind_of


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    relay: Relay


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._relay(None)

    def do_POST(self) -> None:
        self._relay(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _relay(self, body: Any) -> None:
        self.close_connection = True
        relay = self.server.relay
        kind = kind_of(self.path.partition("?")[0])
        number = int(self.headers[NUMBER_HEADER])
        request = Request(number, kind, self.command, self.path, body, dict(self.headers), 0)
        plan = relay.take(request)
        answer = relay.answer(request, plan)
        request.answered = "cut" if answer is None or plan.cut else str(answer.status)
        with suppress(OSError):  # the app did not wait
            if answer is None:
                self.connection.shutdown(socket.SHUT_RDWR)
            else:
                self._send(answer, is_cut=plan.cut == "middle")

    def _send(self, answer: ApiResult, *, is_cut: bool) -> None:
        self.send_response(answer.status)
        for name, text in answer.headers.items():
            self.send_header(name, text)
        self.send_header("Connection", "close")
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.payload) + (10 if is_cut else 0)))
        self.end_headers()
        if answer.status != 204:
            self.wfile.write(answer.payload)

    def log_message(self, *_: object) -> None:
        """Nothing: failing cases show what arrived."""


@contextmanager
def serving_relay(server_url: str, client: httpx.Client) -> Iterator[Relay]:
    """A relay to that server until the block ends."""
    relay = Relay(server_url, client)
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.relay = relay
        relay.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield relay
        relay.begin(0)
        server.shutdown()
        thread.join()
