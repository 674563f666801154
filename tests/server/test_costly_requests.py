"""Small requests that cost much to read: they are answered at once, in few words. Measured in processor time."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from templates_server.primitives.ip_addresses import ProxyHeader, parse_network
from tests.environments import AppEnvironment, add_environment
from tests.people import OF_A_SIGN_IN, add_organization, add_person, add_space
from tests.servers import RunningServer, running_server

MOST_SECONDS = 0.5
"""Of the processor: each of these took ten times as long, or more."""
DEEP_STRING = b"[" * 33 + b'"' + b'\\"' * 160_000
JSON_GZIP = {"Content-Type": "application/json", "Content-Encoding": "gzip"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    proxies = [parse_network("127.0.0.0/8")]
    folder = tmp_path_factory.mktemp("server")
    with running_server(folder, trusted_proxies=proxies, proxy_header=ProxyHeader.FORWARDED) as running:
        yield running


MOST_ANSWER_BYTES = 64 * 1024


@pytest.fixture(scope="module")
def environment(server: RunningServer) -> AppEnvironment:
    return add_environment(server.database)


def post(client: httpx.Client, path: str, body: bytes) -> tuple[httpx.Response, float]:
    """The answer to a packed body, and the seconds of processor time that it took."""
    packed = gzip.compress(body)
    assert len(packed) < 4096
    return measured(lambda: client.post(path, content=packed, headers=JSON_GZIP))


def measured(ask: Callable[[], httpx.Response]) -> tuple[httpx.Response, float]:
    """The answer, and the least seconds of three times: other threads of this process have their share in each."""
    answers = [_timed(ask) for _ in range(3)]
    return answers[0][0], min(seconds for _, seconds in answers)


def _timed(ask: Callable[[], httpx.Response]) -> tuple[httpx.Response, float]:
    started = time.process_time()
    return ask(), time.process_time() - started


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
        answer, seconds = measured(lambda: stranger.get("/v2/spaces", headers={"Forwarded": value}))
    assert answer.status_code == 401
    assert seconds < MOST_SECONDS


@pytest.mark.parametrize("value", ['a="' + '\\"' * 29_000 + '"', 'a="' + "\\1" * 29_000 + '"', ";" * 58_000])
def test_long_cookies_are_read_at_once(server: RunningServer, value: str) -> None:
    with server.client() as stranger:
        answer, seconds = measured(lambda: stranger.get("/sign-in", headers={"Cookie": value}))
    assert answer.status_code == 200
    assert seconds < MOST_SECONDS


@pytest.mark.parametrize("event", ["{}", "1", '{"name":1}', '{"external_id":"a"}', "null"])
def test_too_many_events_are_counted_before_they_are_read(
    server: RunningServer, environment: AppEnvironment, event: str
) -> None:
    number = 1_000_000 // (len(event) + 1)
    with environment.app(server) as app:
        answer, seconds = post(app, "/api/client/events", f"[{','.join([event] * number)}]".encode())
    assert (answer.status_code, answer.json()["errors"]) == (
        422,
        [{"code": "VALIDATION_ERROR", "message": f"Send 1 to 1,000 events, not {number:,}.", "path": ""}],
    )
    assert seconds < MOST_SECONDS


def test_a_thousand_bad_events_get_a_short_answer(server: RunningServer, environment: AppEnvironment) -> None:
    events = [{"name": 1, "metadata": 2, "data": 3, "external_id": "a" * 900}] * 1000
    with environment.app(server) as app:
        answer, seconds = post(app, "/api/client/events", json.dumps(events).encode())
    errors = answer.json()["errors"]
    assert answer.status_code == 422
    assert len(errors) == 101
    assert [error["path"] for error in errors[:3]] == ["[0].name", "[0].data", "[0].metadata"]
    assert errors[-1] == {"code": "MORE_PROBLEMS", "message": "And 3,900 more problems.", "path": ""}
    assert len(answer.content) < MOST_ANSWER_BYTES
    assert seconds < 2 * MOST_SECONDS  # some 0.3 s for 4,000 problems


WRONG_KEYS = {f"experience-nummer-{number}": 1 for number in range(20_000)}
EXPERIENCES: dict[str, Any] = {f"experience-number-{number}": {"properties": {}} for number in range(500)}
DOCUMENTS: dict[str, dict[str, Any]] = {
    "model": {"collections": WRONG_KEYS | {"a": {}}, "name": "x" * 500_000, **WRONG_KEYS},
    "model with unknown experiences": {
        "experiences": EXPERIENCES,
        "sections": {f"section-{number}": {"supports": ["experience-nummer-x"] * 1500} for number in range(20)},
    },
    "tribes": {"tribes": {f"t{number}": {"filters": [WRONG_KEYS]} for number in range(2)}},
    "delivery": {"scenarios": WRONG_KEYS, "published": ["x" * 4000] * 900},
    "publish": {"collections": ["home-page"] * 50_000},
    "users": {f"user-{number}": number for number in range(60_000)},
}
PATHS = {
    "model": "/model",
    "model with unknown experiences": "/model",
    "tribes": "/tribes",
    "delivery": "/environments/production/delivery",
    "publish": "/environments/production/publish",
    "users": "/environments/production/users",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_with_many_faults_gets_a_short_answer(server: RunningServer, name: str) -> None:
    person = add_person(server.database, add_organization(server.database), grant=OF_A_SIGN_IN)
    space = add_space(server, person)
    method = "POST" if name in {"publish", "users"} else "PUT"
    with person.client(server) as client:
        answer, seconds = measured(
            lambda: client.request(method, f"/v2/spaces/{space}{PATHS[name]}", json=DOCUMENTS[name])
        )
    errors = answer.json()["errors"]
    assert answer.status_code == 422, answer.text[:500]
    assert len(errors) <= 101
    assert len(answer.content) < 2 * MOST_ANSWER_BYTES
    assert seconds < 4 * MOST_SECONDS
    if len(errors) == 101:
        assert errors[-1]["message"].startswith("And ")
