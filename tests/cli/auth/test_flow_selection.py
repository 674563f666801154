"""Signing in by a code, and which way is taken where: by what the system says it is, never by asking."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from mtribes_cli.auth import browser_flow
from tests.cli.cli_runner import CliRunner
from tests.cli.oauth_stub import OAuthStub, come_back, query_of
from tests.cli.stub_server import ReceivedRequest, Reply, StubServer

PENDING = "authorization_pending"


@pytest.fixture
def oauth(stub_server: StubServer, mtribes: CliRunner) -> OAuthStub:
    """A server to sign in to."""
    mtribes.environment["MTRIBES_HOST"] = stub_server.url
    return OAuthStub(stub_server)


def granting(oauth: OAuthStub) -> Callable[[str], bool]:
    """A browser in which the person allows it."""

    def browser(url: str) -> bool:
        answer = {"code": oauth.new_code(url), "state": query_of(url)["state"], "iss": oauth.stub_server.url}
        return come_back(url, answer) == 200

    return browser


# By a code


def test_the_address_and_the_code_are_told_and_the_sign_in_is_kept(mtribes: CliRunner, oauth: OAuthStub) -> None:
    oauth.device_answers = [PENDING, PENDING]
    outcome = mtribes("login", "--device", "--quiet")
    assert (outcome.exit_code, outcome.out) == (0, f"Signed in to {oauth.stub_server.url} as ada@example.com.\n")
    for told in (
        f"  {oauth.stub_server.url}/device\n",
        "BCDF-GHJK",
        f"{oauth.stub_server.url}/device?user_code=BCDF-GHJK",
    ):
        assert told in outcome.err
    assert mtribes.clock.pauses == pytest.approx([5, 5, 5], abs=0.5)
    assert mtribes("whoami").exit_code == 0
    assert oauth.stub_server.asked_for("/oauth/device_authorization")[0].form == {"client_id": "mtribes-cli"}


def test_json_keeps_stdout_to_the_envelope(mtribes: CliRunner, oauth: OAuthStub) -> None:
    outcome = mtribes("login", "--device", "--json")
    assert outcome.envelope["data"]["host"] == oauth.stub_server.url
    assert "BCDF-GHJK" in outcome.err


def test_slow_down_makes_every_later_pause_five_seconds_longer(mtribes: CliRunner, oauth: OAuthStub) -> None:
    oauth.device_answers = [PENDING, "slow_down", PENDING, "slow_down", PENDING]
    assert mtribes("login", "--device").exit_code == 0
    assert mtribes.clock.pauses == pytest.approx([5, 5, 10, 10, 15, 15], abs=0.5)


def test_an_interval_of_the_servers_is_kept_and_a_missing_one_is_five_seconds(
    mtribes: CliRunner, oauth: OAuthStub
) -> None:
    for interval in (9, None):
        codes = Reply(200, oauth.device_codes(interval=interval))
        oauth.stub_server.on("POST", "/oauth/device_authorization", codes)
        assert mtribes("login", "--device").exit_code == 0
    assert mtribes.clock.pauses == pytest.approx([9, 5], abs=0.5)


def test_bad_moments_of_the_network_are_waited_past_and_told_once(mtribes: CliRunner, oauth: OAuthStub) -> None:
    oauth.device_answers = [PENDING]
    bad = (Reply(503), Reply(502), Reply(200, b"<html>sign in to the hotel</html>", {"Content-Type": "text/html"}))
    oauth.stub_server.on("POST", "/oauth/token", oauth.token, *bad, oauth.token)
    outcome = mtribes("login", "--device")
    assert outcome.exit_code == 0
    assert outcome.err.count("The code is still valid. Waiting.") == 1
    assert mtribes.clock.pauses == pytest.approx([5, 5, 10, 20, 40], abs=0.5)


def test_a_refusal_ends_it(mtribes: CliRunner, oauth: OAuthStub) -> None:
    oauth.device_answers = [PENDING, "access_denied"]
    outcome = mtribes("login", "--device")
    assert outcome.exit_code == 4
    assert "was denied" in outcome.err
    assert not mtribes.credentials_file.exists()


@pytest.mark.parametrize("answers", [[PENDING, "expired_token"], [PENDING] * 1000])
def test_a_code_that_nobody_enters_runs_out_whoever_notices(
    mtribes: CliRunner, oauth: OAuthStub, answers: list[str]
) -> None:
    oauth.device_answers = answers
    oauth.stub_server.on("POST", "/oauth/device_authorization", Reply(200, oauth.device_codes(interval=60)))
    outcome = mtribes("login", "--device")
    assert outcome.exit_code == 4
    assert "it was not entered within 15 minutes" in outcome.err
    assert "Run `mtribes login` again." in outcome.err
    assert sum(mtribes.clock.pauses) == pytest.approx(900 if len(answers) > 2 else 120, abs=5)


@pytest.mark.parametrize("error", ["invalid_grant", "unauthorized_client"])
def test_what_cannot_become_better_is_not_waited_for(mtribes: CliRunner, oauth: OAuthStub, error: str) -> None:
    oauth.device_answers = [error]
    assert mtribes("login", "--device").exit_code == 4
    assert oauth.polls() == 1


@pytest.mark.parametrize("name", ["verification_uri", "verification_uri_complete"])
def test_a_server_that_sends_people_elsewhere_with_a_code_is_not_believed(
    mtribes: CliRunner, oauth: OAuthStub, name: str
) -> None:
    codes = oauth.device_codes(**{name: "https://evil.example/device"})
    oauth.stub_server.on("POST", "/oauth/device_authorization", Reply(200, codes))
    outcome = mtribes("login", "--device")
    assert outcome.exit_code == 1
    assert "evil" not in outcome.err
    assert oauth.polls() == 0


def test_a_code_is_shown_without_what_a_terminal_would_obey(mtribes: CliRunner, oauth: OAuthStub) -> None:
    codes = oauth.device_codes(
        user_code="\x1b]0;x\x07\nBCDF", verification_uri=f"{oauth.stub_server.url}/\x1b[31m\u202e"
    )
    oauth.stub_server.on("POST", "/oauth/device_authorization", Reply(200, codes))
    assert not set("\x1b\x07\u202e") & set(mtribes("login", "--device").err)


def test_a_server_without_codes_says_what_else_there_is(mtribes: CliRunner, oauth: OAuthStub) -> None:
    described = oauth.metadata()
    del described["device_authorization_endpoint"]
    oauth.stub_server.on("GET", "/.well-known/oauth-authorization-server", Reply(200, described))
    outcome = mtribes("login", "--device")
    assert outcome.exit_code == 4
    assert "--browser" in outcome.err


def test_ctrl_c_while_waiting_for_the_code_ends_with_130_on_a_line_of_its_own(
    mtribes: CliRunner, oauth: OAuthStub
) -> None:
    environment = os.environ | {"XDG_CONFIG_HOME": str(mtribes.home)}
    command = [sys.executable, "-m", "mtribes_cli", "login", "--device", "--host", oauth.stub_server.url]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        while "Waiting" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said.startswith("\nerror: Interrupted.\n")
    assert not (mtribes.home / "mtribes").exists()


def test_nothing_secret_is_said_even_under_verbose(mtribes: CliRunner, oauth: OAuthStub) -> None:
    outcome = mtribes("login", "--device", "--verbose")
    stored = mtribes.stored()["hosts"][oauth.stub_server.url]
    for secret in ("the-device-code", stored["access_token"], stored["refresh_token"]):
        assert secret not in outcome.out + outcome.err


# Which way


@pytest.mark.parametrize(
    ("environment", "file", "reason"),
    [
        ({"DISPLAY": ":0"}, "", None),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "", None),
        ({"BROWSER": "firefox"}, "", None),
        ({}, "", "no display"),
        ({"DISPLAY": ":0", "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, "", "SSH"),
        ({"DISPLAY": ":0", "SSH_TTY": "/dev/pts/1"}, "", "SSH"),
        ({"DISPLAY": ":0", "WSL_DISTRO_NAME": "Ubuntu"}, "", "WSL"),
        ({"DISPLAY": ":0"}, "proc/sys/kernel/osrelease=5.15.90.1-microsoft-standard-WSL2", "WSL"),
        ({"DISPLAY": ":0"}, "proc/sys/kernel/osrelease=6.1.0-28-amd64", None),
        ({"DISPLAY": ":0"}, ".dockerenv=", "container"),
        ({"DISPLAY": ":0"}, "run/.containerenv=", "container"),
        ({"DISPLAY": ":0"}, "proc/1/cgroup=0::/kubepods/besteffort/pod1", "container"),
        ({"DISPLAY": ":0"}, "proc/1/cgroup=0::/init.scope", None),
    ],
)
def test_at_a_terminal_the_browser_is_used_where_there_can_be_one_else_a_code(
    mtribes: CliRunner, oauth: OAuthStub, environment: dict[str, str], file: str, reason: str | None
) -> None:
    if not sys.platform.startswith("linux") and reason != "SSH":
        pytest.skip("Linux alone has these signs")
    mtribes.environment |= environment
    if file:
        path = mtribes.home / "system" / file.partition("=")[0]
        path.parent.mkdir(parents=True)
        path.write_text(file.partition("=")[2])
    if reason is None:  # else nobody may ask for a browser
        mtribes.browser = granting(oauth)
    outcome = mtribes("login", terminal=True)
    assert outcome.exit_code == 0
    assert oauth.polls() == (0 if reason is None else 1)
    assert reason is None or re.search(rf"with a code because .*{reason}.*\. Pass --browser to use", outcome.err)


def test_a_browser_is_used_in_a_container_where_that_is_asked_for(mtribes: CliRunner, oauth: OAuthStub) -> None:
    mtribes.environment["SSH_TTY"] = "/dev/pts/1"
    mtribes.browser = granting(oauth)
    assert mtribes("login", "--browser", terminal=True).exit_code == 0
    assert oauth.polls() == 0


def test_setup_takes_the_same_way(mtribes: CliRunner, oauth: OAuthStub) -> None:
    mtribes.environment["SSH_TTY"] = "/dev/pts/1"
    outcome = mtribes("setup", "--yes", terminal=True)
    assert "this is an SSH session" in outcome.err
    assert "Signed in to" in outcome.err
    assert oauth.polls() == 1


def test_setup_where_nobody_is_there_says_what_to_set(mtribes: CliRunner, oauth: OAuthStub) -> None:
    outcome = mtribes("setup", "--yes")
    assert outcome.exit_code == 4
    assert "MTRIBES_TOKEN" in outcome.err
    assert oauth.polls() == 0


# When nothing comes back from the browser


@pytest.fixture
def impatient(mtribes: CliRunner, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Somebody at a screen whose browser shows the page, and who is offered a code soon."""
    monkeypatch.setattr(browser_flow, "CODE_OFFERED_AFTER_SECONDS", 0.3)
    mtribes.environment["DISPLAY"] = ":0"
    mtribes.browser = lambda _url: True
    return mtribes


