"""A driver: a program of one language that does with its runtime what it is told, a line of JSON at a time."""

from __future__ import annotations

import json
import math
import queue
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

REPLY_TIMEOUT_SECONDS = 20


class DriverFailed(Exception):
    """It ended, said nothing in time, or could not do what it was told."""


@dataclass
class Told:
    """What the driver told last, and what has piled up since a case looked."""

    now: float = 0
    next: float = math.inf
    open: Sequence[int] = ()
    watching: int = 0
    pending: Sequence[str] = ()
    broken: list[str] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)

    def take(self, reply: Mapping[str, Any]) -> None:
        """Take what a reply tells besides its value."""
        self.now = reply["now"]
        self.next = math.inf if reply["next"] is None else reply["next"]
        self.open = reply["open"]
        self.watching = reply["watching"]
        self.pending = reply["pending"]
        self.broken += reply["broken"]
        self.calls += reply["calls"]
        self.logs += reply["logs"]


class Driver:
    """A running driver, and the next one when its process was ended."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._stderr = tempfile.TemporaryFile("w+")  # noqa: SIM115 - as long as the driver
        self.told = Told()
        self._start()

    def close(self) -> None:
        """End it for good."""
        self._kill()
        self._stderr.close()

    def restart(self) -> None:
        """End the process without a word to it, and start another."""
        self._kill()
        self._start()

    def tell(self, do: str, **arguments: Any) -> Any:
        """Have it do something; what that gives."""
        self._write({"do": do, **arguments})
        reply = self._reply(do)
        self.told.take(reply)
        if "error" in reply:
            raise DriverFailed(f"{do} {arguments}: {reply['error']}")
        return reply.get("value")

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._stderr, text=True, bufsize=1
        )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=_read, args=(self._process, self._lines), daemon=True)
        self._reader.start()

    def _write(self, command: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise DriverFailed(f"it has ended: {self._said()}") from None

    def _reply(self, do: str) -> Mapping[str, Any]:
        try:
            line = self._lines.get(timeout=REPLY_TIMEOUT_SECONDS)
        except queue.Empty:
            raise DriverFailed(f"{do}: no reply in {REPLY_TIMEOUT_SECONDS} s: {self._said()}") from None
        if not line:
            raise DriverFailed(f"{do}: it has ended: {self._said()}")
        reply: Mapping[str, Any] = json.loads(line)
        return reply

    def _said(self) -> str:
        self._stderr.seek(0)
        return self._stderr.read()


def _read(process: subprocess.Popen[str], lines: queue.SimpleQueue[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
    lines.put("")
