"""500 clients that are slow on purpose, in each way that slowhttptest knows: the server goes on answering others."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.requirements import require
from tests.server_processes import ServerProcess, server_process, status_of

pytestmark = pytest.mark.slow

CONNECTIONS = 500
FULL_SCALE_SECONDS = 60 if os.environ.get("MTRIBES_FULL_SCALE") == "1" else 0
SLOWEST_ANSWER_SECONDS = 1.0
STATUS = re.compile(r"(connected|closed): +(\d+)")
ALL_DROPPED = "No open connections left"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Attack:
    """A way to be slow: the options for it, where, for how long, and whether the server has dropped everybody then."""

    options: tuple[str, ...]
    path: str
    seconds: int
    is_over_by_then: bool


ATTACKS = {
    "headers": Attack(("-H", "-i", "2"), "/sign-in", 21, is_over_by_then=True),
    "bodies": Attack(("-B", "-i", "2", "-s", "8192"), "/oauth/token", 10, is_over_by_then=FULL_SCALE_SECONDS > 0),
    "ranges": Attack(("-R", "-a", "1", "-b", "3000"), "/sign-in", 10, is_over_by_then=True),
    "reading": Attack(("-X", "-w", "10", "-y", "20", "-n", "1", "-z", "5", "-k", "3"), "/", 10, is_over_by_then=False),
}


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with server_process(tmp_path_factory.mktemp("data")) as server:
        yield server


def answers_meanwhile(server: ServerProcess, attack: subprocess.Popen[bytes]) -> list[float]:
    """How many seconds each question for the server's health took while the attack went on."""
    seconds = []
    while attack.poll() is None:
        began = time.monotonic()
        assert status_of(f"{server.url}/healthz") == 200
        seconds.append(time.monotonic() - began)
        time.sleep(0.05)
    return seconds


def last_status(said: str) -> dict[str, int]:
    """How many connections slowhttptest had in the end, by their state."""
    return {state: int(count) for state, count in STATUS.findall(COLOUR.sub("", said))}


@pytest.mark.parametrize("name", ATTACKS)
def test_others_are_answered_within_a_second_while_500_are_slow(
    attacked: ServerProcess, name: str, tmp_path: Path
) -> None:
    program = shutil.which("slowhttptest")
    require(program, "slowhttptest", "apt-get install slowhttptest")
    attack = ATTACKS[name]
    command = [
        str(program),
        *attack.options,
        "-c",
        str(CONNECTIONS),
        "-r",
        "250",
        "-l",
        str(FULL_SCALE_SECONDS or attack.seconds),
    ]
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen([*command, "-u", attacked.url + attack.path], stdout=said, stderr=said)
        seconds = answers_meanwhile(attacked, process)
    text = (tmp_path / "said").read_text(errors="replace")
    status = last_status(text)
    assert status["connected"] + status["closed"] >= CONNECTIONS or ALL_DROPPED in text
    assert len(seconds) > 10
    assert max(seconds) < SLOWEST_ANSWER_SECONDS
    if attack.is_over_by_then:
        assert ALL_DROPPED in text
