"""The rejects file: rejected rows as in the input, with the reasons. It can be corrected and sent again."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from templates_server.features.imports.csv_files.header import OURS
from templates_server.features.imports.csv_files.rows import CsvFile, RejectedRow, cells_of
from templates_server.features.imports.csv_files.text import FIRST_BYTE, LAST_BYTE, MARK

UNSAFE = re.compile(
    "[\t\n\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
"""Characters that are escaped in reasons: terminal control characters and invisible characters."""
SURROGATES = re.compile("[\ud800-\udfff]")


def rejects_file(file: CsvFile, rejects: Sequence[RejectedRow]) -> bytes:
    """Return CSV with the columns, the delimiter and the byte order mark of the input.

    `_raw` is included where necessary: the text of rows without cells, or with cells that cannot be written.
    """
    header = file.header
    has_raw = any(one.told or any(map(_is_undecodable, _own_cells(file, one))) for one in rejects)
    added = ["_line", "_error", *(["_raw"] if has_raw else [])]
    lines = [_line([*header.own_names, *added], header.delimiter)]
    for reject in rejects:
        row = _row(file, reject)
        lines.append(_line(row if has_raw else row[:-1], header.delimiter))
    mark = MARK if file.encoding.mark_bytes else ""
    return (mark + "".join(lines)).encode("utf-8", "backslashreplace")


def format_cells(file: CsvFile, reject: RejectedRow) -> Sequence[str]:
    """Format a rejected row for people: its own cells, or only its text."""
    cells = _own_cells(file, reject)
    return [_escape_bytes(cell) for cell in cells] if cells else [_escape_bytes(reject.told)]


def sanitize(text: str) -> str:
    r"""Return a reason in one line, with invisible characters escaped (`\u200b`)."""
    return UNSAFE.sub(lambda match: ascii(match.group())[1:-1], text)


def _own_cells(file: CsvFile, reject: RejectedRow) -> Sequence[str]:
    if not reject.row:
        return ()
    cells = cells_of(reject.row, file.header.delimiter)
    return [cell for cell, name in zip(cells, file.header.names, strict=True) if name not in OURS]


def _row(file: CsvFile, reject: RejectedRow) -> list[str]:
    cells = _own_cells(file, reject) or [""] * len(file.header.own_names)
    raw = reject.told
    if any(map(_is_undecodable, cells)):
        raw = _line(cells, ",").rstrip("\n")
        cells = ["" if _is_undecodable(cell) else cell for cell in cells]
    return [*cells, str(reject.line), sanitize(reject.reason), _escape_bytes(raw)]


def _line(cells: Sequence[str], delimiter: str) -> str:
    """Return a CSV line. With CRLF as line end, Python quotes cells with either character; the file uses LF."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue().removesuffix("\r\n") + "\n"


def _is_undecodable(text: str) -> bool:
    return SURROGATES.search(text) is not None


def _escape_bytes(text: str) -> str:
    r"""Return text with its undecodable bytes escaped as `\xff`."""
    return "".join(_shown_characters(text)) if _is_undecodable(text) else text


def _shown_characters(text: str) -> Iterator[str]:
    for character in text:
        code = ord(character)
        if FIRST_BYTE <= code <= LAST_BYTE:
            yield f"\\x{code & 0xFF:02x}"
        else:
            yield f"\\u{code:04x}" if _is_undecodable(character) else character
