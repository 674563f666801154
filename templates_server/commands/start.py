"""`mtribes-server start`: check what was asked, make ready, announce, serve."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import re
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Annotated

import msgspec
import typer
from sqlalchemy.engine import URL

from templates_server.commands.errors import CommandFailed, ExitCode, WrongUsage
from templates_server.commands.local_setup import ORGANIZATION, SPACE, make_first_space
from templates_server.commands.lost_database import NewDatabase, refuse_lost_database
from templates_server.commands.options import (
    Data,
    DatabaseUrl,
    folder_in_use_error,
    is_sqlite,
    prepare_data_folder,
    resolve_data_folder,
    resolve_database_url,
)
from templates_server.features.demo import seed
from templates_server.features.people.erasure_log import ErasureLog, UnreadableErasureLog
from templates_server.features.people.erasure_store import list_erasures
from templates_server.http.host_validation import parse_host_name
from templates_server.http.rate_limiter import parse_rate_limits
from templates_server.primitives.ip_addresses import Network, ProxyHeader, parse_network
from templates_server.primitives.timestamps import system_clock
from templates_server.security import server_key
from templates_server.security.passwords import Passwords
from templates_server.security.server_key import ServerKey
from templates_server.server import BACKLOG, serve
from templates_server.settings import (
    DEFAULT_KEEP_EVENTS_DAYS,
    DEFAULT_LIMITS,
    DEFAULT_PORT,
    DEFAULT_PORTS,
    RateLimits,
    Settings,
    StreamLimits,
    check_public_url,
)
from templates_server.storage import migrations
from templates_server.storage.data_folder import DataFolder, FolderInUse, ServerRecord, write_private
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database

HELP = """Start the server and run until it is stopped (Ctrl-C, SIGTERM, `mtribes-server stop`).

