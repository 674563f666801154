"""Conversion of CSV into the parts of an import, split like `mtribes user ingest`, and the rejected rows."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import PurePath
from typing import Any

from templates_server.features.imports.csv_files.errors import (
    MAYBE_THE_REST,
    TOO_LONG_LINE,
    TOO_MUCH,
    CsvFileError,
    csv_reason,
)
from templates_server.features.imports.csv_files.header import (
    USER_ID,
    ColumnMapping,
    CsvColumn,
    CsvHeader,
    columns_of,
    read_header,
)
from templates_server.features.imports.csv_files.row_rules import RowRules
from templates_server.features.imports.csv_files.text import (
    OverlongLine,
    TextEncoding,
    detect_encoding,
    find_undecodable_byte,
    read_blocks,
    undecodable_reason,
)
from templates_server.features.imports.schemas import RowError

MOST_ROWS_A_PART = 50_000
MOST_REJECTS_A_PART = 5_000
PART_BYTES = 4_000_000
MOST_ROW_BYTES = 4_000_000
MOST_REST_CHARACTERS = MOST_ROW_BYTES // 4
MOST_TOLD_CHARACTERS = 64 * 1024
REFUSED = "_error"
"""A field that no user has: a row with it is always rejected, and its other problems are reported."""
CSV, JSON = frozenset({".csv", ".tsv", ".txt"}), frozenset({".json", ".ndjson", ".jsonl"})
CONTROLS = bytes({*range(32)} - set(b"\t\r\n"))


@dataclass(frozen=True)
class RejectedRow:
    """A rejected row and the reason: its text if it has cells, otherwise as much of it as is reported."""

    line: int  # the first one of the row, from 1
    reason: str
    row: str = ""
    told: str = ""


@dataclass
class CsvPart:
    """Rows to send, and rejected rows."""

    rows: list[bytes] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)  # of the file, one for each row
    texts: list[str] = field(default_factory=list)  # as they stand in the file
    faults: dict[int, Sequence[str]] = field(default_factory=dict)
    """Known problems of rows, by number from 1: the rows are sent so that all problems are reported."""
    unsent: list[RejectedRow] = field(default_factory=list)
    room_bytes: int = PART_BYTES

    @property
    def is_full(self) -> bool:
        """Return whether the part is full and must be sent."""
        return self.room_bytes <= 0 or len(self.rows) >= MOST_ROWS_A_PART or len(self.unsent) >= MOST_REJECTS_A_PART

    def packed(self) -> bytes:
        """Return the rows as NDJSON, empty if there are none."""
        return b"\n".join(self.rows) + b"\n" if self.rows else b""

    def add(self, content: bytes, line: int, text: str) -> None:
        """Add a row."""
        self.rows.append(content)
        self.lines.append(line)
        self.texts.append(text)
        self.room_bytes -= len(content)

    def rejects(self, errors: Sequence[RowError], columns: Sequence[CsvColumn]) -> Sequence[RejectedRow]:
        """Return all rejected rows, by line; `errors` are those of the rows in the body."""
        names = {column.becomes: column.name for column in columns}
        by_row = {row: list(reasons) for row, reasons in self.faults.items()}
        for error in errors:
            if error.line not in self.faults or error.path not in {REFUSED, USER_ID}:
                place = names.get(error.path) or names.get(error.path.partition("[")[0]) or error.path
                by_row.setdefault(error.line, []).append(f"{place}: {error.message}" if place else error.message)
        refused = [
            RejectedRow(self.lines[row - 1], join_reasons(said), self.texts[row - 1]) for row, said in by_row.items()
        ]
        return sorted([*self.unsent, *refused], key=lambda one: one.line)


def join_reasons(reasons: Sequence[str]) -> str:
    """Join all problems of a row into one line."""
    *before, last = reasons
    return "; ".join([*(reason.removesuffix(".") for reason in before), last])


@dataclass(frozen=True)
class CsvFile:
    """An open file: its header and its encoding."""

    content: bytes
    encoding: TextEncoding
    header: CsvHeader

    def parts(self, wanted: ColumnMapping) -> Iterator[CsvPart]:
        """Yield all rows in parts. Raise CsvFileError when the column mapping is impossible."""
        columns = columns_of(self.header.names, wanted)
        return _CsvRows(self, columns).parts()

    def blocks(self) -> Iterator[list[str]]:
        """Return the lines after the header, which stands in the first block of the file."""
        blocks = read_blocks(self.content, self.encoding)
        return chain([next(blocks, [])[self.header.lines :]], blocks)

    def first_rows(self, number: int) -> Sequence[Sequence[str]]:
        """Return the first readable rows, as examples."""
        lines = next(self.blocks())
        found: list[list[str]] = []
        try:
            for row in csv.reader(lines, delimiter=self.header.delimiter):
                found += [row] if len(row) == len(self.header.names) else []
                if len(found) >= number:
                    break
        except csv.Error:
            return found
        return found


def open_csv(content: bytes, name: str, wanted: ColumnMapping) -> CsvFile:
    """Open a file with that name and read its header. Raise CsvFileError if it is not CSV."""
    encoding = detect_encoding(content)
    first = next(read_blocks(content, encoding), [])
    extension = PurePath(name).suffix.lower()
    if extension in JSON or (extension not in CSV and "".join(first).lstrip()[:1] in {"[", "{"}):
        raise CsvFileError("The file is JSON. Save it as CSV, or import it with `mtribes user ingest`.")
    delimiter = "\t" if name.lower().endswith(".tsv") else None
    return CsvFile(content, encoding, read_header(first, encoding, delimiter=delimiter, wanted=wanted))


def cells_of(text: str, delimiter: str) -> list[str]:
    """Return the cells of a row; without quotes, their length is unlimited."""
    if '"' not in text:
        return text.rstrip("\r\n").split(delimiter)
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


class _CsvRows:
    """The rows of one file after its header."""

    def __init__(self, file: CsvFile, columns: Sequence[CsvColumn]) -> None:
        self._delimiter, self._encoding = file.header.delimiter, file.encoding
        self._columns = columns
        self._rules = RowRules(columns, file.encoding)
        self._controls = CONTROLS if self._delimiter == "\t" else CONTROLS + b"\t"
        self._is_plain = True  # the latest block has no control characters
        self._each = chain.from_iterable(self._noted(file.blocks()))
        self._line = file.header.lines  # the last one that was read
        self._fed: list[str] = []
        self._passed: list[str] = []  # what `csv` read for the latest row
        self._reader = csv.reader(self._feed(), delimiter=self._delimiter, strict=True)
        self._is_broken = False  # the row before was; so this one may be the rest of it
        self._regular = _regular(self._delimiter).fullmatch
        self._part = CsvPart()

    def parts(self) -> Iterator[CsvPart]:
        """Yield all parts."""
        is_more = True
        while is_more:
            self._part = CsvPart()
            is_more = self._fill()
            if self._part.rows or self._part.unsent:
                yield self._part

    def _noted(self, blocks: Iterable[list[str]]) -> Iterator[list[str]]:
        for block in blocks:
            content = "".join(block).encode("utf-8", "surrogatepass")
            self._is_plain = len(content) == len(content.translate(None, self._controls))
            yield block

    def _fill(self) -> bool:
        """Add rows to the part until it is full; return False at the end of the file."""
        for line in self._each:
            self._line += 1
            first = self._line
            row = self._row(line)
            if row is not None:
                self._take(row, first)
            if self._part.is_full:
                return True
        return False

    def _take(self, row: list[str], first: int) -> None:
        """Add the row to the part or to the rejected rows; skip it if it is blank."""
        try:
            settled = self._rules.settled(row, first)
            if settled is None:
                return
            self._part.add(self._sendable(self._rules.user_of(settled)), first, self._text)
        except ValueError as error:
            self._add_faulty(row, first, str(error))

    @property
    def _text(self) -> str:
        """Return the text of the current row, as in the file."""
        return "".join(self._passed)

    def _sendable(self, user: Mapping[str, Any]) -> bytes:
        written = _json(user)
        try:
            content = written.encode()
        except UnicodeEncodeError:
            raise ValueError(undecodable_reason(find_undecodable_byte(written), self._encoding)) from None
        if len(content) > MOST_ROW_BYTES:
            raise ValueError(f"the row has {len(content):,} bytes, more than the maximum of {MOST_ROW_BYTES:,}")
        return content

    def _add_faulty(self, row: list[str], first: int, reason: str) -> None:
        """Add a row that was read but is invalid, to report all of its problems.

        If more problems are possible, it is sent without its invalid cells, in a form that is always rejected.
        """
        whole = reason if len(row) != len(self._columns) else self._rules.whole_fault
        if whole is not None:
            self._reject(first, whole)
            return
        rest, reasons = self._rules.without_faults(row)
        written = _json(rest) if rest and reasons else ""
        if 0 < len(written) < MOST_REST_CHARACTERS:
            self._part.add(f'{written[:-1]},"{REFUSED}":""}}'.encode(), first, self._text)
            self._part.faults[len(self._part.rows)] = reasons
        else:
            self._reject(first, join_reasons(reasons or [reason]))

    def _reject(self, first: int, reason: str) -> None:
        """Reject the current row; report its cells if their number matches the columns."""
        has_cells = len(cells_of(self._text, self._delimiter)) == len(self._columns)
        self._reject_text(first, reason, "" if has_cells else self._text, row=self._text if has_cells else "")

    def _reject_text(self, first: int, reason: str, text: str, *, row: str = "") -> None:
        """Reject the row with the start of its text, if that is long."""
        told = text.rstrip("\r\n")
        told = told if len(told) <= MOST_TOLD_CHARACTERS else told[:MOST_TOLD_CHARACTERS] + " ..."
        self._part.unsent.append(RejectedRow(first, reason, row, told))

    def _row(self, line: str) -> list[str] | None:
        """Return the row that starts with this line; None if it is unreadable, which is recorded."""
        if '"' not in line and "\\" not in line and self._is_plain and not self._is_broken:
            self._passed = [line]
            return line.rstrip("\r\n").split(self._delimiter)
        return self._careful_row(line)

    def _careful_row(self, line: str) -> list[str] | None:
        """Return the row that starts with this line, parsed by `csv`; None if it was rejected."""
        first = self._line
        self._fed.append(line)
        self._passed = []
        try:
            row = next(self._reader)
        except csv.Error as error:
            self._reject_broken(first, str(error))
            return None
        self._line += len(self._passed) - 1
        if self._is_broken and not self._regular(self._text):
            self._reject_text(first, MAYBE_THE_REST, self._text)
            return None
        self._is_broken = False
        return row

    def _feed(self) -> Iterator[str]:
        """Yield the lines for `csv`: the given line, then as many as the row needs."""
        while True:
            line = self._fed.pop() if self._fed else next(self._each, None)
            if line is None:
                return
            self._passed.append(line)
            yield line

    def _reject_broken(self, first: int, said: str) -> None:
        """Reject an unreadable row. A row that is too large ends where its quotes are balanced, if they are."""
        last = first + len(self._passed) - 1
        text, reason = self._text, csv_reason(said)
        if any(isinstance(line, OverlongLine) for line in self._passed):
            reason, text = TOO_LONG_LINE, ""
        elif said.startswith(TOO_MUCH):
            last += self._skip_rest(text.count('"'))
        self._line = last
        self._is_broken = True
        where = f" (lines {first:,} to {last:,})" if last > first else ""
        self._reject_text(first, reason + where, text)

    def _skip_rest(self, quotes: int) -> int:
        """Skip the lines of a row until its quotes are balanced; return the number of lines."""
        skipped = 0
        while quotes % 2:
            line = next(self._each, None)
            if line is None:
                break
            skipped += 1
            quotes += line.count('"')
        return skipped


def _regular(delimiter: str) -> re.Pattern[str]:
    """Return a row whose quotes only surround cells."""
    other = re.escape(delimiter)
    cell = rf'(?:"(?:[^"]|"")*"|[^"{other}\r\n]*)'
    return re.compile(rf"{cell}(?:{other}{cell})*[\r\n]*")


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
