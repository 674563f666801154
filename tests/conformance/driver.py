"""A driver: a program of one language that does with its runtime what it is told, a line of JSON at a time."""

from __future__ import annotations

import contextlib
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
    """A running driver, and the next one when its process was ended, which has been started already."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self.told = Told()
        self._process, self._next = _Process(command), _Process(command)

    def close(self) -> None:
        """End it for good."""
        self._process.end()
        self._next.end()

    def restart(self) -> None:
        """End the process without a word to it, and go on with another."""
        self._process.end()
        self._process, self._next = self._next, _Process(self._command)

    def tell(self, do: str, **arguments: Any) -> Any:
        """Have it do something; what that gives."""
        reply = self._process.converse({"do": do, **arguments})
        self.told.take(reply)
        if "error" in reply:
            raise DriverFailed(f"{do} {arguments}: {reply['error']}")
        return reply.get("value")


class _Process:
    """One process of a driver."""

    def __init__(self, command: Sequence[str]) -> None:
        self._stderr = tempfile.TemporaryFile("w+")  # noqa: SIM115 - as long as the process
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._stderr, text=True, bufsize=1
        )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=_read, args=(self._process, self._lines), daemon=True)
        self._reader.start()

    def end(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout, self._stderr):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):  # a line that it did not live to read
                    stream.close()

    def converse(self, command: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send a line, and wait for the line that answers it."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()
            line = self._lines.get(timeout=REPLY_TIMEOUT_SECONDS)
        except BrokenPipeError:
            line = ""
        except queue.Empty:
            raise DriverFailed(f"{command}: no reply in {REPLY_TIMEOUT_SECONDS} s: {self._said()}") from None
        if not line:
            raise DriverFailed(f"{command}: it has ended: {self._said()}")
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
