"""The settings of a server, from the command line or the environment; each has one meaning and one default."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs
from sqlalchemy.engine import URL

from templates_server.primitives.ip_addresses import Network, ProxyHeader

DEFAULT_PORT = 8674
DEFAULT_KEEP_EVENTS_DAYS = 30
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
LOOPBACK_NAMES = frozenset({"127.0.0.1", "::1", "localhost"})


def default_data_folder() -> Path | None:
    """Return the default data folder: MTRIBES_DATA, else the user's data folder; None without a home."""
    named = os.environ.get("MTRIBES_DATA")
    if named:
        return Path(named)
    try:
        found = platformdirs.user_data_path("mtribes-server", appauthor=False)
    except RuntimeError:
        return None
    return found if found.is_absolute() else None


@dataclass(frozen=True)
class ConnectionLimits:
    """The limits on a connection, and on connections per process."""

    head_timeout_seconds: float = 15
    idle_timeout_seconds: float = 60
    linger_seconds: float = 2
    write_timeout_seconds: float = 30
    max_target_bytes: int = 8 * 1024
    max_head_bytes: int = 64 * 1024
    max_headers: int = 100
    max_pipelined: int = 16
    max_connections: int = 4096
    max_connections_an_address: int = 512


@dataclass(frozen=True)
class RateLimits:
    """The limits in requests per minute."""

    platform: int = 6_000  # of a token
    client: int = 12_000  # of a pk_ key from one network address
    oauth: int = 600  # of a network address
    unauthenticated: int = 300  # of a network address


DEFAULT_LIMITS = RateLimits()


@dataclass(frozen=True)
class StreamLimits:
    """The limits on open streams and long polls per process."""

    most: int = 2_000
    most_an_address: int = 200


@dataclass(frozen=True)
class Limits:
    """The limits on a request."""

    max_body_bytes: int = 1024 * 1024
    max_document_bytes: int = 4 * 1024 * 1024
    max_depth: int = 32
    body_timeout_seconds: float = 30
    min_body_bytes_a_second: int = 16 * 1024  # of what comes later than the timeout


SIGN_IN_MAX_BYTES = 16 * 1024  # of a form without a document or a file
DOCUMENT_MAX_BYTES = Limits.max_document_bytes


@dataclass(frozen=True)
class Settings:
    """The settings of a server. `public_url` is the issuer, byte for byte, without a trailing slash."""

    public_url: str
    database_url: str | URL
    data_folder: Path
    demo: bool = False
    local: bool = False
    minimum_client_version: str = "0.1.0"
    cors_origins: frozenset[str] = frozenset()
    trusted_proxies: tuple[Network, ...] = ()
    proxy_header: ProxyHeader = ProxyHeader.X_FORWARDED_FOR  # the only one that is read of trusted proxies
    allowed_hosts: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)
    rate_limits: RateLimits | None = DEFAULT_LIMITS
    metrics: bool = False
    event_retention_days: int = DEFAULT_KEEP_EVENTS_DAYS  # what is older counts for nobody, purged or not
    connection_limits: ConnectionLimits = field(default_factory=ConnectionLimits)
    follow_limits: StreamLimits = field(default_factory=StreamLimits)

    def __post_init__(self) -> None:
        """Raise ValueError for a public URL that cannot be an issuer."""
        check_public_url(self.public_url)

    @property
    def secure(self) -> bool:
        """Whether people reach the server by https."""
        return urlsplit(self.public_url).scheme == "https"

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine reaches the server."""
        return urlsplit(self.public_url).hostname in LOOPBACK_NAMES

    @property
    def base_path(self) -> str:
        """The path of the public URL, without a trailing slash; "" if it has none."""
        return urlsplit(self.public_url).path

    @property
    def origin(self) -> str:
        """Scheme and authority of the public URL, as browsers write an origin (RFC 6454, 6.2)."""
        parts = urlsplit(self.public_url)
        authority = parts.netloc.lower()
        return f"{parts.scheme}://{authority.removesuffix(DEFAULT_PORTS[parts.scheme])}"


def check_public_url(public_url: str) -> None:
    """Raise ValueError unless the URL is https, or http on loopback, without query, fragment and trailing slash."""
    parts = urlsplit(public_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"the public URL {public_url!r} is not an http(s) URL")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK_NAMES:
        raise ValueError(f"the public URL {public_url!r} must use https: http is allowed for loopback addresses only")
    if parts.query or parts.fragment or parts.username or public_url.endswith("/"):
        raise ValueError(
            f"the public URL {public_url!r} must not have a query, a fragment, a user name or a trailing slash"
        )


def sqlite_url(data_folder: Path) -> URL:
    """Return the URL of the embedded database of a data folder."""
    return sqlite_file_url(data_folder / "mtribes.db")


def sqlite_file_url(file: Path) -> URL:
    """Return the URL of a database file, made of parts, since a path may contain special characters of URLs."""
    return URL.create("sqlite", database=str(file))
