"""Limits of rate: whom they count, what they say, and that they leave everybody else alone."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_server.errors import TooManyRequests
from templates_server.http.rate_limiter import WINDOW_SECONDS, Quota, RateLimiter, TokenBuckets, parse_rate_limits
from templates_server.primitives.ip_addresses import CallerAddress, ProxyHeader
from templates_server.settings import DEFAULT_LIMITS, RateLimits
from tests.environments import add_environment
from tests.people import add_organization, add_person
from tests.servers import RunningServer, running_server

SMALL = RateLimits(platform=5, client=4, oauth=3, unauthenticated=2)
SAID = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after")
STRANGER = {"Authorization": "Bearer mtp_" + "0" * 36}
SESSION = {"anonymous_id": "d1"}


class Hands:
    """A clock that is moved by hand, in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


# Buckets


def test_a_bucket_gives_a_minutes_worth_at_once_and_then_no_more() -> None:
    clock = Hands()
    buckets = TokenBuckets(6, clock=clock)
    assert [buckets.take("a") for _ in range(6)] == [
        Quota(6, remaining, 60 - 10 * remaining) for remaining in (5, 4, 3, 2, 1, 0)
    ]
    assert buckets.take("a") == Quota(6, 0, 60, wait_seconds=10)
    clock.now += 9.9
    assert buckets.take("a").wait_seconds == 1
    clock.now += 0.1
    assert buckets.take("a") == Quota(6, 0, 60)
    assert buckets.take("b").remaining == 5


def test_a_refused_request_is_not_counted() -> None:
    clock = Hands()
    buckets = TokenBuckets(2, clock=clock)
    assert [buckets.take("a").wait_seconds for _ in range(50)] == [0, 0] + [30] * 48
    clock.now += 60
    assert [buckets.take("a").wait_seconds for _ in range(3)] == [0, 0, 30]


@given(
    limit=st.integers(1, 100_000),
    pauses=st.lists(st.floats(0, 20, allow_nan=False), min_size=1, max_size=300),
)
def test_nobody_gets_more_than_a_bucketful_and_what_flows_in(limit: int, pauses: list[float]) -> None:
    clock = Hands()
    buckets = TokenBuckets(limit, clock=clock)
    allowed = 0
    for pause in pauses:
        clock.now += pause
        quota = buckets.take("a")
        assert 0 <= quota.remaining < limit
        assert 0 < quota.reset_seconds <= WINDOW_SECONDS
        if quota.wait_seconds:
            clock.now += quota.wait_seconds
            assert not buckets.take("a").wait_seconds
        allowed += 1
    assert allowed <= limit + (clock.now - 1000) * limit / WINDOW_SECONDS + 1


def test_callers_without_number_cost_no_memory_without_bound() -> None:
    buckets = TokenBuckets(2, clock=Hands(), most=10)
    first = buckets.take("a")
    for number in range(1000):
        buckets.take(number)
    assert len(buckets._full_at) == 10
    assert buckets.take("a") == first  # forgotten for having been silent
    assert buckets.take(999).remaining == 0  # not forgotten


def test_who_goes_on_asking_is_not_forgotten_for_others() -> None:
    buckets = TokenBuckets(1000, clock=Hands(), most=10)
    for number in range(500):
        assert buckets.take("busy").remaining == 999 - number
        buckets.take(number)


# Settings


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("off", None),
        (" off ", None),
        ("client=7", RateLimits(client=7)),
        ("platform=1, oauth=2,unauthenticated=3", RateLimits(platform=1, oauth=2, unauthenticated=3)),
    ],
)
def test_limits_are_read(text: str, limits: RateLimits | None) -> None:
    assert parse_rate_limits(text) == limits


