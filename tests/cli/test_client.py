"""What the command line makes of servers and networks that misbehave: real sockets, and what the user is told."""

from __future__ import annotations

import contextlib
import gzip
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mtribes_cli import client, connection
from tests.cli.computer import Mtribes
from tests.cli.peer import Peer, Reply, data, refusal, serving_peer
from tests.requirements import require

SPACE = {"id": "spc_1", "key": "vod", "name": "VOD", "organization": "acme", "revision": 3}
SPACES = "/v2/spaces"


@dataclass(frozen=True)
class Told:
    """What the user is told about a status."""

    status: int
    exit_code: int
    code: str


TOLD = (
    Told(400, 1, "SERVER"),
    Told(401, 4, "NOT_SIGNED_IN"),
    Told(403, 4, "NOT_ALLOWED"),
    Told(404, 1, "NOT_FOUND"),
    Told(405, 1, "SERVER"),
    Told(408, 75, "UNAVAILABLE"),
    Told(409, 1, "CONFLICT"),
    Told(412, 1, "CONFLICT"),
    Told(413, 1, "SERVER"),
    Told(422, 2, "INVALID_DOCUMENT"),
    Told(426, 1, "CLIENT_TOO_OLD"),
    Told(429, 75, "UNAVAILABLE"),
    Told(500, 1, "SERVER"),
    Told(502, 75, "UNAVAILABLE"),
    Told(503, 75, "UNAVAILABLE"),
    Told(504, 75, "UNAVAILABLE"),
)


@pytest.mark.parametrize("told", TOLD, ids=lambda told: str(told.status))
def test_every_status_has_its_exit_code_and_the_servers_words(user: Mtribes, peer: Peer, told: Told) -> None:
    peer.on("GET", SPACES, refusal(told.status, {"code": "X", "message": "The server's own words."}))
    outcome = user("space", "list", "--json")
    error = outcome.envelope["errors"][0]
    assert (outcome.exit_code, error["message"]) == (told.exit_code, "The server's own words.")
    assert error["hint"]


@pytest.mark.parametrize("told", TOLD, ids=lambda told: str(told.status))
@pytest.mark.parametrize(("body", "kind"), [(b"<html>proxy</html>", "text/html"), (b"", "text/plain")])
def test_every_status_is_told_where_the_server_has_no_words(
    user: Mtribes, peer: Peer, told: Told, body: bytes, kind: str
) -> None:
    peer.on("GET", SPACES, Reply(told.status, body, {"Content-Type": kind}))
    outcome = user("space", "list", "--json")
    error = outcome.envelope["errors"][0]
    expected = (1, "UNREADABLE_ANSWER") if told.status in {403, 404, 405} else (told.exit_code, told.code)
    assert (outcome.exit_code, error["code"]) == expected
    assert error["message"]


def test_a_scope_that_is_missing_is_named(user: Mtribes, peer: Peer) -> None:
    peer.on("GET", SPACES, refusal(403, {"code": "FORBIDDEN", "message": "The scope spaces:read is missing."}))
    assert "spaces:read" in user("space", "list").err


def test_a_server_that_wants_a_newer_client_says_how_to_get_it(user: Mtribes, peer: Peer) -> None:
    peer.on("GET", SPACES, refusal(426, {"code": "CLIENT_TOO_OLD", "message": "At least 2.0.0 is needed."}))
    outcome = user("space", "list")
    assert outcome.exit_code == 1
    assert "2.0.0" in outcome.err
    assert "upgrade" in outcome.err


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_reading_is_tried_again_with_growing_pauses(user: Mtribes, peer: Peer, status: int) -> None:
    peer.on("GET", SPACES, refusal(status), refusal(status), data(SPACE))
    assert user("space", "list").exit_code == 0
    assert len(peer.asked) == 3
    assert 0 < user.clock.pauses[0] < 0.5
    assert user.clock.pauses[1] >= 0.25


def test_trying_again_ends(user: Mtribes, peer: Peer) -> None:
    peer.on("GET", SPACES, refusal(503))
    assert user("space", "list").exit_code == 75
    assert len(peer.asked) == client.MAX_ATTEMPTS


def test_retry_after_is_obeyed_when_it_is_short(user: Mtribes, peer: Peer) -> None:
    peer.on("GET", SPACES, refusal(429, Retry_After="3"), data(SPACE))
    assert user("space", "list").exit_code == 0
    assert user.clock.pauses == [3]


