"""`mtribes doctor`: every state of every check, offline, with everything broken; and never a secret."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtribes_cli.diagnostics import check as finding
from tests.cli.cli_runner import CliRunner, Outcome
from tests.cli.failure_modes.authority import DAY, Authority
from tests.cli.failure_modes.connect_proxy import ConnectProxy, proxying
from tests.cli.failure_modes.sockets import answering, closed_port, listening
from tests.cli.oauth_stub import OAuthStub
from tests.cli.project_runner import Project
from tests.cli.stub_server import Reply, StubServer, serving_stub

NAMES = ["program", "installed", "host", "proxy", "server", "issuer", "TLS", "clock", "sign-in"]
NAMES += ["keyring", "project", "folders", "terminal", "completion"]
SECRETS = {
    "MTRIBES_TOKEN": "mtp_0123456789abcdefghijABCDEFGHIJ012345",
    "MTRIBES_CLIENT_ID": "svc_1",
    "MTRIBES_CLIENT_SECRET": "mts_of-a-form-of-its-own",
}


@pytest.fixture(autouse=True)
def _no_network_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def oauth(stub_server: StubServer) -> OAuthStub:
    """A server that describes itself, and knows one token."""
    server = OAuthStub(stub_server)
    server.access_tokens = {"mto_good"}
    return server


@pytest.fixture
def ada(mtribes: CliRunner, oauth: OAuthStub) -> CliRunner:
    """A user for whom all is well."""
    mtribes.environment |= {"MTRIBES_HOST": oauth.stub_server.url, "MTRIBES_TOKEN": "mto_good", "SHELL": "/bin/bash"}
    mtribes.environment |= {"HOME": str(mtribes.home), "XDG_DATA_HOME": str(mtribes.home)}
    return mtribes


def states(outcome: Outcome) -> dict[str, str]:
    return {check["name"]: check["state"] for check in outcome.envelope["data"]["checks"]}


def check(outcome: Outcome, name: str) -> tuple[str, str, str | None]:
    """State, detail and advice of one check."""
    found = next(check for check in outcome.envelope["data"]["checks"] if check["name"] == name)
    return found["state"], found["detail"], found["advice"]


def test_where_all_is_well_it_says_so_and_ends_with_0(ada: CliRunner, oauth: OAuthStub) -> None:
    outcome = ada("doctor")
    lines = outcome.out.splitlines()
    assert outcome.exit_code == 0, outcome.out
    assert [line.split()[:2] for line in lines[: len(NAMES)]] == [["ok", name] for name in NAMES]
    assert lines[-1] == "All checks passed."
    assert f"{oauth.stub_server.url} (from MTRIBES_HOST)" in outcome.out
    assert "ada@example.com (from MTRIBES_TOKEN)" in outcome.out
    assert outcome.err == ""


def test_json_holds_every_check(ada: CliRunner) -> None:
    outcome = ada("doctor", "--json")
    assert states(outcome) == dict.fromkeys(NAMES, "ok")
    assert (outcome.envelope["status"], outcome.envelope["errors"]) == ("success", [])


def test_without_a_host_it_says_what_to_give_and_ends_with_3(mtribes: CliRunner) -> None:
    outcome = mtribes("doctor")
    assert outcome.exit_code == 3
    assert "bad      host        No server specified" in outcome.out
    assert outcome.out.splitlines()[-1].startswith("  host: Pass --host URL")


def test_offline_it_ends_soon_and_tells_what_it_can(ada: CliRunner) -> None:
    ada.environment["MTRIBES_HOST"] = f"http://127.0.0.1:{closed_port()}"
    began = time.monotonic()
    outcome = ada("doctor", "--json")
    assert time.monotonic() - began < 5
    assert outcome.exit_code == 3
    not_known = {"issuer", "clock", "sign-in"}
    assert states(outcome) == dict.fromkeys(NAMES, "ok") | {"server": "bad"} | dict.fromkeys(not_known, "warning")
    assert [error["path"] for error in outcome.envelope["errors"]] == ["server"]
    assert ada.clock.pauses == []


def test_with_everything_broken_every_check_is_still_told(
    ada: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "ftp://u:hush@nowhere")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.delenv("TERM", raising=False)
    ada.environment |= {"MTRIBES_HOST": "https://mtribes.invalid", "MTRIBES_TOKEN": "not a token"}
    ada.folders.config.mkdir()
    ada.credentials_file.write_text("{")
    ada.write("state", "a file where the folder should be")
    ada.write("mtribes.toml", "host = [")
    outcome = ada("doctor", "--json")
    assert outcome.exit_code == 3
    assert list(states(outcome)) == NAMES
    bad = {name for name, state in states(outcome).items() if state == "bad"}
    assert bad == {"proxy", "server", "keyring", "project", "folders"}
    assert all(check["advice"] for check in outcome.envelope["data"]["checks"] if check["state"] == "bad")
    assert "hush" not in outcome.out


@pytest.mark.slow
def test_a_check_that_hangs_or_breaks_does_not_hold_up_the_others(
    ada: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(_shell: object) -> None:
        time.sleep(30)

    def break_down() -> None:
        raise ZeroDivisionError(SECRETS["MTRIBES_TOKEN"])

    monkeypatch.setattr(finding, "CHECK_TIMEOUT_SECONDS", 4.0)
    monkeypatch.setattr("mtribes_cli.completion.install_paths.shell_of", hang)
    monkeypatch.setattr("mtribes_cli.installation.installation", break_down)
    outcome = ada("doctor", "--json")
    assert check(outcome, "completion")[:2] == ("bad", "no result within 4 seconds")
    assert check(outcome, "installed")[:2] == ("bad", "ZeroDivisionError: mtp_[secret]")
    assert sum(state == "ok" for state in states(outcome).values()) == len(NAMES) - 2


@pytest.mark.parametrize(("days", "words"), [(2, "2.0 days ahead of"), (-2, "2.0 days behind")])
def test_a_clock_that_is_off_is_a_warning_and_signing_in_goes_on(ada: CliRunner, days: float, words: str) -> None:
    ada.clock.ahead_seconds = days * 86_400
    outcome = ada("doctor", "--json")
    assert (outcome.exit_code, states(outcome)["sign-in"]) == (0, "ok")
    state, detail, advice = check(outcome, "clock")
    assert (state, detail) == ("warning", f"{words} the server")
    assert advice is not None
    assert advice.startswith("Set the clock")


def test_a_server_that_calls_itself_otherwise_gets_no_credentials(ada: CliRunner, oauth: OAuthStub) -> None:
    other = oauth.metadata(issuer="https://elsewhere.example.com")
    oauth.stub_server.on("GET", "/.well-known/oauth-authorization-server", Reply(200, other))
    outcome = ada("doctor", "--json")
    assert check(outcome, "issuer")[0] == "bad"
    assert check(outcome, "sign-in")[0] == "warning"
    assert all("authorization" not in asked.headers for asked in oauth.stub_server.asked)


def test_a_web_server_that_is_not_ours_gets_no_credentials(ada: CliRunner) -> None:
    with serving_stub() as stranger:
        outcome = ada("doctor", "--json", "--host", stranger.url)
        assert check(outcome, "server")[0] == "bad"
        assert all("authorization" not in asked.headers for asked in stranger.asked)


def test_why_nobody_is_signed_in_is_told(ada: CliRunner) -> None:
    ada.environment["MTRIBES_TOKEN"] = "mto_of_yesterday"
    state, detail, advice = check(ada("doctor", "--json"), "sign-in")
    assert (state, detail) == ("bad", "The token is not known.")
    assert "MTRIBES_TOKEN" in str(advice)


@pytest.fixture
def certified(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server with a certificate that ends tomorrow."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    metadata = b'{"issuer": "https://mtribes.test", "authorization_endpoint": "x", "token_endpoint": "x"}'
    with listening(answering(metadata), authority.serving("mtribes.test", ends=DAY)) as port:
        yield port


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that SSL_CERT_FILE makes known."""
    return Authority(tmp_path_factory.mktemp("doctor-authority"))


