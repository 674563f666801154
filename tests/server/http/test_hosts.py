"""The Host header: a name that is not this server's is refused on every surface, and nothing is made from it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from templates_server.errors import BadRequest, Misdirected
from templates_server.http.host_validation import HostCheck
from templates_server.routes import ROUTES
from templates_server.security.authorization import Role
from tests.people import add_organization, add_person
from tests.raw_http import RawResponse, send_raw
from tests.servers import RunningServer, running_server

PATHS = sorted({route.path.split("{", maxsplit=1)[0] or "/" for route in ROUTES} | {"/nowhere", "/v2/nowhere"})
OPEN = {"/healthz", "/readyz"}
FOREIGN = [
    "evil.example",
    "evil.example:8674",
    "192.0.2.1",
    "localhost.evil.example",
    "127.0.0.1.nip.io",
    "[2001:db8::1]",
]


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("public")
    with running_server(
        folder, public_url="https://Mtribes.example.com", allowed_hosts=frozenset({"app.internal"})
    ) as running:
        yield running


def asked(server: RunningServer, path: str, *hosts: str, version: str = "1.1") -> RawResponse:
    head = "".join(f"Host: {host}\r\n" for host in hosts)
    sent = f"GET {path} HTTP/{version}\r\n{head}Connection: close\r\n\r\n".encode()
    return send_raw(server, sent, seconds=10)


@pytest.mark.parametrize("path", PATHS)
def test_a_foreign_name_is_refused_wherever_it_leads(public: RunningServer, path: str) -> None:
    for host in FOREIGN:
        heard = asked(public, path, host)
        assert heard.statuses == ([421] if path not in OPEN else [200]), host
        assert b"evil" not in heard.content


@pytest.mark.parametrize("path", ["/", "/v2/me", "/api/client/events", "/oauth/token", "/demo"])
def test_a_preflight_for_a_foreign_name_is_refused(public: RunningServer, path: str) -> None:
    sent = f"OPTIONS {path} HTTP/1.1\r\nHost: evil.example\r\nOrigin: https://evil.example\r\nConnection: close\r\n\r\n"
    heard = send_raw(public, sent.encode())
    assert heard.statuses == [421]


def test_credentials_do_not_help(public: RunningServer) -> None:
    person = add_person(public.database, add_organization(public.database), role=Role.ADMINISTRATOR)
    with person.client(public, Host="evil.example") as client:
        assert client.get("/v2/me").status_code == 421
    with person.client(public) as client:
        assert client.get("/v2/me").status_code == 200


@pytest.mark.parametrize(
    "host",
    ["mtribes.example.com", "MTRIBES.example.COM", "mtribes.example.com:443", "app.internal", "127.0.0.1", "[::1]:1"],
)
def test_the_names_of_the_server_are_served(public: RunningServer, host: str) -> None:
    assert asked(public, "/sign-in", host).statuses == [200]


@pytest.mark.parametrize(
    "hosts",
    [
        (),
        ("",),
        ("mtribes.example.com", "mtribes.example.com"),
        ("mtribes.example.com", "evil.example"),
        ("mtribes.example.com@evil.example",),
        ("mtribes.example.com/evil",),
        ("mtribes.example.com evil",),
        ("mtribes.example.com,evil.example",),
        ("mtribes.example.com:99999999",),
        ("mtribes.example.com:x",),
        ("mtr\u00edbes.example.com",),
        ("[::1",),
    ],
)
def test_what_is_no_host_or_more_than_one_is_a_bad_request(public: RunningServer, hosts: tuple[str, ...]) -> None:
    heard = asked(public, "/sign-in", *hosts)
    assert heard.statuses == [400], heard.content


def test_a_request_of_http_1_0_needs_a_name_as_well_but_for_health(public: RunningServer) -> None:
    assert asked(public, "/", version="1.0").statuses == [400]
    assert asked(public, "/healthz", version="1.0").statuses == [200]


def test_names_of_this_machine_are_for_connections_within_it(public: RunningServer) -> None:
    check = HostCheck(public.settings)
    headers = [(b"host", b"localhost:8674")]
    check.check({"headers": headers, "server": ("127.0.0.1", 8674)}, b"/")
    for server in (("192.0.2.7", 8674), None):
        with pytest.raises(Misdirected):
            check.check({"headers": headers, "server": server}, b"/")
    with pytest.raises(BadRequest):
        check.check({"headers": [], "server": ("127.0.0.1", 8674)}, b"/")


def test_a_refusal_has_the_form_of_its_surface(public: RunningServer) -> None:
    with public.client(Host="evil.example") as client:
        assert client.get("/v2/me").json()["errors"][0]["code"] == "BAD_REQUEST"
        assert client.post("/api/client/events").json()["errors"][0]["code"] == "BAD_REQUEST"
        assert client.post("/oauth/token").json()["error"] == "invalid_request"
        page = client.get("/sign-in", headers={"Accept": "text/html"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "--allowed-host" in page.text
