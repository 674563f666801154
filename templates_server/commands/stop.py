"""`mtribes-server stop`: ask the server that runs on a data folder to finish and go."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Annotated

import typer

from templates_server.commands.errors import CommandFailed, ExitCode
from templates_server.commands.options import Data, resolve_data_folder
from templates_server.server import STOP_TIMEOUT_SECONDS
from templates_server.storage.data_folder import DataFolder

HELP = "Stop the server of the data directory after it has finished its running requests."
PAUSE_SECONDS = 0.05


def stop(
    data: Data = None,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=0, help="Seconds to wait for the server to stop.")
    ] = STOP_TIMEOUT_SECONDS + 10.0,
) -> int:
    """Stop it and wait until it is gone; that none runs is as good."""
    folder = resolve_data_folder(data)
    record = folder.running()
    if record is None:
        sys.stdout.write(f"No server is running on {folder.path}.\n")
        return ExitCode.DONE
    _end(record.pid)
    if not _gone_within(folder, timeout):
        raise CommandFailed(
            f"The server (pid {record.pid}) did not stop within {timeout:g} seconds.", "Check `mtribes-server logs`."
        )
    sys.stdout.write(f"Stopped {record.url} (pid {record.pid}).\n")
    return ExitCode.DONE


def _end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGTERM)  # on Windows this ends it at once; what was acknowledged is stored
    except ProcessLookupError:
        return
    except PermissionError:
        raise CommandFailed(
            f"The server (pid {pid}) belongs to another user.", "Run the command as that user."
        ) from None


def _gone_within(folder: DataFolder, timeout_seconds: float) -> bool:
    deadline = time.monotonic() + timeout_seconds
    while folder.running() is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(PAUSE_SECONDS)
    folder.record_file.unlink(missing_ok=True)
    return True
