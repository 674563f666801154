"""Listed proxies that do not state the client address: all of their clients would be counted as one."""

from __future__ import annotations

import logging

from templates_server.primitives.ip_addresses import CallerAddress, ProxyHeader

LOGGER = logging.getLogger("templates_server")
MOST_NAMED = 16


class SilentProxies:
    """Warns of each such proxy, once per process."""

    def __init__(self, header: ProxyHeader) -> None:
        self._header = header
        self._named: set[str] = set()

    def note(self, caller: CallerAddress) -> None:
        """Warn if a proxy did not state the address of the caller."""
        if caller.is_stated or caller.address in self._named or len(self._named) >= MOST_NAMED:
            return
        self._named.add(caller.address)
        LOGGER.warning(
            "the trusted proxy %s sent a request without a valid %s header; all such requests share one rate limit "
            "(see --proxy-header)",
            caller.address,
            self._header.value,
        )
