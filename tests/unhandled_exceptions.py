"""Exceptions that a server of the tests did not handle: it logged a traceback. The test during which it did fails.

A test that provokes one on purpose takes it with `UNHANDLED.take()` and asserts what it is.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

TRACEBACK = "Traceback (most recent call last):"
LOGGERS = ("templates_server", "uvicorn", "asyncio", "starlette")
MAX_CHARACTERS = 8_000


class UnhandledRecorder(logging.Handler):
    """Notes what servers in this process log with a traceback, and what servers in others wrote to stderr."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
        self._noted: list[str] = []
        self._notes = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        """Note a record of a server's that has an exception."""
        if record.exc_info and record.name.partition(".")[0] in LOGGERS:
            self.note(self.format(record))

    def note_output(self, output: str) -> None:
        """Note what a process wrote to stderr from its first traceback on."""
        _, found, rest = output.partition(TRACEBACK)
        if found:
            self.note(found + rest)

    def note(self, traceback: str) -> None:
        """Note a traceback."""
        with self._notes:
            self._noted.append(traceback[-MAX_CHARACTERS:])

    def take(self) -> Sequence[str]:
        """Return what was noted since the last call."""
        with self._notes:
            taken, self._noted = self._noted, []
        return taken


UNHANDLED = UnhandledRecorder()
