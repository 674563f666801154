"""The composition root: from settings to a running application. Nothing else knows all the features."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import re
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from templates_server.errors import ApiError, BadRequest, ClientTooOld, Failed
from templates_server.features.accounts import token_store as tokens_store
from templates_server.features.api_docs.api import Documentation
from templates_server.features.api_docs.description import Description
from templates_server.features.auth import local_code
from templates_server.features.auth.grant_support import OAuthConfig
from templates_server.features.auth.last_used import LastUsedTracker
from templates_server.features.auth.local_code import LocalCode
from templates_server.features.codegen.cache import FileSetCache
from templates_server.features.codegen.loader import CodeHashCache
from templates_server.features.console.platform_api import PlatformRoutes
from templates_server.features.console.tribes.counts import TribeCounts
from templates_server.features.demo.app.api import GeneratedFiles
from templates_server.features.event_names.job import NameCountJob
from templates_server.features.event_names.model_cache import ModelEvents
from templates_server.features.events import store as events_store
from templates_server.features.events.api import EventWriter
from templates_server.features.events.person_limit import RecentCounts
from templates_server.features.events.stream.feed import EventFeed
from templates_server.features.events.stream.recorder import ArrivalRecorder
from templates_server.features.exports.file_store import ExportFiles
from templates_server.features.exports.worker import ExportWorker
from templates_server.features.impact.service import ImpactSlots
from templates_server.features.imports.file_job import FileImportJob
from templates_server.features.imports.parse_worker import PartParser
from templates_server.features.imports.part_sequencer import PartSequencer
from templates_server.features.imports.uploads import Uploads
from templates_server.features.openfeature.evaluator import FlagEvaluator
from templates_server.features.openfeature.flags import FlagsCache
from templates_server.features.openfeature.streams.tokens import StreamTokens
from templates_server.features.operations.daily_counts.job import DailyCountJob
from templates_server.features.operations.metrics.registry import Metrics, new_metrics
from templates_server.features.operations.retention_job import RetentionJob
from templates_server.features.pages.renderer import PageRenderer
from templates_server.features.people.devices import store as devices_store
from templates_server.features.people.devices.api import DeviceWriter
from templates_server.features.people.erasure_log import ErasureLog
from templates_server.features.people.identify import store as identities_store
from templates_server.features.people.identify.api import AliasWriter, IdentityWriter
from templates_server.features.people.tag_removal.job import TagRemovalJob
from templates_server.features.sessions import store as sessions_store
from templates_server.features.sessions.api import SessionWriter
from templates_server.features.sessions.changes.notifier import ChangeNotifier
from templates_server.features.sessions.changes.start_cache import StartCache
from templates_server.features.sessions.changes.subscription import EvaluationLimiter
from templates_server.features.sessions.compiled_states import StatesCache
from templates_server.features.sessions.evaluator import SessionEvaluator
from templates_server.features.spaces import store as spaces_store
from templates_server.features.spaces.api_key_cache import ApiKeyCache
from templates_server.features.v1 import deprecation
from templates_server.http.context import Authenticate, Call, Locate, Services
from templates_server.http.host_validation import HostCheck
from templates_server.http.idempotency.idempotent_request import IdempotentRequests
from templates_server.http.pipeline import serve
from templates_server.http.proxy_check import SilentProxies
from templates_server.http.rate_limiter import RateLimiter
from templates_server.http.request import IncomingRequest
from templates_server.http.response import Surface, error_response
from templates_server.http.route import Route
from templates_server.http.router import Router
from templates_server.http.stream_limiter import StreamLimiter
from templates_server.primitives.ids import ENVIRONMENT_KEY_PREFIX, new_id
from templates_server.primitives.integers import whole_number
from templates_server.primitives.timestamps import DAY, Clock, system_clock
from templates_server.routes import ROUTES
from templates_server.security import secrets, server_key
from templates_server.security.authorization import Principal, ResourceScope
from templates_server.security.login_throttle import LoginThrottle
from templates_server.security.passwords import Passwords
from templates_server.security.server_key import ServerKey
from templates_server.security.user_signatures import UserSignatures
from templates_server.settings import Settings
from templates_server.storage.data_folder import DataFolder
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database
from templates_server.storage.removal.job import SpaceRemovalJob

LOGGER = logging.getLogger("templates_server")
CLIENT_AGENT = re.compile(r"mtribes/([0-9]{1,9}(?:\.[0-9]{1,9}){0,9})(?![0-9])")
LARGEST_VERSION_PART = 999_999_999
ESCAPED_NUL = b"%00"
SENT_ONCE = frozenset(
    {b"authorization", b"content-digest", b"content-encoding", b"content-type", b"origin", b"x-api-key"}
)
"""Headers of which two could be read in two ways, here and by what is in front of the server."""
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
"""The parameters of a path before its route is known: answers about a flag always name one."""
FIRST_VERSION = deprecation.PREFIX.encode()
ROUTE_FOUND = "mtribes.route"
ONLY_BY_HTTPS = (b"strict-transport-security", b"max-age=31536000")


class Application:
    """The ASGI application: routing, errors, headers. `services` is what its handlers work with."""

    def __init__(self, services: Services, routes: Sequence[Route]) -> None:
        self.services = services
        self._router = Router(routes)
        self._prefix = services.settings.base_path.encode()
        self._hosts = HostCheck(services.settings)
        self._metrics = services.part(Metrics) if services.settings.metrics else None
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
        self.services.part(DailyCountJob).start()
        self.services.part(RetentionJob).start()
        self.services.part(ExportWorker).start()
        self.services.part(FileImportJob).start()
        self.services.part(TagRemovalJob).start()
        self.services.part(SpaceRemovalJob).start()
        self.services.part(NameCountJob).start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.services.part(NameCountJob).finish()
        await self.services.part(SpaceRemovalJob).finish()
        await self.services.part(TagRemovalJob).finish()
        await self.services.part(FileImportJob).finish()
        await self.services.part(ExportWorker).finish()
        await self.services.part(RetentionJob).finish()
        await self.services.part(DailyCountJob).finish()
        await self.services.part(LastUsedTracker).finish()
        await self.services.part(ChangeNotifier).finish()
        await self.services.part(EventFeed).finish()
        await asyncio.to_thread(self.services.database.close)
        await asyncio.to_thread(self.services.part(Passwords).close)
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
            response = await serve(route, Call(request, self.services, {**parameters, **route.implies}))
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
        """Whose form a refusal has that comes before its route is known, or where there is none."""
        with contextlib.suppress(ApiError):
            if routes := self._router.at(path):
                return routes[0].surface
        for prefix, surface in SURFACE_PREFIXES.items():
            if path.startswith(prefix):
                return surface
        return Surface.PAGE if "text/html" in request.headers.get("accept", "") else Surface.PLATFORM

    def _refusal(self, error: ApiError, surface: Surface, parameters: Mapping[str, str]) -> Response:
        """A refusal in the form that the surface's callers read."""
        if surface is Surface.PAGE:
            return self.services.part(PageRenderer).error_answer(error)
        return error_response(error, surface, flag_key=parameters.get(FLAG_KEY))

    def _path_of(self, request: Request) -> bytes:
        """The path as it was sent, less the path of the public URL."""
        raw: bytes = request.scope["raw_path"].partition(b"?")[0]
        prefix = self._prefix
        return raw.removeprefix(prefix) or b"/" if (raw + b"/").startswith(prefix + b"/") else raw

    def _preflight(self, request: Request, path: bytes) -> Response | None:
        """The answer to a browser that asks before it sends (Fetch Standard, 3.2); None when nothing is at the path."""
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
        """Open what takes public keys to any page, the Platform API to those of the settings, the rest to none."""
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
    """Raise BadRequest for a NUL character in the query: PostgreSQL has no text with one."""
    if ESCAPED_NUL in request.scope["query_string"]:
        raise BadRequest("A query parameter contains a NUL character.")


