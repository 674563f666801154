"""How many sessions may be followed at once: in all, and from one address. In memory, each process for itself."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator

from templates_server.errors import Unavailable
from templates_server.primitives.ip_addresses import CallerAddress
from templates_server.settings import StreamLimits

RETRY_AFTER_SECONDS = 30


class StreamLimiter:
    """The places for followers. This machine's own address is not counted by itself: it may be a proxy."""

    def __init__(self, limits: StreamLimits) -> None:
        self._limits = limits
        self._by_address: Counter[str] = Counter()
        self._taken = 0

    @contextlib.contextmanager
    def acquire(self, caller: CallerAddress) -> Iterator[None]:
        """A place until the block ends; Unavailable when there is none."""
        counted = caller.rate_limit_key or ""
        if self._taken >= self._limits.most:
            raise Unavailable(
                "Too many open streams on this server. Retry later.", retry_after_seconds=RETRY_AFTER_SECONDS
            )
        if counted and self._by_address[counted] >= self._limits.most_an_address:
            raise Unavailable(
                "Too many open streams from your address. Close some, or retry later.",
                retry_after_seconds=RETRY_AFTER_SECONDS,
            )
        self._taken += 1
        self._by_address[counted] += 1
        try:
            yield
        finally:
            self._taken -= 1
            self._by_address[counted] -= 1
            if not self._by_address[counted]:
                del self._by_address[counted]
