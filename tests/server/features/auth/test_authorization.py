"""Requests to authorize: whom the answer may reach, and what is refused on the way."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.server.features.auth.flows import CHALLENGE, Browser, answered, authorization, signed_in_browser, someone
from tests.servers import RunningServer

GOOD_REDIRECTS = ["http://127.0.0.1:1/callback", "http://127.0.0.1:65535/callback", "http://[::1]:49152/callback"]
BAD_REDIRECTS = [
    "",
    "http://localhost:49152/callback",
    "http://127.0.0.1:49152/",
    "http://127.0.0.1:49152/callback/",
    "http://127.0.0.1:49152/callback2",
    "http://127.0.0.1:49152/other/../callback",
    "http://127.0.0.1:49152/%63allback",
    "http://127.0.0.1:49152/callback?",
    "http://127.0.0.1:49152/callback?next=evil",
    "http://127.0.0.1:49152/callback#",
    "http://127.0.0.1:49152/callback#fragment",
    "http://127.0.0.1:49152/callback\n",
    "http://127.0.0.1:49152/callback ",
    "http://127.0.0.1/callback",
    "http://127.0.0.1:/callback",
    "http://127.0.0.1:0/callback",
    "http://127.0.0.1:65536/callback",
    "http://127.0.0.1:٤٢/callback",
    "http://127.0.0.1:4٢/callback",
    "http://127a0b0c1:49152/callback",
    "http://127.1:49152/callback",
    "http://127.0.0.2:49152/callback",
    "http://0.0.0.0:49152/callback",
    "http://2130706433:49152/callback",
    "http://0x7f000001:49152/callback",
    "http://0177.0.0.1:49152/callback",
    "http://127.0.0.1.evil.example:49152/callback",
    "http://127.0.0.1@evil.example:49152/callback",
    "http://evil.example@127.0.0.1:49152/callback",
    "http://127.0.0.1:49152@evil.example/callback",
    "http://evil.example\\@127.0.0.1:49152/callback",
    "http://[::ffff:127.0.0.1]:49152/callback",
    "http://[0:0:0:0:0:0:0:1]:49152/callback",
    "http://[::1%25lo]:49152/callback",
    "https://127.0.0.1:49152/callback",
    "HTTP://127.0.0.1:49152/callback",
    "//127.0.0.1:49152/callback",
    "javascript:alert(1)//127.0.0.1:49152/callback",
    "mtribes://callback",
]


def test_a_loopback_redirect_on_any_port_is_accepted(server: RunningServer) -> None:
    for redirect_uri in GOOD_REDIRECTS:
        answer = Browser(server).get("/oauth/authorize", **authorization(redirect_uri=redirect_uri))
        assert answer.status_code == 303, redirect_uri
        assert answer.headers["location"].startswith("/sign-in?")


def test_any_other_redirect_is_an_error_page_and_no_redirect(server: RunningServer) -> None:
    with server.client() as client:
        for redirect_uri in BAD_REDIRECTS:
            answer = client.get("/oauth/authorize", params=authorization(redirect_uri=redirect_uri))
            assert (answer.status_code, answer.headers.get("location")) == (400, None), redirect_uri
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            assert "<h1>" in answer.text


@pytest.mark.parametrize("client_id", [None, "", "unknown", "mtribes-cli ", "svc_0000000000000000000000"])
def test_an_unknown_client_is_an_error_page_and_no_redirect(server: RunningServer, client_id: str | None) -> None:
    answer = Browser(server).get("/oauth/authorize", **authorization(client_id=client_id))
    assert (answer.status_code, answer.headers.get("location")) == (400, None)


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_a_client_or_redirect_that_is_sent_twice_is_an_error_page(server: RunningServer, name: str) -> None:
    parameters = [*authorization().items(), (name, authorization()[name])]
    answer = Browser(server).get(f"/oauth/authorize?{urlencode(parameters)}")
    assert (answer.status_code, answer.headers.get("location")) == (400, None)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"code_challenge": CHALLENGE[:-1]}, "invalid_request"),
        ({"code_challenge": CHALLENGE + "\n"}, "invalid_request"),
        ({"code_challenge": "é" * 43}, "invalid_request"),
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_type": 'é"\\'}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"scope": "spaces:read everything"}, "invalid_scope"),
        ({"scope": "é"}, "invalid_scope"),
    ],
)
def test_a_request_that_cannot_be_granted_goes_back_with_error_state_and_issuer(
    server: RunningServer, changes: dict[str, str | None], error: str
) -> None:
    state = "ü & =?"
    answer = Browser(server).get("/oauth/authorize", **authorization(**{"state": state, **changes}))
    assert answer.status_code == 303
    parameters = answered(answer.headers["location"])
    assert answer.headers["location"].startswith("http://127.0.0.1:49152/callback?")
    assert (parameters["error"], parameters["state"]) == (error, state)
    assert parameters["iss"] == server.settings.public_url
    assert "code" not in parameters


@pytest.mark.parametrize("name", ["scope", "state", "code_challenge", "code_challenge_method", "response_type"])
def test_a_parameter_that_is_sent_twice_is_an_invalid_request(server: RunningServer, name: str) -> None:
    parameters = [*authorization(scope="code:read").items(), (name, "spaces:read")]
    answer = Browser(server).get(f"/oauth/authorize?{urlencode(parameters)}")
    assert answer.status_code == 303
    assert answered(answer.headers["location"])["error"] == "invalid_request"


@pytest.mark.parametrize("query", ["client_id=%FF", "client_id=%00", "a&" * 70])
def test_a_query_that_cannot_be_read_is_an_error_page(server: RunningServer, query: str) -> None:
    answer = Browser(server).get(f"/oauth/authorize?{query}")
    assert (answer.status_code, answer.headers.get("location")) == (400, None)


def test_the_issuer_and_not_the_host_header_stands_in_redirects(server: RunningServer) -> None:
    with server.client(Host="localhost:4711") as client:
        answer = client.get("/oauth/authorize", params=authorization(scope="nothing"))
    assert answered(answer.headers["location"])["iss"] == server.settings.public_url


def test_without_a_scope_everything_is_asked_for(server: RunningServer) -> None:
    page = signed_in_browser(server, someone(server)).get("/oauth/authorize", **authorization())
    for allowed in ("see, change, delete", "generate", "What people did in your apps"):
        assert allowed in page.text
