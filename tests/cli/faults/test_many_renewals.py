"""Many commands at once whose access token has just run out, some killed: nobody is signed out."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.cli_runner import CliRunner
from tests.contract.people import open_with
from tests.server.features.auth.flows import signed_in_browser, someone
from tests.servers import RunningServer, running_server

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills of Unix")
IS_FULL_SCALE = os.environ.get("MTRIBES_FULL_SCALE") == "1"
PROCESSES, ROUNDS = (50, 20) if IS_FULL_SCALE else (8, 1)
KILLED_SHARE = 0.2
TIMEOUT_SECONDS = 300


def signed_in(home: Path, server: RunningServer) -> CliRunner:
    """Somebody who is signed in by browser."""
    person = someone(server)
    mtribes = CliRunner(home, {"MTRIBES_HOST": server.url})
    mtribes.browser = lambda url: open_with(signed_in_browser(server, person), url, "allow")
    assert mtribes("login", "--browser").exit_code == 0
    mtribes.folders.config.rename(home / "mtribes")
    return mtribes


def stored(mtribes: CliRunner) -> dict[str, str]:
    kept = json.loads((mtribes.home / "mtribes" / "credentials.json").read_text())
    entry: dict[str, str] = kept["hosts"][mtribes.environment["MTRIBES_HOST"]]
    return entry


def let_it_run_out(mtribes: CliRunner) -> None:
    file = mtribes.home / "mtribes" / "credentials.json"
    file.write_text(file.read_text().replace(str(stored(mtribes)["expires_at_seconds"]), "1.0"))


def run_at_once(mtribes: CliRunner, chance: random.Random, usual_seconds: float) -> None:
    """A round: all start, some are killed at moments in which others renew, all others end well."""
    environment = os.environ | {"XDG_CONFIG_HOME": str(mtribes.home), **mtribes.environment}
    command = [sys.executable, "-m", "mtribes_cli", "whoami"]
    processes = [
        subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    doomed = chance.sample(processes, max(1, int(PROCESSES * KILLED_SHARE)))
    for process in doomed:
        time.sleep(chance.uniform(0, usual_seconds))
        process.kill()
    for process in processes:
        said = process.communicate(timeout=TIMEOUT_SECONDS)[1]
        assert process.returncode == 0 or (process in doomed and process.returncode == -9), said


def stay_signed_in(home: Path, server: RunningServer, rounds: int) -> None:
    mtribes = signed_in(home, server)
    chance = random.Random(20)  # noqa: S311 - the same moments in every run
    began = time.monotonic()
    for _ in range(rounds):
        before = stored(mtribes)["refresh_token"]
        let_it_run_out(mtribes)
        run_at_once(mtribes, chance, usual_seconds=0.3)
        assert stored(mtribes)["refresh_token"] != before
        assert {path.name for path in (home / "mtribes").iterdir()} <= {
            "credentials.json",
            "credentials.lock",
            ".credentials.json.new",
        }
    print(f"{PROCESSES} processes, {rounds} rounds: {time.monotonic() - began:.0f} s")  # noqa: T201 - with pytest -s


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")


@pytest.mark.slow
def test_many_at_once_stay_signed_in(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Fifty processes in twenty rounds at full scale."""
    with running_server(tmp_path_factory.mktemp("data")) as server:
        stay_signed_in(tmp_path, server, ROUNDS)


@pytest.mark.slow
def test_many_at_once_stay_signed_in_on_postgresql(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, postgres_url: str
) -> None:
    with running_server(tmp_path_factory.mktemp("data"), database_url=postgres_url) as server:
        stay_signed_in(tmp_path, server, 1)