def test_tls_and_proxy_are_told_without_the_password(
    ada: CliRunner, certified: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxying(ConnectProxy(leads_to=certified, password="ada:hush")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://ada:hush@127.0.0.1:{proxy.port}")
        outcome = ada("doctor", "--json", "--host", "https://mtribes.test")
    assert check(outcome, "proxy")[1] == f"http://ada:[secret]@127.0.0.1:{proxy.port} (from HTTPS_PROXY)"
    state, detail, _ = check(outcome, "TLS")
    assert state == "warning"
    assert detail.startswith("TLSv1.3, certificate issued by Authority of a test, valid until 20")
    assert "hush" not in outcome.out


@pytest.mark.slow
def test_no_secret_is_printed_wherever_it_is_kept(ada: CliRunner, oauth: OAuthStub) -> None:
    entry = {"store": "file", "access_token": "mto_kept_access", "refresh_token": "mtr_kept_refresh"}
    ada.folders.config.mkdir()
    ada.credentials_file.write_text(json.dumps({"version": 1, "hosts": {oauth.stub_server.url: entry}, "services": {}}))
    ada.credentials_file.chmod(0o600)
    hidden = ("mto_kept", "mtr_kept", SECRETS["MTRIBES_TOKEN"], SECRETS["MTRIBES_CLIENT_SECRET"])
    for environment in (SECRETS, {"MTRIBES_TOKEN": ""}):
        ada.environment |= environment
        for words in (("doctor",), ("doctor", "--json"), ("doctor", "--verbose")):
            outcome = ada(*words)
            said = outcome.out + outcome.err
            assert not any(secret in said for secret in hidden)


def test_credentials_that_others_can_read_are_told(ada: CliRunner) -> None:
    ada.folders.config.mkdir()
    ada.credentials_file.write_text('{"version": 1, "hosts": {}, "services": {}}')
    ada.credentials_file.chmod(0o644)
    state, detail, advice = check(ada("doctor", "--json"), "keyring")
    assert (state, detail) == ("bad", f"{ada.credentials_file} is readable by other users")
    assert "chmod 600" in str(advice)


def test_a_project_out_of_step_is_a_warning(generated: Project) -> None:
    (generated.root / "src/vod/index.ts").write_text("edited")
    state, detail, advice = check(generated.run("doctor", "--json"), "project")
    assert (state, "1 item is out of date" in detail) == ("warning", True)
    assert "mtribes update --force" in str(advice)


def test_an_old_completion_is_a_warning(ada: CliRunner) -> None:
    assert ada("completion", "install", "bash").exit_code == 0
    path = next(ada.home.rglob("completions/mtribes"))
    path.write_text("# Made by `mtribes completion show bash`, long ago\n")
    ada.environment["SHELL"] = "/bin/bash"
    state, _, advice = check(ada("doctor", "--json"), "completion")
    assert (state, advice) == ("warning", "Run `mtribes completion install`.")
