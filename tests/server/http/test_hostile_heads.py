"""Heads of requests that no honest client sends, to every route: an answer with a reason, never a failure of ours."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import pytest

from templates_server.features.exports import worker
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.routes import ROUTES
from templates_server.settings import ConnectionLimits
from tests.people import OF_A_SIGN_IN, add_organization, add_person, add_space
from tests.raw_http import connect, format_request, read_raw
from tests.server.http.test_hostile_bodies import Target
from tests.servers import running_server
from tests.unhandled_exceptions import UNHANDLED

DIGITS = "9" * 4301  # Python's `int` refuses more than 4,300
CONTENT = "application/json"
MANY = 10_000
HEADERS: dict[str, tuple[str, ...]] = {
    "a version of many digits": (f"User-Agent: mtribes/{DIGITS}",),
    "a version of many zeros": (f"User-Agent: mtribes/{'0' * 4301}",),
    "a version of many parts": (f"User-Agent: mtribes/{'1.' * 4000}",),
    "a version in other digits": ("User-Agent: mtribes/\xb2\xb3.\xb9",),
    "bytes beyond ASCII": ("User-Agent: mtribes/\xff\xfe", "Accept: \xe9/\xe9", "Referer: \xff"),
    "a revision of many digits": (f'If-Match: "{DIGITS}"',),
    "revisions by the thousand": ("If-None-Match: " + ", ".join(['W/"1"'] * 2000),),
    "odd revisions": ('If-None-Match: ,,"",W/,\xff', "If-Match: W/"),
    "a range of many digits": (f"Range: bytes={DIGITS}-{DIGITS}", f'If-Range: "{DIGITS}"'),
    "a suffix of many digits": (f"Range: bytes=-{DIGITS}",),
    "odd ranges": ("Range: bytes=-", "If-Range: \xff"),
    "ranges by the hundred": ("Range: bytes=" + ",".join(["0-0"] * 900),),
    "a wait of many digits": (f"Prefer: wait={DIGITS}",),
    "an event of many digits": (f"Last-Event-ID: {DIGITS}",),
    "an odd event": ("Last-Event-ID: \xff", "Accept: text/event-stream"),
    "an odd digest": (f"Content-Digest: sha-256=:{'A' * 4000}:", "Digest: \xff"),
    "an odd key for once": ("Idempotency-Key: \xff\xfe",),
    "a long key for once": (f"Idempotency-Key: {'k' * 7000}",),
    "a huge cookie": (f"Cookie: mtribes_session={'a' * 7000}",),
    "cookies by the thousand": ("Cookie: " + "; ".join(f"c{number}=1" for number in range(700)),),
    "odd cookies": ('Cookie: =; ;;mtribes_session="\\000\\377"; __Host-mtribes_session=\xff; a=%00',),
    "kinds by the thousand": ("Accept: " + ",".join(["a/b;q=0.1"] * 700), "Accept-Language: \xff"),
    "an odd origin": ("Origin: \xff://\xff:99999999999",),
    "an origin with a port of many digits": (f"Origin: http://localhost:{DIGITS}",),
    "a referrer with a port of many digits": (f"Referer: http://localhost:{DIGITS}/", "Sec-Fetch-Site: \xff"),
    "addresses of many digits": (f"X-Forwarded-For: {DIGITS}", f"Forwarded: for={DIGITS}"),
    "a scheme of credentials": ("Authorization: \xff \xff",),
    "credentials that are none": ("Authorization: Basic " + "=" * 4000,),
    "an odd type": ("Content-Type: \xff/\xff; charset=\xff; boundary=" + "b" * 4000,),
    "an odd encoding": ("Content-Encoding: gz\xffip",),
}
QUERIES: dict[str, str] = {
    "NUL": "user=%00&tag=a%00b&name=%00&q=%00&cursor=%00&accountId=%00&since=%00&kind=%00&tribe=%00&next=/%00",
    "not UTF-8": "user=%ff%fe&tag=%c3&name=%ed%a0%80&q=%ff&cursor=%ff&accountId=%ff&state=%ff&client_id=%ff&next=%ff",
    "half a percent": "user=%&tag=%0&name=%zz&cursor=%&q=%u0000&accountId=%",
    "bytes beyond ASCII": "user=\xff&tag=\xe9&q=\xff&accountId=\xff&client_id=\xff&state=\xff",
    "numbers of many digits": "&".join(f"{name}={DIGITS}" for name in ("limit", "revision", "wait")),
    "a limit of many digits": f"limit={DIGITS}",
    "a limit in other digits": "limit=%D9%A3&revision=%D9%A3&wait=%D9%A3&page=%D9%A3",
    "signs and blanks": "limit=+1&revision=-1&wait=%201&since=-1",
    "parameters by the hundred": "&".join(f"p{number}=1" for number in range(900)),
    "a parameter twice": "limit=1&limit=2&user=a&user=b&revision=1&revision=2&client_id=a&client_id=b",
    "a cursor of ours of many digits": "cursor=" + "OTk5" * 500,
    "a cursor with an odd text": "cursor=w7_Dv8O_&since=w7_Dv8O_",
    "nothing but marks": "&&==&=&?&#",
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    database_url = None
    if request.param == "postgresql":
        database_url = request.getfixturevalue("postgres").new_database_url()
    limits = ConnectionLimits(linger_seconds=0.3)
    folder = tmp_path_factory.mktemp("heads")
    with (
        patch.object(worker, "MOST_AN_ORGANIZATION", MANY),  # exports are asked for sooner than they are made
        patch.object(worker, "MOST_WAITING", MANY),
        running_server(folder, database_url=database_url, connection_limits=limits) as running,
    ):
        person = add_person(running.database, add_organization(running.database), grant=OF_A_SIGN_IN)
        space = add_space(running, person)
        with person.client(running) as client:
            answer = client.post(f"/v2/spaces/{space}/environments/production/keys", json={"name": "a"})
            tribes: dict[str, object] = {"tribes": {"everybody": {"filters": []}}}
            client.put(f"/v2/spaces/{space}/tribes", json=tribes).raise_for_status()
        with running.client() as client:
            yield Target(running, person, space, answer.json()["data"][0]["key"], client)


def statuses(target: Target, route: Route, *headers: str, query: str = "", with_token: bool = True) -> list[int]:
    """The status of the answer to a head alone; an endless answer is not waited for."""
    sent = {} if not with_token else target.headers(route, CONTENT)
    names = {line.partition(":")[0].lower() for line in headers}
    own = [f"{name}: {value}" for name, value in sent.items() if name.lower() not in names]
    path = target.path(route) + (f"?{query}" if query else "")
    body = b"" if route.reads is None else b"{}"
    head = (*own, *headers, f"Content-Length: {len(body)}", "Connection: close")
    with connect(target.server) as connection:
        connection.sendall(format_request(route.method, path, *head, server=target.server, body=body))
        start = connection.recv(13)
        return [int(start[9:12])] if len(start) == 13 else read_raw(connection).statuses


def one_of_each_surface() -> list[Route]:
    return list({(route.surface, route.is_open, route.method): route for route in ROUTES}.values())


@pytest.mark.parametrize("name", HEADERS)
def test_an_odd_header_is_no_failure_on_any_surface(target: Target, name: str) -> None:
    for route in one_of_each_surface():
        for with_token in (True, False):
            told = statuses(target, route, *HEADERS[name], with_token=with_token)
            assert len(told) == 1, (route.path, told)
            assert told[0] < 500, (route.path, told)


@pytest.mark.parametrize("name", QUERIES)
def test_an_odd_query_is_no_failure_on_any_surface(target: Target, name: str) -> None:
    for route in one_of_each_surface():
        for with_token in (True, False):
            told = statuses(target, route, query=QUERIES[name], with_token=with_token)
            assert len(told) == 1, (route.path, told)
            assert told[0] < 500, (route.path, told)


@pytest.mark.slow
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_no_odd_head_is_a_failure_on_any_route(target: Target, route: Route) -> None:
    for name, headers in HEADERS.items():
        assert statuses(target, route, *headers)[0] < 500, name
    for name, query in QUERIES.items():
        assert statuses(target, route, query=query)[0] < 500, name


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_nul_in_a_query_is_a_bad_request_on_every_route(target: Target, route: Route) -> None:
    assert statuses(target, route, query="anything=a%00b") == [400]


@pytest.mark.parametrize("agent", [f"mtribes/{DIGITS}", f"mtribes/1.{DIGITS}", f"mtribes/{'1.' * 2500}1"])
def test_a_version_of_any_length_is_read(target: Target, agent: str) -> None:
    with target.server.client() as client:
        assert client.get("/healthz", headers={"User-Agent": agent}).status_code == 200
        assert client.get("/v2/me", headers={"User-Agent": agent}).status_code == 401


METHODS = ["HEAD", "OPTIONS", "TRACE", "PATCH", "DELETE", "PURGE", "PROPFIND", "M-SEARCH", "SOURCE", "QUERY"]


@pytest.mark.parametrize("method", METHODS)
def test_an_odd_method_is_no_failure(target: Target, method: str) -> None:
    for route in one_of_each_surface():
        sent = format_request(method, target.path(route), "Connection: close", server=target.server)
        with connect(target.server) as connection:
            connection.sendall(sent)
            told = read_raw(connection).statuses
        assert told, (route.path, method)
        assert told[0] < 500, (route.path, told)


PATHS = [
    "/%",
    "/%zz",
    "/%ff",
    "/%00",
    "//",
    "/" + "a/" * 3000,
    "/..%2f..",
    "/v2/%2e%2e/me",
    "/\xff",
    "/?",
    "/*",
    "/;a=b",
]


@pytest.mark.parametrize("path", PATHS)
def test_an_odd_path_is_no_failure(target: Target, path: str) -> None:
    for prefix in ("", "/v2/spaces", "/api/client", "/oauth", "/v2/users"):
        for method in ("GET", "OPTIONS"):
            with connect(target.server) as connection:
                sent = format_request(method, prefix + path, "Connection: close", "Origin: null", server=target.server)
                connection.sendall(sent)
                told = read_raw(connection).statuses
            assert told, (prefix, path)
            assert told[0] < 500, (prefix, path, told)


def test_every_surface_is_asked() -> None:
    assert {route.surface for route in one_of_each_surface()} == set(Surface)


def test_a_failure_of_ours_would_be_seen(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr("templates_server.app._refuse_old_client", fail)
    assert {statuses(target, route)[0] for route in one_of_each_surface()} == {500}
    assert all("planted" in traceback for traceback in UNHANDLED.take())
