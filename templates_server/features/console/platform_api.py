"""The Platform API for pages: a page calls a route's own handler, as the visitor, with the route's own permission.

So a page can do nothing that the API rejects, and leaves the same audit entry. No page has SQL of its own.
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
"""Headers that belong to the browser's own request for the page."""
PATIENCE_SECONDS = 5.0
POLL_SECONDS = 0.05
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Result:
    """The result of a route: `data` in the route's type, if it has one; `cursor` of the next page, "" on the last."""

    data: Sequence[Any]
    headers: Mapping[str, str]

    @property
    def one(self) -> Any:
        """The only item of the result; raises ValueError unless there is exactly one."""
        (only,) = self.data
        return only

    @property
    def cursor(self) -> str:
        """The cursor of the next page of a list."""
        link = self.headers.get("link", "")
        return parse_qs(urlsplit(link.partition(">")[0]).query).get("cursor", [""])[0]


@dataclass(frozen=True)
class RouteRequest:
    """The input of a route besides its path: `body` as a JSON value (bytes stay as they are), the query, headers.

    With a `key` the action is performed once, however often it is sent with that key.
    """

    body: Any = None
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    key: str = ""


def require(visit: Visit, handler: Handler) -> None:
    """Raise Forbidden unless the visitor may use the handler's route at the page's location."""
    check_permission(visit.call.features.platform_routes.of(handler), visit.call, visit.call.located)


def is_permitted(visit: Visit, handler: Handler) -> bool:
    """Return whether the visitor may use the handler's route at the page's location."""
    try:
        require(visit, handler)
    except Forbidden:
        return False
    return True


async def invoke(visit: Visit, handler: Handler, asked: RouteRequest | None = None, **parameters: str) -> Result:
    """Return the result of the handler's route for the visitor at the page; raise ApiError as the route does.

    `parameters` are parts of the route's path below the page's location. A document's body is bytes.
    """
    asked = asked or RouteRequest()
    route, call, raw = _prepare_call(visit, handler, asked, parameters)
    if not asked.key:
        return _result(route, await route.handler(call))
    return await _invoke_once(route, call, raw)


async def download(visit: Visit, handler: Handler, file_name: str, **parameters: str) -> Response:
    """Return the exact bytes of the handler's route for the visitor as a file with an ASCII name."""
    route, call, _ = _prepare_call(visit, handler, RouteRequest(), parameters)
    answer = await route.handler(call)
    response = to_response(answer) if isinstance(answer, ApiResult) else answer
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return response


def _prepare_call(
    visit: Visit, handler: Handler, asked: RouteRequest, parameters: Mapping[str, str]
) -> tuple[Route, Call, bytes]:
    """Return the handler's route, the visitor's call and the body as sent; raise Forbidden without permission."""
    route = visit.call.features.platform_routes.of(handler)
    check_permission(route, visit.call, visit.call.located)
    raw = asked.body if isinstance(asked.body, bytes) else msgspec.json.encode(asked.body)
    call = _call_of(visit.call, asked, raw, {**parameters, **route.implies})
    call.body = _decode_body(route, call, raw)
    return route, call, raw


def _call_of(call: Call, asked: RouteRequest, raw: bytes, parameters: Mapping[str, str]) -> Call:
    """Return the visitor's call as if they had sent it to the API."""
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
    """Return the stored result of the key, else call the route; a form sent twice at once waits for the first call."""
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
    """Yield for each attempt whether it is the last one."""
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
