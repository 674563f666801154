"""The limit on open streams: in total, and per address. In memory, per process."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator

from templates_server.errors import Unavailable
from templates_server.primitives.ip_addresses import CallerAddress
from templates_server.settings import StreamLimits

RETRY_AFTER_SECONDS = 30


class StreamLimiter:
    """The open streams. Those of this machine's own address are not counted by address: it may be a proxy."""

    def __init__(self, limits: StreamLimits) -> None:
        self._limits = limits
        self._by_address: Counter[str] = Counter()
        self._taken = 0

    @contextlib.contextmanager
    def acquire(self, caller: CallerAddress) -> Iterator[None]:
        """Hold a stream open until the block ends; Unavailable if there are too many."""
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