Every option can also be set with the environment variable shown next to it."""
MAX_PORT = 65535
MAX_KEEP_EVENTS_DAYS = 3660
DEFAULT_STREAMS = StreamLimits().most
MAX_STREAMS = 100_000
ADDRESSES_TO_FILL_ALL = 10
ORIGIN = re.compile(r"(https?)://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")


@dataclass(frozen=True)
class ServerOptions:
    """What was asked for, checked."""

    folder: DataFolder
    database_url: str | URL
    host: str
    port: int
    public_url: str | None
    workers: int
    demo: bool
    local: bool
    trusted_proxies: tuple[Network, ...]
    proxy_header: ProxyHeader
    allowed_hosts: frozenset[str]
    cors_origins: frozenset[str]
    rate_limits: RateLimits | None
    metrics: bool
    keep_events_days: int
    max_streams: int
    new_database: bool


def start(  # noqa: PLR0913 - one parameter an option
    *,
    demo: Annotated[
        bool, typer.Option("--demo", help="Fill an empty database with demo data and serve /demo.")
    ] = False,
    local: Annotated[
        bool, typer.Option("--local", help="Serve this machine only; `mtribes` signs in without a browser.")
    ] = False,
    host: Annotated[
        str, typer.Option(metavar="HOST", envvar="MTRIBES_SERVER_HOST", help="Address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            metavar="PORT",
            envvar="MTRIBES_SERVER_PORT",
            min=0,
            max=MAX_PORT,
            help="Port to listen on; 0 chooses a free port.",
        ),
    ] = DEFAULT_PORT,
    data: Data = None,
    database: DatabaseUrl = None,
    new_database: NewDatabase = False,
    public_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            envvar="MTRIBES_PUBLIC_URL",
            help="Public URL of the server. Must be https unless only this machine uses it.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            metavar="N",
            envvar="MTRIBES_WORKERS",
            min=1,
            help="Number of processes; more than one requires PostgreSQL.",
        ),
    ] = 1,
    trusted_proxy: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NETWORK",
            envvar="MTRIBES_TRUSTED_PROXIES",
            help="Address or network of a trusted proxy that sets --proxy-header. Can be repeated.",
            show_default=False,
        ),
    ] = None,
    proxy_header: Annotated[
        ProxyHeader,
        typer.Option(
            envvar="MTRIBES_PROXY_HEADER",
            case_sensitive=False,
            help="Header in which trusted proxies pass the client address. The other header is ignored.",
        ),
    ] = ProxyHeader.X_FORWARDED_FOR,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            envvar="MTRIBES_ALLOWED_HOSTS",
            help="Additional host name to accept in the Host header. Can be repeated.",
            show_default=False,
        ),
    ] = None,
    cors_origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN",
            envvar="MTRIBES_CORS_ORIGINS",
            help="Origin of a web application that may call the Platform API from a browser. Can be repeated.",
            show_default=False,
        ),
    ] = None,
    rate_limits: Annotated[
        str | None,
        typer.Option(
            metavar="LIMITS",
            envvar="MTRIBES_RATE_LIMITS",
            help="Requests per minute, such as platform=6000,client=12000,oauth=600,unauthenticated=300, or off.",
            show_default=False,
        ),
    ] = None,
    metrics: Annotated[
        bool,
        typer.Option(
            "--metrics", envvar="MTRIBES_METRICS", help="Serve Prometheus metrics at /metrics without authentication."
        ),
    ] = False,
    keep_events_days: Annotated[
        int,
        typer.Option(
            metavar="DAYS",
            envvar="MTRIBES_KEEP_EVENTS_DAYS",
            min=1,
            max=MAX_KEEP_EVENTS_DAYS,
            help="Days to keep events. Older events are ignored and deleted; sessions are kept for at least 31 days.",
        ),
    ] = DEFAULT_KEEP_EVENTS_DAYS,
    max_streams: Annotated[
        int,
        typer.Option(
            metavar="N",
            envvar="MTRIBES_MAX_STREAMS",
            min=1,
            max=MAX_STREAMS,
            help="Maximum number of open streams per process; one address may open a tenth of them.",
        ),
    ] = DEFAULT_STREAMS,
) -> int:
    """Serve until told to stop."""
    folder = resolve_data_folder(data)
    wish = ServerOptions(
        folder,
        resolve_database_url(folder, database),
        host,
        port,
        public_url,
        workers,
        demo,
        local,
        tuple(_network(text) for text in trusted_proxy or ()),
        proxy_header,
        frozenset(_host_name(text) for text in allowed_host or ()),
        frozenset(_origin(text) for text in cors_origin or ()),
        DEFAULT_LIMITS if rate_limits is None else _rate_limits(rate_limits),
        metrics,
        keep_events_days,
        max_streams,
        new_database,
    )
    _check(wish)
    prepare_data_folder(folder)
    try:
        with folder.held():
            return _start(wish)
    except FolderInUse as error:
        raise folder_in_use_error(folder, error) from None


def _network(text: str) -> Network:
    try:
        return parse_network(text)
    except ValueError:
        raise WrongUsage(
            f"Invalid address or network {text!r} in --trusted-proxy.",
            "Use an address such as 10.0.0.7 or a network such as 10.0.0.0/8.",
        ) from None


def _host_name(text: str) -> str:
    name = parse_host_name(text.encode())
    if name is None or ":" in text.rpartition("]")[2]:
        raise WrongUsage(
            f"Invalid host name {text!r} in --allowed-host.", "Leave out the scheme and the port, as in app.internal."
        )
    return name


def _origin(text: str) -> str:
    """An origin as browsers write it (RFC 6454, 6.2)."""
    match = ORIGIN.fullmatch(text)
    if match is None:
        raise WrongUsage(
            f"Invalid origin {text!r} in --cors-origin.", "Leave out the path, as in https://app.example.com."
        )
    return text.removesuffix(DEFAULT_PORTS[match[1]])


def _rate_limits(text: str) -> RateLimits | None:
    try:
        return parse_rate_limits(text)
    except ValueError as error:
        raise WrongUsage(
            f"Invalid --rate-limits: {error}.", "Use the form platform=6000,client=12000, or off."
        ) from None


def _check(wish: ServerOptions) -> None:
    """WrongUsage when the options do not go together."""
    if wish.workers > 1 and is_sqlite(wish.database_url):
        raise WrongUsage(
            "SQLite supports one process only.", "Remove --workers, or pass a PostgreSQL URL with --database."
        )
    if wish.workers > 1 and wish.local:
        raise WrongUsage("--local supports one process only.", "Remove --workers or --local.")
    if wish.public_url is not None:
        _check_public_url(wish.public_url)
    if _is_loopback(wish.host):
        return
    if wish.local:
        raise WrongUsage(
            f"--local serves this machine only, but {wish.host} is reachable from other machines.",
            "Remove --host or --local.",
        )
    if wish.public_url is None or not wish.public_url.startswith("https://"):
        raise WrongUsage(
            f"{wish.host} is reachable from other machines, so the server needs its public https URL.",
            "Pass --public-url https://... and put a proxy that terminates TLS in front of the server.",
        )


def _check_public_url(public_url: str) -> None:
    try:
        check_public_url(public_url)
    except ValueError as error:
        message = str(error)
        raise WrongUsage(f"{message[0].upper()}{message[1:]}.", "Use the form https://mtribes.example.com.") from None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _start(wish: ServerOptions) -> int:
    with _listening(wish) as listening:
        settings = _settings(wish, listening)
        _make_ready(settings, wish)
        record = ServerRecord(os.getpid(), settings.public_url, wish.local, wish.demo, version("mtribes"))
        with wish.folder.announced(record):
            interrupted = serve(settings, listening, workers=wish.workers, log_file=wish.folder.log_file)
    return ExitCode.INTERRUPTED if interrupted else ExitCode.DONE


@contextlib.contextmanager
def _listening(wish: ServerOptions) -> Iterator[socket.socket]:
    listening = _bound(wish)
    try:
        yield listening
    finally:
        listening.close()


def _bound(wish: ServerOptions) -> socket.socket:
    """A socket at the address that was asked for; for a local server at any port when that one is taken."""
    try:
        return _bind(wish.host, wish.port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise CommandFailed(
                f"Cannot listen on {wish.host}, port {wish.port}: {error.strerror or error}.",
                "Pass an address of this machine with --host and a port above 1023 with --port.",
            ) from None
    if not wish.local:
        raise CommandFailed(
            f"Port {wish.port} on {wish.host} is in use by another program.",
            "Choose another port with --port, or 0 for any free port.",
        )
    listening = _bind(wish.host, 0)
    sys.stderr.write(f"Port {wish.port} is in use. Using port {listening.getsockname()[1]} instead.\n")
    return listening


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def _settings(wish: ServerOptions, listening: socket.socket) -> Settings:
    name = f"[{wish.host}]" if ":" in wish.host else wish.host
    return Settings(
        public_url=wish.public_url or f"http://{name}:{listening.getsockname()[1]}",
        database_url=wish.database_url,
        data_folder=wish.folder.path,
        demo=wish.demo,
        local=wish.local,
        trusted_proxies=wish.trusted_proxies,
        proxy_header=wish.proxy_header,
        allowed_hosts=wish.allowed_hosts,
        cors_origins=wish.cors_origins,
        rate_limits=wish.rate_limits,
        metrics=wish.metrics,
        event_retention_days=wish.keep_events_days,
        follow_limits=StreamLimits(wish.max_streams, max(1, wish.max_streams // ADDRESSES_TO_FILL_ALL)),
    )


def _make_ready(settings: Settings, wish: ServerOptions) -> None:
    """Bring the schema to this version, and seed what a demo needs.

    The key comes after the database: a key without a database is the sign of one that was lost.
    """
    folder = wish.folder
    database = open_database(settings.database_url)
    try:
        if not wish.new_database:
            refuse_lost_database(folder, settings.database_url, database)
        migrations.upgrade(database)
        key = _server_key(folder)
        if settings.demo:
            _seed(settings, database, key, folder)
        elif settings.local and make_first_space(database):
            sys.stderr.write(f"Created organization {ORGANIZATION} with an empty Space, {SPACE}.\n")
        _complete_erasures(database, folder)
    finally:
        database.close()


def _complete_erasures(database: Database, folder: DataFolder) -> None:
    """Bring the folder's list of erasures in step with the database's, for the day when only the list is left."""
    try:
        ErasureLog(folder.erasures_file).complete(database.read_sync(list_erasures))
    except UnreadableErasureLog as error:
        raise WrongUsage(
            f"{folder.erasures_file} is not a valid list of erasures: {error}.",
            "Correct the line, or move the file away: the server recreates it from the database.",
        ) from None


def _server_key(folder: DataFolder) -> ServerKey:
    """The key, made now when there is none: before several processes need it."""
    try:
        return server_key.load(folder.path)
    except ValueError as error:
        raise WrongUsage(
            f"{error}.", "Correct the file, or remove it. If you remove it, everyone must sign in again."
        ) from None


def _seed(settings: Settings, database: Database, key: ServerKey, folder: DataFolder) -> None:
    """Demo data where there is none yet, and how to get at it."""
    passwords = Passwords()
    try:
        facts = database.write_sync(
            lambda connection: seed(connection, system_clock(), key=key, hash_password=passwords.hash_now)
        )
    finally:
        passwords.close()
    told = {"host": settings.public_url, **msgspec.to_builtins(facts)}
    write_private(folder.demo_file, msgspec.json.format(msgspec.json.encode(told)) + b"\n")
