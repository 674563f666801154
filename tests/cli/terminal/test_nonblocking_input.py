"""Input that was set to non-blocking by whoever shares it: "nothing yet" is not the end of it."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pytest

from mtribes_cli.main import main
from tests.cli.cli_runner import CliRunner
from tests.cli.stub_server import StubServer, data

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

pytestmark = pytest.mark.skipif(os.name == "nt", reason="descriptors of Unix")
INGEST = ("user", "ingest", "-", "--space", "vod", "--environment", "production", "--dry-run")


class Halting(io.RawIOBase):
    """A non-blocking pipe whose writer is slow: before each piece, and before the end, nothing is there, twice."""

    def __init__(self, pieces: Sequence[bytes], descriptor: int) -> None:
        self._answers = [answer for piece in (*pieces, b"") for answer in (None, None, piece)]
        self._descriptor = descriptor

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        piece = self._answers.pop(0) if self._answers else b""
        if piece is None:
            return None
        memoryview(buffer).cast("B")[: len(piece)] = piece
        return len(piece)


@pytest.fixture
def ready_pipe() -> Iterator[int]:
    """A non-blocking descriptor that always has something to read."""
    reading, writing = os.pipe()
    os.write(writing, b"x")
    os.set_blocking(reading, False)
    yield reading
    os.close(reading)
    os.close(writing)


def run(mtribes: CliRunner, descriptor: int, pieces: Sequence[bytes], *argv: str) -> tuple[int, str]:
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    stdin = io.TextIOWrapper(io.BufferedReader(Halting(pieces, descriptor)), encoding="utf-8")
    exit_code = main(argv, mtribes.context((stdin, out, out)))
    out.seek(0)
    stdin.detach().detach()  # the descriptor is the fixture's
    return exit_code, out.read()


def test_rows_of_a_slow_writer_are_read_to_the_end(mtribes: CliRunner, ready_pipe: int) -> None:
    mtribes.environment |= {"MTRIBES_TOKEN": "mtp_of_a_test", "MTRIBES_HOST": "http://127.0.0.1:9"}
    pieces = (b"user_id,plan\n", b"ada,gold\nbo", b"b,gold\n")
    exit_code, said = run(mtribes, ready_pipe, pieces, *INGEST)
    assert (exit_code, said) == (0, "Read 2. 0 would be rejected. Nothing was sent.\n")


def test_a_token_of_a_slow_writer_is_read_whole(mtribes: CliRunner, stub_server: StubServer, ready_pipe: int) -> None:
    stub_server.on("GET", "/v2/me", data({}))
    run(mtribes, ready_pipe, (b"mtp_of_", b"a_test\n"), "--host", stub_server.url, "login", "--with-token")
    assert stub_server.asked[0].headers["authorization"] == "Bearer mtp_of_a_test"


def test_a_question_at_a_terminal_that_does_not_block_waits(user: CliRunner) -> None:
    controller, terminal = pty.openpty()
    os.set_blocking(terminal, False)
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | user.environment
    environment |= {"XDG_STATE_HOME": str(user.home / "state"), "XDG_CONFIG_HOME": str(user.home / "config")}
    command = [sys.executable, "-m", "mtribes_cli", "token", "revoke", "tok_1"]
    asking = subprocess.Popen(command, stdin=terminal, stderr=terminal, stdout=subprocess.DEVNULL, env=environment)
    os.close(terminal)
    shown = b""
    while b"(yes/no) [no]: " not in shown and asking.poll() is None:
        shown += os.read(controller, 65_536)
    os.write(controller, b"no\n")
    assert asking.wait(30) == 130
    shown += os.read(controller, 65_536)
    os.close(controller)
    assert b"Canceled" in shown
