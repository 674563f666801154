"""The log of a server: a file that several processes append to, put aside when it is large, and what goes into it.

A file is put aside by renaming it, by whichever process finds it large first, under a lock on that very file. The
others notice before their next line that the name stands for another file. A line that is written in between goes into
the file that was put aside: none is lost.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import re
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

MAX_LOG_BYTES = 10 * 1024 * 1024
ASIDE = ".1"
REPEATED_SECONDS = 60
MOST_PLACES = 256
STANDARD_DESCRIPTORS = (1, 2)  # stdout and stderr
SEEN = "mtribes_seen"
DETAILS = re.compile(r"^(DETAIL|CONTEXT):.*$", re.MULTILINE)


def rotated_path(log_file: Path) -> Path:
    """Where the part of the log is that was put aside."""
    return log_file.with_name(log_file.name + ASIDE)


class SharedLogFile(logging.FileHandler):
    """Appends to a log file; puts it aside when it is large, and follows where another process or program did that."""

    def __init__(self, filename: str, *, max_bytes: int = MAX_LOG_BYTES) -> None:
        super().__init__(filename, encoding="utf-8")
        self._path = Path(filename)
        self._max_bytes = max_bytes

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, into the file that bears the name now."""
        try:
            if self.stream is not None:
                self._keep_in_place()
        except OSError:
            self.handleError(record)
        super().emit(record)

    def _keep_in_place(self) -> None:
        """Have the stream open on the file of that name, which is not too large."""
        if not self._is_in_place():
            self._reopen()
        if os.fstat(self._descriptor()).st_size >= self._max_bytes:
            self._put_aside()

    def _is_in_place(self) -> bool:
        try:
            return os.path.samestat(self._path.stat(), os.fstat(self._descriptor()))
        except FileNotFoundError:
            return False

    def _put_aside(self) -> None:
        with _hold_lock(self._descriptor()):
            if self._is_in_place():  # no other process was faster
                if sys.platform == "win32" and self.stream is not None:
                    self.stream.close()  # an open file cannot be renamed there, nor while another process has it open
                with contextlib.suppress(PermissionError):
                    self._path.replace(rotated_path(self._path))
            self._reopen()

    def _reopen(self) -> None:
        """Open the file of that name; where a standard stream of the process is the file of before, it follows."""
        before = self.stream
        self.stream = self._open()
        if before is not None and not before.closed:
            _redirect(before.fileno(), self._descriptor())
            before.close()

    def _descriptor(self) -> int:
        if self.stream is None:
            raise ValueError(f"{self._path} is closed")
        return self.stream.fileno()


@contextlib.contextmanager
def _hold_lock(descriptor: int) -> Iterator[None]:
    """A lock on an open file, which all processes honour, until the block ends or the file is closed."""
    if sys.platform == "win32":
        yield
        return
    import fcntl  # noqa: PLC0415 - there is none on Windows

    held = os.dup(descriptor)  # the stream may be another one at the end
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _redirect(before: int, after: int) -> None:
    """Have the standard streams that go to one file go to another, as when somebody started us detached."""
    for descriptor in STANDARD_DESCRIPTORS:
        with contextlib.suppress(OSError):  # there may be none
            if os.path.samestat(os.fstat(descriptor), os.fstat(before)):
                os.dup2(after, descriptor)


class LogLine(logging.Formatter):
    """A line, and below it a traceback; what PostgreSQL adds to its messages is left out, since it quotes values."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name in the standard library
        """The traceback."""
        return DETAILS.sub(r"\1: (not logged)", super().formatException(ei))


class RepeatedFailures(logging.Filter):
    """Lets the traceback of a failure through once a minute for each place; between that, a line that counts."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._counting = threading.Lock()
        self._places: OrderedDict[str, tuple[float, int]] = OrderedDict()  # when it was told last, and how many since

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through; one that repeats another without its traceback."""
        if not record.exc_info or record.exc_info[1] is None or hasattr(record, SEEN):
            return True
        setattr(record, SEEN, True)  # several handlers share the filter
        place = _place(record.exc_info[1], record.exc_info[2])
        if repetitions := self._count(place):
            record.msg = f"{record.getMessage()}: {place} again, {repetitions} since the last traceback"
            record.args = ()
            record.exc_info = record.exc_text = None
        return True

    def _count(self, place: str) -> int:
        """How often a failure was repeated; 0 when its traceback is to be told now."""
        now = self._clock()
        with self._counting:
            told_at, repetitions = self._places.pop(place, (-math.inf, 0))
            is_due = now - told_at >= REPEATED_SECONDS
            self._places[place] = (now, 0) if is_due else (told_at, repetitions + 1)
            if len(self._places) > MOST_PLACES:
                self._places.popitem(last=False)
            return self._places[place][1]


def _place(error: BaseException, at: TracebackType | None) -> str:
    """The kind of a failure and where it came about; nothing of its message, which may quote what was sent."""
    if at is None:
        return type(error).__name__
    while at.tb_next is not None:
        at = at.tb_next
    return f"{type(error).__name__} at {at.tb_frame.f_code.co_filename}:{at.tb_lineno}"
