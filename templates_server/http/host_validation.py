"""The Host header: it must name this server, and nothing is ever made from it.

A page anywhere may have its own name lead to 127.0.0.1 or into an intranet a moment after it was loaded (DNS
rebinding), or have another server fetch an address for it (SSRF). To a browser, or to that server, what answers there
is then part of the page's own site, past every check of origins. The name in the Host header is what they cannot
change: requests for a name that is not ours are not for us. Load balancers ask for health by whatever name or address,
so the two paths for that are open; they tell nothing.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from starlette.types import Scope

from templates_server.errors import BadRequest, Misdirected
from templates_server.primitives.ip_addresses import parse_address
from templates_server.primitives.text_cache import memoize
from templates_server.settings import LOOPBACK_NAMES, Settings

PATHS_FOR_ANY_HOST = frozenset({b"/healthz", b"/readyz"})
HOST = re.compile(rb"(\[[0-9a-f:.]+\]|[0-9a-z._-]+)(?::[0-9]{1,5})?", re.IGNORECASE)


class HostCheck:
    """Knows the names of this server: of the public URL, of the settings and, on this machine, its local ones."""

    def __init__(self, settings: Settings) -> None:
        self._names = frozenset({str(urlsplit(settings.public_url).hostname), *map(str.lower, settings.allowed_hosts)})

    def check(self, scope: Scope, path: bytes) -> None:
        """Raise BadRequest without exactly one valid Host header, Misdirected if it names another server."""
        if path in PATHS_FOR_ANY_HOST:
            return
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        name = parse_host_name(hosts[0]) if len(hosts) == 1 else None
        if name is None:
            raise BadRequest("Send exactly one Host header with a name and an optional port.")
        if name not in self._names and not (name in LOOPBACK_NAMES and _came_within_this_machine(scope)):
            raise Misdirected("Unknown host name. (The operator of the server can allow it with --allowed-host.)")


@memoize
def parse_host_name(host: bytes) -> str | None:
    """Return the name in a Host header in lower case, without brackets; None if it is invalid (RFC 9110, 7.2)."""
    match = HOST.fullmatch(host)
    return match[1].decode("ascii").lower().strip("[]") if match else None


def _came_within_this_machine(scope: Scope) -> bool:
    """Return whether the connection was made to a loopback address."""
    server = scope.get("server")
    address = parse_address(server[0]) if server else None
    return address is not None and address.is_loopback
