"""Export files in the data folder: written once, complete or absent, readable only by the server."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from templates_server.features.exports.columns import BETWEEN
from templates_server.storage.data_folder import PRIVATE_FILE, PRIVATE_FOLDER, put_in_place

MIBIBYTE = 1024 * 1024
LARGEST_BYTES = 16 * 1024 * MIBIBYTE
LEFT_FREE_BYTES = 256 * MIBIBYTE  # for the database, which lies on the same disk as a rule
PART, LOCK = ".part", ".lock"


class ExportWriteError(Exception):
    """The reason why a file cannot be written, in a text for the requester."""


class Rows(NamedTuple):
    """The text of a number of rows, without a separator after the last."""

    text: bytes
    number: int


@dataclass(frozen=True, slots=True)
class Form:
    """The texts before, between and after the rows of a file."""

    head: bytes
    between: bytes
    tail: bytes
    end: bytes  # of the last row, where there is one


@dataclass(frozen=True, slots=True)
class StoredFile:
    """The result of writing a file; `sha256` in hexadecimal."""

    rows: int
    bytes: int
    sha256: str


def form_of(kind: str, header: str) -> Form:
    """Return the form of CSV with a header (RFC 4180), JSON lines, or a JSON array with one line per element."""
    between = BETWEEN[kind]
    if kind == "csv":
        return Form(header.encode() + between, between, b"", between)
    if kind == "ndjson":
        return Form(b"", between, b"", between)
    return Form(b"[\n", between, b"]\n", b"\n")


class ExportFiles:
    """A folder with one file per export, named by its id."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, export_id: str) -> Path:
        """Return the path of the finished file."""
        return self._folder / export_id

    def hold(self, export_id: str) -> FileLock | None:
        """Acquire the lock of an export, held until released or the process ends. Return None if it is held already."""
        self._folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        lock = FileLock(self._folder / f"{export_id}{LOCK}", mode=PRIVATE_FILE, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return None
        return lock

    def let_go(self, export_id: str, lock: FileLock) -> None:
        """Release the lock."""
        lock.release()
        (self._folder / f"{export_id}{LOCK}").unlink(missing_ok=True)

    def write(self, export_id: str, form: Form, batches: Iterable[Rows], check: Callable[[], None]) -> StoredFile:
        """Write the rows; `check` may raise. Raise ExportWriteError on a full disk, leaving no file."""
        part = self._folder / f"{export_id}{PART}"
        try:
            written = self._spool(part, form, batches, check)
            put_in_place(part, self.path(export_id))
        except OSError as error:
            self.path(export_id).unlink(missing_ok=True)  # its name may not outlast a loss of power
            raise ExportWriteError(f"The server could not write the file: {error.strerror or error}.") from error
        finally:
            part.unlink(missing_ok=True)
        return written

    def _spool(self, part: Path, form: Form, batches: Iterable[Rows], check: Callable[[], None]) -> StoredFile:
        digest, rows, size, before = hashlib.sha256(), 0, 0, form.head
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
        with os.fdopen(descriptor, "wb") as file:
            for text, number in batches:
                chunk = before + text
                file.write(chunk)
                digest.update(chunk)
                rows, size, before = rows + number, size + len(chunk), form.between
                self._check_room(size)
                check()
            chunk = (form.end if rows else form.head) + form.tail
            file.write(chunk)
            digest.update(chunk)
            file.flush()
            os.fsync(file.fileno())
        return StoredFile(rows, size + len(chunk), digest.hexdigest())

    def _check_room(self, size: int) -> None:
        if size > LARGEST_BYTES:
            raise ExportWriteError(f"The export is larger than {LARGEST_BYTES // MIBIBYTE:,} MiB. Export less at once.")
        if shutil.disk_usage(self._folder).free < LEFT_FREE_BYTES:
            raise ExportWriteError("The server's disk is full.")

    def ids(self) -> set[str]:
        """Return the ids of the exports with any file here."""
        if not self._folder.is_dir():
            return set()
        return {entry.name.removesuffix(PART).removesuffix(LOCK) for entry in self._folder.iterdir()}

    def remove(self, export_id: str) -> None:
        """Delete all files of an export, unless a process is writing it."""
        lock = self.hold(export_id)
        if lock is not None:
            self.path(export_id).unlink(missing_ok=True)
            (self._folder / f"{export_id}{PART}").unlink(missing_ok=True)
            self.let_go(export_id, lock)
