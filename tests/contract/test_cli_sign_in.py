"""Signing in and out with the real command line at the real server, on its real pages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from templates_server.features.auth.device import grant
from tests.cli.cli_runner import CliRunner
from tests.contract.people import Signed, open_with
from tests.people import FULL, Grant, add_token
from tests.server.features.auth import device_flow
from tests.server.features.auth.flows import Someone, service_account, signed_in_browser, someone
from tests.servers import RunningServer, running_server

HOUR_SECONDS = 3600.0


@pytest.fixture
def person(server: RunningServer) -> Someone:
    """Somebody with an account."""
    return someone(server)


def _browser(server: RunningServer, person: Someone, decision: str = "allow") -> Callable[[str], bool]:
    return lambda url: open_with(signed_in_browser(server, person), url, decision)


def test_by_browser_then_renewed_then_out_again(mtribes: CliRunner, server: RunningServer, person: Someone) -> None:
    mtribes.browser = _browser(server, person)
    outcome = mtribes("login", "--browser")
    assert (outcome.exit_code, outcome.out) == (0, f"Signed in to {server.url} as {person.email}.\n"), outcome.err

    me = mtribes("whoami", "--json").envelope["data"]
    assert (me["kind"], me["email"], me["by"]) == ("person", person.email, "sign-in")
    assert me["organizations"] == [{"key": person.organization, "role": "administrator"}]
    assert "spaces:write" in me["scopes"]

    before = mtribes.stored()["hosts"][server.url]
    mtribes.clock.ahead_seconds = HOUR_SECONDS
    assert mtribes("whoami").exit_code == 0
    after = mtribes.stored()["hosts"][server.url]
    assert before["access_token"] != after["access_token"]
    assert before["refresh_token"] != after["refresh_token"]

    assert mtribes("logout", "--json").envelope["data"]["ended_at_server"] is True
    mtribes.environment["MTRIBES_TOKEN"] = after["access_token"]
    outcome = mtribes("whoami")
    assert outcome.exit_code == 4
    assert after["access_token"] not in outcome.err


def test_a_person_who_says_no_is_not_signed_in(mtribes: CliRunner, server: RunningServer, person: Someone) -> None:
    mtribes.browser = _browser(server, person, "cancel")
    outcome = mtribes("login", "--browser")
    assert outcome.exit_code == 4
    assert "Sign-in failed" in outcome.err
    assert not mtribes.credentials_file.exists()


@pytest.fixture
def quick_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs may ask every second whether a code was entered."""
    monkeypatch.setattr(grant, "INTERVAL_SECONDS", 1)


@pytest.mark.slow
@pytest.mark.usefixtures("quick_polls")
@pytest.mark.parametrize(("decision", "exit_code"), [("allow", 0), ("cancel", 4)])
def test_by_a_code_that_is_entered_elsewhere_without_a_terminal(
    server: RunningServer, person: Someone, tmp_path: Path, decision: str, exit_code: int
) -> None:
    environment = os.environ | {
        "XDG_CONFIG_HOME": str(tmp_path),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "MTRIBES_HOST": server.url,
    }
    login = [sys.executable, "-m", "mtribes_cli", "login", "--device", "--json"]
    pipes = subprocess.PIPE
    with subprocess.Popen(
        login, env=environment, stdin=subprocess.DEVNULL, stdout=pipes, stderr=pipes, text=True
    ) as program:
        assert program.stderr
        line = next(line for line in program.stderr if line.startswith("and enter the code"))
        device_flow.decide(signed_in_browser(server, person), line.split()[-1], decision)
        said, told = program.communicate(timeout=60)
    assert program.returncode == exit_code, told
    assert json.loads(said)["status"] == ("success" if exit_code == 0 else "error")
    assert (tmp_path / "mtribes" / "credentials.json").exists() is (exit_code == 0)


