"""The options of `mtribes-server start`, and the checks of their values."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Annotated

import typer
from sqlalchemy.engine import URL

from templates_server.commands.errors import WrongUsage
from templates_server.commands.options import is_sqlite
from templates_server.http.host_validation import parse_host_name
from templates_server.http.rate_limiter import parse_rate_limits
from templates_server.primitives.ip_addresses import Network, ProxyHeader, parse_network
from templates_server.settings import DEFAULT_PORTS, RateLimits, Settings, StreamLimits, check_public_url
from templates_server.storage.data_folder import DataFolder

MAX_PORT = 65535
MAX_KEEP_EVENTS_DAYS = 3660
MAX_STREAMS = 100_000
ADDRESSES_TO_FILL_ALL = 10
ORIGIN = re.compile(r"(https?)://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")

Demo = Annotated[bool, typer.Option("--demo", help="Fill an empty database with demo data and serve /demo.")]
Local = Annotated[bool, typer.Option("--local", help="Serve this machine only; `mtribes` signs in without a browser.")]
Host = Annotated[str, typer.Option(metavar="HOST", envvar="MTRIBES_SERVER_HOST", help="Address to listen on.")]
Port = Annotated[
    int,
    typer.Option(
        metavar="PORT",
        envvar="MTRIBES_SERVER_PORT",
        min=0,
        max=MAX_PORT,
        help="Port to listen on; 0 chooses a free port.",
    ),
]
PublicUrl = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="MTRIBES_PUBLIC_URL",
        help="Public URL of the server. Must be https unless only this machine uses it.",
        show_default=False,
    ),
]
Workers = Annotated[
    int,
    typer.Option(
        metavar="N",
        envvar="MTRIBES_WORKERS",
        min=1,
        help="Number of processes; more than one requires PostgreSQL.",
    ),
]
TrustedProxies = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NETWORK",
        envvar="MTRIBES_TRUSTED_PROXIES",
        help="Address or network of a trusted proxy that sets --proxy-header. Can be repeated.",
        show_default=False,
    ),
]
ForwardedHeader = Annotated[
    ProxyHeader,
    typer.Option(
        envvar="MTRIBES_PROXY_HEADER",
        case_sensitive=False,
        help="Header in which trusted proxies pass the client address. The other header is ignored.",
    ),
]
AllowedHosts = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        envvar="MTRIBES_ALLOWED_HOSTS",
        help="Additional host name to accept in the Host header. Can be repeated.",
        show_default=False,
    ),
]
CorsOrigins = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ORIGIN",
        envvar="MTRIBES_CORS_ORIGINS",
        help="Origin of a web application that may call the Platform API from a browser. Can be repeated.",
        show_default=False,
    ),
]
RateLimitsText = Annotated[
    str | None,
    typer.Option(
        metavar="LIMITS",
        envvar="MTRIBES_RATE_LIMITS",
        help="Requests per minute, such as platform=6000,client=12000,oauth=600,unauthenticated=300, or off.",
        show_default=False,
    ),
]
ServesMetrics = Annotated[
    bool,
    typer.Option(
        "--metrics", envvar="MTRIBES_METRICS", help="Serve Prometheus metrics at /metrics without authentication."
    ),
]
KeepEventsDays = Annotated[
    int,
    typer.Option(
        metavar="DAYS",
        envvar="MTRIBES_KEEP_EVENTS_DAYS",
        min=1,
        max=MAX_KEEP_EVENTS_DAYS,
        help="Days to keep events. Older events are ignored and deleted; sessions are kept for at least 31 days.",
    ),
]
MaxStreams = Annotated[
    int,
    typer.Option(
        metavar="N",
        envvar="MTRIBES_MAX_STREAMS",
        min=1,
        max=MAX_STREAMS,
        help="Maximum number of open streams per process; one address may open a tenth of them.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """The options of a server, with valid values. `settings` makes the settings of them."""

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

    def settings(self, port: int) -> Settings:
        """Return the settings of a server that listens on this port."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return Settings(
            public_url=self.public_url or f"http://{name}:{port}",
            database_url=self.database_url,
            data_folder=self.folder.path,
            demo=self.demo,
            local=self.local,
            trusted_proxies=self.trusted_proxies,
            proxy_header=self.proxy_header,
            allowed_hosts=self.allowed_hosts,
            cors_origins=self.cors_origins,
            rate_limits=self.rate_limits,
            metrics=self.metrics,
            event_retention_days=self.keep_events_days,
            follow_limits=StreamLimits(self.max_streams, max(1, self.max_streams // ADDRESSES_TO_FILL_ALL)),
        )


def parse_proxy(text: str) -> Network:
    """Return the network of --trusted-proxy; WrongUsage where it is none."""
    try:
        return parse_network(text)
    except ValueError:
        raise WrongUsage(
            f"Invalid address or network {text!r} in --trusted-proxy.",
            "Use an address such as 10.0.0.7 or a network such as 10.0.0.0/8.",
        ) from None


def parse_allowed_host(text: str) -> str:
    """Return the name of --allowed-host; WrongUsage where it is none."""
    name = parse_host_name(text.encode())
    if name is None or ":" in text.rpartition("]")[2]:
        raise WrongUsage(
            f"Invalid host name {text!r} in --allowed-host.", "Leave out the scheme and the port, as in app.internal."
        )
    return name


def parse_origin(text: str) -> str:
    """Return an origin as browsers write it (RFC 6454, 6.2); WrongUsage where it is none."""
    match = ORIGIN.fullmatch(text)
    if match is None:
        raise WrongUsage(
            f"Invalid origin {text!r} in --cors-origin.", "Leave out the path, as in https://app.example.com."
        )
    return text.removesuffix(DEFAULT_PORTS[match[1]])


def parse_limits(text: str) -> RateLimits | None:
    """Return the limits of --rate-limits, None for `off`; WrongUsage where they are neither."""
    try:
        return parse_rate_limits(text)
    except ValueError as error:
        raise WrongUsage(
            f"Invalid --rate-limits: {error}.", "Use the form platform=6000,client=12000, or off."
        ) from None


def check(options: ServerOptions) -> None:
    """WrongUsage when the options do not go together."""
    if options.workers > 1 and is_sqlite(options.database_url):
        raise WrongUsage(
            "SQLite supports one process only.", "Remove --workers, or pass a PostgreSQL URL with --database."
        )
    if options.workers > 1 and options.local:
        raise WrongUsage("--local supports one process only.", "Remove --workers or --local.")
    if options.public_url is not None:
        _check_public_url(options.public_url)
    if _is_loopback(options.host):
        return
    if options.local:
        raise WrongUsage(
            f"--local serves this machine only, but {options.host} is reachable from other machines.",
            "Remove --host or --local.",
        )
    if options.public_url is None or not options.public_url.startswith("https://"):
        raise WrongUsage(
            f"{options.host} is reachable from other machines, so the server needs its public https URL.",
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
