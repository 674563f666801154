"""The proxy for a server, from the usual variables or the system's settings. Nothing is sent from here."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit
from urllib.request import getproxies, getproxies_environment, proxy_bypass

from mtribes_cli.api.no_proxy import is_excepted
from mtribes_cli.api.server_url import is_loopback
from mtribes_cli.errors import UsageError

VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")  # in the order in which they count
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ADVICE = "Set it in the form http://proxy.example.com:3128, or add the host to NO_PROXY."


@dataclass(frozen=True)
class Proxy:
    """A proxy, and the setting that it comes from."""

    url: str  # with the password, if it has one
    said_by: str

    @property
    def shown(self) -> str:
        """Its address without a password."""
        parts = urlsplit(self.url)
        user = f"{parts.username or ''}:[secret]@" if parts.username or parts.password else ""
        return urlunsplit((parts.scheme, user + parts.netloc.rpartition("@")[2], "", "", ""))


def proxy_for(url: str) -> Proxy | None:
    """Return the proxy for a server at `url`. Raises UsageError for one that cannot be used.

    There is none for this machine itself, since a proxy elsewhere cannot reach this machine's loopback.
    """
    parts = urlsplit(url)
    name = parts.hostname or ""
    proxies = getproxies()
    stated = proxies.get(parts.scheme) or proxies.get("all")
    if not stated or is_loopback(name) or _is_reached_without(name, parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)):
        return None
    said_by = next((variable for variable in VARIABLES if os.environ.get(variable)), "the system settings")
    return Proxy(_checked(stated, said_by), said_by)


def _is_reached_without(name: str, port: int) -> bool:
    """Return whether the variables, or the system's settings where no variable counts, except a server."""
    variables = getproxies_environment()
    if variables:
        return is_excepted(variables.get("no", ""), name, port)
    return bool(proxy_bypass(f"{name}:{port}"))


def _checked(stated: str, said_by: str) -> str:
    """Return `stated` as a URL. Errors do not repeat the text: it may contain a password."""
    url = stated if "://" in stated else f"http://{stated}"
    try:
        parts = urlsplit(url)
        is_address = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise UsageError(f"The proxy address from {said_by} is invalid.", _ADVICE) from None
    if parts.scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        raise UsageError(f"The proxy from {said_by} is a SOCKS proxy, which requires `pip install socksio`.", _ADVICE)
    if not is_address or parts.scheme not in {"http", "https", "socks5", "socks5h"}:
        raise UsageError(f"The proxy address from {said_by} is not an HTTP proxy address.", _ADVICE)
    return url