def _refuse_repeated(request: IncomingRequest) -> None:
    """Raise BadRequest for a header that stands more than once and may not."""
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
    """The application that these settings describe; its database must have been migrated."""
    database = database or open_database(settings.database_url)
    uses = LastUsedTracker(database)
    services = Services(
        settings=settings,
        database=database,
        clock=clock,
        authenticate=_authenticator(database, clock, uses),
        locate=_locator(database),
        parts={
            **_sign_in_parts(settings, database, clock),
            **_parts(database, settings, clock),
            ErasureLog: ErasureLog(DataFolder(settings.data_folder).erasures_file),
            Description: Description(routes, settings),
            Documentation: Documentation(routes, settings),
            PlatformRoutes: PlatformRoutes(routes),
            TribeCounts: TribeCounts(),
            LastUsedTracker: uses,
            RetentionJob: RetentionJob(database, clock, keep_events_days=settings.event_retention_days),
            DailyCountJob: DailyCountJob(database, clock, keep_events_days=settings.event_retention_days),
            TagRemovalJob: TagRemovalJob(database, clock),
            SpaceRemovalJob: SpaceRemovalJob(database, clock),
            ExportWorker: ExportWorker(database, ExportFiles(DataFolder(settings.data_folder).exports_folder), clock),
            FileImportJob: FileImportJob(Uploads(DataFolder(settings.data_folder).uploads_folder, clock)),
            Metrics: new_metrics(version("mtribes"), unstored_writes=lambda: database.unstored_writes),
        },
    )
    return Application(services, routes)


