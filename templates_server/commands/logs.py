"""`mtribes-server logs`: what the server of a data folder had to say."""

from __future__ import annotations

import sys
import time
from collections import deque
from pathlib import Path
from typing import Annotated

import typer

from templates_server.commands.failures import CommandFailed, ExitCode
from templates_server.commands.options import Data, folder_of

HELP = "Print the end of the server's log."
PAUSE_SECONDS = 0.2


def logs(
    data: Data = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Stay, and print what is added.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", metavar="N", min=0, help="How many lines.")] = 200,
) -> int:
    """Print, and with --follow go on until interrupted."""
    path = folder_of(data).log_file
    try:
        with path.open(encoding="utf-8", errors="backslashreplace") as file:
            sys.stdout.writelines(deque(file, maxlen=lines))
            position = file.tell()
    except FileNotFoundError:
        raise CommandFailed(f"There is no log at {path}.", "Start a server first: `mtribes-server start`.") from None
    if follow:
        _follow(path, position)
    return ExitCode.DONE


def _follow(path: Path, position: int) -> None:
    while True:
        sys.stdout.flush()
        time.sleep(PAUSE_SECONDS)
        if not path.exists():
            continue
        if path.stat().st_size < position:
            position = 0  # a new log took the place of a large one
        with path.open(encoding="utf-8", errors="backslashreplace") as file:
            file.seek(position)
            sys.stdout.write(file.read())
            position = file.tell()
