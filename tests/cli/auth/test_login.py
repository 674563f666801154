"""Signing in and out: what is sent, what is checked, what is kept, and what is told when it cannot be done."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from mtribes_cli.auth import browser_flow
from tests.cli.cli_runner import CliRunner
from tests.cli.oauth_stub import OAuthStub, come_back, query_of
from tests.cli.stub_server import ReceivedRequest, Reply, StubServer, serving_stub


@pytest.fixture
def oauth(stub_server: StubServer, mtribes: CliRunner) -> OAuthStub:
    """A server to sign in to; the browser does what it should."""
    mtribes.environment["MTRIBES_HOST"] = stub_server.url
    oauth = OAuthStub(stub_server)
    mtribes.browser = _granting(oauth)
    return oauth


def _granting(oauth: OAuthStub) -> Callable[[str], bool]:
    return lambda url: come_back(url, _good(oauth, url)) == 200


def _watched(mtribes: CliRunner) -> list[str]:
    """The addresses that the browser is asked to open from now on."""
    seen: list[str] = []
    browser = mtribes.browser

    def watching(url: str) -> bool:
        seen.append(url)
        return browser(url)

    mtribes.browser = watching
    return seen


def _good(oauth: OAuthStub, url: str) -> dict[str, str]:
    return {"code": oauth.new_code(url), "state": query_of(url)["state"], "iss": oauth.stub_server.url}


def test_a_sign_in_by_browser_is_kept_for_later_commands(mtribes: CliRunner, oauth: OAuthStub) -> None:
    outcome = mtribes("login", "--browser")
    assert (outcome.exit_code, outcome.out) == (0, f"Signed in to {oauth.stub_server.url} as ada@example.com.\n")
    assert "stored in" in outcome.err
    assert "stored in" not in mtribes("login", "--browser").err
    assert mtribes.credentials_file.stat().st_mode & 0o777 == 0o600
    assert mtribes.folders.config.stat().st_mode & 0o077 == 0
    del mtribes.environment["MTRIBES_HOST"]  # where the only sign-in is
    assert mtribes("whoami", "--json").envelope["data"]["email"] == "ada@example.com"


def test_the_authorization_request_is_what_the_standards_ask_for(mtribes: CliRunner, oauth: OAuthStub) -> None:
    seen = _watched(mtribes)
    mtribes("login", "--browser")
    query = query_of(seen[0])
    redirect = urlsplit(query["redirect_uri"])
    assert urlsplit(seen[0])._replace(query="").geturl() == f"{oauth.stub_server.url}/oauth/authorize"
    assert (query["client_id"], query["response_type"]) == ("mtribes-cli", "code")
    assert (query["code_challenge_method"], len(query["code_challenge"])) == ("S256", 43)
    assert len(query["state"]) >= 32
    assert (redirect.scheme, redirect.hostname, redirect.path) == ("http", "127.0.0.1", "/callback")
    assert oauth.stub_server.asked_for("/oauth/token")[0].form["redirect_uri"] == query["redirect_uri"]


@pytest.mark.usefixtures("oauth")
def test_state_and_verifier_are_new_each_time(mtribes: CliRunner) -> None:
    seen = _watched(mtribes)
    mtribes("login", "--browser")
    mtribes("login", "--browser")
    first, second = query_of(seen[0]), query_of(seen[1])
    assert first["state"] != second["state"]
    assert first["code_challenge"] != second["code_challenge"]


def test_the_address_is_printed_before_a_browser_is_tried(
    mtribes: CliRunner, oauth: OAuthStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_flow, "BROWSER_TIMEOUT_SECONDS", 0.1)
    mtribes.browser = lambda _url: False
    outcome = mtribes("login", "--browser", "--quiet")
    assert f"{oauth.stub_server.url}/oauth/authorize?" in outcome.err
    assert outcome.exit_code == 4
    assert "Sign-in timed out" in outcome.err
    assert not mtribes.credentials_file.exists()


@pytest.mark.usefixtures("oauth")
def test_a_browser_is_waited_for_five_minutes(mtribes: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    assert browser_flow.BROWSER_TIMEOUT_SECONDS == 5 * 60
    monkeypatch.setattr(browser_flow, "BROWSER_TIMEOUT_SECONDS", 0.5)
    mtribes.browser = lambda _url: True
    began = time.monotonic()
    outcome = mtribes("login", "--browser", "--quiet")
    assert time.monotonic() - began > 0.5
    assert outcome.exit_code == 4
    assert "Sign-in timed out after" in outcome.err


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"iss": "https://elsewhere.example.com"}, "a different server"),
        ({"iss": ""}, "a different server"),
        ({"code": ""}, "contained no code"),
        ({"error": "access_denied", "error_description": "Ada said no."}, "Ada said no."),
    ],
)
def test_an_answer_that_is_not_a_good_one_signs_nobody_in(
    mtribes: CliRunner, oauth: OAuthStub, changed: dict[str, str], told: str
) -> None:
    mtribes.browser = lambda url: come_back(url, _good(oauth, url) | changed) == 200
    outcome = mtribes("login", "--browser")
    assert outcome.exit_code == 4
    assert told in outcome.err
    assert oauth.stub_server.asked_for("/oauth/token") == []
    assert not mtribes.credentials_file.exists()


def test_calls_with_another_state_path_host_or_doubled_parameters_are_waited_past(
    mtribes: CliRunner, oauth: OAuthStub
) -> None:
    statuses: list[int] = []

    def browser(url: str) -> bool:
        good = _good(oauth, url)
        statuses.append(come_back(url, good | {"state": "guessed"}))
        statuses.append(come_back(url, {"code": "x"}))
        statuses.append(come_back(url, {**good, "code": ["x", "y"]}))
        statuses.append(come_back(url, good, path="/favicon.ico"))
        statuses.append(come_back(url, good, host="evil.example.com"))
        statuses.append(come_back(url, good))
        statuses.append(come_back(url, good))
        return True

    mtribes.browser = browser
    assert mtribes("login", "--browser").exit_code == 0
    assert statuses == [400, 400, 400, 404, 404, 200, 400]


def test_a_connection_that_the_browser_keeps_open_and_silent_is_in_nobodys_way(
    mtribes: CliRunner, oauth: OAuthStub
) -> None:
    idle: list[socket.socket] = []

    def browser(url: str) -> bool:
        redirect = urlsplit(query_of(url)["redirect_uri"])
        idle.append(socket.create_connection((redirect.hostname or "", redirect.port or 0)))
        return _granting(oauth)(url)

    mtribes.browser = browser
    began = time.monotonic()
    assert mtribes("login", "--browser").exit_code == 0
    assert time.monotonic() - began < 5
    idle[0].close()


def test_ctrl_c_while_waiting_for_the_browser_ends_with_130(mtribes: CliRunner, oauth: OAuthStub) -> None:
    environment = os.environ | {"XDG_CONFIG_HOME": str(mtribes.home), "BROWSER": "true"}
    command = [sys.executable, "-m", "mtribes_cli", "login", "--browser", "--host", oauth.stub_server.url]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert "Open this address" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert not (mtribes.home / "mtribes").exists()


def test_a_server_that_calls_itself_something_else_is_not_signed_in_to(mtribes: CliRunner, oauth: OAuthStub) -> None:
    described = oauth.metadata(issuer="https://mtribes.example.com")
    oauth.stub_server.on("GET", "/.well-known/oauth-authorization-server", Reply(200, described))
    outcome = mtribes("login", "--browser")
    assert outcome.exit_code == 1
    assert "--host https://mtribes.example.com" in outcome.err


def test_a_server_that_sends_people_elsewhere_is_not_signed_in_to(mtribes: CliRunner, oauth: OAuthStub) -> None:
    described = oauth.metadata(authorization_endpoint=f"{oauth.stub_server.url}.example.com/oauth/authorize")
    oauth.stub_server.on("GET", "/.well-known/oauth-authorization-server", Reply(200, described))
    assert mtribes("login", "--browser").exit_code == 1


@pytest.mark.parametrize("environment", [{}, {"CI": "true"}])
def test_without_anybody_there_it_fails_at_once_and_says_what_to_set(
    mtribes: CliRunner, oauth: OAuthStub, environment: dict[str, str]
) -> None:
    mtribes.environment |= environment
    began = time.monotonic()
    outcome = mtribes("login")
    assert time.monotonic() - began < 1
    assert outcome.exit_code == 4
    for way in ("MTRIBES_TOKEN", "MTRIBES_CLIENT_ID", "--with-token", "--browser", "--device"):
        assert way in outcome.err
    assert oauth.stub_server.asked == []


def test_a_token_from_stdin_is_kept_once_the_server_has_taken_it(mtribes: CliRunner, oauth: OAuthStub) -> None:
    oauth.access_tokens.add("mtp_good")
    assert mtribes("login", "--with-token", stdin="mtp_good\n").exit_code == 0
    assert mtribes("whoami").exit_code == 0
    assert "mtp_good" in mtribes.credentials_file.read_text()


WRITTEN_BY_WINDOWS = [
    "\ufeffmtp_good\r\n".encode(),
    "mtp_good\r\n".encode("utf-16"),
    "\ufeffmtp_good\r\n".encode("utf-16-be"),
    "mtp_good\r\n".encode("utf-16-le"),
    "mtp_good\n".encode("utf-16-be"),
    "\ufeff\ufeffmtp_good\n".encode(),
]


@pytest.mark.parametrize("content", WRITTEN_BY_WINDOWS)
def test_a_token_that_windows_programs_wrote_signs_in(mtribes: CliRunner, oauth: OAuthStub, content: bytes) -> None:
    oauth.access_tokens.add("mtp_good")
    assert mtribes("login", "--with-token", stdin=content).exit_code == 0
    assert mtribes.stored()["hosts"][oauth.stub_server.url]["access_token"] == "mtp_good"


@pytest.mark.parametrize(
    ("stdin", "exit_code"),
    [("mtp_bad\n", 4), ("", 2), ("two words", 2), ("mtp_x\nmtp_y", 2), (b"\xff\xfe", 2), ("mtp_\x00", 2), ("mtp_é", 2)],
)
def test_a_token_that_is_no_good_is_not_kept_and_not_repeated(
    mtribes: CliRunner, oauth: OAuthStub, stdin: str | bytes, exit_code: int
) -> None:
    outcome = mtribes("login", "--with-token", stdin=stdin)
    assert outcome.exit_code == exit_code
    assert "mtp_" not in outcome.out + outcome.err
    assert not mtribes.credentials_file.exists()
    assert oauth.refresh_token == ""


@pytest.mark.parametrize(
    "ways", [("--browser", "--with-token"), ("--browser", "--device"), ("--device", "--with-token")]
)
def test_two_ways_at_once_are_a_usage_error(mtribes: CliRunner, oauth: OAuthStub, ways: tuple[str, ...]) -> None:
    assert mtribes("login", *ways, stdin="x").exit_code == 2
    assert oauth.stub_server.asked == []


def test_signing_in_beside_mtribes_token_is_told(mtribes: CliRunner, oauth: OAuthStub) -> None:
    mtribes.environment["MTRIBES_TOKEN"] = "mtp_other"
    outcome = mtribes("login", "--browser")
    assert outcome.exit_code == 0
    assert "MTRIBES_TOKEN is set" in outcome.err
    assert oauth.stub_server.asked_for("/v2/me")[0].headers["authorization"] != "Bearer mtp_other"


def test_nothing_secret_is_said_even_under_verbose(mtribes: CliRunner, oauth: OAuthStub) -> None:
    outcome = mtribes("login", "--browser", "--verbose")
    said = outcome.out + outcome.err
    stored = mtribes.stored()["hosts"][oauth.stub_server.url]
    assert stored["access_token"] not in said
    assert stored["refresh_token"] not in said
    assert oauth.stub_server.asked_for("/oauth/token")[0].form["code_verifier"] not in said


@pytest.mark.parametrize("host", ["http://mtribes.example.com", "http://10.0.0.1:8674", "http://127.0.0.1.example.com"])
def test_plain_http_is_for_this_machine_alone(mtribes: CliRunner, host: str) -> None:
    outcome = mtribes("login", "--browser", "--host", host)
    assert outcome.exit_code == 2
    assert "does not use HTTPS" in outcome.err


@pytest.mark.parametrize(
    "host", ["https://a:b@example.com", "ftp://example.com", "https://", "https://x:99999", "a b://"]
)
def test_what_is_no_address_is_a_usage_error(mtribes: CliRunner, host: str) -> None:
    assert mtribes("whoami", "--host", host).exit_code == 2


# Signing out


def test_signing_out_ends_the_sign_in_at_the_server_and_here(mtribes: CliRunner, oauth: OAuthStub) -> None:
    mtribes("login", "--browser")
    outcome = mtribes("logout", "--json")
    assert outcome.exit_code == 0
    assert outcome.envelope["data"] == {"host": oauth.stub_server.url, "ended_at_server": True}
    assert oauth.access_tokens == set()
    assert mtribes("whoami").exit_code == 4
    assert mtribes.stored()["hosts"] == {}


def test_signing_out_forgets_even_if_the_server_is_down(mtribes: CliRunner) -> None:
    with serving_stub() as stub_server:
        mtribes.environment["MTRIBES_HOST"] = stub_server.url
        oauth = OAuthStub(stub_server)
        mtribes.browser = _granting(oauth)
        mtribes("login", "--browser")
    outcome = mtribes("logout")
    assert outcome.exit_code == 0
    assert "but not on the server" in outcome.err
    assert mtribes.stored()["hosts"] == {}


def test_signing_out_of_a_token_from_stdin_says_that_the_token_stays_good(mtribes: CliRunner, oauth: OAuthStub) -> None:
    oauth.access_tokens.add("mtp_good")
    mtribes("login", "--with-token", stdin="mtp_good")
    outcome = mtribes("logout")
    assert outcome.exit_code == 0
    assert "remains valid" in outcome.err
    assert oauth.stub_server.asked_for("/oauth/revoke") == []


def test_signing_out_where_nobody_is_signed_in_says_so(mtribes: CliRunner, oauth: OAuthStub) -> None:
    assert mtribes("logout").exit_code == 4
    assert oauth.stub_server.asked == []


# A local server's own code


@pytest.fixture
def local(mtribes: CliRunner, oauth: OAuthStub) -> OAuthStub:
    """A local server that offers its code."""
    mtribes.environment["MTRIBES_HOST"] = "local"
    server = mtribes.folders.server
    server.mkdir()
    (server / "server.json").write_text(f'{{"pid": 1, "url": "{oauth.stub_server.url}", "local": true}}')
    (server / "local-code").write_text("the-code\n")
    oauth.local_code = "the-code"
    return oauth


def test_a_local_server_signs_in_without_being_asked(mtribes: CliRunner, local: OAuthStub) -> None:
    assert mtribes("whoami", "--json").envelope["data"]["host"] == local.stub_server.url
    assert mtribes("whoami").exit_code == 0
    assert [asked.form["code"] for asked in local.stub_server.asked_for("/oauth/token")] == ["the-code"]


def test_login_to_a_local_server_needs_no_browser(mtribes: CliRunner, local: OAuthStub) -> None:
    assert mtribes("login").exit_code == 0
    assert len(local.stub_server.asked_for("/oauth/token")) == 1


def test_a_local_server_that_has_forgotten_everybody_is_signed_in_to_anew(mtribes: CliRunner, local: OAuthStub) -> None:
    mtribes("login")
    local.access_tokens, local.refresh_token = set(), "of another life"
    assert mtribes("whoami").exit_code == 0


def test_whoever_is_late_with_the_local_code_reads_the_next_one_once(mtribes: CliRunner, local: OAuthStub) -> None:
    file = mtribes.folders.server / "local-code"

    def somebody_was_faster(_asked: ReceivedRequest) -> Reply:
        file.write_text("the-next-code")
        return Reply(400, {"error": "invalid_grant"})

    file.write_text("used already")
    local.local_code = "the-next-code"
    local.stub_server.on("POST", "/oauth/token", somebody_was_faster, local.token)
    assert mtribes("whoami").exit_code == 0
    assert [asked.form["code"] for asked in local.stub_server.asked_for("/oauth/token")] == [
        "used already",
        "the-next-code",
    ]
    local.stub_server.on("POST", "/oauth/token", Reply(400, {"error": "invalid_grant"}))
    assert mtribes("login").exit_code == 4
    assert len(local.stub_server.asked_for("/oauth/token")) == 3


def test_a_local_server_without_a_code_says_what_to_do(mtribes: CliRunner, local: OAuthStub) -> None:
    (mtribes.folders.server / "local-code").unlink()
    outcome = mtribes("whoami")
    assert outcome.exit_code == 4
    assert "mtribes login" in outcome.err
    assert local.stub_server.asked == []


@pytest.mark.parametrize("said", [None, "{", "[]", "{}", '{"url": "https://mtribes.example.com"}'])
def test_a_local_server_that_is_not_there_or_not_local_is_told(mtribes: CliRunner, said: str | None) -> None:
    if said is not None:
        mtribes.folders.server.mkdir()
        (mtribes.folders.server / "server.json").write_text(said)
    assert mtribes("whoami", "--host", "local").exit_code == 75
