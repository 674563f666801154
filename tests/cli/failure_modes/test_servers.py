"""Servers that answer badly, or are not ours: the answer is told, and asked for again only where that is safe."""

from __future__ import annotations

import gzip
import socket
import threading

import pytest

from mtribes_cli.api import transport
from mtribes_cli.api.client import session
from tests.cli.cli_runner import CliRunner
from tests.cli.failure_modes.error_assertions import Told, told
from tests.cli.failure_modes.sockets import Behaviour, answering, listening
from tests.cli.stub_server import Reply, StubServer, data, refusal

SPACES = "/v2/spaces"
LOOK = "Check the host, and whether a proxy or sign-in page intercepts the connection."
HTML = b"<!doctype html><title>Welcome</title>"
LATER = "Try again later."
SOMEBODY = "If the problem persists, contact the server's administrator and include the time."
PAGE = {"Content_Type": "text/html; charset=utf-8"}


def unreadable(what: str) -> Told:
    return Told(1, f"{{url}}{SPACES} returned {what}", LOOK)


def busy(status: int, advice: str = LATER) -> Told:
    return Told(75, f"{{url}}{SPACES} is overloaded or unavailable ({status}).", advice)


ANSWERS = {
    "another web server, found": (answering(HTML, **PAGE), unreadable("200 with text/html instead of JSON.")),
    "another web server, not found": (
        answering(HTML, status="404 Not Found", **PAGE),
        unreadable("404 with text/html. This is not an mtribes server."),
    ),
    "another interface, not found": (
        answering(b'{"detail": "Not Found"}', status="404 Not Found"),
        unreadable("404 with application/json. This is not an mtribes server."),
    ),
    "a wall before the server": (
        answering(HTML, status="403 Forbidden", **PAGE),
        unreadable("403 with text/html. This is not an mtribes server."),
    ),
    "empty": (answering(b""), unreadable("200 without a body.")),
    "JSON cut off": (answering(b'{"data": ['), unreadable("200 with invalid or truncated JSON.")),
    "no envelope": (
        answering(b"{}"),
        Told(1, "{url}/v2/spaces returned JSON without `data`.", LOOK),
    ),
    "an encoding of its own": (
        answering(b"\x0b\x02\x80", Content_Encoding="br"),
        unreadable("an unsupported content encoding: br."),
    ),
    "an encoding that it is not in": (
        answering(Content_Encoding="gzip"),
        Told(
            1,
            (
                "{url} returned a response that cannot be decompressed: Error -3 while decompressing data: "
                "incorrect header check."
            ),
            LOOK,
        ),
    ),
    "an encoding cut off": (
        answering(gzip.compress(b'{"data": []}' * 99)[:30], Content_Encoding="gzip"),
        unreadable("200 with invalid or truncated JSON."),
    ),
    "500": (answering(HTML, status="500 No", **PAGE), Told(1, "{url}/v2/spaces returned 500.", SOMEBODY)),
    "502": (answering(HTML, status="502 No", **PAGE), busy(502)),
    "503": (answering(HTML, status="503 No", **PAGE), busy(503)),
    "504": (answering(HTML, status="504 No", **PAGE), busy(504)),
    "503, later": (answering(b"", status="503 No", Retry_After="3600"), busy(503, "Try again in 3,600 seconds.")),
    "429, later": (answering(b"", status="429 No", Retry_After="120"), busy(429, "Try again in 120 seconds.")),
    "429, at a time": (
        answering(
            b"", status="429 No", Date="Wed, 01 Jan 2020 00:00:00 GMT", Retry_After="Wed, 01 Jan 2020 00:05:00 GMT"
        ),
        busy(429, "Try again in 300 seconds."),
    ),
    "a redirect": (
        answering(b"", status="302 Found", Location="https://login.example.com/"),
        Told(
            1,
            "{url}/v2/spaces redirects to https://login.example.com/.",
            "Credentials are not sent after a redirect. Use the address that it redirects to as the host.",
        ),
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_was_not_agreed_is_told_in_two_lines(ada: CliRunner, name: str) -> None:
    behaviour, expected = ANSWERS[name]
    with listening(behaviour) as port:
        url = f"http://127.0.0.1:{port}"
        assert told(ada("space", "list", "--host", url)) == expected.at(url)


@pytest.mark.parametrize("name", ["another web server, found", "another web server, not found", "empty"])
def test_a_sign_in_at_a_server_that_is_not_ours_is_told_as_well(ada: CliRunner, name: str) -> None:
    del ada.environment["MTRIBES_TOKEN"]
    ada.environment |= {"MTRIBES_CLIENT_ID": "svc_1", "MTRIBES_CLIENT_SECRET": "mts_x"}
    behaviour, expected = ANSWERS[name]
    with listening(behaviour) as port:
        url = f"http://127.0.0.1:{port}"
        outcome = ada("space", "list", "--host", url)
    assert told(outcome).what.startswith(f"{url}/oauth/token returned ")
    assert told(outcome).advice == expected.advice


def test_an_answer_that_is_enormous_is_cut_off(ada: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_ANSWER_BYTES", 1_000_000)
    with listening(answering(b" " * 3_000_000)) as port:
        url = f"http://127.0.0.1:{port}"
        assert told(ada("space", "list", "--host", url)) == unreadable("more than 1000000 bytes.").at(url)


def test_an_answer_that_inflates_without_end_is_cut_off(ada: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_ANSWER_BYTES", 1_000_000)
    with listening(answering(gzip.compress(b" " * 20_000_000), Content_Encoding="gzip")) as port:
        url = f"http://127.0.0.1:{port}"
        assert told(ada("space", "list", "--host", url)) == unreadable("more than 1000000 bytes.").at(url)


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"], ids=["head", "body"])
def test_an_answer_that_comes_too_slowly_ends_with_try_later(
    ada: CliRunner, monkeypatch: pytest.MonkeyPatch, first: bytes
) -> None:
    monkeypatch.setattr(transport, "SILENCE_TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(transport, "WHOLE_ANSWER_TIMEOUT_SECONDS", 0.2)
    ended = threading.Event()

    with listening(_dripping(first, ended)) as port:
        url = f"http://127.0.0.1:{port}"
        assert told(ada("space", "list", "--host", url)) == Told(75, f"{url} took too long to respond.", LATER)
        ended.set()


def _dripping(first: bytes, ended: threading.Event) -> Behaviour:
    def drip(connected: socket.socket) -> None:
        connected.sendall(first)
        while not ended.wait(0.02):
            connected.sendall(b" " if first else b"")

    return drip


def test_a_server_that_wants_a_newer_client_gets_the_command_that_brings_it(
    user: CliRunner, stub_server: StubServer
) -> None:
    stub_server.on(
        "GET", SPACES, refusal(426, {"code": "CLIENT_TOO_OLD", "message": "mtribes 2.0.0 or newer is needed."})
    )
    said = told(user("space", "list"))
    assert (said.exit_code, said.what) == (1, "mtribes 2.0.0 or newer is needed.")
    assert said.advice.startswith("It was installed ")
    assert "Upgrade it with `" in said.advice


def test_too_many_requests_are_waited_for_as_long_as_the_server_says(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", SPACES, refusal(429, Retry_After="7"), data())
    assert user("space", "list").exit_code == 0
    assert user.clock.pauses == [7]


def test_pauses_and_attempts_have_an_end(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", SPACES, refusal(429, Retry_After=str(int(session.MAX_PAUSE_SECONDS))))
    assert user("space", "list").exit_code == 75
    assert len(stub_server.asked) == session.MAX_ATTEMPTS
    assert sum(user.clock.pauses) <= 60


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_have_had_its_effect_is_sent_once(user: CliRunner, stub_server: StubServer, status: int) -> None:
    user.write("vod.yaml", "space: vod\n")
    stub_server.on("PUT", "/v2/spaces/vod/model", refusal(status))
    assert user("space", "push", "vod.yaml").exit_code in {1, 75}
    assert len(stub_server.asked) == 1


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_what_has_its_effect_once_is_sent_again_as_the_same(
    user: CliRunner, stub_server: StubServer, status: int
) -> None:
    stub_server.on("POST", "/v2/organizations/acme/spaces", refusal(status))
    assert user("space", "create", "vod", "--organization", "acme").exit_code in {1, 75}
    assert len(stub_server.asked) == session.MAX_ATTEMPTS
    assert len({asked.headers["idempotency-key"] for asked in stub_server.asked}) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed_with_a_token(user: CliRunner, stub_server: StubServer, status: int) -> None:
    stub_server.on("GET", SPACES, Reply(status, headers={"Location": f"{stub_server.url}/elsewhere"}))
    assert user("space", "list").exit_code == 1
    assert stub_server.asked_for("/elsewhere") == []
