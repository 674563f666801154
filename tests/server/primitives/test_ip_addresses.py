"""Whose a request is: the socket's address, or what listed proxies say of it."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_server.primitives.ip_addresses import (
    CallerAddress,
    ProxyHeader,
    identify_caller,
    parse_address,
    parse_network,
    rate_limit_key,
)

PROXIES = [parse_network("10.0.0.0/8"), parse_network("fd00::/8"), parse_network("203.0.113.9")]
PROXY = "10.1.2.3"


X_FORWARDED_FOR, FORWARDED = ProxyHeader.X_FORWARDED_FOR, ProxyHeader.FORWARDED


def caller(peer: str, *headers: tuple[str, str], header: ProxyHeader = X_FORWARDED_FOR) -> CallerAddress:
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return identify_caller(peer, encoded, proxies=PROXIES, header=header)


def seen(peer: str, *headers: tuple[str, str], header: ProxyHeader = X_FORWARDED_FOR) -> str:
    return caller(peer, *headers, header=header).address


@pytest.mark.parametrize("name", ["x-forwarded-for", "forwarded"])
def test_what_a_client_says_of_itself_is_ignored(name: str) -> None:
    for header in ProxyHeader:
        direct = caller("192.0.2.1", (name, "198.51.100.7"), (name, "for=198.51.100.7"), header=header)
        assert direct == CallerAddress("192.0.2.1")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("1.1.1.1, 198.51.100.7", "198.51.100.7"),  # the left one is what the client wrote
        ("198.51.100.7, 10.9.9.9, 203.0.113.9", "198.51.100.7"),
        ("10.9.9.9", "10.9.9.9"),  # nothing but proxies: the farthest of them
        ("198.51.100.7:4711", "198.51.100.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("198.51.100.7, unknown", PROXY),
        ("unknown, 10.9.9.9", "10.9.9.9"),
        ("", PROXY),
        (",", PROXY),
        ("198.51.100.7, ' OR 1=1", PROXY),
        ("fe80::1%eth0", "fe80::1"),
        ("9" * 5000, PROXY),
    ],
)
def test_a_listed_proxy_is_believed_from_the_right(header: str, expected: str) -> None:
    assert seen(PROXY, ("x-forwarded-for", header)) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("for=198.51.100.7", "198.51.100.7"),
        ("For=1.1.1.1, for=198.51.100.7;proto=https;by=10.1.2.3", "198.51.100.7"),
        ('proto=https;for="[2001:db8::1]:4711"', "2001:db8::1"),
        ('for="a, for=1.1.1.1", for=198.51.100.7', "198.51.100.7"),
        ("for=198.51.100.7, for=_hidden", PROXY),
        ("for=198.51.100.7, proto=https", PROXY),
        ("for=198.51.100.7, for=10.2.2.2", "198.51.100.7"),
    ],
)
def test_the_standard_header_is_read_as_well(header: str, expected: str) -> None:
    assert seen(PROXY, ("forwarded", header), header=FORWARDED) == expected


def test_several_lines_of_a_header_are_one_list() -> None:
    assert seen(PROXY, ("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "198.51.100.7")) == "198.51.100.7"


def test_the_header_that_the_operator_did_not_name_is_never_read() -> None:
    both = (("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=1.1.1.1"))
    assert caller(PROXY, *both) == CallerAddress("198.51.100.7", is_direct=False)
    assert caller(PROXY, *both, header=FORWARDED) == CallerAddress("1.1.1.1", is_direct=False)
    assert caller(PROXY, both[1]) == caller(PROXY) == CallerAddress(PROXY, is_direct=False, is_stated=False)
    assert caller(PROXY, both[0], header=FORWARDED) == CallerAddress(PROXY, is_direct=False, is_stated=False)


ANYTHING = st.text(alphabet=st.characters(max_codepoint=255))


@given(ANYTHING, ANYTHING)
def test_whatever_a_client_writes_the_address_that_the_proxy_appends_is_taken(mine: str, other: str) -> None:
    last = "198.51.100.7"
    assert seen(PROXY, ("x-forwarded-for", f"{mine}, {last}"), ("forwarded", other)) == last
    assert seen(PROXY, ("forwarded", f"for={last}"), ("x-forwarded-for", other), header=FORWARDED) == last


@given(ANYTHING, st.sampled_from(ProxyHeader), st.sampled_from([PROXY, "203.0.113.9", "fd00::1"]))
def test_what_a_listed_proxy_passes_on_is_always_counted(said: str, header: ProxyHeader, peer: str) -> None:
    found = caller(peer, (header.value, said), header=header)
    assert found.rate_limit_key
    assert str(ipaddress.ip_address(found.address)) == found.address


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1"])
@pytest.mark.parametrize(
    ("said", "counted"),
    [
        ("", None),
        ("unknown", None),
        ("127.0.0.1, nonsense", None),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("198.51.100.7, ::ffff:127.0.0.1", "198.51.100.7"),
        ("::ffff:127.0.0.1, 192.0.2.1", "192.0.2.1"),
    ],
)
def test_a_proxy_on_this_machine_is_counted_for_what_it_passes_on(peer: str, said: str, counted: str | None) -> None:
    proxies = [parse_network("127.0.0.0/8"), parse_network("::1")]
    found = identify_caller(peer, [(b"x-forwarded-for", said.encode())], proxies=proxies, header=X_FORWARDED_FOR)
    assert (found.rate_limit_key, found.is_stated) == (counted or peer, counted is not None)


def test_a_direct_connection_from_this_machine_is_not_counted() -> None:
    assert {caller(peer, ("x-forwarded-for", "1.1.1.1")).rate_limit_key for peer in ("127.0.0.1", "::1", "")} == {None}


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("127.0.0.1", None),
        ("::1", None),
        ("", None),
    ],
)
def test_failures_count_for_a_customer_and_never_for_this_machine(address: str, counted: str | None) -> None:
    assert rate_limit_key(address) == counted


@pytest.mark.parametrize("text", ["", "a", "1.2.3", "1.2.3.4:x", "1.2.3.4.5", "[::1]x", "[::1", "::1]"])
def test_a_text_that_is_no_address_is_none(text: str) -> None:
    assert parse_address(text) is None
