"""Holds every answer of the tests' servers against the description that the server gives of itself.

A status, a header, a media type or a body that `/openapi.json` does not have is noted; the test during which it was
sent turns red (see conftest.py). Bodies are taken strictly: a member that is not described is a fault, though clients
are told to ignore such.
"""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jsonschema_rs
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from templates_server.app import Application
from templates_server.errors import ApiError
from templates_server.features.api_docs.document import described
from templates_server.features.api_docs.responses import open_path
from templates_server.http.route import Route
from templates_server.routes import ROUTES
from tests.secret_scanner import SecretRecorder

MOST_JUDGED_BYTES = 256 * 1024
JSON = "application/json"
OF_EVERY_ANSWER = {
    "accept-ranges", "access-control-allow-origin", "access-control-expose-headers", "cache-control", "connection",
    "content-encoding", "content-length", "content-security-policy", "content-type", "cross-origin-opener-policy",
    "pragma", "referrer-policy", "set-cookie", "strict-transport-security", "vary", "x-content-type-options",
    "x-frame-options",
}  # fmt: skip
"""Headers that are not described: they are HTTP's own business, or for browsers."""


class Findings:
    """What was found wrong, in all servers of the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: list[str] = []

    def add(self, finding: str) -> None:
        """Note something."""
        with self._lock:
            self._found.append(finding)

    def take(self) -> Sequence[str]:
        """What was noted since the last time, each once."""
        with self._lock:
            taken, self._found = list(dict.fromkeys(self._found)), []
        return taken


FINDINGS = Findings()


@functools.cache
def strict_description() -> dict[str, Any]:
    """The description, with schemas that allow no more than they say."""
    document = described(ROUTES, public_url="http://127.0.0.1", version="0")
    loose = json.loads(json.dumps(document))
    strict: dict[str, Any] = _closed(loose)
    return strict


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(item) for key, item in schema.items()}
    is_object = closed.get("type") == "object" and isinstance(closed.get("properties"), dict)
    return {"additionalProperties": False, **closed} if is_object else closed


@functools.cache
def validator(method: str, path: str, status: str) -> Any:
    """What the JSON body of that answer is held against."""
    schema = answers(method, path)[status]["content"][JSON]["schema"]
    return jsonschema_rs.Draft202012Validator({**schema, "components": strict_description()["components"]})


@functools.cache
def answers(method: str, path: str) -> Mapping[str, Any]:
    """The described answers of a route, by status."""
    shared = strict_description()["components"]["responses"]
    responses = strict_description()["paths"][path][method.lower()]["responses"]
    return {
        status: shared[response["$ref"].rpartition("/")[2]] if "$ref" in response else response
        for status, response in responses.items()
    }


def find_faults(route: Route, status: int, headers: Mapping[str, str], body: bytes | None) -> Iterator[str]:
    """What of an answer is not described; of a body of None nothing is looked at."""
    found = answers(route.method, open_path(route)).get(str(status))
    if found is None:
        yield f"the status {status} is not described"
        return
    known = {name.lower() for name in found.get("headers", ())} | OF_EVERY_ANSWER
    yield from (f"the header {name} of {status} is not described" for name in sorted(headers.keys() - known))
    content = found.get("content", {})
    media_type = headers.get("content-type", "").partition(";")[0]
    if not content or not body:
        if body:
            yield f"{status} is described without a body, and has {body[:80]!r}"
        return
    if media_type not in content:
        yield f"the media type {media_type!r} of {status} is not described"
    elif media_type == JSON:
        check = validator(route.method, open_path(route), str(status))
        answer = json.loads(body)
        yield from (
            f"{status}: {error.message[:300]} (at {'/'.join(map(str, error.instance_path))})"
            for error in check.iter_errors(answer)
        )
        errors = answer.get("errors") if isinstance(answer, dict) else None
        yield from (
            f"{status}: the message {error['message']!r} at {error['path']!r} is no sentence"
            for error in errors or ()
            if " " not in error["message"].strip()
        )


class ConformanceRecorder:
    """An application whose answers are looked at on their way out."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and look."""
        route = self._route(scope)
        await self._app(scope, receive, send if route is None else _RecordingSend(send, route, scope["method"]))

    def _route(self, scope: Scope) -> Route | None:
        """The route of a request; None when it leads nowhere."""
        if scope["type"] != "http":
            return None
        try:
            return self._app._router.find(scope["method"], self._app._path_of(Request(scope)))[0]
        except ApiError:
            return None


class _RecordingSend:
    """A `send` that reads along."""

    def __init__(self, send: Send, route: Route, method: str) -> None:
        self._send = send
        self._route = route
        self._method = method
        self._start: Message = {}
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] == "http.response.body" and self._start:
            if len(self._body) <= MOST_JUDGED_BYTES:
                self._body += message.get("body", b"")
            if not message.get("more_body", False):
                self._judge()
        await self._send(message)

    def _judge(self) -> None:
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in self._start["headers"]}
        body = None if self._method == "HEAD" or len(self._body) > MOST_JUDGED_BYTES else bytes(self._body)
        for fault in find_faults(self._route, self._start["status"], headers, body):
            FINDINGS.add(f"{self._route.method} {self._route.path}: {fault}")


def record_conformance(app: Application, routes: Sequence[Route]) -> ASGIApp:
    """The application, looked at when it has the routes that are described; its secrets are remembered in any case."""
    return SecretRecorder(ConformanceRecorder(app) if routes is ROUTES else app)
