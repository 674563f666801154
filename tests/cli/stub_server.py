"""A real HTTP server that says what a test tells it to, once or again and again, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class ReceivedRequest:
    """One request, as it arrived. Header names are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(frozen=True)
class Reply:
    """One answer. A body that is no bytes is sent as JSON."""

    status: int = 200
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """The body as it is sent."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Answering = Callable[[ReceivedRequest], Reply]


def data(*entities: object, status: int = 200, **headers: str) -> Reply:
    """A good answer in the envelope of the Platform API."""
    return Reply(status, {"data": list(entities), "dataType": "thing", "errors": None}, headers)


def refusal(status: int, *errors: Mapping[str, object], **headers: str) -> Reply:
    """A failure in the envelope of the Platform API."""
    return Reply(status, {"data": [], "dataType": None, "errors": list(errors)}, headers)


class StubServer:
    """A server on a port of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[ReceivedRequest] = []
        self._replies: dict[tuple[str, str], list[Answering]] = {}
        self._lock = threading.Lock()

    def on(self, method: str, path: str, *replies: Reply | Answering) -> None:
        """What to answer there, one after the other; the last one stays."""
        self._replies[method, path] = [reply if callable(reply) else _always(reply) for reply in replies]

    def answer(self, asked: ReceivedRequest) -> Reply:
        """The next answer for a request."""
        with self._lock:
            self.asked.append(asked)
            replies = self._replies.get((asked.method, asked.path))
            if not replies:
                return refusal(404, {"code": "NOT_FOUND", "message": f"Nothing at {asked.path}.", "path": None})
            answering = replies.pop(0) if len(replies) > 1 else replies[0]
        return answering(asked)

    def asked_for(self, path: str) -> list[ReceivedRequest]:
        """The requests for one path."""
        return [asked for asked in self.asked if asked.path == path]


def _always(reply: Reply) -> Answering:
    return lambda _asked: reply


@contextmanager
def serving_stub() -> Iterator[StubServer]:
    """A stub server that answers until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.block_on_close = False
    stub_server = StubServer(f"http://127.0.0.1:{server.server_address[1]}")
    _Handler.stub_servers[server.server_address[1]] = stub_server
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield stub_server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5
    stub_servers: dict[int, StubServer] = {}  # noqa: RUF012 - one for all connections, by port

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        stub_server = self.stub_servers[self.connection.getsockname()[1]]
        reply = stub_server.answer(ReceivedRequest(self.command, parts.path, parts.query, headers, body))
        self.send_response(reply.status)
        sent = {"Content-Type": "application/json", "Content-Length": str(len(reply.content))} | dict(reply.headers)
        for name, value in sent.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(reply.content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - the names are the library's

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """Say nothing."""
