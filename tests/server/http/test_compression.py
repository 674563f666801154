"""Pages and what they load come compressed to browsers, but where their length could tell somebody else a secret."""

from __future__ import annotations

import gzip
import re

import httpx
import pytest

from tests.server.features.auth.flows import signed_in_browser, someone
from tests.servers import RunningServer

OWN = {"Accept-Encoding": "br, gzip", "Sec-Fetch-Site": "none"}


def raw(server: RunningServer, path: str, **headers: str) -> tuple[httpx.Response, bytes]:
    """An answer, and its body as it was sent."""
    with (
        httpx.Client(base_url=server.url, trust_env=False) as client,
        client.stream("GET", path, headers=headers) as it,
    ):
        return it, b"".join(it.iter_raw())


def test_a_page_that_a_person_opens_is_compressed_and_says_the_same(server: RunningServer) -> None:
    plain, whole = raw(server, "/docs", **{"Accept-Encoding": "identity"})
    packed, sent = raw(server, "/docs", **OWN)
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["content-length"] == str(len(sent))
    assert gzip.decompress(sent) == whole
    assert len(sent) < len(whole) / 2
    assert [answer.headers["vary"] for answer in (plain, packed)] == ["Accept-Encoding"] * 2


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept-Encoding": "gzip", "Sec-Fetch-Site": "cross-site"},
        {"Accept-Encoding": "gzip", "Sec-Fetch-Site": "same-site"},
        {"Accept-Encoding": "gzip"},
        {"Accept-Encoding": "gzip;q=0, br", "Sec-Fetch-Site": "none"},
        {"Accept-Encoding": "gzip; q=0.0", "Sec-Fetch-Site": "none"},
        {"Accept-Encoding": "br", "Sec-Fetch-Site": "none"},
    ],
)
def test_a_page_that_another_site_asks_for_or_nobody_can_unpack_comes_as_it_is(
    server: RunningServer, headers: dict[str, str]
) -> None:
    answer, body = raw(server, "/sign-in", **headers)
    assert "content-encoding" not in answer.headers
    assert b"<h1>Sign in" in body


def test_what_pages_load_is_compressed_whoever_asks_for_it(server: RunningServer) -> None:
    style = re.search(r'href="(/assets/style[^"]+)"', raw(server, "/sign-in")[1].decode())
    assert style is not None
    answer, sent = raw(server, style[1], **{"Accept-Encoding": "gzip", "Sec-Fetch-Site": "cross-site"})
    assert answer.headers["content-encoding"] == "gzip"
    assert b"--accent" in gzip.decompress(sent)


def test_nothing_but_pages_is_compressed(server: RunningServer) -> None:
    answer, _ = raw(server, "/openapi.json", **OWN)
    assert "content-encoding" not in answer.headers
    browser = signed_in_browser(server, someone(server))
    assert "content-encoding" not in browser.get("/sign-in").headers  # it sends one on
