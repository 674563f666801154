"""What a handler gets and gives back: its route, the call, the answer in the form of its surface.

The table of routes is `routes.py`; the steps from a request to its handler, the same for all, are `steps.py`.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from templates_server.errors import ApiError
from templates_server.http.audit_event import AuditEvent
from templates_server.http.idempotency.idempotent_request import IdempotentRequest
from templates_server.http.rate_limiter import Quota
from templates_server.http.route_docs import HeaderDocs, ParameterDocs
from templates_server.primitives.ip_addresses import CallerAddress, identify_caller
from templates_server.primitives.timestamps import Clock
from templates_server.security import authorization
from templates_server.settings import Settings
from templates_server.storage.database import Database

Part = TypeVar("Part")
OAUTH_CODES = {
    HTTPStatus.INTERNAL_SERVER_ERROR: "server_error",
    HTTPStatus.SERVICE_UNAVAILABLE: "temporarily_unavailable",
    HTTPStatus.TOO_MANY_REQUESTS: "temporarily_unavailable",
}
OFREP_CODES = {HTTPStatus.BAD_REQUEST: "PARSE_ERROR", HTTPStatus.NOT_FOUND: "FLAG_NOT_FOUND"}
OF_A_CONTEXT = frozenset({"TARGETING_KEY_MISSING", "INVALID_CONTEXT"})
NO_DETAILS: Mapping[str, object] = {}


class Surface(enum.StrEnum):
    """Who a route is for; it decides the credentials and the form of errors."""

    PLATFORM = "platform"  # bearer tokens, envelope
    CLIENT = "client"  # public keys of environments, no envelope
    OFREP = "ofrep"  # the same keys, errors as OpenFeature's remote evaluation protocol has them
    OAUTH = "oauth"  # RFC 6749
    PAGE = "page"  # people in a browser
    SYSTEM = "system"  # health and the like: open to all


@dataclass(frozen=True)
class ApiResult:
    """What a Platform API handler gives back; it goes out in the envelope."""

    data: Sequence[Any]
    type: str
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


NOTHING = ApiResult([], "", HTTPStatus.NO_CONTENT)


@dataclass(frozen=True)
class Envelope:
    """The frame of every JSON answer of the Platform API."""

    data: Sequence[Any]
    dataType: str | None  # noqa: N815 - the name on the wire
    errors: Sequence[Mapping[str, str]] | None


Authenticate = Callable[[str], Awaitable[authorization.Principal | None]]
Locate = Callable[[Mapping[str, str]], Awaitable[authorization.ResourceScope | None]]


@dataclass(frozen=True)
class Services:
    """What the composition root made for the handlers. `parts` are the features' own, by their class."""

    settings: Settings
    database: Database
    clock: Clock
    authenticate: Authenticate
    locate: Locate
    parts: Mapping[type, Any] = field(default_factory=dict)

    def part(self, kind: type[Part]) -> Part:
        """The part of that class; KeyError when the composition root made none."""
        found: Part = self.parts[kind]
        return found


