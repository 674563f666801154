"""Ctrl-C and its kin wherever the program may be: 130, two lines, nothing half-written; and two programs at once."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.code_stub import TOKEN, CodeStub
from tests.cli.failure_modes.error_assertions import PROGRAM, Program, Told, ended, told
from tests.cli.failure_modes.sockets import Behaviour, answering, listening

INTERRUPTED = Told(130, "Interrupted.", "No partial files were written. Run the command again.")
BY = {signal.SIGINT: "Interrupted.", signal.SIGTERM: "Interrupted by SIGTERM.", signal.SIGHUP: "Interrupted by SIGHUP."}

AT_TERMINAL = 'exec "$@" <>"$0" >&0 2>&0'
"""A leader of a session that opens a terminal has its keys, without a fork of this process and its threads."""


class Asked:
    """A server that keeps a request waiting, and says when it has come."""

    def __init__(self) -> None:
        self.came = threading.Event()
        self.may_go_on = threading.Event()

    def then(self, behaviour: Behaviour) -> Behaviour:
        """Do `behaviour` once it may."""

        def wait(connection: socket.socket) -> None:
            self.came.set()
            self.may_go_on.wait(20)
            behaviour(connection)

        return wait


@pytest.fixture
def asked() -> Iterator[Asked]:
    """One that lets everybody go in the end."""
    server = Asked()
    yield server
    server.may_go_on.set()


@pytest.mark.parametrize("number", BY, ids=lambda number: number.name)
def test_a_request_is_interrupted(program: Program, asked: Asked, number: signal.Signals) -> None:
    with listening(asked.then(answering())) as port:
        process = program.start("space", "pull", "vod", "--output", "vod.yaml", "--host", f"http://127.0.0.1:{port}")
        assert asked.came.wait(20)
        process.send_signal(number)
        outcome = ended(process)
        asked.may_go_on.set()
    assert told(outcome) == Told(130, BY[number], INTERRUPTED.advice)
    assert list(program.folder.iterdir()) == []


def test_what_the_parent_ignores_stays_ignored(program: Program, asked: Asked) -> None:
    with listening(asked.then(answering())) as port:
        words = ("space", "list", "--host", f"http://127.0.0.1:{port}")
        process = program.start(*words, prefix=("sh", "-c", "trap '' HUP; exec \"$@\"", "sh"))
        assert asked.came.wait(20)
        process.send_signal(signal.SIGHUP)
        time.sleep(0.1)
        asked.may_go_on.set()
        assert ended(process).exit_code == 0


def test_ctrl_c_under_json_prints_the_envelope(program: Program, asked: Asked) -> None:
    with listening(asked.then(answering())) as port:
        process = program.start("space", "list", "--json", "--host", f"http://127.0.0.1:{port}")
        assert asked.came.wait(20)
        process.send_signal(signal.SIGINT)
        outcome = ended(process)
        asked.may_go_on.set()
    assert (outcome.exit_code, outcome.err) == (130, "")
    assert '"code": "INTERRUPTED"' in outcome.out


@pytest.mark.parametrize("delay_seconds", [0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3])
def test_ctrl_c_at_any_time_leaves_no_traceback(program: Program, delay_seconds: float) -> None:
    """From the first line of ours on; before that it is the interpreter's start."""
    started = (
        "import sys, mtribes_cli.main as program; really = program.main; sys.argv[1:] = ['whoami']\n"
        "program.main = lambda argv: (print(flush=True), really(argv))[1]; program.run()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", started], cwd=program.folder, env=program.environment, stdout=-1, stderr=-1
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(delay_seconds)
    process.send_signal(signal.SIGINT)
    outcome = ended(process)
    assert outcome.exit_code in {130, 4}
    assert "mtribes_cli/main.py" not in outcome.err or outcome.exit_code == 4, outcome.err


def _written(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


@pytest.fixture
def project(program: Program, code_stub: CodeStub) -> Path:
    """A folder whose code takes a while to write."""
    code_stub.files["vod"] = {f"part/{number}.ts": f"// {number}\n" for number in range(1500)}
    toml = f'host = "{code_stub.url}"\nspace = "vod"\n[[targets]]\nlanguage = "typescript"\noutput = "src/vod"\n'
    root = program.folder / "project"
    root.mkdir()
    (root / "mtribes.toml").write_text(toml)
    program.environment |= {"MTRIBES_TOKEN": TOKEN, "MTRIBES_HOST": code_stub.url}
    return root


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_writing_is_interrupted_and_taken_back(program: Program, project: Path, number: signal.Signals) -> None:
    process = program.start("update", "-C", str(project))
    _wait_until(lambda: any(project.glob("src/vod/.*/*")))
    process.send_signal(number)
    outcome = ended(process)
    assert told(outcome) == Told(130, BY[number], INTERRUPTED.advice)
    assert _written(project) == ["mtribes.toml"]
    assert program("update", "-C", str(project)).exit_code == 0
    assert len(_written(project)) == 1502


def test_two_updates_at_once_both_end_well(program: Program, project: Path) -> None:
    both = [program.start("update", "-C", str(project)) for _ in range(2)]
    outcomes = [ended(process) for process in both]
    assert [outcome.exit_code for outcome in outcomes] == [0, 0], outcomes
    assert sorted(outcome.out.splitlines()[-1].partition(":")[0] for outcome in outcomes) == ["Up to date", "Written"]
    assert len(_written(project)) == 1502


def test_two_pulls_at_once_leave_one_whole_file(program: Program) -> None:
    document = b"space: vod\n" + b"# " + b"x" * 200_000 + b"\n"
    with listening(answering(document, Content_Type="application/yaml")) as port:
        words = ("space", "pull", "vod", "--output", "vod.yaml", "--host", f"http://127.0.0.1:{port}")
        both = [program.start(*words) for _ in range(2)]
        assert [ended(process).exit_code for process in both] == [0, 0]
    assert [path.name for path in program.folder.iterdir()] == ["vod.yaml"]
    assert (program.folder / "vod.yaml").read_bytes() == document


def _wait_until(condition: object, timeout_seconds: float = 20) -> None:
    until = time.monotonic() + timeout_seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < until
        time.sleep(0.002)


@pytest.mark.parametrize("key", [b"\x03", b"\x04"], ids=["ctrl-c", "ctrl-d"])
def test_a_question_is_left(program: Program, key: bytes) -> None:
    """At a real terminal: the first question of `setup`."""
    shown = _typed_at_a_terminal(program, "setup", after="local [local]: ", keys=key)
    lines = shown.replace("\r", "").splitlines()
    assert lines[-2].startswith("error: "), shown
    assert lines[-1].startswith("hint: "), shown
    assert "Server URL, or local [local]: " in shown
    assert "Traceback" not in shown
    assert list(program.folder.iterdir()) == []


def _typed_at_a_terminal(program: Program, *words: str, after: str, keys: bytes) -> str:
    """What the screen shows; the program ends with 130."""
    environment = {name: value for name, value in program.environment.items() if name != "MTRIBES_TOKEN"}
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["sh", "-c", AT_TERMINAL, os.ttyname(theirs), *PROGRAM, *words],
        cwd=program.folder,
        env=environment | {"TERM": "xterm", "NO_COLOR": "1"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown, is_typed = b"", False
    with contextlib.suppress(OSError):  # a terminal ends so
        while piece := os.read(ours, 65536):
            shown += piece
            if not is_typed and after.encode() in shown:
                os.write(ours, keys)
                is_typed = True
    os.close(ours)
    assert process.wait() == 130, shown
    return shown.decode()
