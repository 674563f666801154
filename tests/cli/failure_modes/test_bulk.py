"""Large bodies go another way than small ones, and are held to the same: trust, proxies, words, and what comes back."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable

import pytest

from tests.cli.cli_runner import CliRunner, Outcome
from tests.cli.failure_modes.authority import DAY, Authority
from tests.cli.failure_modes.connect_proxy import ConnectProxy, proxying
from tests.cli.failure_modes.error_assertions import Told, told
from tests.cli.failure_modes.sockets import Behaviour, answering, closed_port, listening, reset

TOTALS = b'"read": 1, "created": 1, "updated": 0, "unchanged": 0, "rejected": 0'
PART = b'{"data": [{"digest": "00", "errors": [], %s}], "errors": null}' % TOTALS
WHOLE = b'{"data": [{"parts": 1, "next_part": null, "totals": {%s}}], "errors": null}' % TOTALS
GOES_ON = " Run the same command again to resume."
Serving = Callable[[Authority], ssl.SSLContext | None]


def asked(ada: CliRunner, host: str) -> Outcome:
    """A small question."""
    return ada("space", "list", "--host", host)


def sent(ada: CliRunner, host: str) -> Outcome:
    """A part of an import."""
    ada.write("users.csv", "user_id\nada\n")
    return ada("user", "ingest", "users.csv", "--space", "vod", "--environment", "production", "--host", host)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"


def cut_after(sent_bytes: int) -> Behaviour:
    return lambda connection: connection.sendall((HEAD + PART)[:sent_bytes])


def part_then_whole() -> Behaviour:
    """Answer a part, and after that whatever ends the import."""
    answers = iter([PART])

    def behaviour(connection: socket.socket) -> None:
        connection.settimeout(0.5)
        with contextlib.suppress(TimeoutError):  # who closes before all is read resets
            while connection.recv(65536):
                pass
        answering(next(answers, WHOLE))(connection)

    return behaviour


BAD_SERVERS: dict[str, tuple[Behaviour, Serving]] = {
    "an unknown authority": (answering(), lambda authority: authority.serving()),
    "another name": (answering(), lambda authority: authority.serving("mtribes.test")),
    "an end in the past": (answering(), lambda authority: authority.serving(begins=-2 * DAY, ends=-DAY)),
    "no TLS": (answering(), lambda _authority: None),
    "a login page": (answering(b"<html>", Content_Type="text/html"), lambda authority: authority.serving()),
}


@pytest.mark.parametrize("fault", BAD_SERVERS)
def test_a_server_that_cannot_be_trusted_is_told_alike_and_gets_nothing(
    ada: CliRunner, authority: Authority, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    behaviour, serving = BAD_SERVERS[fault]
    if fault != "an unknown authority":
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with listening(behaviour, serving(authority)) as port:
        host = f"https://127.0.0.1:{port}"
        small, large = told(asked(ada, host)), told(sent(ada, host))
    what = small.what.replace("/v2/spaces", "...")
    assert large.exit_code == small.exit_code == 1
    assert large.what.split("/v2/")[0] == what.split("...")[0].split("/v2/")[0]
    assert large.advice == small.advice + GOES_ON


def test_a_port_where_nobody_listens_and_a_name_that_nobody_has_are_told_alike(ada: CliRunner) -> None:
    for host in (f"http://127.0.0.1:{closed_port()}", "https://nobody.invalid"):
        small, large = told(asked(ada, host)), told(sent(ada, host))
        assert large == Told(small.exit_code, small.what, small.advice + GOES_ON)


@pytest.mark.parametrize("sent_bytes", [0, 12, 17, *range(len(HEAD) - 9, len(HEAD) + 2), len(HEAD + PART)])
def test_an_answer_that_breaks_off_is_none(ada: CliRunner, sent_bytes: int) -> None:
    with listening(cut_after(sent_bytes) if sent_bytes else reset) as port:
        said = told(sent(ada, f"http://127.0.0.1:{port}"))
    assert (said.exit_code, "closed the connection" in said.what) == (1, True)
    assert len(ada.clock.pauses) == 3


def test_parts_go_through_the_proxy_that_is_set(
    ada: CliRunner, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with (
        listening(part_then_whole(), authority.serving("mtribes.test")) as port,
        proxying(ConnectProxy(leads_to=port)) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        outcome = sent(ada, "https://mtribes.test")
    assert outcome.exit_code == 0, outcome.err
    assert set(proxy.asked) == {"CONNECT mtribes.test:443 HTTP/1.1"}


def test_an_authority_of_ones_own_is_taken(
    ada: CliRunner, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with listening(part_then_whole(), authority.serving()) as port:
        outcome = sent(ada, f"https://127.0.0.1:{port}")
    assert outcome.out == "Read 1 = created 1 + updated 0 + unchanged 0 + rejected 0.\n", outcome.err
