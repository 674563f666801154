"""What is known of an import here: its id, and what became of each part, so that the same command goes on.

One file an import in the user's state folder, a line a part, each on the disk before the next part is sent. The first
line says of what the import is. A last line that breaks off was never finished: its part is sent again, and the server
answers as it did the first time. Which parts are applied is the server's to say.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from mtribes_cli.api.models.imports import ImportedPart, RowFault, Totals
from mtribes_cli.files.atomic_file import flush_to_disk, write_private
from mtribes_cli.files.bounded_reader import MAX_LINE_BYTES, MAX_STATE_FILE_BYTES, read_beginning
from mtribes_cli.files.errors import file_error
from mtribes_cli.ingest.batch import CUT

JOURNAL_VERSION = 1
FOLDER, EXTENSION = "imports", ".import"
KEPT_SECONDS = 90 * 24 * 3600.0
_MOST_ROWS = 2**53


@dataclass(frozen=True)
class Identity:
    """What makes two imports the same: where to, from where, with which options, and the first part's digest."""

    host: str
    space: str
    environment: str
    source: str  # an absolute path, or "-"
    options: str
    first_digest: str

    @property
    def name(self) -> str:
        """The name of the file. The same content from another path is the same import."""
        same = [CUT, self.host, self.space, self.environment, self.options, self.first_digest]
        return hashlib.sha256(json.dumps(same).encode()).hexdigest()[:32]

    @property
    def lock_name(self) -> str:
        """What is locked meanwhile. Locks stay behind, so there is a bound to them; imports seldom meet at one."""
        return self.name[:3]

    def is_another_of(self, header: Mapping[str, Any]) -> bool:
        """Return whether `header` is of an import of the same source and place, with other content or options."""
        place = ("host", "space", "environment", "source")
        return all(header.get(name) == getattr(self, name) for name in place) and header.get("name") != self.name


class ImportJournal:
    """The journal of one import. What was wrong with rows stays on the disk until it is asked for."""

    def __init__(self, path: Path, import_id: str, starts: list[int], end: int) -> None:
        self.path = path
        self.import_id = import_id
        self._starts = starts  # of the line of each part, in bytes
        self._end = end
        self._file: BinaryIO | None = None

    def __len__(self) -> int:
        """Return how many parts are known."""
        return len(self._starts)

    def part(self, number: int) -> ImportedPart | None:
        """Return the result of a part, as far as it is known."""
        if number > len(self._starts):
            return None
        with self.path.open("rb") as file:
            file.seek(self._starts[number - 1])
            return _part(file.readline())

    def add(self, part: ImportedPart) -> None:
        """Note what became of the next part. Raises FileError."""
        line = _line({"digest": part.digest, **asdict(part.totals), "errors": [_row(fault) for fault in part.faults]})
        try:
            if self._file is None:
                self._file = self.path.open("ab")
            self._file.write(line)
            flush_to_disk(self._file)
        except OSError as error:
            raise file_error(error, str(self.path), cannot_be="written") from error
        self._starts.append(self._end)
        self._end += len(line)

    def keep_only(self, parts: int) -> None:
        """Delete the parts after so many: the server does not know them."""
        if parts < len(self._starts):
            self.close()
            self._end = self._starts[parts]
            os.truncate(self.path, self._end)
            del self._starts[parts:]

    def remove(self) -> None:
        """Delete the journal."""
        self.close()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _journal_path(state_folder: Path, identity: Identity) -> Path:
    """Return the path of the journal of an import."""
    return state_folder / FOLDER / f"{identity.name}{EXTENSION}"


def open_journal(state_folder: Path, identity: Identity) -> ImportJournal:
    """Return the journal of an import: the existing one, or a new one with a new ID, written to disk first."""
    path = _journal_path(state_folder, identity)
    known = _read(path)
    if known is not None:
        return known
    import_id = f"imp_{secrets.token_hex(12)}"
    header = {"version": JOURNAL_VERSION, "import": import_id, "name": identity.name, **asdict(identity)}
    try:
        write_private(path, _line(header))
    except OSError as error:
        raise file_error(error, str(path), cannot_be="written") from error
    return ImportJournal(path, import_id, [], path.stat().st_size)


def others_of(state_folder: Path, identity: Identity) -> Iterator[ImportJournal]:
    """Return unfinished imports of the same source with other content. Old ones are removed."""
    for path in sorted((state_folder / FOLDER).glob(f"*{EXTENSION}")):
        header = _header(path)
        if header is None or path.stat().st_mtime < time.time() - KEPT_SECONDS:
            with suppress(OSError):  # what is no file of ours may stay
                path.unlink()
        elif identity.is_another_of(header) and (known := _read(path)):
            yield known


def _read(path: Path) -> ImportJournal | None:
    """Read the journal as far as it is complete; a truncated end is cut off."""
    header = _header(path)
    if header is None:
        return None
    starts: list[int] = []
    with path.open("r+b") as file:
        end = len(file.readline())
        while line := file.readline(MAX_LINE_BYTES):
            if not line.endswith(b"\n") or _part(line) is None:
                break
            starts.append(end)
            end += len(line)
        file.truncate(end)
    return ImportJournal(path, header["import"], starts, end)


def _header(path: Path) -> Mapping[str, Any] | None:
    try:
        header = json.loads(read_beginning(path, MAX_STATE_FILE_BYTES).partition(b"\n")[0])
    except (OSError, ValueError, RecursionError):
        return None
    is_ours = (
        isinstance(header, dict) and header.get("version") == JOURNAL_VERSION and isinstance(header.get("import"), str)
    )
    return header if is_ours else None


def _part(line: bytes) -> ImportedPart | None:
    try:
        row = json.loads(line)
        counts = (row["read"], row["created"], row["updated"], row["unchanged"], row["rejected"])
        faults = tuple(RowFault(*fault) for fault in row["errors"])
        if not all(_is_count(number) for number in (*counts, *(fault.line for fault in faults))):
            return None
        if not all(isinstance(text, str) for fault in faults for text in (fault.code, fault.message, fault.path)):
            return None
        return ImportedPart(row["digest"], Totals(*counts), faults) if isinstance(row["digest"], str) else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _is_count(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= _MOST_ROWS


def _row(fault: RowFault) -> Sequence[object]:
    return [fault.line, fault.code, fault.message, fault.path]


def _line(row: object) -> bytes:
    return json.dumps(row).encode() + b"\n"
