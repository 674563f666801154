"""Killed, or failed by the system, while a sign-in is renewed: the next command finds it good."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtribes_cli.auth.token_provider import CRASH_POINTS
from tests.cli.cli_runner import CliRunner
from tests.cli.faults.fault_injection import SPARE_CALLS, Fault, Tampered, tampering
from tests.cli.project_runner import Project
from tests.contract.people import open_with
from tests.server.features.auth.flows import signed_in_browser, someone
from tests.servers import RunningServer, running_server

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills and calls of Unix")
MOST_CALLS = 100
SECRETS = ("mto_", "mtr_")

# A process that renews its sign-in, and is killed where it is told.
DYING = """
import os, signal, sys
from pathlib import Path
from tests.cli.project_runner import Project
home, url, point = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
def failpoint(name):
    if name == point:
        os.kill(os.getpid(), signal.SIGKILL)
sys.exit(Project(home, {"MTRIBES_HOST": url}).run("whoami", failpoint=failpoint).exit_code)
"""


@pytest.fixture(scope="module")
def sqlite_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A real server; what it remembers of renewals is proved on both databases elsewhere."""
    with running_server(tmp_path_factory.mktemp("data")) as server:
        yield server


@pytest.fixture
def ada(tmp_path: Path, sqlite_server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Somebody who is signed in by browser, in a folder without a project, on a computer without a keyring."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    person = someone(sqlite_server)
    home = tmp_path / "world" / "home"
    home.mkdir(parents=True)
    ada = Project(home, {"MTRIBES_HOST": sqlite_server.url})
    ada.browser = lambda url: open_with(signed_in_browser(sqlite_server, person), url, "allow")
    assert ada.run("login", "--browser").exit_code == 0
    return ada


def let_it_run_out(ada: CliRunner) -> None:
    """The access token is as good as gone, as far as is known here."""
    stored = dict(ada.stored())
    for entry in stored["hosts"].values():
        entry["expires_at_seconds"] = 1.0
    ada.credentials_file.write_text(json.dumps(stored))


def expect_well(ada: Project, about: str) -> None:
    """Signed in, and no secret lies anywhere but where it belongs."""
    again = ada.run("whoami")
    assert again.exit_code == 0, f"{about}: {again.err}"
    found = {path.name for path in ada.folders.config.iterdir()}
    assert found == {"credentials.json", "credentials.lock"}, about
    assert ada.credentials_file.stat().st_mode & 0o777 == 0o600, about


@pytest.mark.slow
def test_every_crash_point_is_passed_in_order(ada: Project) -> None:
    let_it_run_out(ada)
    passed: list[str] = []
    assert ada.run("whoami", failpoint=passed.append).exit_code == 0
    assert tuple(passed) == CRASH_POINTS


@pytest.mark.slow
@pytest.mark.parametrize("point", CRASH_POINTS)
def test_a_kill_at_any_point_of_a_renewal_signs_nobody_out(ada: Project, point: str) -> None:
    let_it_run_out(ada)
    url = ada.environment["MTRIBES_HOST"]
    died = subprocess.run([sys.executable, "-c", DYING, ada.root, url, point], check=False, timeout=60)
    assert died.returncode == -9
    expect_well(ada, point)


def fail_each(ada: Project, fault: Fault) -> list[Tampered]:
    """Every call of one renewal fails in its turn."""
    found = []
    let_it_run_out(ada)
    with tampering(ada, ["whoami"], fault) as tampered:
        for number in range(1, MOST_CALLS):
            let_it_run_out(ada)
            told = tampered.run(ada, ["whoami"], number)
            if not told.is_hit:
                break
            found.append(told)
            about = f"{fault} at number {number}: exit {told.outcome.exit_code}: {told.outcome.err}"
            assert told.outcome.exit_code in {0, 1, 75}, about
            if told.outcome.exit_code:
                lines = told.outcome.err.splitlines()
                assert [line.partition(":")[0] for line in lines] == ["error", "hint"], about
                assert not any(secret in told.outcome.err for secret in SECRETS), about
            expect_well(ada, about)
    return found


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="strace is Linux's")
@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_a_call_that_fails_in_a_renewal_signs_nobody_out(ada: Project, call: str) -> None:
    assert {told.outcome.exit_code for told in fail_each(ada, Fault(call, "ENOSPC"))} == {1}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="strace is Linux's")
@pytest.mark.parametrize("error", ["ENOSPC", "EIO", "EACCES"])
@pytest.mark.parametrize("call", sorted(SPARE_CALLS.keys() - {"rmdir", "linkat", "chmod"}))
def test_any_call_that_fails_in_a_renewal_signs_nobody_out(ada: Project, call: str, error: str) -> None:
    assert fail_each(ada, Fault(call, error))
