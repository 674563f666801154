"""The rejects file: rows that were not taken, as the input has them, and why. It can be mended and fed back.

Until all is known they wait in a file without a name, which the system removes whatever happens to this process.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Protocol, TextIO

from mtribes_cli.files.errors import file_error
from mtribes_cli.ingest.batch import Record, Reject
from mtribes_cli.numbers import whole_number
from mtribes_cli.terminal.sanitize import sanitize_line

MARK = "\ufeff"
KNOWN_EXTENSIONS = (".csv", ".tsv", ".txt", ".ndjson", ".jsonl", ".json")
_MOST_REJECTS = 999_999
PACKED_EXTENSIONS = (".gz", ".zst", ".zstd")


class Spool:
    """Rejects in order, stored outside of memory."""

    def __init__(self) -> None:
        self.count = 0
        self.has_texts = False  # of rows that could not be read as cells
        self._file: IO[str] | None = None

    def add(self, rejects: Iterable[Reject]) -> None:
        """Store more rejects. Raises FileError if there is no space."""
        try:
            for reject in rejects:
                if self._file is None:
                    self._file = tempfile.TemporaryFile("w+", encoding="ascii", prefix="mtribes-")  # noqa: SIM115 - see close
                self.count += 1
                self.has_texts = self.has_texts or bool(reject.record.text)
                row = [reject.line, reject.reason, reject.record.cells, reject.record.text]
                self._file.write(json.dumps(row) + "\n")
        except OSError as error:
            raise file_error(error, f"a temporary file in {tempfile.gettempdir()}", cannot_be="written") from error

    def __iter__(self) -> Iterator[Reject]:
        if self._file is not None:
            self._file.seek(0)
            for text in self._file:
                line, reason, cells, told = json.loads(text)
                yield Reject(line, reason, Record(cells, told))

    def close(self) -> None:
        """Delete the rejects."""
        if self._file is not None:
            self._file.close()


class RejectsFormat(Protocol):
    """The format of rejects."""

    def write(self, file: TextIO, rejects: Spool) -> None:
        """Write all rejects."""


class CsvRejects:
    """CSV with the columns, the delimiter and the byte order mark of the input."""

    def __init__(self, names: Sequence[str], delimiter: str, *, has_mark: bool) -> None:
        self._names, self._delimiter, self._has_mark = names, delimiter, has_mark

    def write(self, file: TextIO, rejects: Spool) -> None:
        """Write the rows; `_raw` is added if needed, for rows without cells or with some that cannot be written."""
        has_raw = rejects.has_texts or any(_is_undecodable(cell) for one in rejects for cell in one.record.cells)
        file.write(MARK if self._has_mark else "")
        file.write(_csv_line([*self._names, "_line", "_error", *(["_raw"] if has_raw else [])], self._delimiter))
        for reject in rejects:
            row = _csv_row(reject, len(self._names))
            file.write(_csv_line(row if has_raw else row[:-1], self._delimiter))


def _csv_row(reject: Reject, width: int) -> list[str]:
    cells = reject.record.cells or [""] * width
    raw = reject.record.text
    if any(map(_is_undecodable, cells)):
        raw = _csv_line(cells, ",").rstrip("\n")
        cells = ["" if _is_undecodable(cell) else cell for cell in cells]
    return [*cells, str(reject.line), sanitize_line(reject.reason), _shown(raw)]


def _csv_line(cells: Sequence[str], delimiter: str) -> str:
    """Return a line with LF: with CRLF Python quotes a cell for either of the two."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue().removesuffix("\r\n") + "\n"


def _is_undecodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _shown(text: str) -> str:
    r"""Text whose bytes were no text, with these as `\xff`."""
    return "".join(_shown_character(character) for character in text) if _is_undecodable(text) else text


def _shown_character(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # noqa: PLR2004 - as `input_stream` has it
        return f"\\x{code & 0xFF:02x}"
    return f"\\u{code:04x}" if 0xD800 <= code <= 0xDFFF else character  # noqa: PLR2004 - surrogates


class JsonRejects:
    """JSON objects, one per line; between brackets if the input is an array."""

    def __init__(self, *, is_array: bool) -> None:
        self._is_array = is_array

    def write(self, file: TextIO, rejects: Spool) -> None:
        """Write objects as they were, with two or three more fields."""
        file.write("[\n" if self._is_array else "")
        for number, reject in enumerate(rejects):
            file.write(",\n" if number and self._is_array else "\n" if number else "")
            file.write(_json_row(reject))
        file.write("\n]\n" if self._is_array else "\n")


def _json_row(reject: Reject) -> str:
    """Return an object as it was written, to the last digit; anything else goes to `_raw`."""
    text = reject.record.text
    ours: dict[str, object] = {"_line": reject.line, "_error": sanitize_line(reject.reason)}
    if _is_undecodable(text) or not _is_object(text):
        return _dumped({**ours, "_raw": _shown(text)})
    inside = text.rstrip()[:-1].rstrip()
    comma = "" if inside.endswith("{") else ","
    return f"{inside}{comma}{_dumped(ours)[1:]}"


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _dumped(row: object) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def default_name(file: str, extension: str) -> str:
    """Return the default rejects file: `users.rejects.csv` for `users.csv.gz`, then `users.rejects-2.csv`."""
    stem = Path(file).name
    for suffix in (*PACKED_EXTENSIONS, *KNOWN_EXTENSIONS):
        stem = stem.removesuffix(suffix)
    head, dot, number = stem.rpartition(".rejects")
    if dot and not number:
        return f"{head}.rejects-2{extension}"
    count = whole_number(number[1:], most=_MOST_REJECTS) if number.startswith("-") else None
    if dot and count is not None:
        return f"{head}.rejects-{count + 1}{extension}"
    return f"{stem}.rejects{extension}"