@pytest.mark.parametrize("text", ["", "on", "7", "client", "client=", "client=0", "client=-1", "client=x", "app=1"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="client"):
        parse_rate_limits(text)


@pytest.mark.parametrize(
    "text", ["client=1,client=2", "off,client=1", "client=1e9", "client=9999999999", "client=\u0661"]
)
def test_more_nonsense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be|is not"):
        parse_rate_limits(text)


# Whom they count


def test_an_address_of_this_machine_is_not_counted_and_an_ipv6_site_counts_as_one() -> None:
    limiter = RateLimiter(SMALL, clock=Hands())
    assert {
        limiter.count_stranger(CallerAddress(address))
        for address in ("127.0.0.1", "::1", "127.8.8.8", "")
        for _ in range(9)
    } == {None}
    assert [limiter.count_stranger(CallerAddress(f"2001:db8::{n}")).remaining for n in (1, 2)] == [1, 0]  # type: ignore[union-attr]
    with pytest.raises(TooManyRequests):
        limiter.count_stranger(CallerAddress("2001:db8::3"))
    assert limiter.count_stranger(CallerAddress("2001:db8:0:1::3")) is not None
    assert limiter.count_sign_in(CallerAddress("2001:db8::3")) is not None


def test_without_limits_nothing_is_counted() -> None:
    limiter = RateLimiter(None)
    assert {
        limiter.count_token("t"),
        limiter.count_app("k", CallerAddress("192.0.2.1")),
        limiter.count_sign_in(CallerAddress("192.0.2.1")),
    } == {None}


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with small limits, behind a proxy on this machine."""
    with running_server(
        Path(tmp_path_factory.mktemp("limited")), rate_limits=SMALL, trusted_proxies=(ip_network("127.0.0.1"),)
    ) as server:
        yield server


def asked(client: httpx.Client, times: int, *args: Any, **more: Any) -> list[httpx.Response]:
    return [client.request(*args, **more) for _ in range(times)]


def statuses(answers: list[httpx.Response]) -> list[int]:
    return [answer.status_code for answer in answers]


def test_a_token_is_told_what_it_has_left_and_then_when_to_come_again(limited: RunningServer) -> None:
    person = add_person(limited.database, add_organization(limited.database))
    with person.client(limited) as client:
        answers = asked(client, 6, "GET", "/v2/me")
        told = [tuple(answer.headers.get(name) for name in SAID) for answer in answers]
    assert statuses(answers) == [200] * 5 + [429]
    assert told[0] == ("5", "4", "12", None)
    assert [each[1] for each in told] == ["4", "3", "2", "1", "0", "0"]
    assert int(str(told[5][3])) in {11, 12}
    assert answers[5].json()["errors"][0]["code"] == "RATE_LIMITED"


def test_refusals_count_too_and_say_so(limited: RunningServer) -> None:
    person = add_person(limited.database, add_organization(limited.database))
    with person.client(limited) as client:
        answers = asked(client, 6, "GET", "/v2/spaces/nowhere")
    assert statuses(answers) == [404] * 5 + [429]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["4", "3", "2", "1", "0", "0"]


def test_one_token_leaves_another_alone_wherever_they_ask_from(limited: RunningServer) -> None:
    organization = add_organization(limited.database)
    for _ in range(2):
        with add_person(limited.database, organization).client(limited) as client:
            froms = [{"X-Forwarded-For": f"192.0.2.{number}"} for number in range(6)]
            assert [client.get("/v2/me", headers=each).status_code for each in froms] == [200] * 5 + [429]


def test_apps_are_counted_by_key_and_address(limited: RunningServer) -> None:
    first, second = add_environment(limited.database), add_environment(limited.database)
    for environment in (first, second):
        with environment.app(limited) as app:
            for address in ("198.51.100.1", "198.51.100.2"):
                answers = asked(
                    app, 5, "POST", "/api/client/sessions", json=SESSION, headers={"X-Forwarded-For": address}
                )
                assert statuses(answers) == [200] * 4 + [429]
                assert answers[0].headers["ratelimit-limit"] == "4"
                assert answers[4].json()["errors"][0]["code"] == "RATE_LIMITED"


@pytest.mark.parametrize("path", ["/v2/me", "/api/client/events"])
def test_strangers_are_counted_by_address_and_never_stand_in_the_way_of_others(
    limited: RunningServer, path: str
) -> None:
    address = {"X-Forwarded-For": "203.0.113.7" if "v2" in path else "203.0.113.8"}
    method = "GET" if "v2" in path else "POST"
    with limited.client(**address) as client:
        answers = [*asked(client, 2, method, path, headers=STRANGER), *asked(client, 2, method, path)]
    assert statuses(answers) == [401, 401, 429, 429]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["1", "0", "0", "0"]
    with add_person(limited.database, add_organization(limited.database)).client(limited, **address) as member:
        assert member.get("/v2/me").status_code == 200
    with limited.client(**{"X-Forwarded-For": "203.0.113.9"}) as elsewhere:
        assert elsewhere.request(method, path).status_code == 401


def test_sign_in_is_counted_by_address_in_its_own_form(limited: RunningServer) -> None:
    with limited.client(**{"X-Forwarded-For": "203.0.113.20"}) as client:
        answers = asked(client, 4, "POST", "/oauth/token", data={"grant_type": "x", "client_id": "mtribes-cli"})
    assert statuses(answers) == [400, 400, 400, 429]
    assert answers[3].json()["error"] == "temporarily_unavailable"
    assert "retry-after" in answers[3].headers


FORGED = [
    {"Forwarded": "for=127.0.0.1"},
    {"Forwarded": 'for="[::1]"'},
    {"Forwarded": "for=unknown"},
    {"Forwarded": "for=192.0.2.99"},
    {"Forwarded": "nonsense"},
]


def test_a_forged_header_beside_the_proxys_own_is_not_read(limited: RunningServer) -> None:
    with limited.client(**{"X-Forwarded-For": "203.0.113.40"}) as client:
        answers = [client.get("/v2/me", headers=forged) for forged in FORGED]
    assert statuses(answers) == [401, 401, 429, 429, 429]


def test_the_header_that_the_operator_names_is_the_one_that_is_read(tmp_path: Path) -> None:
    own_machine = (ip_network("127.0.0.1"),)
    with (
        running_server(
            tmp_path, rate_limits=SMALL, trusted_proxies=own_machine, proxy_header=ProxyHeader.FORWARDED
        ) as server,
        server.client() as client,
    ):
        told = [
            client.get("/v2/me", headers={"Forwarded": f"for={address}", "X-Forwarded-For": f"192.0.2.{number}"})
            for address in ("203.0.113.1", "203.0.113.2")
            for number in range(3)
        ]
    assert statuses(told) == [401, 401, 429] * 2


@pytest.mark.parametrize("said", ["", "unknown", "127.0.0.1", "203.0.113.41, nonsense"])
def test_what_cannot_be_read_is_counted_for_the_proxy(
    tmp_path: Path, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    own_machine = (ip_network("127.0.0.1"),)
    with (
        running_server(tmp_path, rate_limits=SMALL, trusted_proxies=own_machine) as server,
        server.client(**({"X-Forwarded-For": said} if said else {})) as client,
    ):
        answers = [client.get("/v2/me", headers=FORGED[number % len(FORGED)]) for number in range(5)]
    assert statuses(answers) == [401, 401, 429, 429, 429]
    warnings = [record.getMessage() for record in caplog.records if "trusted proxy" in record.getMessage()]
    assert len(warnings) == (0 if said == "127.0.0.1" else 1)
    assert all("127.0.0.1 sent a request without a valid x-forwarded-for" in warning for warning in warnings)


def test_pages_and_health_are_not_limited(limited: RunningServer) -> None:
    with limited.client(**{"X-Forwarded-For": "203.0.113.30"}) as client:
        assert set(statuses(asked(client, 12, "GET", "/healthz")) + statuses(asked(client, 12, "GET", "/sign-in"))) == {
            200
        }


@pytest.mark.slow
def test_a_server_that_is_told_nothing_has_the_documented_limits(tmp_path: Path) -> None:
    with running_server(tmp_path, rate_limits=DEFAULT_LIMITS) as server:
        person = add_person(server.database, add_organization(server.database))
        with person.client(server) as client:
            assert client.get("/v2/me").headers["ratelimit-limit"] == "6000"
    assert (DEFAULT_LIMITS.platform, DEFAULT_LIMITS.client) == (6_000, 12_000)
    assert (DEFAULT_LIMITS.oauth, DEFAULT_LIMITS.unauthenticated) == (600, 300)
