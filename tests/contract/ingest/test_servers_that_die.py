"""The server is killed, alone or with the command: it comes back, and the file is in, each row once."""

from __future__ import annotations

import functools
import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mtribes_cli.clock import Clock
from mtribes_cli.main import main
from mtribes_cli.terminal.console import standard_streams
from templates_server.settings import sqlite_url
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database
from tests.cli.cli_runner import CliRunner
from tests.contract.ingest.world import Place, model_of, outcome_of, row_of, totals_of
from tests.server_processes import ServerProcess, server_process

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills of Unix")
IS_FULL_SCALE = os.environ.get("MTRIBES_FULL_SCALE") == "1"
KILLS = 100 if IS_FULL_SCALE else 3
ROWS_A_PART = 7
ROWS = [row_of(number) for number in range(40)]


@dataclass
class MortalServer:
    """A demo server that is killed and started again, at the same port and with the same data."""

    folder: Path
    url: str  # of the database
    running: ExitStack = field(default_factory=ExitStack)
    process: ServerProcess | None = None

    def start(self) -> None:
        """At the port that it had before."""
        port = str(urlsplit(self.process.url).port) if self.process else "0"
        options = ("--demo", "--port", port, "--database", self.url)
        self.process = self.running.enter_context(server_process(self.folder, *options))

    def kill(self) -> None:
        """Without any warning."""
        assert self.process is not None
        self.process.process.send_signal(signal.SIGKILL)
        self.process.process.wait()

    @functools.cached_property
    def database(self) -> Database:
        """What it works on, opened beside it."""
        database = open_database(self.url)
        self.running.callback(database.close)
        return database


@pytest.fixture(params=["sqlite", "postgresql"])
def mortal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MortalServer]:
    """One that runs, on each kind of database."""
    folder = tmp_path / "server"
    is_sqlite = request.param == "sqlite"
    url = str(sqlite_url(folder)) if is_sqlite else request.getfixturevalue("postgres").new_database_url()
    server = MortalServer(folder, url)
    with server.running:
        server.start()
        yield server


@pytest.fixture
def place(tmp_path: Path, mortal: MortalServer, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Its Space vod."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    demo = json.loads((mortal.folder / "demo.json").read_text())
    (tmp_path / "home").mkdir()
    mtribes = CliRunner(tmp_path / "home", {"MTRIBES_HOST": demo["host"], "MTRIBES_TOKEN": demo["token"]})
    return Place(mtribes, mortal, "vod")


def mine(place: Place, prefix: str) -> dict[str, object]:
    """Those who were brought in here: the demo has users of its own."""
    return {name: user for name, user in place.stored().items() if name.startswith(prefix)}


def brought_in(place: Place, file: str, failpoint: Callable[[str], None]) -> int:
    """In this process, with a clock that waits."""
    context = replace(place.mtribes.context(standard_streams()), failpoint=failpoint, clock=Clock())
    return main(place.words(file, "--json"), context)


@pytest.mark.slow
@pytest.mark.usefixtures("small_parts")
def test_a_server_that_dies_in_mid_import_and_comes_back_is_waited_for(
    place: Place, mortal: MortalServer, capsys: pytest.CaptureFixture[str]
) -> None:
    reached: list[str] = []
    starting = threading.Thread(target=mortal.start)

    def failpoint(name: str) -> None:
        reached.append(name)
        if reached.count("import-part-kept") == 2 and name == "import-part-kept":
            mortal.kill()
            starting.start()

    assert brought_in(place, place.write(ROWS), failpoint) == 0
    starting.join()
    told = json.loads(capsys.readouterr().out)["data"]
    assert {name: told[name] for name in ("read", "created")} == {"read": 40, "created": 40}
    assert mine(place, "user-") == model_of(ROWS).users


@pytest.mark.slow
def test_server_and_command_killed_at_random_the_command_comes_to_the_end(place: Place, mortal: MortalServer) -> None:
    chance = random.Random(5)  # noqa: S311 - the same moments in every run
    everybody = []
    for kill in range(KILLS):
        rows = [row_of(number, prefix=f"kill{kill}") for number in range(40)]
        file, completed = place.write(rows), place.completed_imports()
        process = place.started(file, "--json", rows=3)
        time.sleep(chance.uniform(0.3, 1.5))
        mortal.kill()
        if chance.random() < 0.5:
            process.kill()
        mortal.start()
        first = outcome_of(process)
        was_done = first.exit_code != 0 and place.completed_imports() > completed  # then the next one finds all there
        last = outcome_of(place.started(file, "--json", rows=3)) if first.exit_code else first
        told = totals_of(last)
        assert (told["read"], told["rejected"]) == (40, 0), last.err
        assert told["created"] == 40 or (was_done and told["unchanged"] == 40), last.err
        everybody += rows
    assert mine(place, "kill") == model_of(everybody).users
