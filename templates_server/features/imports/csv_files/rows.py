"""CSV into the parts of an import, cut as `mtribes user ingest` cuts them, and the rows that cannot be sent."""

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
"""A field that no user has: a row with it is never taken, and what else is wrong with it is told."""
CSV, JSON = frozenset({".csv", ".tsv", ".txt"}), frozenset({".json", ".ndjson", ".jsonl"})
CONTROLS = bytes({*range(32)} - set(b"\t\r\n"))


@dataclass(frozen=True)
class RejectedRow:
    """A row that is not taken, and why: its text where it has cells, else as much of it as is told."""

    line: int  # the first one of the row, from 1
    reason: str
    row: str = ""
    told: str = ""


@dataclass
class CsvPart:
    """Rows to send, and those that cannot be sent."""

    rows: list[bytes] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)  # of the file, one for each row
    texts: list[str] = field(default_factory=list)  # as they stand in the file
    faults: dict[int, Sequence[str]] = field(default_factory=dict)
    """What is wrong with rows, by number from 1, for certain: they are sent so that all that is wrong is known."""
    unsent: list[RejectedRow] = field(default_factory=list)
    room_bytes: int = PART_BYTES

    @property
    def is_full(self) -> bool:
        """Whether it is time to send it."""
        return self.room_bytes <= 0 or len(self.rows) >= MOST_ROWS_A_PART or len(self.unsent) >= MOST_REJECTS_A_PART

    def packed(self) -> bytes:
        """Its rows as NDJSON; nothing at all where there are none."""
        return b"\n".join(self.rows) + b"\n" if self.rows else b""

    def add(self, content: bytes, line: int, text: str) -> None:
        """One more row."""
        self.rows.append(content)
        self.lines.append(line)
        self.texts.append(text)
        self.room_bytes -= len(content)

    def rejects(self, errors: Sequence[RowError], columns: Sequence[CsvColumn]) -> Sequence[RejectedRow]:
        """All rows that were not taken, in order of line; `errors` are those that the rows of the body met."""
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
    """All that is wrong with a row, in one line."""
    *before, last = reasons
    return "; ".join([*(reason.removesuffix(".") for reason in before), last])


@dataclass(frozen=True)
class CsvFile:
    """A file that was opened: its header, and how it is encoded."""

    content: bytes
    encoding: TextEncoding
    header: CsvHeader

    def parts(self, wanted: ColumnMapping) -> Iterator[CsvPart]:
        """All rows. CsvFileError where the columns cannot be as they are wanted."""
        columns = columns_of(self.header.names, wanted)
        return _CsvRows(self, columns).parts()

    def blocks(self) -> Iterator[list[str]]:
        """Return the lines after the header, which stands in the first block of the file."""
        blocks = read_blocks(self.content, self.encoding)
        return chain([next(blocks, [])[self.header.lines :]], blocks)

    def first_rows(self, number: int) -> Sequence[Sequence[str]]:
        """The first rows, as far as they can be read, for examples."""
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
    """A file of that name, up to its first row. CsvFileError for what is no CSV."""
    encoding = detect_encoding(content)
    first = next(read_blocks(content, encoding), [])
    extension = PurePath(name).suffix.lower()
    if extension in JSON or (extension not in CSV and "".join(first).lstrip()[:1] in {"[", "{"}):
        raise CsvFileError("The file is JSON. Save it as CSV, or import it with `mtribes user ingest`.")
    delimiter = "\t" if name.lower().endswith(".tsv") else None
    return CsvFile(content, encoding, read_header(first, encoding, delimiter=delimiter, wanted=wanted))


def cells_of(text: str, delimiter: str) -> list[str]:
    """The cells of a row; where no quotes stand they may be as long as they are."""
    if '"' not in text:
        return text.rstrip("\r\n").split(delimiter)
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


class _CsvRows:
    """The rows of one file, after its header."""

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
        """All of them."""
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
        """Rows into the part until it is full; False: there are no more."""
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
        """Put the row into the part, or among those that cannot be sent; one that does not count is passed over."""
        try:
            settled = self._rules.settled(row, first)
            if settled is None:
                return
            self._part.add(self._sendable(self._rules.user_of(settled)), first, self._text)
        except ValueError as error:
            self._add_faulty(row, first, str(error))

    @property
    def _text(self) -> str:
        """The latest row, as it stands in the file."""
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
        """A row that was read and cannot be taken: all that is wrong with it is told.

        Where more may be wrong it is sent without the cells that are, in such a way that it is refused.
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
        """The latest row is not sent; its cells are told where they are as many as the columns."""
        has_cells = len(cells_of(self._text, self._delimiter)) == len(self._columns)
        self._reject_text(first, reason, "" if has_cells else self._text, row=self._text if has_cells else "")

    def _reject_text(self, first: int, reason: str, text: str, *, row: str = "") -> None:
        """Of a long text only the beginning is told."""
        told = text.rstrip("\r\n")
        told = told if len(told) <= MOST_TOLD_CHARACTERS else told[:MOST_TOLD_CHARACTERS] + " ..."
        self._part.unsent.append(RejectedRow(first, reason, row, told))

    def _row(self, line: str) -> list[str] | None:
        """The row that begins with this line; None: it cannot be read, which is noted."""
        if '"' not in line and "\\" not in line and self._is_plain and not self._is_broken:
            self._passed = [line]
            return line.rstrip("\r\n").split(self._delimiter)
        return self._careful_row(line)

    def _careful_row(self, line: str) -> list[str] | None:
        """The row that begins with this line, as `csv` reads it; None: it was rejected."""
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
        """What `csv` reads: the line that was given to it, then as many as the row needs."""
        while True:
            line = self._fed.pop() if self._fed else next(self._each, None)
            if line is None:
                return
            self._passed.append(line)
            yield line

    def _reject_broken(self, first: int, said: str) -> None:
        """A row that cannot be read. One that is too large ends where its quotes say so, if they do."""
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
        """Pass over the lines of a row up to where its quotes are even; how many these were."""
        skipped = 0
        while quotes % 2:
            line = next(self._each, None)
            if line is None:
                break
            skipped += 1
            quotes += line.count('"')
        return skipped


def _regular(delimiter: str) -> re.Pattern[str]:
    """A row whose quotes stand around cells and nowhere else."""
    other = re.escape(delimiter)
    cell = rf'(?:"(?:[^"]|"")*"|[^"{other}\r\n]*)'
    return re.compile(rf"{cell}(?:{other}{cell})*[\r\n]*")


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
