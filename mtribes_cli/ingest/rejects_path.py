"""Where the rejects file is, whether it may be replaced, and putting it there whole. Its content is in `rejects`."""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mtribes_cli.errors import FileError, UsageError
from mtribes_cli.files.atomic_file import flush_to_disk, put_in_place, staging_path, write_private
from mtribes_cli.files.bounded_reader import MAX_STATE_FILE_BYTES, read_regular_file
from mtribes_cli.files.errors import file_error
from mtribes_cli.files.output_file import OutputTarget, output_target, write_through
from mtribes_cli.ingest.rejects import RejectsFormat, Spool, default_name
from mtribes_cli.terminal.sanitize import sanitize

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_READ_BYTES = 1024 * 1024


@dataclass(frozen=True)
class RejectsFile:
    """The path of a rejects file, and the note of what this program wrote there the last time."""

    path: Path
    shown: str
    note: Path
    through: OutputTarget | None = None  # a device or a pipe, which is written through

    def put(self, rejects: Spool, kind: RejectsFormat, encoding: str) -> None:
        """Write all rejects, or nothing: an earlier file is replaced at once. Raises FileError."""
        if self.through is not None:
            self._write_through(self.through, rejects, kind)
            return
        staged = staging_path(self.path, secrets.token_hex(8))
        try:
            self._write(staged, rejects, kind, encoding)
            digest = _digest(staged)
            put_in_place(staged, self.path)
            write_private(self.note, digest.encode())
        except BaseException as error:
            with suppress(OSError):
                staged.unlink()
            if isinstance(error, OSError):
                raise file_error(error, self.shown, cannot_be="written") from error
            raise

    @staticmethod
    def _write(staged: Path, rejects: Spool, kind: RejectsFormat, encoding: str) -> None:
        with staged.open("xb") as file:
            # rows come from that encoding; what a reason says besides may not have a place in it
            text = io.TextIOWrapper(file, encoding=encoding, errors="backslashreplace", newline="")
            kind.write(text, rejects)
            text.flush()
            flush_to_disk(file)
            text.detach()

    def _write_through(self, target: OutputTarget, rejects: Spool, kind: RejectsFormat) -> None:
        try:
            with write_through(target, sanitize=sanitize) as write:
                text = io.TextIOWrapper(io.BufferedWriter(_Pieces(write)), encoding="utf-8", newline="")
                kind.write(text, rejects)
                text.flush()
        except OSError as error:
            raise file_error(error, self.shown, cannot_be="written") from error

    def remove_ours(self) -> bool:
        """Delete the file of an earlier run, unless somebody has changed it; return whether there was one."""
        if not self.path.exists() or not self.is_ours:
            return False
        self.path.unlink()
        self.note.unlink(missing_ok=True)
        return True

    @property
    def is_ours(self) -> bool:
        """Return whether the file is as this program left it."""
        if not self.path.is_file():
            return False
        try:
            return read_regular_file(self.note, MAX_STATE_FILE_BYTES).decode("ascii") == _digest(self.path)
        except (OSError, UnicodeDecodeError):
            return False


class _Pieces(io.RawIOBase):
    """A stream for writing, by a function that takes bytes."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write

    def writable(self) -> bool:
        return True

    def write(self, buffer: ReadableBuffer) -> int:
        """Write all of it at once."""
        content = bytes(buffer)
        self._write(content)
        return len(content)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_READ_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def stated_rejects_file(folder: Path, state_folder: Path, stated: str, source: Path | None) -> RejectsFile:
    """Return the file of `--rejects`. Raises UsageError for the input itself, FileError for another user's file."""
    target = output_target(folder / stated, stated, folder)
    found = _at(target.file or target.given, stated, state_folder)
    if target.file is None:
        return replace(found, through=target)
    if source is not None and _is_same(found.path, source):
        raise UsageError("--rejects is the input file.", "Use another file.")
    if found.path.exists() and not found.is_ours:
        raise FileError(
            f"{stated} already exists and was changed since this command wrote it.",
            "Use another file, or delete that one.",
        )
    return found


def default_rejects_file(folder: Path, state_folder: Path, file: str, extension: str) -> RejectsFile:
    """Return the file beside the input, under the first name that is free or ours."""
    name = default_name(file, extension)
    for _ in range(1000):
        path = folder / name
        found = _at(path, str(Path(file).parent / name) if Path(file).parent != Path() else name, state_folder)
        if not path.exists() or found.is_ours:
            return found
        name = default_name(name, extension)
    raise FileError(f"There are too many rejects files next to {file}.", "Delete some of them, or pass --rejects FILE.")


_OF_SYSTEM = ("/dev/", "/proc/")
_STDIN_NAMES = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")


def is_beside_possible(path: Path) -> bool:
    """Return whether a file can be written beside that path: not so where the system shows what is open."""
    return not str(path).startswith(_OF_SYSTEM)


def name_of_stream(file: str) -> str:
    """Return the name for the rejects of stdin, or of a pipe that the user calls `file`."""
    if file in _STDIN_NAMES:
        return "stdin"
    return "input" if file.startswith(_OF_SYSTEM) else Path(file).name


def _at(path: Path, shown: str, state_folder: Path) -> RejectsFile:
    name = hashlib.sha256(os.path.realpath(path).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return RejectsFile(path, shown, state_folder / "imports" / f"{name}.rejects")


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