def test_retry_after_is_told_when_it_is_long(user: Mtribes, peer: Peer) -> None:
    peer.on("GET", SPACES, refusal(429, Retry_After="600"))
    outcome = user("space", "list")
    assert outcome.exit_code == 75
    assert "600 seconds" in outcome.err
    assert len(peer.asked) == 1


@pytest.mark.parametrize("status", [500, 503, 504])
def test_what_may_have_had_its_effect_is_not_sent_again(user: Mtribes, peer: Peer, status: int) -> None:
    path = "/v2/organizations/acme/spaces"
    peer.on("POST", path, refusal(status))
    assert user("space", "create", "vod", "--organization", "acme").exit_code in {1, 75}
    assert len(peer.asked) == 1


def test_a_redirect_is_told_and_not_followed(user: Mtribes, peer: Peer) -> None:
    with serving_peer() as other:
        peer.on("GET", SPACES, Reply(302, headers={"Location": f"{other.url}{SPACES}"}))
        other.on("GET", SPACES, data(SPACE))
        outcome = user("space", "list")
        assert outcome.exit_code == 1
        assert other.url in outcome.err
        assert other.asked == []


def test_pages_are_read_to_the_end_and_from_the_same_server_only(user: Mtribes, peer: Peer) -> None:
    first = data(SPACE, Link='<http://127.0.0.1:9/v2/spaces?cursor=abc>; rel="next"')
    peer.on("GET", SPACES, first, data(SPACE | {"key": "sports"}))
    spaces = user("space", "list", "--json").envelope["data"]
    assert [space["key"] for space in spaces] == ["vod", "sports"]
    assert peer.asked[1].query == "cursor=abc"


def test_the_client_names_itself_and_its_version(user: Mtribes, peer: Peer) -> None:
    user("space", "list")
    assert peer.asked[0].headers["user-agent"].startswith("mtribes/")
    assert peer.asked[0].headers["authorization"] == "Bearer mtp_of_a_test"


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (Reply(200, b"<html>Sign in</html>", {"Content-Type": "text/html"}), "text/html"),
        (Reply(200), "without a body"),
        (Reply(200, b'{"data": ['), "breaks off"),
        (Reply(200, b'{"data": [' + b"[" * 100_000), "breaks off"),
        (Reply(200, {"spaces": []}), "`data`"),
        (Reply(200, [1]), "`data`"),
        (Reply(200, b"\xff\xfe"), "breaks off"),
        (data({"key": "vod"}), "data[0].id is not text"),
        (data(SPACE | {"revision": "3"}), "data[0].revision is not a whole number"),
        (data(SPACE | {"revision": True}), "data[0].revision is not a whole number"),
        (data("vod"), "data[0] is not an object"),
    ],
)
def test_an_answer_that_was_not_agreed_is_told_by_place(user: Mtribes, peer: Peer, reply: Reply, told: str) -> None:
    peer.on("GET", SPACES, reply)
    outcome = user("space", "list")
    assert outcome.exit_code == 1
    assert told in outcome.err
    assert outcome.err.count("\n") == 2


def test_unknown_fields_of_an_answer_are_ignored(user: Mtribes, peer: Peer) -> None:
    peer.on("GET", SPACES, data(SPACE | {"colour": "red"}))
    assert "colour" not in user("space", "list", "--json").envelope["data"][0]


