"""The Platform API for pages: a page calls a route's own handler, as the visitor, with the route's own permission.

So that a page can do nothing that the API refuses, and leaves the same audit entry. No page has SQL of its own.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
from starlette.responses import Response

from templates_server.errors import Conflict, Forbidden
from templates_server.features.console.visit import Visit
from templates_server.http import request_body
from templates_server.http.context import Call
from templates_server.http.idempotency.idempotent_request import HEADER
from templates_server.http.request import IncomingRequest
from templates_server.http.response import ApiResult, to_response
from templates_server.http.route import Handler, Route, check_permission
from templates_server.http.route_docs import BodyDocs

JSON = "application/json"
NOT_PASSED_ON = frozenset(
    {
        "accept", "content-digest", "content-encoding", "content-length", "content-type", "idempotency-key", "if-match",
        "if-none-match", "if-range", "prefer", "range",
    }
)  # fmt: skip
"""Headers of the browser that are about its own request for the page."""
PATIENCE_SECONDS = 5.0
POLL_SECONDS = 0.05
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Result:
    """What a route gave: `data` as its type has it, where it has one; `cursor` of the next page, "" at the last."""

    data: Sequence[Any]
    headers: Mapping[str, str]

    @property
    def one(self) -> Any:
        """The only thing that was given; ValueError when it is not one."""
        (only,) = self.data
        return only

    @property
    def cursor(self) -> str:
        """Where the next page of a list begins."""
        link = self.headers.get("link", "")
        return parse_qs(urlsplit(link.partition(">")[0]).query).get("cursor", [""])[0]


@dataclass(frozen=True)
class RouteRequest:
    """What goes to a route besides its path: `body` as a JSON value (bytes: as it is), the query, headers.

    With a `key` the deed is done once, however often the same is sent under it.
    """

    body: Any = None
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    key: str = ""


def require(visit: Visit, handler: Handler) -> None:
    """Raise Forbidden unless the visitor may use the handler's route where the page is."""
    check_permission(visit.call.features.platform_routes.of(handler), visit.call, visit.call.located)


def is_permitted(visit: Visit, handler: Handler) -> bool:
    """Whether the visitor may use the handler's route where the page is."""
    try:
        require(visit, handler)
    except Forbidden:
        return False
    return True


async def invoke(visit: Visit, handler: Handler, asked: RouteRequest | None = None, **parameters: str) -> Result:
    """What the handler's route gives to the visitor, where the page is; ApiError as the route raises it.

    `parameters` are parts of the route's path below the place of the page. A document's body is bytes.
    """
    asked = asked or RouteRequest()
    route, call, raw = _prepare_call(visit, handler, asked, parameters)
    if not asked.key:
        return _result(route, await route.handler(call))
    return await _invoke_once(route, call, raw)


async def download(visit: Visit, handler: Handler, file_name: str, **parameters: str) -> Response:
    """The very bytes that the handler's route gives to the visitor, as a file; its name is of ASCII."""
    route, call, _ = _prepare_call(visit, handler, RouteRequest(), parameters)
    answer = await route.handler(call)
    response = to_response(answer) if isinstance(answer, ApiResult) else answer
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return response


def _prepare_call(
    visit: Visit, handler: Handler, asked: RouteRequest, parameters: Mapping[str, str]
) -> tuple[Route, Call, bytes]:
    """The handler's route, the visitor's call of it, and the body as it was sent; Forbidden unless they may."""
    route = visit.call.features.platform_routes.of(handler)
    check_permission(route, visit.call, visit.call.located)
    raw = asked.body if isinstance(asked.body, bytes) else msgspec.json.encode(asked.body)
    call = _call_of(visit.call, asked, raw, {**parameters, **route.implies})
    call.body = _decode_body(route, call, raw)
    return route, call, raw


def _call_of(call: Call, asked: RouteRequest, raw: bytes, parameters: Mapping[str, str]) -> Call:
    """The visitor's call as if they had sent it to the API."""
    headers = {"content-type": JSON, **{name.lower(): value for name, value in asked.headers.items()}}
    if asked.key:
        headers[HEADER.lower()] = hashlib.sha256(asked.key.encode() + b"\0" + raw).hexdigest()
    scope = call.request.scope
    kept = [(name, value) for name, value in scope["headers"] if name.decode("latin-1") not in NOT_PASSED_ON]
    own = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
    scope = {**scope, "query_string": urlencode(asked.query).encode(), "headers": [*kept, *own]}
    request = IncomingRequest(scope, call.request.receive)
    return replace(call, request=request, parameters={**call.parameters, **parameters})


def _decode_body(route: Route, call: Call, raw: bytes) -> Any:
    if route.reads is None:
        return None
    if route.reads is bytes or isinstance(route.reads, BodyDocs):
        return raw
    return request_body.decode_json(raw, route.reads, max_depth=call.settings.limits.max_depth)


async def _invoke_once(route: Route, call: Call, raw: bytes) -> Result:
    """What it gave under the key before, else what it gives; a form that is sent twice at once waits for the first."""
    answers = call.services.idempotent_requests
    once = answers.asked(call.request, call.principal, body=raw, now=call.now)
    for is_last in _attempts():
        try:
            with answers.running(once):
                call.once = once
                replayed = await call.database.read(once.replay)
                return _result(route, replayed or await route.handler(call))
        except Conflict as error:
            if is_last or error.problems[0].path != HEADER:
                raise
        await asyncio.sleep(POLL_SECONDS)
    raise LookupError("the last attempt neither returned nor raised")


def _attempts() -> Iterator[bool]:
    """Whether each attempt is the last one."""
    number = int(PATIENCE_SECONDS / POLL_SECONDS)
    return (attempt == number - 1 for attempt in range(number))


def _result(route: Route, answer: ApiResult | Response) -> Result:
    if isinstance(answer, ApiResult):
        return Result(answer.data, {name.lower(): value for name, value in answer.headers.items()})
    headers = dict(answer.headers)
    if not answer.body:
        return Result([], headers)
    data = msgspec.json.decode(bytes(answer.body))["data"]
    is_typed = route.gives is not None and not isinstance(route.gives, BodyDocs)
    return Result(msgspec.convert(data, list[route.gives]) if is_typed else data, headers)  # type: ignore[name-defined]
