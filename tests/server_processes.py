"""Servers for tests as people start them: `python -m templates_server start` in a process of its own."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from tests import secret_scanner
from tests.unhandled_exceptions import UNHANDLED

START_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 30
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("MTRIBES_")}


@dataclass
class ServerProcess:
    """A server that answers, or did."""

    process: subprocess.Popen[str]
    folder: Path
    record: dict[str, Any]
    stderr: IO[str]

    @property
    def url(self) -> str:
        """Where it answers."""
        return str(self.record["url"])

    def said(self) -> str:
        """All that it wrote to stderr."""
        self.stderr.seek(0)
        return self.stderr.read()

    def stop(self) -> int:
        """Ask it to finish; its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(STOP_TIMEOUT_SECONDS)


@contextlib.contextmanager
def server_process(
    folder: Path,
    *options: str,
    environment: dict[str, str] | None = None,
    program: Sequence[str] = ("-m", "templates_server"),
) -> Iterator[ServerProcess]:
    """A server on a free port, with `folder` for its data, until the block ends; `program` is how Python starts it."""
    command = [sys.executable, *program, "start", "--port", "0", "--data", str(folder), *options]
    with (
        tempfile.TemporaryFile("w+") as stderr,
        subprocess.Popen(command, stderr=stderr, text=True, env={**ENVIRONMENT, **(environment or {})}) as process,
    ):
        server = ServerProcess(process, folder, {}, stderr)
        try:
            server.record = _record_of(server)
            yield server
        finally:
            server.stop()
            secret_scanner.LOGGED.lines.append(server.said())
            UNHANDLED.note_output(server.said())


def _record_of(server: ServerProcess) -> dict[str, Any]:
    """What server.json says once the server answers."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        with contextlib.suppress(FileNotFoundError):
            record: dict[str, Any] = json.loads((server.folder / "server.json").read_text())
            if record["pid"] == server.process.pid and status_of(f"{record['url']}/healthz") == 200:
                return record
        time.sleep(0.05)
    server.process.kill()
    raise AssertionError(f"the server did not start: {server.said()}")


def status_of(url: str) -> int:
    """The status of a GET; 0 when nothing answers."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
