"""The possible responses of a route: its own, and those shared by all routes of its kind. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from templates_server.features.api_docs.statuses import WHEN
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import (
    ACCOUNT,
    CONTENT_RANGE,
    ETAG,
    HTML,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    LINK_TO_NEXT,
    LOCATION,
    BodyDocs,
    HeaderDocs,
    ParameterDocs,
)

BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.SEE_OTHER, HTTPStatus.NOT_MODIFIED})
FAILURES_FROM = HTTPStatus.BAD_REQUEST
OF_ANY_ROUTE = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.MISDIRECTED_REQUEST,
        HTTPStatus.UPGRADE_REQUIRED,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.SERVICE_UNAVAILABLE,
    }
)
OF_SURFACE = {
    Surface.PLATFORM: frozenset(
        {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS}
    ),
    Surface.CLIENT: frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS}),
    Surface.OFREP: frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}),
    Surface.OAUTH: frozenset({HTTPStatus.TOO_MANY_REQUESTS}),
    Surface.PAGE: frozenset[HTTPStatus](),
    Surface.SYSTEM: frozenset[HTTPStatus](),
}
OF_AN_OPEN_ROUTE = frozenset({HTTPStatus.TOO_MANY_REQUESTS})
OF_A_BODY = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
CHALLENGE = HeaderDocs("WWW-Authenticate", "The required credentials (RFC 6750, section 3).")
RETRY_AFTER = HeaderDocs("Retry-After", "Seconds to wait before retrying.", int)
REPLAYED = HeaderDocs(
    "Idempotency-Replayed", "`true` if this is a stored response to an earlier request with the same Idempotency-Key."
)
COUNTED = frozenset({Surface.PLATFORM, Surface.CLIENT, Surface.OFREP, Surface.OAUTH})
RATE = (
    HeaderDocs("RateLimit-Limit", "Requests per minute; absent without a limit.", int),
    HeaderDocs("RateLimit-Remaining", "Remaining requests.", int),
    HeaderDocs("RateLimit-Reset", "Seconds until the limit is fully restored.", int),
)
WORTH_WAITING = frozenset({HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
PATH_PARAMETER = re.compile(r"\{(\w+)(\*?)\}")


@dataclass(frozen=True)
class PossibleAnswer:
    """A possible response of a route; a body of None is empty."""

    status: HTTPStatus
    text: str
    body: BodyDocs | None = None
    headers: tuple[HeaderDocs, ...] = ()

    @property
    def is_failure(self) -> bool:
        """Return whether it has the form of an error response."""
        return self.status >= FAILURES_FROM and self.body is None


def path_parameters(route: Route) -> Sequence[str]:
    """Return the names of the parameters in its path."""
    return [name for name, _ in PATH_PARAMETER.findall(route.path)]


def open_path(route: Route) -> str:
    """Return its path in the syntax of OpenAPI."""
    return PATH_PARAMETER.sub(r"{\1}", route.path)


def taken(route: Route) -> Sequence[ParameterDocs]:
    """Return its parameters besides the path, including those of every Platform API route."""
    if route.surface is not Surface.PLATFORM or route.is_open:
        return list(route.takes)
    return [*route.takes, ACCOUNT, *((IDEMPOTENCY_KEY,) if route.method == "POST" else ())]


def answers_of(route: Route) -> Sequence[PossibleAnswer]:
    """Return every possible response of a route, successes first."""
    return [*_successes(route), *_failures(route)]


def _successes(route: Route) -> Iterator[PossibleAnswer]:
    unchanged = {HTTPStatus.NOT_MODIFIED} if IF_NONE_MATCH in route.takes else set[HTTPStatus]()
    body = _given(route)
    for status in sorted({route.status, *route.also, *unchanged}):
        is_empty = status in BODILESS or body is None
        yield PossibleAnswer(status, WHEN[status], None if is_empty else body, tuple(_headers(route, status)))


def _given(route: Route) -> BodyDocs | None:
    """Return the content of a successful response; pages are HTML by default."""
    if route.gives is None:
        return BodyDocs(bytes, (HTML,)) if route.surface is Surface.PAGE else None
    return route.gives if isinstance(route.gives, BodyDocs) else BodyDocs(route.gives)


def _headers(route: Route, status: HTTPStatus) -> Iterator[HeaderDocs]:
    yield from _shared_headers(route)
    yield from route.sends
    if any(parameter.name == "cursor" for parameter in route.takes) and not route.successor:
        yield LINK_TO_NEXT
    if (IF_NONE_MATCH in route.takes or IF_MATCH in route.takes) and ETAG not in route.sends:
        yield ETAG
    if IDEMPOTENCY_KEY in taken(route):
        yield REPLAYED
    if status == HTTPStatus.SEE_OTHER and LOCATION not in route.sends:
        yield LOCATION


def _failures(route: Route) -> Iterator[PossibleAnswer]:
    statuses = {error.status for error in route.refuses} | OF_ANY_ROUTE
    statuses |= OF_AN_OPEN_ROUTE if route.is_open else OF_SURFACE[route.surface]
    if path_parameters(route):
        statuses |= {HTTPStatus.NOT_FOUND}
    if route.reads is not None:
        statuses |= OF_A_BODY - ({HTTPStatus.UNPROCESSABLE_ENTITY} if route.surface is Surface.OFREP else set())
    if IF_MATCH in route.takes:
        statuses |= {HTTPStatus.PRECONDITION_FAILED}
    if IDEMPOTENCY_KEY in taken(route):
        statuses |= {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
    statuses -= set(route.also)
    for status in sorted(statuses):
        yield PossibleAnswer(status, WHEN[status], headers=tuple(_failure_headers(route, status)))


def _failure_headers(route: Route, status: HTTPStatus) -> Iterator[HeaderDocs]:
    yield from _shared_headers(route)
    if status == HTTPStatus.UNAUTHORIZED or (status == HTTPStatus.FORBIDDEN and route.surface is Surface.PLATFORM):
        yield CHALLENGE
    if status in WORTH_WAITING:
        yield RETRY_AFTER
    if status == HTTPStatus.PRECONDITION_FAILED:
        yield ETAG
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        yield CONTENT_RANGE


def _shared_headers(route: Route) -> Iterator[HeaderDocs]:
    """Return the headers of every response, including errors."""
    if route.surface in COUNTED:
        yield from RATE
    yield from route.sends_always


def data_type_of(route: Route) -> str:
    """Return the envelope's `dataType`: the route's own, else the name of the type it returns."""
    kind: Any = route.gives.kind if isinstance(route.gives, BodyDocs) else route.gives
    if route.data_type or kind is None:
        return route.data_type
    name = re.sub(r"(View|Put)$", "", getattr(kind, "__name__", ""))
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
