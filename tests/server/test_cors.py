"""Which pages a browser lets use the server (CORS), and what they may send and see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from templates_server.endpoint import Surface
from templates_server.rate_limits import DEFAULT_LIMITS
from templates_server.routes import ROUTES
from tests.people import Person, add_organization, add_person, add_space
from tests.servers import RunningServer, running_server

CONSOLE = "https://console.example.com"
SENT = {"authorization", "content-type", "content-encoding", "content-digest", "if-match", "if-none-match", "range"}
TRACING = {"baggage", "traceparent", "tracestate", "sentry-trace"}
SEEN = {"Link", "Retry-After", "ETag", "Idempotency-Replayed", "RateLimit-Limit", "RateLimit-Remaining"}


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = Path(tmp_path_factory.mktemp("cors"))
    with running_server(folder, cors_origins=frozenset({CONSOLE}), rate_limits=DEFAULT_LIMITS) as server:
        yield server


@pytest.fixture(scope="module")
def person(open_server: RunningServer) -> Person:
    return add_person(open_server.database, add_organization(open_server.database))


def listed(answer: httpx.Response, name: str) -> set[str]:
    return {each.strip() for each in answer.headers.get(name, "").split(",")}


def test_every_method_and_header_of_the_platform_api_may_be_sent_by_a_listed_page(open_server: RunningServer) -> None:
    methods: dict[str, set[str]] = {}
    for route in ROUTES:
        if route.surface is Surface.PLATFORM:
            methods.setdefault(route.path, set()).add(route.method)
    with open_server.client(Origin=CONSOLE) as page:
        for path, expected in methods.items():
            asked = {"Access-Control-Request-Method": min(expected)}
            answer = page.options(path.replace("{", "").replace("*}", "").replace("}", ""), headers=asked)
            assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, CONSOLE), path
            assert listed(answer, "access-control-allow-methods") == expected
            allowed = {name.lower() for name in listed(answer, "access-control-allow-headers")}
            assert allowed >= SENT | TRACING | {"idempotency-key"}


def test_a_listed_page_sees_what_a_program_sees(open_server: RunningServer, person: Person) -> None:
    space = add_space(open_server, person)
    with person.client(open_server, Origin=CONSOLE) as page:
        keys = f"/v2/spaces/{space}/environments/staging/keys"
        answers = [
            page.get(f"/v2/spaces/{space}/model"),
            page.get("/v2/spaces?limit=1"),
            page.get("/v2/spaces/nowhere"),
            *[page.post(keys, json={"name": "web"}, headers={"Idempotency-Key": "cors"}) for _ in range(2)],
        ]
    assert [answer.status_code for answer in answers] == [200, 200, 404, 201, 201]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == CONSOLE
        assert "Origin" in listed(answer, "vary")
        assert listed(answer, "access-control-expose-headers") >= SEEN
        assert "access-control-allow-credentials" not in answer.headers
    assert answers[-1].headers["idempotency-replayed"] == "true"
    assert {"etag", "ratelimit-limit"} <= answers[0].headers.keys()


@pytest.mark.parametrize(
    "origin", ["https://evil.example.com", f"{CONSOLE}.evil.org", "null", "http://console.example.com"]
)
def test_a_page_that_is_not_listed_learns_nothing(open_server: RunningServer, person: Person, origin: str) -> None:
    with person.client(open_server, Origin=origin) as page:
        preflight = page.options("/v2/me", headers={"Access-Control-Request-Method": "GET"})
        answers = [preflight, page.get("/v2/me")]
    for answer in answers:
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/", "/sign-in", "/oauth/authorize", "/.well-known/oauth-authorization-server"])
def test_pages_and_sign_in_are_open_to_no_other_page(open_server: RunningServer, path: str) -> None:
    with open_server.client(Origin=CONSOLE) as page:
        assert "access-control-allow-origin" not in page.get(path).headers