def _sign_in_parts(settings: Settings, database: Database, clock: Clock) -> Mapping[type, Any]:
    """What signing in needs, by class. Only a local server has a code in its data folder."""
    key = server_key.load(settings.data_folder)
    local_code.remove(settings.data_folder)
    code = LocalCode(settings.data_folder) if settings.local and settings.on_loopback else None
    return {
        ServerKey: key,
        Passwords: Passwords(),
        LoginThrottle: LoginThrottle(database, key, clock),
        PageRenderer: PageRenderer(settings, key),
        OAuthConfig: OAuthConfig(settings.public_url, key, code),
        IdempotentRequests: IdempotentRequests(key),
        RateLimiter: RateLimiter(settings.rate_limits),
        SilentProxies: SilentProxies(settings.proxy_header),
        UserSignatures: UserSignatures(key),
        StreamTokens: StreamTokens(key),
    }


def _parts(database: Database, settings: Settings, clock: Clock) -> Mapping[type, Any]:
    """The features' own parts, by their class."""
    states = StatesCache(database)
    deciding = SessionEvaluator(database, states, retention_ms=settings.event_retention_days * DAY)
    folding = NameCountJob(database)
    add_events = functools.partial(events_store.add_events, recent=RecentCounts(), folding=folding)
    recorder = ArrivalRecorder(clock)
    return {
        CodeHashCache: CodeHashCache(database),
        FileSetCache: FileSetCache(),
        PartParser: PartParser(),
        PartSequencer: PartSequencer(),
        GeneratedFiles: GeneratedFiles(),
        StatesCache: states,
        SessionEvaluator: deciding,
        EvaluationLimiter: EvaluationLimiter(database, deciding, clock),
        ImpactSlots: ImpactSlots(),
        FlagEvaluator: FlagEvaluator(deciding, FlagsCache(states)),
        StreamLimiter: StreamLimiter(settings.follow_limits),
        StartCache: StartCache(),
        ChangeNotifier: ChangeNotifier(database),
        SessionWriter: SessionWriter(database, recorder.recording_sessions(sessions_store.add_sessions)),
        AliasWriter: AliasWriter(database, identities_store.add_aliases),
        EventWriter: EventWriter(database, recorder.recording_events(add_events)),
        EventFeed: EventFeed(database, clock, recorder),
        ModelEvents: ModelEvents(database),
        NameCountJob: folding,
        IdentityWriter: IdentityWriter(database, identities_store.add_identified),
        DeviceWriter: DeviceWriter(database, devices_store.put_devices),
    }


def _authenticator(database: Database, clock: Clock, uses: LastUsedTracker) -> Authenticate:
    apps = ApiKeyCache(database)

    async def authenticate(bearer: str) -> Principal | None:
        if bearer.startswith(ENVIRONMENT_KEY_PREFIX):
            return await apps.find(bearer)
        if not secrets.is_well_formed(bearer):
            return None
        now = clock()
        found = await database.read(lambda connection: tokens_store.find_bearer(connection, bearer, now))
        if found is None:
            return None
        if found.keeps_uses:
            uses.record(found.principal.token_id, used=now, before=found.last_used)
        return found.principal

    return authenticate


def _locator(database: Database) -> Locate:
    async def locate(names: Mapping[str, str]) -> ResourceScope | None:
        return await database.read(lambda connection: spaces_store.locate(connection, names))

    return locate