@dataclass
class Call:
    """One request on its way through the steps (`steps.py`), which fill it in, and its handler."""

    request: Request
    services: Services
    parameters: Mapping[str, str]
    body: Any = None
    asker: authorization.Principal | None = None
    located: authorization.ResourceScope | None = None
    once: IdempotentRequest | None = None
    quota: Quota | None = None
    brought_back: Mapping[str, str] | None = None

    @property
    def database(self) -> Database:
        """Where things are stored."""
        return self.services.database

    @property
    def settings(self) -> Settings:
        """What the server was told."""
        return self.services.settings

    @property
    def now(self) -> int:
        """The present time in milliseconds."""
        return self.services.clock()

    @functools.cached_property
    def caller(self) -> CallerAddress:
        """The network address of who asks, and as what they are counted."""
        peer, settings = self.request.client, self.settings
        return identify_caller(
            peer.host if peer else "",
            self.request.headers.raw,
            proxies=settings.trusted_proxies,
            header=settings.proxy_header,
        )

    @property
    def address(self) -> str:
        """The network address of who asks; of a listed proxy, the one that it says. Empty when there is none."""
        return self.caller.address

    @property
    def principal(self) -> authorization.Principal:
        """Who asks; only where the surface asks for credentials."""
        if self.asker is None:
            raise LookupError("this route has no principal")
        return self.asker

    @property
    def place(self) -> authorization.ResourceScope:
        """Where it acts; only where the path names an organization or a Space."""
        if self.located is None:
            raise LookupError("this route has no place")
        return self.located

    @property
    def space_id(self) -> str:
        """The Space of the path."""
        return _present(self.place.space_id)

    @property
    def environment_id(self) -> str:
        """The environment of the path."""
        return _present(self.place.environment_id)

    @property
    def app_environment_id(self) -> str:
        """The environment of the pk_ key; only in the Client API."""
        return _present(self.principal.environment_id)

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters behind the question mark, of a repeated one the last; and what is brought back of a form."""
        query = self.request.query_params
        return query if self.brought_back is None else {**query, **self.brought_back}

    async def effect(self, work: Callable[[Connection], ApiResult]) -> Response:
        """The answer to what changes something: the work stores the change and says what to answer.

        It is one transaction. Under an Idempotency-Key (POST) the answer is stored in it too, and given again to who
        asks again.
        """
        if self.once is None:
            return to_response(await self.database.write(work))
        return await self.once.perform(self.database, lambda connection: to_response(work(connection)))

    def deed(
        self,
        action: str,
        target: str,
        *,
        organization_id: str | None = None,
        details: Mapping[str, object] = NO_DETAILS,
    ) -> AuditEvent:
        """What is to be remembered of what is being done: in the organization of the path, or in one that is named."""
        place = self.located
        return AuditEvent(
            organization_id or self.place.organization_id,
            self.now,
            self.principal.kind.value,
            self.principal.id,
            self.principal.email or self.principal.name,
            action,
            target,
            space=place.space_key if place else None,
            environment=place.environment_name if place else None,
            address=self.address,
            details=details,
        )


def _present(value: str | None) -> str:
    if value is None:
        raise LookupError("the path of this route does not name it")
    return value


Handler = Callable[[Call], Awaitable[ApiResult | Response]]
BeforeBody = Callable[[Call], Awaitable[Response | None]]
FindAsker = Callable[[Call], Awaitable[authorization.Principal]]


@dataclass(frozen=True)
class Route:
    """A line of the URL table: what is served, and all that `/openapi.json` and `/docs` say of it.

    `reads` is the type of the JSON body, a `Body` that the handler decodes itself, None for none; `gives` the type of
    an element of `data` (or of the body, outside the Platform API), a `Body` where it is not only JSON. `status` is the
    answer of success, `also` others that are no failure (304, 303, 200 besides 201). `refuses` names the failures that
    are this route's own: Conflict, PreconditionFailed, ValidationFailed without a body ... What every route of its
    surface can answer (400, 401, 403, 404 with a path parameter, 413 with a body ...) is added by `openapi.answers`.

    `takes` are query parameters and request headers, `sends` headers of a success; PAGE in `takes` brings `Link`,
    IF_NONE_MATCH brings `ETag` and 304, IF_MATCH `ETag` and 412. `data_type` is the envelope's `dataType`: by default
    the name of `gives`, without View or Put, in snake case. `example` is a body that works on the demo server, and
    `path_examples` what its path parameters are called there, where `openapi.examples` does not know; `$NAME` is a
    value that only the server knows. `group` is the heading in `/docs`, by default the noun of the path. A
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


def to_response(answer: ApiResult) -> Response:
    """An answer in its envelope; one without a body as such."""
    if answer.status is HTTPStatus.NO_CONTENT:
        return Response(status_code=answer.status, headers=dict(answer.headers))
    envelope = Envelope(answer.data, answer.type, None)
    return json_response(envelope, answer.status, answer.headers)


def json_response(body: Any, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None) -> Response:
    """Anything that msgspec encodes, as JSON."""
    return Response(msgspec.json.encode(body), status, dict(headers or {}), media_type="application/json")


def _oauth_error(error: ApiError) -> Response:
    """A refusal before the protocol began, in its form (RFC 6749, 5.2; the codes of 500 and 503 are from 4.1.2.1)."""
    body = {"error": OAUTH_CODES.get(error.status, "invalid_request"), "error_description": str(error)}
    return json_response(body, error.status, {**error.headers, "Cache-Control": "no-store"})


def _ofrep_error(error: ApiError, flag_key: str | None) -> Response:
    """A refusal as OFREP 0.3 has it; the clients need the key and the details, where it calls them optional."""
    details = "; ".join(f"{problem.path}: {problem.message}".removeprefix(": ") for problem in error.problems)
    status = HTTPStatus.BAD_REQUEST if error.status is HTTPStatus.UNPROCESSABLE_ENTITY else error.status
    code = error.code if error.code in OF_A_CONTEXT else OFREP_CODES.get(error.status, "GENERAL")
    body = {"errorCode": code, "errorDetails": details}
    return json_response(body if flag_key is None else {"key": flag_key, **body}, status, error.headers)


def error_response(error: ApiError, surface: Surface, *, flag_key: str | None = None) -> Response:
    """A refusal in the form that the surface's callers read; `flag_key` is that of the flag that was asked for."""
    if surface is Surface.OFREP:
        return _ofrep_error(error, flag_key)
    errors = [{"code": problem.code, "message": problem.message, "path": problem.path} for problem in error.problems]
    if surface is Surface.CLIENT:
        return json_response({"errors": errors}, error.status, error.headers)
    if surface is Surface.OAUTH:
        return _oauth_error(error)
    return json_response(Envelope([], None, errors), error.status, error.headers)
