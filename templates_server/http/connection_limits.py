"""The limits on connections, in total and per address, and on what each may cost. Nothing here knows HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from templates_server.primitives.ip_addresses import Network, is_within, parse_address
from templates_server.settings import ConnectionLimits


@dataclass(frozen=True)
class ConnectionRefusal:
    """A response that ends a connection."""

    status: str
    reason: str

    def encoded(self) -> bytes:
        """Return the response as bytes."""
        retry = "retry-after: 5\r\n" if self.status.startswith("503") else ""
        return (
            f"HTTP/1.1 {self.status}\r\ncontent-type: text/plain; charset=utf-8\r\ncache-control: no-store\r\n"
            f"x-content-type-options: nosniff\r\ncontent-length: {len(self.reason)}\r\n{retry}connection: close\r\n\r\n"
            f"{self.reason}"
        ).encode("ascii")


class ConnectionLimiter:
    """The connections of a process, counted.

    Listed proxies and, where `own_machine_is_free`, this machine are not counted by address: a proxy carries everybody.
    """

    def __init__(
        self, limits: ConnectionLimits, *, proxies: Sequence[Network] = (), own_machine_is_free: bool = True
    ) -> None:
        self.limits = limits
        self._proxies = tuple(proxies)
        self._own_machine_is_free = own_machine_is_free
        self._by_address: Counter[str] = Counter()
        self._open = 0

    def admits(self, address: str) -> bool:
        """Count a connection from the address and return whether it may be served."""
        self._open += 1
        self._by_address[address] += 1
        if self._open > self.limits.max_connections:
            return False
        return self._by_address[address] <= self.limits.max_connections_an_address or self._is_free(address)

    def release(self, address: str) -> None:
        """Release a connection from the address."""
        self._open -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]

    def _is_free(self, address: str) -> bool:
        parsed = parse_address(address)
        if parsed is None or (self._own_machine_is_free and parsed.is_loopback):
            return True
        return is_within(parsed, self._proxies)
