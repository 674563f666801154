"""CSV into parts. The header is in `csv_header`, what rows become in `row_encoder`.

A row without quotes, backslashes and control characters, which is the usual one, is cut by its delimiters alone; every
other one goes through Python's `csv`.
"""

from __future__ import annotations

import csv
import io
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from operator import itemgetter

from mtribes_cli.ingest.batch import (
    MAX_REST_CHARACTERS,
    REFUSED,
    Batch,
    BatchBuilder,
    Record,
    RecordLookup,
    batches,
    sendable,
    together,
)
from mtribes_cli.ingest.cell_converters import escape
from mtribes_cli.ingest.csv_header import TOO_MUCH, Header, csv_reason
from mtribes_cli.ingest.encoding import Encoding
from mtribes_cli.ingest.input_stream import TOO_LONG_LINE, OverlongLine
from mtribes_cli.ingest.row_encoder import RowEncoder
from mtribes_cli.ingest.row_rules import RowRules

_CONTROLS = bytes({*range(32)} - set(b"\t\r\n"))
_MAYBE_THE_REST = "this may be the rest of the previous row, whose quotes are invalid"


class _Lines:
    """Lines with their numbers, where the latest ones can be found again."""

    def __init__(self, blocks: Iterable[list[str]], header: Header, rules: RowRules) -> None:
        self.blocks: list[tuple[int, bytes]] = []  # the number before the first line, and the lines
        self.is_plain = True  # the latest block: nothing in it is escaped in JSON but, perhaps, quotes and backslashes
        self.is_simple = True  # the latest block: it has no quotes and backslashes either
        self.is_strict, self.is_odd = False, False  # the latest block, as `RowRules` has it
        self._rules = rules
        self._escaped = _CONTROLS if header.delimiter == "\t" else _CONTROLS + b"\t"
        self._read = header.lines
        self.each = chain.from_iterable(self._noted(blocks))

    def _noted(self, blocks: Iterable[list[str]]) -> Iterator[list[str]]:
        for block in blocks:
            text = "".join(block)
            content = text.encode("utf-8", "surrogatepass")  # once a block: to look for characters, and to be kept
            self.is_strict = self._rules.is_strict(text)
            self.is_odd = self.is_strict or self._rules.is_odd(text, content)
            self.is_plain = len(content) == len(content.translate(None, self._escaped))
            self.is_simple = self.is_plain and '"' not in text and "\\" not in text
            self.blocks.append((self._read, content))
            self._read += len(block)
            yield block

    def forget(self, line: int) -> None:
        """Let go of what ends before that line."""
        while len(self.blocks) > 1 and self.blocks[1][0] < line:
            self.blocks.pop(0)


class _Kept:
    """Blocks of lines, packed as UTF-8, in which a line can be found again."""

    def __init__(self, blocks: Sequence[tuple[int, bytes]]) -> None:
        self._blocks = blocks
        self._unpacked: tuple[int, list[str]] = (-1, [])  # the latest one: rows that are rejected often stand together

    def starting_at(self, line: int) -> Iterator[str]:
        """Return the lines from that one on."""
        first = bisect_right(self._blocks, line - 1, key=itemgetter(0)) - 1
        skipped = line - 1 - self._blocks[first][0]
        return islice(chain.from_iterable(map(self._lines, range(first, len(self._blocks)))), skipped, None)

    def _lines(self, at: int) -> list[str]:
        if self._unpacked[0] != at:
            text = self._blocks[at][1].decode("utf-8", "surrogatepass")
            self._unpacked = (at, io.StringIO(text, newline="").readlines())
        return self._unpacked[1]


