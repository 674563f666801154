"""The composition root: from settings to the services of a server. Nothing else knows all the features."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from templates_server.features.accounts import token_store as tokens_store
from templates_server.features.api_docs.api import Documentation
from templates_server.features.api_docs.description import Description
from templates_server.features.auth import local_code
from templates_server.features.auth.grant_support import OAuthConfig
from templates_server.features.auth.last_used import LastUsedTracker
from templates_server.features.auth.local_code import LocalCode
from templates_server.features.codegen.cache import FileSetCache
from templates_server.features.codegen.loader import CodeHashCache
from templates_server.features.console.platform_routes import PlatformRoutes
from templates_server.features.console.tribe_counts import TribeCounts
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
from templates_server.http.context import Authenticate, Locate, Services
from templates_server.http.idempotency.idempotent_request import IdempotentRequests
from templates_server.http.proxy_check import SilentProxies
from templates_server.http.rate_limiter import RateLimiter
from templates_server.http.route import Route
from templates_server.http.stream_limiter import StreamLimiter
from templates_server.primitives.ids import ENVIRONMENT_KEY_PREFIX
from templates_server.primitives.timestamps import DAY, Clock
from templates_server.security import secrets, server_key
from templates_server.security.authorization import Principal, ResourceScope
from templates_server.security.login_throttle import LoginThrottle
from templates_server.security.passwords import Passwords
from templates_server.security.user_signatures import UserSignatures
from templates_server.settings import Settings
from templates_server.storage.data_folder import DataFolder
from templates_server.storage.database import Database
from templates_server.storage.removal.job import SpaceRemovalJob


@dataclass(frozen=True)
class FeatureServices:
    """The features' own services; each handler says by a Protocol which of them it needs."""

    alias_writer: AliasWriter
    change_notifier: ChangeNotifier
    code_hash_cache: CodeHashCache
    daily_count_job: DailyCountJob
    description: Description
    device_writer: DeviceWriter
    documentation: Documentation
    erasure_log: ErasureLog
    evaluation_limiter: EvaluationLimiter
    event_feed: EventFeed
    event_writer: EventWriter
    export_worker: ExportWorker
    file_import_job: FileImportJob
    file_set_cache: FileSetCache
    flag_evaluator: FlagEvaluator
    generated_files: GeneratedFiles
    identity_writer: IdentityWriter
    impact_slots: ImpactSlots
    last_used_tracker: LastUsedTracker
    metrics: Metrics
    model_events: ModelEvents
    name_count_job: NameCountJob
    oauth_config: OAuthConfig
    page_renderer: PageRenderer
    part_parser: PartParser
    part_sequencer: PartSequencer
    platform_routes: PlatformRoutes
    retention_job: RetentionJob
    session_evaluator: SessionEvaluator
    session_writer: SessionWriter
    start_cache: StartCache
    stream_tokens: StreamTokens
    tag_removal_job: TagRemovalJob
    tribe_counts: TribeCounts


def create_services(
    settings: Settings, database: Database, clock: Clock, routes: Sequence[Route]
) -> tuple[Services, FeatureServices]:
    """Create the services of a server with these routes; its database must have been migrated."""
    key = server_key.load(settings.data_folder)
    last_used = LastUsedTracker(database)
    services = Services(
        settings=settings,
        database=database,
        clock=clock,
        authenticate=_authenticator(database, clock, last_used),
        locate=_locator(database),
        server_key=key,
        passwords=Passwords(),
        login_throttle=LoginThrottle(database, key, clock),
        user_signatures=UserSignatures(key),
        idempotent_requests=IdempotentRequests(key),
        rate_limiter=RateLimiter(settings.rate_limits),
        stream_limiter=StreamLimiter(settings.follow_limits),
        silent_proxies=SilentProxies(settings.proxy_header),
        space_removal_job=SpaceRemovalJob(database, clock),
    )
    return services, _feature_services(services, routes, last_used)


def _feature_services(services: Services, routes: Sequence[Route], last_used: LastUsedTracker) -> FeatureServices:
    settings, database, clock, key = services.settings, services.database, services.clock, services.server_key
    folder = DataFolder(settings.data_folder)
    states = StatesCache(database)
    evaluator = SessionEvaluator(database, states, retention_ms=settings.event_retention_days * DAY)
    name_counts = NameCountJob(database)
    add_events = functools.partial(events_store.add_events, recent=RecentCounts(), folding=name_counts)
    recorder = ArrivalRecorder(clock)
    return FeatureServices(
        alias_writer=AliasWriter(database, identities_store.add_aliases),
        change_notifier=ChangeNotifier(database),
        code_hash_cache=CodeHashCache(database),
        daily_count_job=DailyCountJob(database, clock, keep_events_days=settings.event_retention_days),
        description=Description(routes, settings),
        device_writer=DeviceWriter(database, devices_store.put_devices),
        documentation=Documentation(routes, settings),
        erasure_log=ErasureLog(folder.erasures_file),
        evaluation_limiter=EvaluationLimiter(database, evaluator, clock),
        event_feed=EventFeed(database, clock, recorder),
        event_writer=EventWriter(database, recorder.recording_events(add_events)),
        export_worker=ExportWorker(database, ExportFiles(folder.exports_folder), clock),
        file_import_job=FileImportJob(Uploads(folder.uploads_folder, clock)),
        file_set_cache=FileSetCache(),
        flag_evaluator=FlagEvaluator(evaluator, FlagsCache(states)),
        generated_files=GeneratedFiles(),
        identity_writer=IdentityWriter(database, identities_store.add_identified),
        impact_slots=ImpactSlots(),
        last_used_tracker=last_used,
        metrics=new_metrics(version("mtribes"), unstored_writes=lambda: database.unstored_writes),
        model_events=ModelEvents(database),
        name_count_job=name_counts,
        oauth_config=OAuthConfig(settings.public_url, key, _local_code(settings)),
        page_renderer=PageRenderer(settings, key),
        part_parser=PartParser(),
        part_sequencer=PartSequencer(),
        platform_routes=PlatformRoutes(routes),
        retention_job=RetentionJob(database, clock, keep_events_days=settings.event_retention_days),
        session_evaluator=evaluator,
        session_writer=SessionWriter(database, recorder.recording_sessions(sessions_store.add_sessions)),
        start_cache=StartCache(),
        stream_tokens=StreamTokens(key),
        tag_removal_job=TagRemovalJob(database, clock),
        tribe_counts=TribeCounts(),
    )


def _local_code(settings: Settings) -> LocalCode | None:
    """Return the one-time code of a local server; None for any other, which has no code in its data folder."""
    local_code.remove(settings.data_folder)
    return LocalCode(settings.data_folder) if settings.local and settings.on_loopback else None


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
