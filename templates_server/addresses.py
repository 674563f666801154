"""Network addresses: whose a request is, who counts as one. Pure: no sockets, no SQL.

The address is the socket's, unless that is a proxy which the settings list: then it is the one that the proxy says,
read from the right, up to the first that is not a listed proxy itself. What a client wrote there stands to the left of
it, and is never reached.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence

from templates_server.remembering import remembered

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

IPV6_SITE_BITS = 64
FORWARDED_HEADERS = ("x-forwarded-for", "forwarded")
PORT = re.compile(r":\d{1,5}")
ELEMENT = re.compile(r'(?:[^,"]++|"(?:[^"\\]++|\\.)*+"?)++')
QUOTED = re.compile(r'"(?:[^"\\]++|\\.)*+("?)')
PLAIN_ELEMENT = re.compile(r'[^,"]++')
FOR_PARAMETER = re.compile(r'(?:^|;)\s*for=("(?:[^"\\]|\\.)*+"|[^;"\s]*)', re.IGNORECASE)


def parse_network(text: str) -> Network:
    """The network of `10.0.0.0/8`, `::1` and the like; ValueError when it is none."""
    return ipaddress.ip_network(text.strip())


@remembered
def parse_address(text: str) -> Address | None:
    """The address that a text says, without a port or brackets; None when it says none. IPv4 in IPv6 is IPv4."""
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
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def is_within(address: Address | None, networks: Iterable[Network]) -> bool:
    """Whether the address is in one of the networks."""
    return address is not None and any(address in network for network in networks)


def client_address(peer: str, headers: Sequence[tuple[bytes, bytes]], *, proxies: Sequence[Network]) -> str:
    """The address of who asks, from the socket's and the headers (names in small letters).

    Where the two headers for it disagree, a client must have written one of them: then it is the proxy's address.
    """
    if not proxies:
        return peer
    nearest = parse_address(peer)
    if not is_within(nearest, proxies):
        return peer
    told = {str(_farthest(nearest, hops, proxies)) for name in FORWARDED_HEADERS if (hops := _hops(headers, name))}
    return told.pop() if len(told) == 1 else str(nearest)


def _farthest(nearest: Address | None, hops: Sequence[str], proxies: Sequence[Network]) -> Address | None:
    """The first from the right that is no listed proxy, or the last that can be read."""
    for hop in reversed(hops):
        address = parse_address(hop)
        if address is None:
            return nearest
        nearest = address
        if not is_within(address, proxies):
            return nearest
    return nearest


def _hops(headers: Sequence[tuple[bytes, bytes]], name: str) -> list[str]:
    """The addresses of a header as they stand in it; an element without one is an empty text."""
    value = ",".join(value.decode("latin-1") for key, value in headers if key == name.encode())
    if not value.strip():
        return []
    if name == "x-forwarded-for":
        return value.split(",")
    found = [FOR_PARAMETER.search(element) for element in _elements(value)]
    return [match[1].strip('"') if match else "" for match in found]


def _elements(value: str) -> Iterator[str]:
    """The elements of a list; commas within quoted strings part nothing. A quote that is never closed ends an element.

    Where one is not closed, neither is any after it: it is looked for once, since each search reads up to the end.
    """
    closed_until = next((match.start() for match in QUOTED.finditer(value) if not match[1]), len(value))
    yield from ELEMENT.findall(value, 0, closed_until)
    yield from PLAIN_ELEMENT.findall(value, closed_until)


def counted_as(address: str) -> str | None:
    """Whom failures from the address are counted for: an IPv6 network of 64 bits is one customer.

    None for this machine: that is its own user, or a proxy that was not listed and carries everybody, so that one
    guesser would delay all.
    """
    parsed = parse_address(address)
    if parsed is None or parsed.is_loopback:
        return None
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, IPV6_SITE_BITS), strict=False))
    return str(parsed)
