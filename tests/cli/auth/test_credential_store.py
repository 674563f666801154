"""Which credentials are sent where, how they are renewed by many at once, and where they are kept."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from filelock import FileLock

from mtribes_cli.auth.credential_store import TokenSet
from tests.cli.cli_runner import CliRunner
from tests.cli.oauth_stub import LIFETIME_SECONDS, ME_AT_ACME, OAuthStub
from tests.cli.stub_server import Reply, StubServer, data, serving_stub

DAY_SECONDS = 86_400.0


@pytest.fixture
def oauth(stub_server: StubServer, mtribes: CliRunner) -> OAuthStub:
    """A server where the user is signed in: the refresh token is good, the access token is not known yet."""
    mtribes.environment["MTRIBES_HOST"] = stub_server.url
    oauth = OAuthStub(stub_server, refresh_token="mtr_first")
    _keep(mtribes, stub_server.url, TokenSet("mto_first", "mtr_first", time.time() + LIFETIME_SECONDS))
    oauth.access_tokens = {"mto_first"}
    return oauth


def _keep(mtribes: CliRunner, host: str, sign_in: TokenSet) -> None:
    context = mtribes.context((io.StringIO(), io.StringIO(), io.StringIO()))
    context.credentials.keep(host, sign_in, is_new=False)


def test_a_fresh_token_is_sent_as_it_is(mtribes: CliRunner, oauth: OAuthStub) -> None:
    assert mtribes("whoami").exit_code == 0
    assert oauth.refreshes() == 0


def test_a_token_that_runs_out_is_renewed_first_and_the_new_one_kept(mtribes: CliRunner, oauth: OAuthStub) -> None:
    mtribes.clock.ahead_seconds = LIFETIME_SECONDS
    assert mtribes("whoami").exit_code == 0
    assert mtribes("whoami").exit_code == 0
    assert oauth.refreshes() == 1
    assert mtribes.stored()["hosts"][oauth.stub_server.url]["refresh_token"] == oauth.refresh_token


def test_a_token_that_the_server_refuses_is_renewed_and_the_call_made_again(
    mtribes: CliRunner, oauth: OAuthStub
) -> None:
    oauth.access_tokens.clear()
    assert mtribes("whoami").exit_code == 0
    assert oauth.refreshes() == 1


@pytest.mark.parametrize("days", [-2, 2])
def test_a_clock_that_is_days_off_changes_nothing(mtribes: CliRunner, oauth: OAuthStub, days: int) -> None:
    mtribes.clock.ahead_seconds = days * DAY_SECONDS
    oauth.access_tokens.clear()
    assert mtribes("whoami").exit_code == 0
    assert mtribes("whoami").exit_code == 0
    assert oauth.refreshes() == 1


def test_a_sign_in_that_has_ended_says_to_sign_in_again(mtribes: CliRunner, oauth: OAuthStub) -> None:
    oauth.access_tokens.clear()
    oauth.refresh_token = "revoked"
    outcome = mtribes("whoami")
    assert outcome.exit_code == 4
    assert outcome.err == f"error: Your sign-in to {oauth.stub_server.url} has expired.\nhint: Run `mtribes login`.\n"


def test_a_server_that_is_down_while_renewing_ends_no_sign_in(mtribes: CliRunner, oauth: OAuthStub) -> None:
    mtribes.clock.ahead_seconds = LIFETIME_SECONDS
    oauth.stub_server.on("POST", "/oauth/token", Reply(503))
    assert mtribes("whoami").exit_code == 75
    assert mtribes.stored()["hosts"][oauth.stub_server.url]["refresh_token"] == "mtr_first"


def test_a_renewal_without_a_new_refresh_token_keeps_the_old_one(mtribes: CliRunner, oauth: OAuthStub) -> None:
    mtribes.clock.ahead_seconds = LIFETIME_SECONDS
    oauth.stub_server.on("POST", "/oauth/token", Reply(200, {"access_token": "mto_first", "expires_in": 3600}))
    assert mtribes("whoami").exit_code == 0
    assert mtribes.stored()["hosts"][oauth.stub_server.url]["refresh_token"] == "mtr_first"


@pytest.mark.slow
def test_many_processes_at_once_stay_signed_in_by_one_renewal(tmp_path: Path, stub_server: StubServer) -> None:
    oauth = OAuthStub(stub_server, refresh_token="mtr_first")
    home = CliRunner(tmp_path)
    _keep(home, stub_server.url, TokenSet("mto_first", "mtr_first", time.time() - 1))
    home.folders.config.rename(tmp_path / "mtribes")
    environment = os.environ | {"XDG_CONFIG_HOME": str(tmp_path), "MTRIBES_HOST": stub_server.url}
    command = [sys.executable, "-m", "mtribes_cli", "whoami"]
    processes = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(4)
    ]
    said = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, said
    assert oauth.refreshes() == 1


def test_nothing_half_written_is_left_beside_the_file(mtribes: CliRunner, oauth: OAuthStub) -> None:
    oauth.access_tokens.clear()
    mtribes("whoami")
    assert {path.name for path in mtribes.folders.config.iterdir()} <= {"credentials.json", "credentials.lock"}


# Which of them


def test_mtribes_token_wins_and_what_is_kept_is_not_even_read(mtribes: CliRunner, oauth: OAuthStub) -> None:
    mtribes.credentials_file.write_text("damaged")
    mtribes.environment |= {
        "MTRIBES_TOKEN": " mtp_given\n",
        "MTRIBES_CLIENT_ID": "svc_1",
        "MTRIBES_CLIENT_SECRET": "mts_good",
    }
    oauth.access_tokens = {"mtp_given"}
    outcome = mtribes("whoami", "--json")
    assert outcome.exit_code == 0
    assert outcome.envelope["data"]["by"] == "MTRIBES_TOKEN"
    assert oauth.stub_server.asked_for("/oauth/token") == []


def test_a_refused_mtribes_token_is_told_and_nothing_else_is_tried(mtribes: CliRunner, oauth: OAuthStub) -> None:
    mtribes.environment["MTRIBES_TOKEN"] = "mtp_stranger"
    outcome = mtribes("whoami")
    assert outcome.exit_code == 4
    assert "MTRIBES_TOKEN" in outcome.err
    assert len(oauth.stub_server.asked) == 1


@pytest.mark.parametrize("token", ["two words", "mtp_\nX: y", "mtp_é"])
def test_an_mtribes_token_that_cannot_be_one_is_not_sent_and_not_repeated(
    mtribes: CliRunner, oauth: OAuthStub, token: str
) -> None:
    mtribes.environment["MTRIBES_TOKEN"] = token
    outcome = mtribes("whoami")
    assert outcome.exit_code == 2
    assert token not in outcome.err
    assert oauth.stub_server.asked == []


@pytest.mark.usefixtures("oauth")
def test_credentials_are_bound_to_their_host(mtribes: CliRunner) -> None:
    with serving_stub() as other:
        other.on("GET", "/v2/me", data(ME_AT_ACME))
        outcome = mtribes("whoami", "--host", other.url)
        assert outcome.exit_code == 4
        assert f"Not signed in to {other.url}" in outcome.err
        assert other.asked == []


def test_of_two_sign_ins_one_must_be_named(mtribes: CliRunner, oauth: OAuthStub) -> None:
    del mtribes.environment["MTRIBES_HOST"]
    assert mtribes("whoami").exit_code == 0
    _keep(mtribes, "https://other.example.com", TokenSet("mto_other"))
    outcome = mtribes("whoami")
    assert outcome.exit_code == 4
    assert "signed in to 2 servers" in outcome.err
    assert mtribes("whoami", "--host", oauth.stub_server.url).exit_code == 0


def test_the_host_of_the_project_is_used_where_nothing_else_says_it(mtribes: CliRunner, oauth: OAuthStub) -> None:
    _keep(mtribes, "https://other.example.com", TokenSet("mto_other"))
    del mtribes.environment["MTRIBES_HOST"]
    mtribes.write("mtribes.toml", f'host = "{oauth.stub_server.url}"\norganization = "acme"\nspace = "vod"\n')
    assert mtribes("whoami").exit_code == 0


def test_a_damaged_file_is_told_with_what_to_do(mtribes: CliRunner, oauth: OAuthStub) -> None:
    for content in (
        "",
        "{",
        "[]",
        '{"hosts": 3}',
        f'{{"hosts": {{"{oauth.stub_server.url}": {{}}}}, "services": {{}}}}',
    ):
        mtribes.credentials_file.write_text(content)
        outcome = mtribes("whoami")
        assert outcome.exit_code == 1, content
        assert f"{mtribes.credentials_file} is corrupted" in outcome.err


# Service accounts


@pytest.fixture
def service(mtribes: CliRunner, oauth: OAuthStub) -> CliRunner:  # noqa: ARG001 - the server that it is of
    """A program with a service account."""
    mtribes.environment |= {"MTRIBES_CLIENT_ID": "svc_1", "MTRIBES_CLIENT_SECRET": "mts_good"}
    return mtribes


def _grants(oauth: OAuthStub) -> int:
    return len(oauth.stub_server.asked_for("/oauth/token"))


def test_a_service_accounts_token_is_used_for_its_life(service: CliRunner, oauth: OAuthStub) -> None:
    assert service("whoami", "--json").envelope["data"]["by"] == "MTRIBES_CLIENT_ID"
    assert service("whoami").exit_code == 0
    assert _grants(oauth) == 1
    service.clock.ahead_seconds = LIFETIME_SECONDS
    assert service("whoami").exit_code == 0
    assert _grants(oauth) == 2


def test_a_service_accounts_token_that_is_refused_is_replaced(service: CliRunner, oauth: OAuthStub) -> None:
    service("whoami")
    oauth.access_tokens.clear()
    assert service("whoami").exit_code == 0
    assert _grants(oauth) == 2


def test_another_secret_does_not_open_the_token_of_the_right_one(service: CliRunner) -> None:
    service("whoami")
    service.environment["MTRIBES_CLIENT_SECRET"] = "mts_wrong"
    outcome = service("whoami")
    assert outcome.exit_code == 4
    assert "mts_" not in outcome.err
    assert "mts_" not in service.credentials_file.read_text()


def test_a_home_that_cannot_be_written_to_keeps_no_token_and_is_no_obstacle(
    mtribes: CliRunner, stub_server: StubServer
) -> None:
    oauth = OAuthStub(stub_server)
    mtribes.write("config", "a file where the folder should be")
    mtribes.environment |= {
        "MTRIBES_HOST": stub_server.url,
        "MTRIBES_CLIENT_ID": "svc_1",
        "MTRIBES_CLIENT_SECRET": "mts_good",
    }
    assert mtribes("whoami").exit_code == 0
    assert mtribes("whoami").exit_code == 0
    assert _grants(oauth) == 2


def test_a_service_accounts_token_waits_for_whoever_writes_the_file(service: CliRunner, oauth: OAuthStub) -> None:
    lock = FileLock(service.credentials_file.with_suffix(".lock"))
    outcomes: list[int] = []
    command = threading.Thread(target=lambda: outcomes.append(service("whoami").exit_code))
    with lock:
        before = service.credentials_file.read_bytes()
        command.start()
        while not _grants(oauth):
            time.sleep(0.01)
        command.join(0.5)
        assert (outcomes, service.credentials_file.read_bytes()) == ([], before)
    command.join(20)
    assert outcomes == [0]
    assert len(service.stored()["services"]) == 1


@pytest.mark.parametrize("name", ["MTRIBES_CLIENT_ID", "MTRIBES_CLIENT_SECRET"])
def test_half_a_service_account_is_a_usage_error(service: CliRunner, oauth: OAuthStub, name: str) -> None:
    del service.environment[name]
    outcome = service("whoami")
    assert outcome.exit_code == 2
    assert f"{name} is not set" in outcome.err
    assert oauth.stub_server.asked == []


# Keyrings

KEYRINGS = """
import json, pathlib, time
from keyring import backend, errors
FILE = pathlib.Path(__file__).with_name("kept.json")
class Working(backend.KeyringBackend):
    priority = 1
    def _all(self):
        return json.loads(FILE.read_text()) if FILE.exists() else {}
    def get_password(self, service, username):
        return self._all().get(service + username)
    def set_password(self, service, username, password):
        FILE.write_text(json.dumps(self._all() | {service + username: password}))
    def delete_password(self, service, username):
        kept = self._all()
        if kept.pop(service + username, None) is None:
            raise errors.PasswordDeleteError
        FILE.write_text(json.dumps(kept))
