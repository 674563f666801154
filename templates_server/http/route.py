"""A line of the URL table: what is served, and who may use it.

The table is `routes.py`, made of each feature's own; the steps from a request to its handler, the same for all, are
`pipeline.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from templates_server.errors import ApiError
from templates_server.http.context import Call
from templates_server.http.response import ApiResult, Surface
from templates_server.http.route_docs import HeaderDocs, ParameterDocs
from templates_server.security import authorization

Handler = Callable[[Call[Any]], Awaitable[ApiResult | Response]]


BeforeBody = Callable[[Call[Any]], Awaitable[Response | None]]


FindAsker = Callable[[Call[Any]], Awaitable[authorization.Principal]]


@dataclass(frozen=True)
class Route:
    """A line of the URL table: what is served, and all that `/openapi.json` and `/docs/api` say of it.

    `reads` is the type of the JSON body, a `Body` that the handler decodes itself, None for none; `gives` the type of
    an element of `data` (or of the body, outside the Platform API), a `Body` where it is not only JSON. `status` is the
    answer of success, `also` others that are no failure (304, 303, 200 besides 201). `refuses` names the failures that
    are this route's own: Conflict, PreconditionFailed, ValidationFailed without a body ... What every route of its
    surface can answer (400, 401, 403, 404 with a path parameter, 413 with a body ...) is added by `api_docs.responses`.

    `takes` are query parameters and request headers, `sends` headers of a success; PAGE in `takes` brings `Link`,
    IF_NONE_MATCH brings `ETag` and 304, IF_MATCH `ETag` and 412. `data_type` is the envelope's `dataType`: by default
    the name of `gives`, without View or Put, in snake case. `example` is a body that works on the demo server, and
    `path_examples` what its path parameters are called there, where `api_docs.examples` does not know; `$NAME` is a
    value that only the server knows. `group` is the heading in `/docs/api`, by default the noun of the path. A
    deprecated route names its `successor`, a path; `implies` are parameters that its own path does not have, and
    `sends_always` headers of its refusals, too.
    `max_body_bytes` overrides the limit of the settings, and `too_large` is what a body beyond it is told.
    `before_body` may answer before the body is read: for those who are to send no long one.

    `is_open` asks for no credentials where the surface does; `needs_sign_in` for those of a person who has signed in:
    no personal token and no service account will do. `find_asker` finds out who asks in another way than by a bearer
    token: Unauthenticated where it does not.
    """

    method: str
    path: str
    handler: Handler
    surface: Surface
    summary: str
    scope: authorization.Scope | None = None
    role: authorization.Role | None = None
    reads: Any = None
    gives: Any = None
    status: HTTPStatus = HTTPStatus.OK
    max_body_bytes: int | None = None
    too_large: str = ""
    before_body: BeforeBody | None = None
    is_open: bool = False
    needs_sign_in: bool = False
    also: Sequence[HTTPStatus] = ()
    refuses: Sequence[type[ApiError]] = ()
    takes: Sequence[ParameterDocs] = ()
    sends: Sequence[HeaderDocs] = ()
    data_type: str = ""
    example: Any = None
    path_examples: Mapping[str, str] = field(default_factory=dict)
    group: str = ""
    successor: str = ""
    implies: Mapping[str, str] = field(default_factory=dict)
    sends_always: Sequence[HeaderDocs] = ()
    find_asker: FindAsker | None = None


def check_permission(route: Route, call: Call, place: authorization.ResourceScope | None) -> None:
    """Raise Forbidden unless the caller may use the route there: by scope, by role and by how they signed in."""
    if route.scope is not None:
        authorization.check_scope(call.principal, route.scope, place)
    if route.role is not None and place is not None:
        authorization.check_role(call.principal, route.role, place)
    if route.needs_sign_in:
        authorization.check_signed_in(call.principal)
