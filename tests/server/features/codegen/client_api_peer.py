"""A small HTTP server that speaks the Client API and can be told to fail in every way that servers and networks do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

SERVED_HEADER: dict[str, Any] = {
    "enabled": True,
    "scenario": "Gold header",
    "properties": {"background": {"value": "#c9a227", "opacity": 0.5}, "gradient": None, "sticky": False},
}
SERVED_BODY: dict[str, Any] = {
    "enabled": True,
    "scenario": "Football evening",
    "items": [
        {
            "id": "derby",
            "experience": "hero",
            "enabled": True,
            "properties": {
                "layout": "boxed",
                "link": None,
                "source": "https://images.example.com/derby.jpg",
                "title": "The derby",
            },
        },
    ],
}
SERVED_WELCOME: dict[str, Any] = {
    "enabled": False,
    "scenario": None,
    "properties": {"label": "Spring offer", "discount-percent": 20, "ends-at": "2027-04-30T22:00:00Z"},
}
STATES: Mapping[str, Any] = {
    "homepage.header": SERVED_HEADER,
    "homepage.body": SERVED_BODY,
    "onboarding.welcome": SERVED_WELCOME,
}


def session_answer(states: Mapping[str, Any] = STATES, **more: Any) -> dict[str, Any]:
    return {"session": "ses_1", "revision": 7, "states": dict(states)} | more


@dataclass(frozen=True)
class ApiResult:
    """What the peer does with a request: `cut` closes the connection in the middle of the answer."""

    status: int = 200
    body: Any = None
    raw: bytes | None = None
    wait_seconds: float = 0
    cut: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A request that arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


STARTED = ApiResult(body=session_answer())
STORED = ApiResult(status=204)
UNKNOWN = ApiResult(status=404, body={"errors": []})


class ClientApiPeer:
    """`answers` holds what to do next by path, the last of a list for good; `asked` what arrived."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answers: dict[str, list[ApiResult]] = {"/sessions": [STARTED], "/events": [STORED], "/changes": [UNKNOWN]}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def bodies(self, path: str) -> list[Any]:
        """The bodies that were sent to that path, in order."""
        return [asked.body for asked in self.asked if asked.path == f"/api/client{path}"]

    def _next(self, path: str) -> ApiResult:
        kind = next((kind for kind in self.answers if path.split("?", maxsplit=1)[0].endswith(kind)), None)
        if kind is None:
            return UNKNOWN
        planned = self.answers[kind]
        return planned.pop(0) if len(planned) > 1 else planned[0]

    def _handler(peer) -> Callable[..., BaseHTTPRequestHandler]:  # noqa: N805  `self` is the handler below
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._answer(body)

            def do_GET(self) -> None:
                self._answer(None)

            def _answer(self, body: Any) -> None:
                peer.asked.append(Asked(self.command, self.path, dict(self.headers), body))
                answer = peer._next(self.path)
                time.sleep(answer.wait_seconds)
                payload = answer.raw if answer.raw is not None else json.dumps(answer.body).encode()
                self.close_connection = True
                try:
                    self._send(answer, b"" if answer.status == 204 else payload)
                except (BrokenPipeError, ConnectionResetError):
                    return  # the app did not wait

            def _send(self, answer: ApiResult, payload: bytes) -> None:
                self.send_response(answer.status)
                for name, text in answer.headers.items():
                    self.send_header(name, text)
                self.send_header("Connection", "close")
                self.send_header("Content-Length", str(len(payload) * (2 if answer.cut else 1)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, *_: object) -> None:
                """Silent."""

        return Handler
