"""From a request to a handler and back: credentials, place, permission, body, answer. The same steps for every route.

What a route is and how it answers stands in its `Route`; the table of them is `routes.py`.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from templates_server import access, bodies
from templates_server.addresses import client_address
from templates_server.audit.models import Deed
from templates_server.database import Database
from templates_server.description import Body, Header, Parameter
from templates_server.errors import ApiError, Forbidden, NotFound, Unauthenticated
from templates_server.idempotency.answers import HEADER, IdempotentAnswers, Once
from templates_server.settings import Settings
from templates_server.times import Clock

Part = TypeVar("Part")
OAUTH_CODES = {
    HTTPStatus.INTERNAL_SERVER_ERROR: "server_error",
    HTTPStatus.SERVICE_UNAVAILABLE: "temporarily_unavailable",
    HTTPStatus.TOO_MANY_REQUESTS: "temporarily_unavailable",
}
NO_DETAILS: Mapping[str, object] = {}


class Surface(enum.StrEnum):
    """Who a route is for; it decides the credentials and the form of errors."""

    PLATFORM = "platform"  # bearer tokens, envelope
    CLIENT = "client"  # public keys of environments, no envelope
    OAUTH = "oauth"  # RFC 6749
    PAGE = "page"  # people in a browser
    SYSTEM = "system"  # health and the like: open to all


@dataclass(frozen=True)
class Answer:
    """What a Platform API handler gives back; it goes out in the envelope."""

    data: Sequence[Any]
    type: str
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


NOTHING = Answer([], "", HTTPStatus.NO_CONTENT)


@dataclass(frozen=True)
class Envelope:
    """The frame of every JSON answer of the Platform API."""

    data: Sequence[Any]
    dataType: str | None  # noqa: N815 - the name on the wire
    errors: Sequence[Mapping[str, str]] | None


Authenticate = Callable[[str], Awaitable[access.Principal | None]]
Locate = Callable[[Mapping[str, str]], Awaitable[access.Place | None]]


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
    """One request on its way through its handler."""

    request: Request
    services: Services
    parameters: Mapping[str, str]
    body: Any = None
    _principal: access.Principal | None = None
    _place: access.Place | None = None
    _once: Once | None = None

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

    @property
    def address(self) -> str:
        """The network address of who asks; of a listed proxy, the one that it says. Empty when there is none."""
        peer = self.request.client
        return client_address(
            peer.host if peer else "", self.request.headers.raw, proxies=self.settings.trusted_proxies
        )

    @property
    def principal(self) -> access.Principal:
        """Who asks; only where the surface asks for credentials."""
        if self._principal is None:
            raise LookupError("this route has no principal")
        return self._principal

    @property
    def place(self) -> access.Place:
        """Where it acts; only where the path names an organization or a Space."""
        if self._place is None:
            raise LookupError("this route has no place")
        return self._place

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
        """The parameters behind the question mark; of a repeated one the last."""
        return self.request.query_params

    async def effect(self, work: Callable[[Connection], Answer]) -> Response:
        """The answer to what changes something: the work stores the change and says what to answer.

        It is one transaction. Under an Idempotency-Key (POST) the answer is stored in it too, and given again to who
        asks again.
        """
        if self._once is None:
            return to_response(await self.database.write(work))
        return await self._once.perform(self.database, lambda connection: to_response(work(connection)))

    def deed(
        self,
        action: str,
        target: str,
        *,
        organization_id: str | None = None,
        details: Mapping[str, object] = NO_DETAILS,
    ) -> Deed:
        """What is to be remembered of what is being done: in the organization of the path, or in one that is named."""
        place = self._place
        return Deed(
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


Handler = Callable[[Call], Awaitable[Answer | Response]]


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
    deprecated route names its `successor`, a path.
    `max_body_bytes` overrides the limit of the settings.

    `is_open` asks for no credentials where the surface does; `needs_sign_in` for those of a person who has signed in:
    no personal token and no service account will do.
    """

    method: str
    path: str
    handler: Handler
    surface: Surface
    summary: str
    scope: access.Scope | None = None
    role: access.Role | None = None
    reads: Any = None
    gives: Any = None
    status: HTTPStatus = HTTPStatus.OK
    max_body_bytes: int | None = None
    is_open: bool = False
    needs_sign_in: bool = False
    also: Sequence[HTTPStatus] = ()
    refuses: Sequence[type[ApiError]] = ()
    takes: Sequence[Parameter] = ()
    sends: Sequence[Header] = ()
    data_type: str = ""
    example: Any = None
    path_examples: Mapping[str, str] = field(default_factory=dict)
    group: str = ""
    successor: str = ""


