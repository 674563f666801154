"""An environment that people leave by `mtribes tribe export`, in this process or in one that dies where it is told."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.cli.cli_runner import CliRunner, Outcome, QuickClock
from tests.contract.people import Signed
from tests.people import unique
from tests.servers import RunningServer

EVERYBODY = {"tribes": {"everybody": {"match": "all", "audience": "users", "filters": []}}}

# A process that exports, slowed down so much a piece, and is killed where it is told.
DYING = """
import os, signal, sys, time
from dataclasses import replace
from pathlib import Path
from mtribes_cli.terminal.console import standard_streams
from mtribes_cli.clock import Clock
from mtribes_cli.export import download
from mtribes_cli.main import main
from tests.cli.cli_runner import CliRunner
home, dies_at, seconds_a_piece = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
count = download.Download._count
def slowly(self, piece):
    time.sleep(seconds_a_piece)
    count(self, piece)
if seconds_a_piece:
    download.Download._count = slowly
def failpoint(name):
    if name == dies_at:
        os.kill(os.getpid(), signal.SIGKILL)
environment = {name: value for name, value in os.environ.items() if name.startswith("MTRIBES_")}
context = CliRunner(home, environment).context(standard_streams())
sys.exit(main(sys.argv[4:], replace(context, failpoint=failpoint, clock=Clock())))
"""


class ShortClock(QuickClock):
    """A clock that waits a little, so that a server is not asked without a pause."""

    def sleep(self, seconds: float) -> None:
        """A twentieth of a second at most."""
        time.sleep(min(seconds, 0.05))
        super().sleep(seconds)


@dataclass(frozen=True)
class ExportEnvironment:
    """Somebody who exports from production of a Space."""

    mtribes: CliRunner
    server: RunningServer
    space: str

    @property
    def url(self) -> str:
        """The environment, past any relay."""
        return f"{self.server.url}/v2/spaces/{self.space}/environments/production"

    @property
    def headers(self) -> dict[str, str]:
        """Their credentials."""
        return {"Authorization": f"Bearer {self.mtribes.environment['MTRIBES_TOKEN']}"}

    def put(self, *users: dict[str, Any]) -> None:
        """Insert or update users."""
        for start in range(0, len(users), 1000):
            answer = httpx.post(
                f"{self.url}/users", json=users[start : start + 1000], headers=self.headers, trust_env=False, timeout=60
            )
            assert answer.is_success, answer.text

    def words(self, *options: str, tribe: str = "everybody") -> tuple[str, ...]:
        """The words of the command."""
        return ("tribe", "export", tribe, "--space", self.space, "--environment", "production", *options)

    def export(self, *options: str, terminal: bool = False) -> Outcome:
        """`mtribes tribe export everybody`."""
        return self.mtribes(*self.words(*options), terminal=terminal)

    def started(self, *options: str, dies_at: str = "nowhere", seconds_a_piece: float = 0) -> subprocess.Popen[bytes]:
        """The same in a process of its own."""
        given: Sequence[str] = (str(self.mtribes.home), dies_at, str(seconds_a_piece))
        return subprocess.Popen(
            [sys.executable, "-c", DYING, *given, *self.words(*options)],
            env=os.environ | self.mtribes.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def read(self, name: str) -> bytes:
        """A file of theirs."""
        return (self.mtribes.home / name).read_bytes()

    def left_behind(self) -> list[str]:
        """What lies about that is not an output."""
        state = self.mtribes.folders.state / "exports"
        found = [path.name for path in self.mtribes.home.glob(".*.part")]
        return found + ([path.name for path in state.iterdir()] if state.is_dir() else [])

    def parts(self) -> list[Path]:
        """Files on their way."""
        return list(self.mtribes.home.glob(".*.part"))


def new_export_environment(ada: Signed, server: RunningServer) -> ExportEnvironment:
    """An environment without people, in a Space with a tribe of everybody."""
    key = unique("crm")
    assert ada.mtribes("space", "create", key, "--org", ada.organization).exit_code == 0
    ada.mtribes.clock = ShortClock()
    leaving = ExportEnvironment(ada.mtribes, server, key)
    stored = httpx.put(f"{server.url}/v2/spaces/{key}/tribes", json=EVERYBODY, headers=leaving.headers, trust_env=False)
    assert stored.is_success, stored.text
    return leaving


def large_users(count: int, *, plan: str = "gold") -> list[dict[str, Any]]:
    """Users of a kilobyte each, with cells that need care."""
    note = 'a "note", of\r\nlines ' * 40
    return [
        {"user_id": f"user-{number}", "attributes": {"plan": plan, "note": note, "number": number}}
        for number in range(count)
    ]