class CsvRows:
    """The rows of one file; `blocks` are its lines after the header."""

    def __init__(
        self, blocks: Iterable[list[str]], header: Header, encoding: Encoding, *, is_checked: bool = False
    ) -> None:
        self.header = header
        self._encoding = encoding
        self._is_checked = is_checked  # here, since the server will not be asked
        self._rules = RowRules(header, encoding, is_checked=is_checked)
        self._lines = _Lines(blocks, header, self._rules)
        self._encoder = RowEncoder(header.columns)
        self._number = header.lines  # of the last line that was read
        self._fed: list[str] = []
        self._passed: list[str] = []  # what `csv` read for the latest row
        self._reader = csv.reader(self._feed(), delimiter=header.delimiter, strict=True)
        self._is_broken = False  # the row before was; so this one may be the rest of it
        self._regular = _regular(header.delimiter).fullmatch

    def batches(self) -> Iterator[Batch]:
        """Yield all rows in batches."""
        return batches(self._fill, self._finding)

    def place(self, path: str) -> str:
        """Return the file's name for the field at a path of the server, such as `attributes.plan`."""
        known = {column.becomes: column.name for column in self.header.columns}
        return known.get(path) or known.get(path.partition("[")[0]) or path

    def remarks(self) -> Sequence[str]:
        """Return remarks on what was skipped."""
        return self._rules.remarks()

    def _finding(self, _filling: BatchBuilder) -> RecordLookup:
        kept = _Kept(list(self._lines.blocks))
        self._lines.forget(self._number + 1)
        return lambda _, line: self._record(kept.starting_at(line))

    def _record(self, lines: Iterable[str], text: str = "") -> Record:
        """Return the record that begins `lines`, without the columns that describe earlier problems.

        It is only `text` if it has more or fewer cells than there are columns.
        """
        row = self._cells(iter(lines))
        if len(row) != len(self.header.columns):
            return Record((), text)
        return Record([cell for cell, column in zip(row, self.header.columns, strict=True) if not column.is_ours])

    def _cells(self, lines: Iterator[str]) -> list[str]:
        """Return the cells of the row that begins `lines`; without quotes they may have any length."""
        first = next(lines)
        if '"' not in first:
            return first.rstrip("\r\n").split(self.header.delimiter)
        return next(csv.reader(chain([first], lines), delimiter=self.header.delimiter, strict=True))

    def _fill(self, filling: BatchBuilder) -> bool:
        """Add rows to a batch until it is full; return False if there are no more. Most of the time is spent here."""
        delimiter, lines, encode = self.header.delimiter, self._lines, self._encoder.encode
        encoding, rules = self._encoding, self._rules
        for line in lines.each:
            first = self._number = self._number + 1
            is_careful = (
                not lines.is_simple and ('"' in line or "\\" in line or not lines.is_plain)
            ) or self._is_broken
            row = self._careful_row(line, filling) if is_careful else line.rstrip("\r\n").split(delimiter)
            if row is None:
                if filling.is_full:
                    return True
                continue
            try:
                if lines.is_odd or (is_careful and self._is_hard):
                    row = row if not lines.is_strict and rules.is_usual(row) else rules.resolve(row, first)
                    if row is None:
                        continue
                text = encode(row, self._escaped(row) if is_careful else row)
                if not text:
                    continue
                content = sendable(text, encoding)
            except ValueError as error:
                self._add_faulty(filling, first, str(error), self._passed if is_careful else [line])
            else:
                filling.rows.append(content)
                filling.lines.append(first)
                filling.room_bytes -= len(content)
            if filling.is_full:
                return True
        return False

    def _add_faulty(self, filling: BatchBuilder, first: int, reason: str, passed: Sequence[str]) -> None:
        """Reject a row that was read, from the lines that `passed`, with all of its problems.

        If the server may find more of them, it is sent without the wrong cells, so that the server rejects it too.
        """
        row = self._cells(iter(passed))
        record = self._record(passed, "".join(passed))
        whole = reason if len(row) != len(self.header.columns) else self._rules.whole_fault
        if whole is not None:
            filling.reject(first, whole, record)
            return
        row, faults = self._rules.faults(row)
        reasons = [fault.reason for fault in faults] or [reason]
        for fault in faults:
            row[fault.at] = ""
        rest = "" if self._is_checked or not faults else self._encoder.encode_rest(row)
        if 0 < len(rest) < MAX_REST_CHARACTERS:
            filling.add_refused(first, f'{rest[:-1]},"{REFUSED}":""}}', reasons)
        else:
            filling.reject(first, together(reasons), record)

    def _feed(self) -> Iterator[str]:
        """Yield the lines that `csv` reads: the one given to it, then as many as the row needs."""
        while True:
            line = self._fed.pop() if self._fed else next(self._lines.each, None)
            if line is None:
                return
            self._passed.append(line)
            yield line

    def _careful_row(self, line: str, filling: BatchBuilder) -> list[str] | None:
        """Return the row that begins with this line, as `csv` reads it; None if it was rejected."""
        first = self._number
        self._fed.append(line)
        self._passed.clear()
        try:
            row = next(self._reader)
        except csv.Error as error:
            self._reject_broken(filling, first, str(error))
            return None
        self._number += len(self._passed) - 1
        if self._is_broken and not self._regular("".join(self._passed)):
            filling.reject(first, _MAYBE_THE_REST, Record((), "".join(self._passed)))
            return None
        self._is_broken = False
        return row

    def _escaped(self, row: list[str]) -> list[str]:
        """Return the cells as they are in JSON; most quoted rows contain nothing that is escaped there."""
        text = "".join(row)
        is_escaped = self._is_hard or '"' in text or "\\" in text or "\t" in text  # a tab may be the delimiter
        return list(map(escape, row)) if is_escaped else row

    @property
    def _is_hard(self) -> bool:
        """Whether the latest row that `csv` read may have cells that end in control characters.

        Where tabs separate cells, one between quotes is such a character.
        """
        is_quoted = self.header.delimiter == "\t" and '"' in self._passed[0]
        return is_quoted or len(self._passed) > 1 or not self._lines.is_plain

    def _reject_broken(self, filling: BatchBuilder, first: int, said: str) -> None:
        """Reject a row that cannot be read. One that is too large ends where its quotes say so, if they do."""
        passed = self._passed
        last = first + len(passed) - 1
        text = "".join(passed)
        reason = csv_reason(said)
        if any(isinstance(line, OverlongLine) for line in passed):
            reason, text = TOO_LONG_LINE, ""
        elif said.startswith(TOO_MUCH):
            last += self._skip_rest(sum(line.count('"') for line in passed))
        self._number = last
        self._is_broken = True
        where = f" (lines {first:,} to {last:,})" if last > first else ""
        filling.reject(first, reason + where, Record((), text))

    def _skip_rest(self, quotes: int) -> int:
        """Pass over the lines of a row up to where its quotes are even; how many these were."""
        skipped, kept = 0, len(self._lines.blocks)
        while quotes % 2:
            line = next(self._lines.each, None)
            if line is None:
                break
            skipped += 1
            quotes += line.count('"')
            del self._lines.blocks[kept:-1]  # no row begins there
        return skipped


def _regular(delimiter: str) -> re.Pattern[str]:
    """Return a pattern of rows whose quotes stand around cells and nowhere else."""
    other = re.escape(delimiter)
    cell = rf'(?:"(?:[^"]|"")*"|[^"{other}\r\n]*)'
    return re.compile(rf"{cell}(?:{other}{cell})*[\r\n]*")
