"""Network addresses: whose a request is, who counts as one. Pure: no sockets, no SQL.

The address is the socket's, unless that is a proxy which the settings list: then it is the one that the proxy states
in the header that the settings name, read from the right, up to the first that is not a listed proxy itself. What a
client wrote there stands to the left of it, and is never reached. The other header may be the client's: it is not read.
"""

from __future__ import annotations

import enum
import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from templates_server.primitives.text_cache import memoize

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

IPV6_SITE_BITS = 64
PORT = re.compile(r":\d{1,5}")
ELEMENT = re.compile(r'(?:[^,"]++|"(?:[^"\\]++|\\.)*+"?)++')
QUOTED = re.compile(r'"(?:[^"\\]++|\\.)*+("?)')
PLAIN_ELEMENT = re.compile(r'[^,"]++')
FOR_PARAMETER = re.compile(r'(?:^|;)\s*for=("(?:[^"\\]|\\.)*+"|[^;"\s]*)', re.IGNORECASE)


class ProxyHeader(enum.StrEnum):
    """The header in which proxies state the client address; a value is the header's name."""

    X_FORWARDED_FOR = "x-forwarded-for"
    FORWARDED = "forwarded"  # RFC 7239


@dataclass(frozen=True, slots=True)
class CallerAddress:
    """Who sends a request: the address, empty when there is none.

    `is_direct`: no listed proxy passed the request on, so that the address is the socket's own. `is_stated`: it is
    that, or a proxy stated it; otherwise it is the proxy's, since the header is absent or cannot be read.
    """

    address: str
    is_direct: bool = True
    is_stated: bool = True

    @property
    def rate_limit_key(self) -> str | None:
        """The key for rate limits; None for a direct connection from this machine."""
        return rate_limit_key(self.address) or self.proxied_rate_limit_key

    @property
    def proxied_rate_limit_key(self) -> str | None:
        """The key for rate limits regardless of the address; None if no listed proxy passed the request on."""
        return None if self.is_direct else self.address


def parse_network(text: str) -> Network:
    """Parse a network such as `10.0.0.0/8`; ValueError if it is invalid."""
    return ipaddress.ip_network(text.strip())


@memoize
def parse_address(text: str) -> Address | None:
    """Parse an address without port and brackets; None if it is invalid. IPv4 in IPv6 becomes IPv4."""
    bare = text.strip()
    if bare.startswith("["):
        bare, bracket, port = bare[1:].partition("]")
        if not bracket or (port and not PORT.fullmatch(port)):
            return None
    elif bare.count(":") == 1:
        bare = PORT.sub("", bare)
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return address
    return address.ipv4_mapped or ipaddress.IPv6Address(address.packed)  # without a zone (RFC 4007, 11)


def is_within(address: Address | None, networks: Iterable[Network]) -> bool:
    """Return whether the address is in one of the networks."""
    return address is not None and any(address in network for network in networks)


def identify_caller(
    peer: str, headers: Sequence[tuple[bytes, bytes]], *, proxies: Sequence[Network], header: ProxyHeader
) -> CallerAddress:
    """Return the sender of a request, from the socket's address and the headers (names in lower case)."""
    if not proxies:
        return CallerAddress(peer)
    nearest = parse_address(peer)
    if nearest is None or not is_within(nearest, proxies):
        return CallerAddress(peer)
    hops = _hops(headers, header)
    is_stated = bool(hops) and parse_address(hops[-1]) is not None
    return CallerAddress(str(_farthest(nearest, hops, proxies)), is_direct=False, is_stated=is_stated)


def _farthest(nearest: Address, hops: Sequence[str], proxies: Sequence[Network]) -> Address:
    """Return the first address from the right that is no listed proxy, or the last one that is valid."""
    for hop in reversed(hops):
        address = parse_address(hop)
        if address is None:
            return nearest
        nearest = address
        if not is_within(address, proxies):
            return nearest
    return nearest


def _hops(headers: Sequence[tuple[bytes, bytes]], name: str) -> list[str]:
    """Return the addresses of a header in their order; an element without one is an empty text."""
    value = ",".join(value.decode("latin-1") for key, value in headers if key == name.encode())
    if not value.strip():
        return []
    if name == "x-forwarded-for":
        return value.split(",")
    found = [FOR_PARAMETER.search(element) for element in _elements(value)]
    return [match[1].strip('"') if match else "" for match in found]


def _elements(value: str) -> Iterator[str]:
    """Return the elements of a list; commas within quoted strings do not separate. An unclosed quote ends an element.

    If one is not closed, neither is any after it: it is looked for once, since each search reads up to the end.
    """
    closed_until = next((match.start() for match in QUOTED.finditer(value) if not match[1]), len(value))
    yield from ELEMENT.findall(value, 0, closed_until)
    yield from PLAIN_ELEMENT.findall(value, closed_until)


def rate_limit_key(address: str) -> str | None:
    """Return the key by which failures from the address are counted: an IPv6 network of 64 bits is one customer.

    None for this machine: its own user, or an unlisted proxy for everybody, so one guesser would delay all. This does
    not apply to what a listed proxy passed on: see `CallerAddress.rate_limit_key`.
    """
    parsed = parse_address(address)
    if parsed is None or parsed.is_loopback:
        return None
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, IPV6_SITE_BITS), strict=False))
    return str(parsed)
