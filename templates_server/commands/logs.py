"""`mtribes-server logs`: what the server of a data folder had to say."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TextIO

import typer

from templates_server.commands.errors import CommandFailed, ExitCode
from templates_server.commands.log_file import rotated_path
from templates_server.commands.options import Data, resolve_data_folder

HELP = "Show the end of the server log."
PAUSE_SECONDS = 0.2


def logs(
    data: Data = None,
    *,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Keep running and print new lines as they are written.")
    ] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", metavar="N", min=0, help="Number of lines to show.")] = 200,
) -> int:
    """Print, and with --follow go on until interrupted."""
    path = resolve_data_folder(data).log_file
    if not path.exists() and not rotated_path(path).exists():
        raise CommandFailed(f"No log at {path}.", "Start a server first: `mtribes-server start`.")
    file = _open_log(path)
    sys.stdout.writelines(deque(_all_lines(path, file), maxlen=lines))
    if follow:
        for text in _read_added(path, file):
            sys.stdout.write(text)
            sys.stdout.flush()
    elif file is not None:
        file.close()
    return ExitCode.DONE


def _all_lines(path: Path, file: TextIO | None) -> Iterator[str]:
    """The lines of the log that was put aside, then those of the log, whose file is read up to its end."""
    before = _open_log(rotated_path(path))
    if before is not None:
        with before:
            is_same = file is not None and os.path.sameopenfile(before.fileno(), file.fileno())
            if not is_same:  # it was not put aside just now
                yield from before
    if file is not None:
        yield from file


def _read_added(path: Path, file: TextIO | None) -> Iterator[str]:
    """What is added to the log from now on. Once the file was put aside it is read to its end, then the new one is."""
    while True:
        sys.stdout.flush()
        time.sleep(PAUSE_SECONDS)
        if file is None:
            file = _open_log(path)
        while file is not None:
            is_over = not _is_in_place(path, file)  # before it is read: nothing is added to it then
            yield _rest(file)
            if not is_over:
                break
            file.close()
            file = _open_log(path)


def _rest(file: TextIO) -> str:
    """What was not read yet; all of it, where the file was emptied, as `logrotate` does by `copytruncate`."""
    if os.fstat(file.fileno()).st_size < file.tell():
        file.seek(0)
    return file.read()


def _is_in_place(path: Path, file: TextIO) -> bool:
    """Whether the path leads to the file; while it leads nowhere, the file is still the one that is written."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return True


def _open_log(path: Path) -> TextIO | None:
    try:
        return path.open(encoding="utf-8", errors="backslashreplace")
    except FileNotFoundError:
        return None