async def serve(route: Route, call: Call) -> Response:
    """The answer of a route; ApiError when a step refuses."""
    if route.surface in {Surface.PLATFORM, Surface.CLIENT} and not route.is_open:
        call._principal = await _authenticated(call, route.surface)  # noqa: SLF001 - filled in here, read everywhere
    if route.surface is Surface.PLATFORM:
        call._place = await _permitted_place(call, route)  # noqa: SLF001 - as above
    raw = b"" if route.reads is None else await _read_body(route, call)
    is_once = route.surface is Surface.PLATFORM and route.method == "POST" and HEADER in call.request.headers
    if is_once and call._principal is not None:  # noqa: SLF001 - nobody's key is not kept
        return await _serve_once(route, call, raw)
    return await _handled(route, call, raw)


async def _serve_once(route: Route, call: Call, raw: bytes) -> Response:
    """The answer that was given under the same Idempotency-Key, else the route's."""
    answers = call.services.part(IdempotentAnswers)
    once = answers.asked(call.request, call.principal, body=raw, now=call.now)
    with answers.running(once):
        replayed = await call.database.read(once.replay)
        call._once = once  # noqa: SLF001 - for `effect`
        return replayed or await _handled(route, call, raw)


async def _handled(route: Route, call: Call, raw: bytes) -> Response:
    call.body = _decoded(route, call, raw)
    answer = await route.handler(call)
    return answer if isinstance(answer, Response) else to_response(answer)


async def _authenticated(call: Call, surface: Surface) -> access.Principal:
    scheme, _, bearer = call.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not bearer.strip():
        raise Unauthenticated("Send `Authorization: Bearer ...` with a token, or with a pk_ key for the Client API.")
    principal = await call.services.authenticate(bearer.strip())
    if principal is None:
        raise Unauthenticated(
            "The token or key is unknown, expired or revoked.", challenge='Bearer error="invalid_token"'
        )
    is_app = principal.kind is access.PrincipalKind.APP
    if is_app and surface is Surface.PLATFORM:
        raise Forbidden("A pk_ key opens the Client API only: use a token here.")
    if not is_app and surface is Surface.CLIENT:
        raise Unauthenticated("The Client API is opened by a pk_ key of an environment.")
    return principal


async def _permitted_place(call: Call, route: Route) -> access.Place | None:
    """The place that the path names, once the caller may see it and do this there."""
    names = {
        name: call.parameters[name] for name in ("organization", "space", "environment") if name in call.parameters
    }
    place = await call.services.locate(names) if names else None
    if names and (place is None or not access.may_see(call.principal, place)):
        raise NotFound
    if route.scope is not None:
        access.check_scope(call.principal, route.scope, place)
    if route.role is not None and place is not None:
        access.check_role(call.principal, route.role, place)
    if route.needs_sign_in:
        access.check_signed_in(call.principal)
    return place


async def _read_body(route: Route, call: Call) -> bytes:
    limits = call.settings.limits
    return await bodies.read_body(call.request, route.max_body_bytes or limits.max_body_bytes, limits)


def _decoded(route: Route, call: Call, raw: bytes) -> Any:
    """The body as what the route reads; None where it reads none."""
    if route.reads is None:
        return None
    if route.reads is bytes or isinstance(route.reads, Body):
        return raw
    bodies.require_media_type(call.request, "application/json")
    return bodies.decode_json(raw, route.reads, max_depth=call.settings.limits.max_depth)


def to_response(answer: Answer) -> Response:
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


def error_response(error: ApiError, surface: Surface) -> Response:
    """A refusal in the form that the surface's callers read."""
    errors = [{"code": problem.code, "message": problem.message, "path": problem.path} for problem in error.problems]
    if surface is Surface.CLIENT:
        return json_response({"errors": errors}, error.status, error.headers)
    if surface is Surface.OAUTH:
        return _oauth_error(error)
    return json_response(Envelope([], None, errors), error.status, error.headers)
