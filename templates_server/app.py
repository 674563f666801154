"""The ASGI application of a server. What its handlers work with is made in `composition.py`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from templates_server.composition import FeatureServices, create_services
from templates_server.errors import ApiError, BadRequest, ClientTooOld, Failed
from templates_server.features.v1 import deprecation
from templates_server.http.context import Call, Services
from templates_server.http.host_validation import HostCheck
from templates_server.http.pipeline import serve
from templates_server.http.request import IncomingRequest
from templates_server.http.response import Surface, error_response
from templates_server.http.route import Route
from templates_server.http.router import Router
from templates_server.primitives.ids import new_id
from templates_server.primitives.integers import whole_number
from templates_server.primitives.timestamps import Clock, system_clock
from templates_server.routes import ROUTES
from templates_server.settings import Settings
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database

LOGGER = logging.getLogger("templates_server")
CLIENT_AGENT = re.compile(r"mtribes/([0-9]{1,9}(?:\.[0-9]{1,9}){0,9})(?![0-9])")
LARGEST_VERSION_PART = 999_999_999
ESCAPED_NUL = b"%00"
SENT_ONCE = frozenset(
    {b"authorization", b"content-digest", b"content-encoding", b"content-type", b"origin", b"x-api-key"}
)
"""Headers that may not be repeated: this server and a proxy in front of it could read two in different ways."""
CORS_MAX_AGE_SECONDS = 7200
CORS_HEADERS = (
    "Authorization, Content-Digest, Content-Encoding, Content-Type, Idempotency-Key, If-Match, If-None-Match, "
    "Last-Event-ID, Range, X-API-Key, "
    "Baggage, Sentry-Trace, Traceparent, Tracestate"  # added by tracing in a page; not read here
)
CORS_EXPOSED = (  # besides what the Fetch Standard shows to any page
    "Content-Disposition, Content-Range, Deprecation, ETag, Idempotency-Replayed, Link, Location, RateLimit-Limit, "
    "RateLimit-Remaining, RateLimit-Reset, Retry-After, Sunset, WWW-Authenticate"
)
SURFACE_PREFIXES = {
    b"/api/client/": Surface.CLIENT,
    b"/ofrep/": Surface.OFREP,
    b"/v2/": Surface.PLATFORM,
    b"/v1.0/": Surface.PLATFORM,
    b"/oauth/": Surface.OAUTH,
}
SENT_UNLESS_THE_ROUTE_SAYS_OTHERWISE = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
PUBLIC_SURFACES = frozenset({Surface.CLIENT, Surface.OFREP})
FLAG_KEY = "flag"
NO_ROUTE: Mapping[str, str] = {FLAG_KEY: ""}
"""The path parameters before the route is known: OFREP errors always name a flag."""
FIRST_VERSION = deprecation.PREFIX.encode()
ROUTE_FOUND = "mtribes.route"
ONLY_BY_HTTPS = (b"strict-transport-security", b"max-age=31536000")


class BackgroundJob(Protocol):
    """Work that goes on while the server runs."""

    def start(self) -> None:
        """Begin."""

    async def finish(self) -> None:
        """Stop after the present step."""


class Application:
    """The ASGI application: routing, errors, headers. `services` and `features` are what its handlers work with."""

    def __init__(self, services: Services, features: FeatureServices, routes: Sequence[Route]) -> None:
        self.services, self.features = services, features
        self._router = Router(routes)
        self._prefix = services.settings.base_path.encode()
        self._hosts = HostCheck(services.settings)
        self._metrics = features.metrics if services.settings.metrics else None
        self._always_sent = (
            *SENT_UNLESS_THE_ROUTE_SAYS_OTHERWISE,
            *((ONLY_BY_HTTPS,) if services.settings.secure else ()),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve HTTP, or the lifespan of the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            began = time.perf_counter()
            request = IncomingRequest(scope, receive)
            path = self._path_of(request)
            response = await self._respond(request, path)
            if path.startswith(FIRST_VERSION):
                said = deprecation.headers(path, public_url=self.services.settings.public_url)
                response.raw_headers += [(name.lower().encode(), value.encode()) for name, value in said.items()]
            sent = {name for name, _ in response.raw_headers}
            response.raw_headers += [header for header in self._always_sent if header[0] not in sent]
            await response(scope, receive, send)
            if self._metrics is not None:
                seconds = time.perf_counter() - began
                self._metrics.count(
                    request.method, scope.get(ROUTE_FOUND), status=response.status_code, seconds=seconds
                )

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        features, services = self.features, self.services
        jobs: Sequence[BackgroundJob] = (
            features.daily_count_job,
            features.retention_job,
            features.export_worker,
            features.file_import_job,
            features.tag_removal_job,
            services.space_removal_job,
            features.name_count_job,
        )
        for job in jobs:
            job.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for job in reversed(jobs):
            await job.finish()
        await features.last_used_tracker.finish()
        await features.change_notifier.finish()
        await features.event_feed.finish()
        await asyncio.to_thread(services.database.close)
        await asyncio.to_thread(services.passwords.close)
        await send({"type": "lifespan.shutdown.complete"})

    async def _respond(self, request: IncomingRequest, path: bytes) -> Response:
        surface: Surface | None = None
        parameters: Mapping[str, str] = NO_ROUTE
        logged = path.decode("latin-1")
        try:
            self._hosts.check(request.scope, path)
            if request.method == "OPTIONS" and (preflight := self._preflight(request, path)) is not None:
                return preflight
            route, parameters = self._router.find(request.method, path)
            request.scope[ROUTE_FOUND] = route.path
            surface, logged = route.surface, route.path  # a path may hold what no log should: a person's id, a code
            _refuse_old_client(request, self.services.settings.minimum_client_version)
            _refuse_nul(request)
            _refuse_repeated(request)
            response = await serve(route, Call(request, self.services, self.features, {**parameters, **route.implies}))
        except ApiError as error:
            surface = surface or self._surface_of(path, request)
            response = self._refusal(error, surface, parameters)
        except Exception:
            surface = surface or self._surface_of(path, request)
            identifier = new_id("err")
            LOGGER.exception("%s %s failed (%s)", request.method, logged, identifier)
            response = self._refusal(Failed(identifier), surface, parameters)
        if self._allow_origin(request, surface, response):
            response.headers["Access-Control-Expose-Headers"] = CORS_EXPOSED
        return response

    def _surface_of(self, path: bytes, request: Request) -> Surface:
        """Return the surface whose error format applies before the route is known, or where there is no route."""
        with contextlib.suppress(ApiError):
            if routes := self._router.at(path):
                return routes[0].surface
        for prefix, surface in SURFACE_PREFIXES.items():
            if path.startswith(prefix):
                return surface
        return Surface.PAGE if "text/html" in request.headers.get("accept", "") else Surface.PLATFORM

    def _refusal(self, error: ApiError, surface: Surface, parameters: Mapping[str, str]) -> Response:
        """Return an error response in the format of the surface."""
        if surface is Surface.PAGE:
            return self.features.page_renderer.error_answer(error)
        return error_response(error, surface, flag_key=parameters.get(FLAG_KEY))

    def _path_of(self, request: Request) -> bytes:
        """Return the path as sent, without the path of the public URL."""
        raw: bytes = request.scope["raw_path"].partition(b"?")[0]
        prefix = self._prefix
        return raw.removeprefix(prefix) or b"/" if (raw + b"/").startswith(prefix + b"/") else raw

    def _preflight(self, request: Request, path: bytes) -> Response | None:
        """Return the response to a CORS preflight (Fetch Standard, 3.2); None if nothing is at the path."""
        routes = self._router.at(path)
        if not routes:
            return None
        response = Response(status_code=HTTPStatus.NO_CONTENT)
        if self._allow_origin(request, routes[0].surface, response):
            response.headers["Access-Control-Allow-Methods"] = ", ".join(sorted(route.method for route in routes))
            response.headers["Access-Control-Allow-Headers"] = CORS_HEADERS
            response.headers["Access-Control-Max-Age"] = str(CORS_MAX_AGE_SECONDS)
        return response

    def _allow_origin(self, request: Request, surface: Surface, response: Response) -> bool:
        """Allow any origin for public keys, those in the settings for the Platform API, and none otherwise."""
        origin = request.headers.get("origin")
        if origin is None or surface not in {*PUBLIC_SURFACES, Surface.PLATFORM}:
            return False
        if surface is Surface.PLATFORM and origin not in self.services.settings.cors_origins:
            return False
        response.headers["Access-Control-Allow-Origin"] = "*" if surface in PUBLIC_SURFACES else origin
        response.headers.add_vary_header("Origin")
        return True


def _refuse_old_client(request: Request, minimum: str) -> None:
    match = CLIENT_AGENT.match(request.headers.get("user-agent", ""))
    if match and _version(match[1]) < _version(minimum):
        raise ClientTooOld(f"This server requires mtribes {minimum} or later; you have {match[1]}.")


def _version(text: str) -> tuple[int, ...]:
    return tuple(whole_number(part, most=LARGEST_VERSION_PART) or 0 for part in text.split("."))


def _refuse_nul(request: Request) -> None:
    """Raise BadRequest if the query contains a NUL character: PostgreSQL cannot store one."""
    if ESCAPED_NUL in request.scope["query_string"]:
        raise BadRequest("A query parameter contains a NUL character.")


def _refuse_repeated(request: IncomingRequest) -> None:
    """Raise BadRequest for a repeated header that may appear only once."""
    found = sorted(name.decode() for name in SENT_ONCE & request.headers.repeated)
    if found:
        raise BadRequest(f"Send the `{found[0]}` header only once.")


def create_app(
    settings: Settings,
    *,
    clock: Clock = system_clock,
    database: Database | None = None,
    routes: Sequence[Route] = ROUTES,
) -> Application:
    """Create the application that these settings describe; its database must have been migrated."""
    services, features = create_services(settings, database or open_database(settings.database_url), clock, routes)
    return Application(services, features, routes)