def test_a_refresh_token_used_long_after_its_successor_ends_the_sign_in(
    mtribes: CliRunner, server: RunningServer, person: Someone
) -> None:
    mtribes.browser = _browser(server, person)
    mtribes("login", "--browser")
    stolen = mtribes.credentials_file.read_bytes()
    for hours in (1, 2, 3):
        mtribes.clock.ahead_seconds = hours * HOUR_SECONDS
        assert mtribes("whoami").exit_code == 0
    mtribes.credentials_file.write_bytes(stolen)
    outcome = mtribes("whoami")
    assert outcome.exit_code == 4
    assert "has expired" in outcome.err


@pytest.mark.slow
def test_many_processes_at_once_stay_signed_in(mtribes: CliRunner, server: RunningServer, person: Someone) -> None:
    mtribes.browser = _browser(server, person)
    mtribes("login", "--browser")
    stored = mtribes.credentials_file.read_text()
    expires = str(mtribes.stored()["hosts"][server.url]["expires_at_seconds"])
    mtribes.credentials_file.write_text(stored.replace(expires, "1.0"))
    mtribes.folders.config.rename(mtribes.home / "mtribes")
    environment = os.environ | {"XDG_CONFIG_HOME": str(mtribes.home), "MTRIBES_HOST": server.url}
    command = [sys.executable, "-m", "mtribes_cli", "whoami", "--json"]
    processes = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(3)
    ]
    said = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 3, said


def test_a_personal_token_is_enough(ada: Signed) -> None:
    me = ada.mtribes("whoami", "--json").envelope["data"]
    assert (me["email"], me["by"]) == (ada.person.email, "MTRIBES_TOKEN")
    assert ada.mtribes("org", "list", "--json").envelope["data"][0]["key"] == ada.organization


def test_a_token_is_kept_from_stdin(mtribes: CliRunner, server: RunningServer, person: Someone) -> None:
    token = add_token(server.database, FULL, account_id=person.account_id)
    assert mtribes("login", "--with-token", stdin=f"{token}\n").exit_code == 0
    assert mtribes("whoami", "--json").envelope["data"]["email"] == person.email


def test_a_service_account_signs_in_by_its_secret(mtribes: CliRunner, server: RunningServer) -> None:
    client_id, secret = service_account(server)
    mtribes.environment |= {"MTRIBES_CLIENT_ID": client_id, "MTRIBES_CLIENT_SECRET": secret}
    outcome = mtribes("whoami", "--json")
    assert outcome.exit_code == 0, outcome.out
    assert (outcome.envelope["data"]["kind"], outcome.envelope["data"]["by"]) == ("service", "MTRIBES_CLIENT_ID")
    mtribes.environment["MTRIBES_CLIENT_SECRET"] = secret[:-1] + ("a" if secret[-1] != "a" else "b")
    wrong = mtribes("whoami")
    assert wrong.exit_code == 4
    assert secret[:-1] not in wrong.err


def test_a_scope_that_is_missing_is_named(mtribes: CliRunner, server: RunningServer, person: Someone) -> None:
    narrow = Grant(scopes=())
    mtribes.environment["MTRIBES_TOKEN"] = add_token(server.database, narrow, account_id=person.account_id)
    outcome = mtribes("space", "list")
    assert outcome.exit_code == 4
    assert "spaces:read" in outcome.err


def test_a_local_server_needs_no_browser(mtribes: CliRunner, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("local")
    with running_server(folder, local=True) as local:
        administrator = someone(local)
        _describe(folder, mtribes.folders.server, local.url)
        mtribes.environment["MTRIBES_HOST"] = "local"
        first_code = (folder / "local-code").read_text()
        assert mtribes("whoami", "--json").envelope["data"]["email"] == administrator.email
        assert (folder / "local-code").read_text() != first_code
        assert mtribes("logout").exit_code == 0
        assert mtribes("login").exit_code == 0


def _describe(folder: Path, link: Path, url: str) -> None:
    (folder / "server.json").write_text(f'{{"pid": {os.getpid()}, "url": "{url}", "local": true}}')
    link.symlink_to(folder)