@pytest.mark.slow
def test_enter_gives_a_code_and_entering_it_signs_in(impatient: CliRunner, oauth: OAuthStub) -> None:
    oauth.stub_server.on("POST", "/oauth/device_authorization", Reply(200, oauth.device_codes(interval=1)))
    outcome = impatient("login", terminal=True, stdin="\n")
    assert outcome.exit_code == 0
    assert outcome.err.index("/oauth/authorize?") < outcome.err.index("Press Enter") < outcome.err.index("BCDF-GHJK")
    assert oauth.polls() == 1


def test_the_browser_may_still_come_first_after_a_code_was_shown(impatient: CliRunner, oauth: OAuthStub) -> None:
    urls: list[str] = []

    def browser(url: str) -> bool:
        urls.append(url)
        return True

    impatient.browser = browser

    def codes(_asked: ReceivedRequest) -> Reply:
        assert granting(oauth)(urls[0])
        return Reply(200, oauth.device_codes())

    oauth.stub_server.on("POST", "/oauth/device_authorization", codes)
    assert impatient("login", terminal=True, stdin="\n").exit_code == 0
    assert oauth.polls() == 0
    assert [asked.form["grant_type"] for asked in oauth.stub_server.asked_for("/oauth/token")] == ["authorization_code"]


def test_without_enter_no_code_is_asked_for(
    impatient: CliRunner, oauth: OAuthStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_flow, "BROWSER_TIMEOUT_SECONDS", 1.0)
    outcome = impatient("login", terminal=True)
    assert outcome.exit_code == 4
    assert outcome.err.count("Press Enter") == 1
    assert "--device" in outcome.err
    assert oauth.stub_server.asked_for("/oauth/device_authorization") == []


@pytest.mark.slow
def test_a_browser_that_does_not_start_is_not_waited_for_before_the_offer(
    impatient: CliRunner, oauth: OAuthStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_flow, "CODE_OFFERED_AFTER_SECONDS", 1000.0)
    oauth.stub_server.on("POST", "/oauth/device_authorization", Reply(200, oauth.device_codes(interval=1)))
    impatient.browser = lambda _url: False
    assert impatient("login", terminal=True, stdin="\n").exit_code == 0


def test_with_browser_given_no_code_is_offered(
    impatient: CliRunner, oauth: OAuthStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_flow, "BROWSER_TIMEOUT_SECONDS", 1.0)
    outcome = impatient("login", "--browser", terminal=True, stdin="\n")
    assert outcome.exit_code == 4
    assert "Press Enter" not in outcome.err
    assert oauth.polls() == 0
