"""No connection, or one that ends early: names, ports, and sockets that break off."""

from __future__ import annotations

import json
import socket
from contextlib import ExitStack

import pytest

from mtribes_cli.api.client import session
from tests.cli.cli_runner import CliRunner
from tests.cli.failure_modes.error_assertions import Told, told
from tests.cli.failure_modes.sockets import Behaviour, answering, closed_port, listening, reset

ONLINE = "Check the host and your network connection."
SPACE = {"id": "spc_1", "key": "vod", "name": "VOD", "organization": "acme", "revision": 0}
CREATED = json.dumps({"data": [SPACE]}).encode()
LOOK = "Check the host, and whether a proxy or sign-in page intercepts the connection."
AGAIN = "Try again. If it fails again, check the host."


@pytest.mark.parametrize("command", [("space", "list"), ("whoami",), ("login", "--with-token")])
def test_a_name_that_does_not_exist_is_told_at_once(ada: CliRunner, command: tuple[str, ...]) -> None:
    outcome = ada(*command, "--host", "https://no-such-host.invalid", stdin="mtp_x")
    assert told(outcome) == Told(1, "Could not resolve the host no-such-host.invalid.", ONLINE)
    assert ada.clock.pauses == []


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".com", "xn--a"])
def test_a_name_that_cannot_be_one_is_wrong_usage(ada: CliRunner, name: str) -> None:
    said = told(ada("space", "list", "--host", f"https://{name}"))
    assert said.exit_code == 2
    assert " is not a valid server URL" in said.what
    assert said.advice == "Use the form https://mtribes.example.com."


def test_nobody_listening_is_tried_again_and_ends_with_try_later(ada: CliRunner) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    outcome = ada("space", "list", "--host", url)
    assert told(outcome) == Told(
        75, f"{url} refused the connection.", "Check that the server is running, or try again later."
    )
    assert len(ada.clock.pauses) == session.MAX_ATTEMPTS - 1


def test_a_server_that_starts_meanwhile_is_reached_even_by_what_is_sent_once(
    ada: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = closed_port()
    with ExitStack() as opened:

        def start_the_server(_seconds: float) -> None:
            opened.enter_context(listening(answering(CREATED), port=port))

        monkeypatch.setattr(ada.clock, "sleep", start_the_server)
        outcome = ada("space", "create", "vod", "--organization", "acme", "--host", f"http://127.0.0.1:{port}")
    assert outcome.exit_code == 0, outcome.err


def _say(text: bytes) -> Behaviour:
    def say(connection: socket.socket) -> None:
        connection.sendall(text)

    return say


CUT_BODY = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"data"'
CUT_CHUNK = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"data"'
BREAKS = {
    "slammed": (_say(b""), "Server disconnected without sending a response"),
    "reset": (reset, "[Errno 104] Connection reset by peer"),
    "cut in the head": (_say(b"HTTP/1.1 200 OK\r\nContent-"), "Server disconnected without sending a response"),
    "cut in the body": (
        _say(CUT_BODY),
        "peer closed connection without sending complete message body (received 7 bytes, expected 1000)",
    ),
    "cut in a chunk": (
        _say(CUT_CHUNK),
        "peer closed connection without sending complete message body (incomplete chunked read)",
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_connection_that_breaks_off_is_told_after_some_attempts(ada: CliRunner, name: str) -> None:
    behaviour, said = BREAKS[name]
    with listening(behaviour) as port:
        url = f"http://127.0.0.1:{port}"
        outcome = ada("space", "list", "--host", url)
    assert told(outcome) == Told(1, f"{url} closed the connection: {said}.", AGAIN)
    assert len(ada.clock.pauses) == session.MAX_ATTEMPTS - 1


@pytest.mark.parametrize(
    "text", [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"220 mail.example.com ESMTP\r\n\r\n", b"\x15\x03\x01\r\n\r\n"]
)
def test_a_port_where_something_else_is_spoken_is_told(ada: CliRunner, text: bytes) -> None:
    with listening(_say(text)) as port:
        url = f"http://127.0.0.1:{port}"
        assert told(ada("space", "list", "--host", url)) == Told(1, f"{url} responded, but not with HTTP.", LOOK)


def test_what_may_have_arrived_is_not_sent_again(ada: CliRunner) -> None:
    with listening(reset) as port:
        ada.write("vod.yaml", "space: vod\n")
        outcome = ada("space", "push", "vod.yaml", "--host", f"http://127.0.0.1:{port}")
    assert told(outcome).exit_code == 1
    assert ada.clock.pauses == []
