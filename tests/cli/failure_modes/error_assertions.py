"""What a user is told on a bad day: an exit code, one line of what happened, one line of what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.cli.cli_runner import Outcome

TOKEN = "mtp_of_a_bad_day"
PROGRAM = (sys.executable, "-m", "mtribes_cli")
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Told:
    """An exit code and the two lines; `{url}` stands for the server's address, `...` for what no test can know."""

    exit_code: int
    what: str
    advice: str

    def at(self, url: str) -> Told:
        """The same, about a server."""
        return Told(self.exit_code, self.what.replace("{url}", url), self.advice.replace("{url}", url))


def told(outcome: Outcome) -> Told:
    """What a command that failed has said, which is these two lines, and nothing on stdout."""
    assert outcome.out == ""
    assert "Traceback" not in outcome.err
    lines = [line for line in outcome.err.splitlines() if line.startswith(("error: ", "hint: "))]
    assert len(lines) == 2, outcome.err
    assert outcome.err.endswith("\n".join([*lines, ""])), outcome.err
    return Told(outcome.exit_code, lines[0].removeprefix("error: "), lines[1].removeprefix("hint: "))


@dataclass
class Program:
    """`mtribes` as a process of its own, with an environment in which nothing of this one's is left."""

    folder: Path
    environment: dict[str, str]

    def start(self, *argv: str, prefix: tuple[str, ...] = (), **environment: str) -> subprocess.Popen[bytes]:
        """The process, behind the words of `prefix`; nobody types."""
        return subprocess.Popen(
            [*prefix, *PROGRAM, *argv],
            cwd=self.folder,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def __call__(self, *argv: str, prefix: tuple[str, ...] = (), **environment: str) -> Outcome:
        """How it ended."""
        return ended(self.start(*argv, prefix=prefix, **environment))


def ended(process: subprocess.Popen[bytes]) -> Outcome:
    """The outcome of a process, waited for."""
    out, err = process.communicate(timeout=TIMEOUT_SECONDS)
    return Outcome(process.returncode, out.decode(), err.decode())


def bare_environment(home: Path, **more: str) -> Mapping[str, str]:
    """Enough to run a program, and no more."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    backend = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    root = str(Path(__file__).parents[3])
    return kept | backend | {"HOME": str(home), "PYTHONPATH": root} | more