def test_an_answer_that_inflates_without_end_is_cut_off(
    user: Mtribes, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MAX_ANSWER_BYTES", 1_000_000)
    bomb = gzip.compress(b" " * 20_000_000)
    peer.on("GET", SPACES, Reply(200, bomb, {"Content-Encoding": "gzip"}))
    outcome = user("space", "list")
    assert outcome.exit_code == 1
    assert "more than 1000000 bytes" in outcome.err


def test_verbose_says_what_is_asked_and_never_a_token(user: Mtribes, peer: Peer) -> None:
    peer.on("GET", SPACES, data(SPACE))
    outcome = user("space", "list", "--verbose")
    assert f"GET {peer.url}{SPACES} 200 " in outcome.err
    assert "mtp_" not in outcome.err


# Sockets that are no server at all


@contextlib.contextmanager
def _listening(behaviour: Callable[[socket.socket], None]) -> Iterator[str]:
    """Something that accepts connections and does `behaviour` to each."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection, contextlib.suppress(OSError):
                    connection.recv(65536)
                    behaviour(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def _cut(connection: socket.socket) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"data"')


def _nonsense(connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example.com ESMTP\r\n")


def _slam(_connection: socket.socket) -> None:
    """Nothing is said before the connection ends."""


@pytest.mark.parametrize("behaviour", [_cut, _nonsense, _slam])
def test_a_connection_that_breaks_off_is_told(mtribes: Mtribes, behaviour: Callable[[socket.socket], None]) -> None:
    mtribes.environment["MTRIBES_TOKEN"] = "mtp_x"
    with _listening(behaviour) as url:
        outcome = mtribes("space", "list", "--host", url)
    assert outcome.exit_code == 1
    assert "broke the connection off" in outcome.err


def test_silence_ends_with_try_later(mtribes: Mtribes, monkeypatch: pytest.MonkeyPatch) -> None:
    mtribes.environment["MTRIBES_TOKEN"] = "mtp_x"
    monkeypatch.setattr(connection, "SILENCE_TIMEOUT_SECONDS", 0.2)
    ended = threading.Event()

    def wait(_connection: socket.socket) -> None:
        ended.wait(10)

    with _listening(wait) as url:
        outcome = mtribes("space", "list", "--host", url)
        ended.set()
    assert outcome.exit_code == 75
    assert "took too long" in outcome.err


def test_a_body_that_drips_for_ever_ends_with_try_later(mtribes: Mtribes, monkeypatch: pytest.MonkeyPatch) -> None:
    mtribes.environment["MTRIBES_TOKEN"] = "mtp_x"
    monkeypatch.setattr(connection, "WHOLE_ANSWER_TIMEOUT_SECONDS", 0.2)
    ended = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not ended.wait(0.02):
            connection.sendall(b" ")

    with _listening(drip) as url:
        outcome = mtribes("space", "list", "--host", url)
        ended.set()
    assert outcome.exit_code == 75


def test_nobody_listening_is_tried_again_and_ends_with_try_later(mtribes: Mtribes) -> None:
    mtribes.environment["MTRIBES_TOKEN"] = "mtp_x"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    outcome = mtribes("space", "list", "--host", f"http://127.0.0.1:{port}")
    assert outcome.exit_code == 75
    assert "does not accept connections" in outcome.err
    assert len(mtribes.clock.pauses) == client.MAX_ATTEMPTS - 1


def test_a_name_that_does_not_exist_is_told_at_once(mtribes: Mtribes) -> None:
    mtribes.environment["MTRIBES_TOKEN"] = "mtp_x"
    outcome = mtribes("space", "list", "--host", "https://no-such-host.invalid")
    assert outcome.exit_code == 1
    assert "no-such-host.invalid" in outcome.err
    assert mtribes.clock.pauses == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of our own for 127.0.0.1, with its key."""
    require(shutil.which("openssl"), "openssl", "your system's package openssl")
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "certificate.pem"


@pytest.fixture
def tls_url(certificate: Path) -> Iterator[str]:
    """A server with that certificate, which has one Space."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    body = b'{"data": [], "dataType": "space", "errors": null}'

    def answer(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(65536)
            secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)

    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection, contextlib.suppress(OSError):
                    answer(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_certificate_of_an_unknown_authority_is_not_trusted(mtribes: Mtribes, tls_url: str) -> None:
    mtribes.environment["MTRIBES_TOKEN"] = "mtp_x"
    outcome = mtribes("space", "list", "--host", tls_url)
    assert outcome.exit_code == 1
    assert "cannot be trusted" in outcome.err
    assert "SSL_CERT_FILE" in outcome.err


def test_ssl_cert_file_makes_an_authority_known(
    mtribes: Mtribes, tls_url: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mtribes.environment["MTRIBES_TOKEN"] = "mtp_x"
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert mtribes("space", "list", "--host", tls_url).exit_code == 0


def test_a_proxy_is_used_for_what_is_elsewhere(mtribes: Mtribes, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    mtribes.environment["MTRIBES_TOKEN"] = "mtp_x"
    monkeypatch.setenv("HTTPS_PROXY", peer.url)
    outcome = mtribes("space", "list", "--host", "https://mtribes.invalid")
    assert outcome.exit_code == 1
    assert "proxy" in outcome.err


def test_a_proxy_is_not_used_for_this_machine(user: Mtribes, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    peer.on("GET", SPACES, data(SPACE))
    assert user("space", "list").exit_code == 0
