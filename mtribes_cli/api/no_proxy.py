"""Which servers `NO_PROXY` means. No name is looked up: a network of addresses means servers that are named by address.

Programs differ in this; here every form counts that curl, Go or requests know: `*`, a name with what is below it, with
or without a dot before it (curl), `*.name` for what is below it alone (Go), addresses, networks (`10.0.0.0/8`), each
with a port too; separated by commas, blanks or both. What is none of these is passed over.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from mtribes_cli.numbers import whole_number

_SEPARATORS = re.compile(r"[,\s]+")
_MAX_PORT = 65_535
_LONGEST_NAME = 253  # of a server (RFC 1035, 2.3.4, as text); a longer one is compared no further

Address = IPv4Address | IPv6Address


def is_excepted(exceptions: str, name: str, port: int) -> bool:
    """Return whether to reach a server without a proxy; `exceptions` is the text of the variable."""
    host = name[: _LONGEST_NAME + 1].lower().rstrip(".")
    return any(_means(entry, host, port) for entry in _SEPARATORS.split(exceptions.lower()) if entry)


def _means(entry: str, host: str, port: int) -> bool:
    pattern, colon, digits = entry.rpartition(":")
    stated = whole_number(digits, most=_MAX_PORT)
    if colon and stated is not None and (":" not in pattern or pattern.endswith("]")):
        return stated == port and _means_host(pattern, host)
    return _means_host(entry, host)


def _means_host(pattern: str, host: str) -> bool:
    if pattern == "*":
        return True
    address = _address(host)
    if address is not None:
        return _means_address(pattern.replace("[", "").replace("]", ""), address)
    if pattern.startswith("*."):
        return host.endswith(pattern[1:].rstrip(".")) and len(pattern) > len("*.")
    name = pattern.lstrip(".").rstrip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _means_address(pattern: str, address: Address) -> bool:
    if "/" not in pattern:
        return _address(pattern) == address
    try:
        network = ip_network(pattern, strict=False)
    except ValueError:
        return False
    return address in network


def _address(text: str) -> Address | None:
    try:
        address = ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
