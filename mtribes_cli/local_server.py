"""The local server of this user: is it running, where, and start it. What it serves is none of this file's business.

A running server leaves `server.json` in its data folder. It is believed when its process lives and its address
answers; a server is started as a program of its own, which goes on when this one ends.
"""

import http.client
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mtribes_cli.api.server_url import is_loopback
from mtribes_cli.errors import FileError, MtribesError, Problem, UsageError
from mtribes_cli.files.bounded_reader import MAX_STATE_FILE_BYTES, read_beginning, read_regular_file
from mtribes_cli.files.process_lock import process_lock

if TYPE_CHECKING:
    from mtribes_cli.clock import Clock
    from mtribes_cli.context import Context

INSTALL_COMMAND = "pip install 'mtribes[server]'"
START_TIMEOUT_SECONDS = 60.0
PROBE_TIMEOUT_SECONDS = 2.0
PROBE_PAUSE_SECONDS = 0.1
MAX_LOG_LINES = 12
SERVER_MODULE = "templates_server"
SERVER_PARTS = ("alembic", "argon2", "jinja2", "msgspec", "sqlalchemy", "starlette", "uvicorn", "zstandard")
SERVER_FILES = ("mtribes.db", "server.json", "server.key", "server.lock", "server.log")
LOST_AND_FOUND = "lost+found"  # of the file system itself, on a volume of its own
_WINDOWS_OWN_SESSION = sum(getattr(subprocess, name, 0) for name in ("DETACHED_PROCESS", "CREATE_NEW_PROCESS_GROUP"))
SECRETS = ("MTRIBES_TOKEN", "MTRIBES_CLIENT_ID", "MTRIBES_CLIENT_SECRET")


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A local server that responds."""

    url: str
    is_local: bool  # started with --local: it offers the sign-in without a browser
    is_demo: bool  # it has a /demo page


def running_server(folder: Path) -> RunningServer | None:
    """Return the server that is running on the data folder `folder`, if there is one."""
    try:
        record = json.loads(read_regular_file(folder / "server.json", MAX_STATE_FILE_BYTES))
        url, pid = str(record["url"]), int(record["pid"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    health = health_of(url) if _lives(pid) else None
    if health is None:
        return None
    return RunningServer(url, is_local=record.get("local") is True, is_demo=health.get("demo") is True)


def started_server(context: "Context") -> RunningServer:
    """Return the server of this user, started if none is running; at most one, however many ask at once."""
    folder = context.folders.server
    with process_lock(context.folders.state, folder, timeout_seconds=2 * START_TIMEOUT_SECONDS):
        server = running_server(folder)
        if server is None:
            _require_server_parts()
            _refuse_foreign_folder(folder)
            context.console.notice(f"Starting a local server with demo data in {folder}.")
            with context.console.working("Waiting for the server to respond"):
                server = _start(folder, context.environment, context.clock)
    if not server.is_local:
        raise UsageError(
            f"The server at {server.url} was started without --local, so you cannot sign in without a browser.",
            f"Run `mtribes setup --host {server.url}`, or run `mtribes-server stop` first.",
        )
    return server


def health_of(url: str) -> Mapping[str, object] | None:
    """Return the health of a server on this machine; None without a response, and for other addresses."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname or not is_loopback(parts.hostname):
        return None
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=PROBE_TIMEOUT_SECONDS)
    try:
        connection.request("GET", f"{parts.path}/healthz")
        answer = connection.getresponse()
        health = json.loads(answer.read(10_000)) if answer.status == http.client.OK else None
    except (OSError, ValueError, RecursionError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return health if isinstance(health, dict) else None


def _require_server_parts() -> None:
    missing = [name for name in (SERVER_MODULE, *SERVER_PARTS) if importlib.util.find_spec(name) is None]
    if missing:
        raise MtribesError(
            f"No local server is running, and this installation cannot start one: {', '.join(missing)} is "
            "not installed.",
            f"Install the server: {INSTALL_COMMAND}",
        )


def _refuse_foreign_folder(folder: Path) -> None:
    """Raise for a foreign folder: the log, written before the server starts, must not make it look like its own."""
    names = [path.name for path in folder.iterdir() if path.name != LOST_AND_FOUND] if folder.is_dir() else []
    if names and not any(name in SERVER_FILES for name in names):
        raise FileError(
            f"{folder} contains files that are not the data of a server.", "Set MTRIBES_DATA to an empty or new folder."
        )


def _start(folder: Path, environment: Mapping[str, str], clock: "Clock") -> RunningServer:
    """Start a server that outlives this program, and wait until it responds."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    log = folder / "server.log"
    log_start = log.stat().st_size if log.exists() else 0
    process = _detached(folder, environment, log)
    deadline = clock.now_seconds() + START_TIMEOUT_SECONDS
    while clock.now_seconds() < deadline:
        server = running_server(folder)
        if server is not None:
            process.returncode = 0  # it is meant to go on: no warning that nobody waits for it
            return server
        if process.poll() is not None:
            break
        clock.sleep(PROBE_PAUSE_SECONDS)
    process.kill()
    process.wait()
    content = read_beginning(log, log_start + MAX_STATE_FILE_BYTES)
    is_same = len(content) >= log_start  # else it was put aside, as it was large
    said = content[log_start if is_same else 0 :].decode("utf-8", "replace").splitlines()[-MAX_LOG_LINES:]
    raise MtribesError(
        "The local server did not start. The end of its log:",
        f"See {log}, or run `mtribes-server start --demo --local` to see its output.",
        problems=[Problem(line) for line in said],
    )


def _detached(folder: Path, environment: Mapping[str, str], log: Path) -> "subprocess.Popen[bytes]":
    inherited = {name: value for name, value in environment.items() if name not in SECRETS}
    command = [sys.executable, "-m", SERVER_MODULE, "start", "--demo", "--local", "--data", str(folder)]
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own program
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env=inherited,
            start_new_session=True,  # closing the terminal, or Ctrl-C in it, does not end the server
            creationflags=_WINDOWS_OWN_SESSION,
        )


def _lives(pid: int) -> bool:
    """Return whether the process exists, as far as the system tells without touching it."""
    if os.name == "nt":
        return True  # there `os.kill` ends a process; the address has to answer anyway
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return pid > 0
