"""Small requests that cost much to read: they are answered at once, in few words. Measured in processor time."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator

import httpx
import pytest

from templates_server.addresses import parse_network
from tests.environments import AppEnvironment, add_environment
from tests.servers import RunningServer, running_server

MOST_SECONDS = 0.5
"""Of the processor: each of these took ten times as long, or more."""
DEEP_STRING = b"[" * 33 + b'"' + b'\\"' * 160_000
JSON_GZIP = {"Content-Type": "application/json", "Content-Encoding": "gzip"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("server"), trusted_proxies=[parse_network("127.0.0.0/8")]) as running:
        yield running


@pytest.fixture(scope="module")
def environment(server: RunningServer) -> AppEnvironment:
    return add_environment(server.database)


def post(client: httpx.Client, path: str, body: bytes) -> tuple[httpx.Response, float]:
    """The answer to a packed body, and the seconds of processor time that it took."""
    packed = gzip.compress(body)
    assert len(packed) < 4096
    started = time.process_time()
    answer = client.post(path, content=packed, headers=JSON_GZIP)
    return answer, time.process_time() - started


@pytest.mark.parametrize("path", ["/api/client/events", "/api/client/identify", "/api/client/devices"])
def test_depth_of_an_unclosed_string_is_told_at_once(
    server: RunningServer, environment: AppEnvironment, path: str
) -> None:
    with environment.app(server) as app:
        answer, seconds = post(app, path, DEEP_STRING)
    assert answer.status_code == 400
    assert seconds < MOST_SECONDS


def test_a_token_request_without_credentials_is_read_at_once(server: RunningServer) -> None:
    with server.client() as stranger:
        answer, seconds = post(stranger, "/oauth/token", DEEP_STRING[: 16 * 1024])
    assert answer.status_code == 400
    assert seconds < MOST_SECONDS / 10


@pytest.mark.parametrize("value", ['"' + '\\"' * 30_000, "for=" + '"' * 60_000, ',"' * 30_000, "for=;" * 12_000])
def test_a_long_forwarded_header_is_read_at_once(server: RunningServer, value: str) -> None:
    with server.client() as stranger:
        started = time.process_time()
        answer = stranger.get("/v2/spaces", headers={"Forwarded": value})
        seconds = time.process_time() - started
    assert answer.status_code == 401
    assert seconds < MOST_SECONDS
