"""The list of erasures as a file in the data folder: it outlives the database, so that no backup restores anybody.

One JSON object a line: `{"environment": "env_...", "person": "per_...", "erased": "2026-11-21T20:35:00.123Z"}`. A line
is added once the erasure is stored, before the response: listed erasures have happened. Lines lost to a crash or a full
disk are in the database's own list, and added at the next start.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable, Sequence
from io import FileIO
from pathlib import Path

import msgspec

from templates_server.features.people.erasure_store import ErasedPerson
from templates_server.primitives.timestamps import parse_rfc3339, to_rfc3339
from templates_server.storage.data_folder import PRIVATE_FILE, keep_names

LOGGER = logging.getLogger("templates_server")


class UnreadableErasureLog(Exception):
    """An error for an invalid line; the message says which."""


class _Line(msgspec.Struct, frozen=True):
    environment: str
    person: str
    erased: str


class ErasureLog:
    """The erasure file of one server."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._waiting: list[ErasedPerson] = []

    def add(self, people: Sequence[ErasedPerson]) -> None:
        """Add people permanently. A write error is logged, and the write is retried with the next ones."""
        with self._lock:
            self._waiting += people
            try:
                _append(self._path, self._waiting)
            except OSError:
                LOGGER.exception("could not write %s: %d erasures are pending", self._path, len(self._waiting))
            else:
                self._waiting.clear()

    def complete(self, people: Iterable[ErasedPerson]) -> None:
        """Add those of these people who are missing in the file. Raise OSError when that fails."""
        listed = set(read_erasures(self._path))
        missing = [one for one in people if one not in listed]
        if missing:
            _append(self._path, missing)


def read_erasures(path: Path) -> Sequence[ErasedPerson]:
    """Return everybody listed in a file; nobody without a file. UnreadableErasureLog names an invalid line.

    An incomplete last line is skipped: its request got no response.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    return parse_erasures(content)


def parse_erasures(content: bytes) -> Sequence[ErasedPerson]:
    """Return everybody listed in a text, like `read_erasures`."""
    *lines, _broken_off = content.split(b"\n")
    return [_person(line, number) for number, line in enumerate(lines, start=1) if line.strip()]


def _person(line: bytes, number: int) -> ErasedPerson:
    try:
        read = msgspec.json.decode(line, type=_Line)
        return ErasedPerson(read.environment, read.person, parse_rfc3339(read.erased))
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise UnreadableErasureLog(f"line {number} is not a valid erasure ({error})") from None


def format_erasures(people: Iterable[ErasedPerson]) -> bytes:
    """Format people as lines."""
    lines = (_Line(one.environment_id, one.person_id, to_rfc3339(one.erased)) for one in people)
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)


def _append(path: Path, people: Iterable[ErasedPerson]) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, PRIVATE_FILE)
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        is_new = os.fstat(descriptor).st_size == 0
        _drop_broken_line(file)
        content = format_erasures(people)
        if file.write(content) != len(content):
            raise OSError(f"incomplete write to {path}")
        os.fsync(file.fileno())
    if is_new:
        keep_names(path.parent)


def _drop_broken_line(file: FileIO) -> None:
    """Remove an incomplete last line, which would corrupt the next one."""
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        return
    file.seek(size - 1)
    if file.read(1) != b"\n":
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
