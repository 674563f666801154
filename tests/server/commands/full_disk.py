"""Backups and exports in a process that may write no file beyond so many bytes; `python -m` it, as the test does.

What becomes of them is told as a line of JSON for each limit: how the backup ended and what it said, then the export.
"""

from __future__ import annotations

import contextlib
import io
import json
import resource
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from templates_server.__main__ import main
from templates_server.features.exports.file_store import ExportFiles, ExportWriteError, Rows, form_of

EXPORT = "exp_1"
WHOLE_EXPORT = b"[\n1,\n2\n]\n"


def export(folder: Path) -> bytes:
    """Make an export of two rows in a folder; what is in its file."""
    files = ExportFiles(folder)
    lock = files.hold(EXPORT)
    assert lock is not None
    try:
        files.write(EXPORT, form_of("json", ""), iter([Rows(b"1", 1), Rows(b"2", 1)]), lambda: None)
    finally:
        files.let_go(EXPORT, lock)
    return files.path(EXPORT).read_bytes()


@contextlib.contextmanager
def limited(limit_bytes: int) -> Iterator[None]:
    """No file gets larger in the block."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def _back_up(folder: Path, backup: Path) -> list[str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        exit_code = main(["backup", str(backup), "--data", str(folder)])
    return [str(exit_code), out.getvalue()]


def _export(there: Path) -> list[str]:
    try:
        return ["0", export(there).decode()]
    except ExportWriteError as error:
        return ["1", str(error)]


def told(limit_bytes: int, act: Callable[..., list[str]], *places: Path) -> list[str]:
    """How an act ended under a limit."""
    with limited(limit_bytes):
        return act(*places)


if __name__ == "__main__":
    data, there = map(Path, sys.argv[1:3])
    for limit_bytes in map(int, sys.argv[3:]):
        backup = told(limit_bytes, _back_up, data, there / f"backup-{limit_bytes}")
        exported = told(limit_bytes, _export, there / f"exports-{limit_bytes}")
        sys.stdout.write(json.dumps([limit_bytes, backup, exported]) + "\n")
