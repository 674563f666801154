"""`mtribes-server start`: check the options, prepare the data, announce the server, serve."""

from __future__ import annotations

import os
from importlib.metadata import version

from templates_server.commands.errors import ExitCode
from templates_server.commands.listening_socket import listening_socket
from templates_server.commands.lost_database import NewDatabase
from templates_server.commands.options import (
    Data,
    DatabaseUrl,
    folder_in_use_error,
    prepare_data_folder,
    resolve_data_folder,
    resolve_database_url,
)
from templates_server.commands.preparation import prepare
from templates_server.commands.start_options import (
    AllowedHosts,
    CorsOrigins,
    Demo,
    ForwardedHeader,
    Host,
    KeepEventsDays,
    Local,
    MaxStreams,
    Port,
    PublicUrl,
    RateLimitsText,
    ServerOptions,
    ServesMetrics,
    TrustedProxies,
    Workers,
    check,
    parse_allowed_host,
    parse_limits,
    parse_origin,
    parse_proxy,
)
from templates_server.primitives.ip_addresses import ProxyHeader
from templates_server.server import serve
from templates_server.settings import DEFAULT_KEEP_EVENTS_DAYS, DEFAULT_LIMITS, DEFAULT_PORT, StreamLimits
from templates_server.storage.data_folder import FolderInUse, ServerRecord

HELP = """Start the server and run until it is stopped (Ctrl-C, SIGTERM, `mtribes-server stop`).

Every option can also be set with the environment variable shown next to it."""
DEFAULT_STREAMS = StreamLimits().most


def start(  # noqa: PLR0913 - one parameter an option
    *,
    demo: Demo = False,
    local: Local = False,
    host: Host = "127.0.0.1",
    port: Port = DEFAULT_PORT,
    data: Data = None,
    database: DatabaseUrl = None,
    new_database: NewDatabase = False,
    public_url: PublicUrl = None,
    workers: Workers = 1,
    trusted_proxy: TrustedProxies = None,
    proxy_header: ForwardedHeader = ProxyHeader.X_FORWARDED_FOR,
    allowed_host: AllowedHosts = None,
    cors_origin: CorsOrigins = None,
    rate_limits: RateLimitsText = None,
    metrics: ServesMetrics = False,
    keep_events_days: KeepEventsDays = DEFAULT_KEEP_EVENTS_DAYS,
    max_streams: MaxStreams = DEFAULT_STREAMS,
) -> int:
    """Serve until told to stop."""
    folder = resolve_data_folder(data)
    options = ServerOptions(
        folder=folder,
        database_url=resolve_database_url(folder, database),
        host=host,
        port=port,
        public_url=public_url,
        workers=workers,
        demo=demo,
        local=local,
        trusted_proxies=tuple(parse_proxy(text) for text in trusted_proxy or ()),
        proxy_header=proxy_header,
        allowed_hosts=frozenset(parse_allowed_host(text) for text in allowed_host or ()),
        cors_origins=frozenset(parse_origin(text) for text in cors_origin or ()),
        rate_limits=DEFAULT_LIMITS if rate_limits is None else parse_limits(rate_limits),
        metrics=metrics,
        keep_events_days=keep_events_days,
        max_streams=max_streams,
        new_database=new_database,
    )
    check(options)
    prepare_data_folder(folder)
    try:
        with folder.held():
            return _serve(options)
    except FolderInUse as error:
        raise folder_in_use_error(folder, error) from None


def _serve(options: ServerOptions) -> int:
    with listening_socket(options) as listening:
        settings = options.settings(listening.getsockname()[1])
        prepare(settings, options)
        record = ServerRecord(os.getpid(), settings.public_url, options.local, options.demo, version("mtribes"))
        with options.folder.announced(record):
            interrupted = serve(settings, listening, workers=options.workers, log_file=options.folder.log_file)
    return ExitCode.INTERRUPTED if interrupted else ExitCode.DONE
