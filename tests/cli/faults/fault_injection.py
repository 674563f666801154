"""Commands whose N-th call of one kind to the system fails, by `strace -e inject`, for any N.

A process that has everything imported forks a child for each command; strace counts calls for each process by itself
and fails call number `FAILING_CALL`. A child first makes as many calls for nothing as it takes for its own N-th to be
that one. Files are staged in the child's only thread, since strace counts for each thread as well.
"""

from __future__ import annotations

import json
import mmap
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.cli.cli_runner import Outcome
from tests.cli.project_runner import Project
from tests.requirements import require

FAILING_CALL = 400
SETTLE_SECONDS = 10.0
_OUTCOME_BYTES = 1 << 20


@dataclass(frozen=True)
class Fault:
    """Which kind of call fails, how, and whether all later ones fail too."""

    call: str
    error: str
    is_lasting: bool = False

    @property
    def rule(self) -> str:
        """It, as strace is told."""
        when = f"{FAILING_CALL}+" if self.is_lasting else str(FAILING_CALL)
        return f"inject={self.call}:error={self.error}:when={when}"


@dataclass(frozen=True)
class Tampered:
    """How a command ended, and whether a call of it failed."""

    outcome: Outcome
    is_hit: bool


class Tampering:
    """Runs commands of which one call fails."""

    def __init__(self, process: subprocess.Popen[str], log: Path, call: str) -> None:
        self._process = process
        self._log = log
        self._call = call

    def run(self, project: Project, argv: Sequence[str], number: int) -> Tampered:
        """`mtribes ARGV` in a project, its call number `number` failing."""
        request = {"home": str(project.root), "environment": project.environment, "argv": [*argv]}
        told = self._ask(request | {"call": self._call, "spare": FAILING_CALL - number})
        hit = f"{told['pid']} "
        lines = [line for line in self._log.read_text("utf-8", "replace").splitlines() if line.startswith(hit)]
        is_hit = any("(INJECTED)" in line for line in lines)
        return Tampered(Outcome(told["exit_code"], told["out"], told["err"]), is_hit)

    def warm_up(self, project: Project, argv: Sequence[str]) -> None:
        """Run a command in the process itself, so that no child has anything to import."""
        request = {"home": str(project.root), "environment": project.environment, "argv": [*argv], "call": None}
        assert self._ask(request)["exit_code"] == 0

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(request) + "\n")
        stdin.flush()
        told: dict[str, Any] = json.loads(stdout.readline())
        return told


def require_strace() -> str:
    """The path of strace, which may attach to processes here."""
    strace = shutil.which("strace")
    require(strace, "strace", "apt-get install strace")
    return str(strace)


@contextmanager
def tampering(warm_up: Project, argv: Sequence[str], fault: Fault) -> Iterator[Tampering]:
    """A call fails. `argv` run in `warm_up` imports all that there is to import, once and before that."""
    strace = require_strace()
    command = [sys.executable, "-c", "from tests.cli.faults.fault_injection import serve; serve()"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    log = warm_up.root.parent / f"strace-{fault.call}-{fault.error}.log"
    tracer: subprocess.Popen[str] | None = None
    try:
        tampering = Tampering(process, log, fault.call)
        tampering.warm_up(warm_up, argv)
        options = ["-f", "-o", str(log), "-e", f"trace={fault.call}", "-e", fault.rule, "-p", str(process.pid)]
        tracer = subprocess.Popen([strace, *options], stderr=subprocess.PIPE, text=True)
        require(_is_attached(tracer), "strace that may attach", "run as root, or set kernel.yama.ptrace_scope to 0")
        yield tampering
    finally:
        _end(process, process.stdin)
        if tracer is not None:
            tracer.wait(SETTLE_SECONDS)
            assert tracer.stderr is not None
            tracer.stderr.close()
        assert process.stdout is not None
        process.stdout.close()


def _is_attached(tracer: subprocess.Popen[str]) -> bool:
    assert tracer.stderr is not None
    return "attached" in tracer.stderr.readline()


def _end(process: subprocess.Popen[str], stdin: IO[str] | None) -> None:
    assert stdin is not None
    stdin.close()
    process.wait(SETTLE_SECONDS)


# The process that is traced


def serve() -> None:
    """Run each command that stdin asks for in a child of its own; without a call that is to fail, here."""
    _stage_in_one_thread()
    shared = mmap.mmap(-1, _OUTCOME_BYTES)
    for line in sys.stdin:
        request = json.loads(line)
        pid = 0
        if request["call"] is None:
            told = _run(request)
        else:
            pid = os.fork()
            if pid == 0:
                _child(request, shared)
            os.waitpid(pid, 0)
            shared.seek(0)
            told = json.loads(shared.readline())
        print(json.dumps(told | {"pid": pid}), flush=True)  # noqa: T201 - the protocol


def _child(request: dict[str, Any], shared: mmap.mmap) -> None:
    """Report through memory: a call could be the one that fails."""
    told: dict[str, Any] = {"exit_code": -1, "out": "", "err": "the child broke"}
    try:
        spare = SPARE_CALLS[request["call"]]
        null = os.open(os.devnull, os.O_WRONLY)
        for _ in range(request["spare"] - (request["call"] == "openat")):
            _without_effect(spare, null)
        told = _run(request)
    except BaseException as error:  # noqa: BLE001 - told to the test
        told["err"] = repr(error)
    finally:
        shared.seek(0)
        shared.write(json.dumps(told).encode() + b"\n")
        os._exit(0)


def _without_effect(spare: Callable[[int], object], null: int) -> None:
    try:
        spare(null)
    except OSError:
        return


_NOWHERE = "/proc/nowhere/x"
SPARE_CALLS: dict[str, Callable[[int], object]] = {
    "write": lambda null: os.write(null, b"x"),
    "fsync": os.fsync,
    "openat": lambda _: os.open(_NOWHERE, os.O_RDONLY),
    "rename": lambda _: os.rename(_NOWHERE, _NOWHERE),  # noqa: PTH104 - the call itself is meant
    "unlink": lambda _: os.unlink(_NOWHERE),  # noqa: PTH108
    "mkdir": lambda _: os.mkdir(_NOWHERE),  # noqa: PTH102
    "rmdir": lambda _: os.rmdir(_NOWHERE),  # noqa: PTH106
    "linkat": lambda _: os.link(_NOWHERE, _NOWHERE, follow_symlinks=False),
    "chmod": lambda _: os.chmod(_NOWHERE, 0),  # noqa: PTH101
}
"""Calls that do nothing, by what strace calls them; here they are those of this machine."""


def _run(request: dict[str, Any]) -> dict[str, Any]:
    outcome = Project(Path(request["home"]), request["environment"]).run(*request["argv"])
    return {"exit_code": outcome.exit_code, "out": outcome.out, "err": outcome.err}


def _stage_in_one_thread() -> None:
    from mtribes_cli.generate import transaction  # noqa: PLC0415 - in the traced process alone

    class OneThread:
        def __init__(self, _threads: int) -> None:
            pass

        def __enter__(self) -> OneThread:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def map(self, function: Callable[[Any], Any], items: Any) -> Iterator[Any]:
            return map(function, items)

    setattr(transaction, "ThreadPoolExecutor", OneThread)  # noqa: B010 - it is not for others to set
