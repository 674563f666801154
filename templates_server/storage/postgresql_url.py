"""What the URL of a PostgreSQL says, as libpq reads it: any number of hosts, sockets, and parameters of libpq.

No message from here repeats a part of the URL: where the password is not percent-encoded, any part may hold a piece of
it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

SCHEME = re.compile(r"postgres(?:ql)?(?:\+\w+)?://", re.IGNORECASE)
PORTS = re.compile(r"[0-9]{1,5}(?:,[0-9]{1,5})*")
DEFAULT_PORT = "5432"
ENCODE = "Percent-encode special characters in the user and password, such as %40 for @ and %2F for /."


class UnreadableUrl(ValueError):
    """The URL says nothing that libpq could use; the message says why, and how to write it."""


def connection_parts(url: str) -> Mapping[str, str]:
    """Return libpq's parameters of a URL: `postgresql://`, `postgres://`, or with a driver as in SQLAlchemy."""
    scheme = SCHEME.match(url)
    standard = f"postgresql://{url[scheme.end() :]}" if scheme else url
    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(standard).items()}
    except psycopg.Error:
        raise UnreadableUrl(f"it is not a valid PostgreSQL URL. {ENCODE}") from None
    if "@" in parts.get("host", "") or "@" in parts.get("dbname", ""):
        raise UnreadableUrl(f"its host or its database contains an @. {ENCODE}")
    if "port" in parts and not PORTS.fullmatch(parts["port"]):
        raise UnreadableUrl(f"its port is not a number. {ENCODE}")
    _refuse_repeated(standard)
    return parts


def format_location(parts: Mapping[str, str]) -> str:
    """Return where the server is, for people: `db1:5432, db2:5433`, or the folder of a socket."""
    hosts = parts.get("host", "").split(",")
    ports = parts.get("port", DEFAULT_PORT).split(",")
    if len(ports) != len(hosts):
        ports = [ports[0]] * len(hosts)
    return ", ".join(_place(host, port) for host, port in zip(hosts, ports, strict=True))


def _place(host: str, port: str) -> str:
    if not host:
        return "the default socket"
    return host if host.startswith("/") else f"{host}:{port or DEFAULT_PORT}"


def _refuse_repeated(url: str) -> None:
    """Raise for a repeated parameter: the library would silently use the last one."""
    counts = Counter(name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True))
    if repeated := sorted(name for name, count in counts.items() if count > 1):
        raise UnreadableUrl(
            f"the parameter {repeated[0]} appears more than once. Write several hosts as HOST:PORT,HOST:PORT."
        )