class Hanging(Working):
    def set_password(self, service, username, password):
        time.sleep(60)
class Forgetful(Working):
    def get_password(self, service, username):
        return "something else"
class Locked(Working):
    def get_password(self, service, username):
        if FILE.with_name("locked").exists():
            raise errors.KeyringLocked("secret detail")
        return super().get_password(service, username)
"""


def _with_keyring(
    mtribes: CliRunner, stub_server: StubServer, backend: str, *argv: str
) -> subprocess.CompletedProcess[str]:
    (mtribes.home / "test_keyrings.py").write_text(KEYRINGS)
    environment = os.environ | {
        "PYTHON_KEYRING_BACKEND": backend,
        "PYTHONPATH": str(mtribes.home),
        "XDG_CONFIG_HOME": str(mtribes.home),
        "MTRIBES_HOST": stub_server.url,
    }
    command = [sys.executable, "-m", "mtribes_cli", *argv]
    return subprocess.run(command, env=environment, input="mtp_good", capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_keyring_that_works_holds_the_secret_and_the_file_does_not(
    mtribes: CliRunner, stub_server: StubServer
) -> None:
    OAuthStub(stub_server).access_tokens.add("mtp_good")
    signed_in = _with_keyring(mtribes, stub_server, "test_keyrings.Working", "login", "--with-token")
    assert signed_in.returncode == 0, signed_in.stderr
    assert "stored in" not in signed_in.stderr
    assert "mtp_good" not in (mtribes.home / "mtribes" / "credentials.json").read_text()
    assert "mtp_good" in (mtribes.home / "kept.json").read_text()
    assert _with_keyring(mtribes, stub_server, "test_keyrings.Working", "whoami").returncode == 0
    forgetful = _with_keyring(mtribes, stub_server, "test_keyrings.Forgetful", "whoami")
    assert forgetful.returncode == 4
    assert "credentials in the keyring are invalid" in forgetful.stderr
    assert _with_keyring(mtribes, stub_server, "test_keyrings.Working", "logout").returncode == 0
    assert (mtribes.home / "kept.json").read_text() == "{}"


@pytest.mark.slow
@pytest.mark.parametrize(
    "backend",
    [
        "test_keyrings.Hanging",
        "test_keyrings.Forgetful",
        "keyring.backends.null.Keyring",
        "keyring.backends.fail.Keyring",
        "no.such.Keyring",
    ],
)
def test_a_keyring_that_does_not_work_gives_way_to_a_private_file(
    mtribes: CliRunner, stub_server: StubServer, backend: str
) -> None:
    OAuthStub(stub_server).access_tokens.add("mtp_good")
    began = time.monotonic()
    signed_in = _with_keyring(mtribes, stub_server, backend, "login", "--with-token")
    assert signed_in.returncode == 0, signed_in.stderr
    assert time.monotonic() - began < 10
    file = mtribes.home / "mtribes" / "credentials.json"
    assert signed_in.stderr.count(str(file)) == 1
    assert file.stat().st_mode & 0o777 == 0o600
    who = _with_keyring(mtribes, stub_server, backend, "whoami")
    assert (who.returncode, who.stderr) == (0, "")


@pytest.mark.slow
def test_a_keyring_that_is_locked_later_is_told_without_its_details(
    mtribes: CliRunner, stub_server: StubServer
) -> None:
    OAuthStub(stub_server).access_tokens.add("mtp_good")
    _with_keyring(mtribes, stub_server, "test_keyrings.Locked", "login", "--with-token")
    (mtribes.home / "locked").touch()
    locked = _with_keyring(mtribes, stub_server, "test_keyrings.Locked", "whoami")
    assert locked.returncode == 4
    assert "Unlock the keyring, or set MTRIBES_TOKEN" in locked.stderr
    assert "secret detail" not in locked.stderr
