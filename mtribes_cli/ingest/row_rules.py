"""What a row of CSV is before it is written as JSON: nothing at all, a header again, cells without blanks, faults."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

from mtribes_cli.ingest.csv_header import Header
from mtribes_cli.ingest.encoding import Encoding, not_text, undecodable
from mtribes_cli.ingest.user_ids import EDGES, problem_of_edges, problem_of_user_id

USER_ID = "user_id"
NO_USER_ID = "This is missing"
MOST_NOTED_LINES = 5
_BLANKS = " \t\r\n"
_RARE = " '`"
_stripped = str.strip
_SCIENTIFIC = re.compile(r"[+-]?[0-9]{1,40}(?:[.,][0-9]{1,40})?[Ee]\+[0-9]{1,4}")
_AS_IT_IS = "`--type {name}=text` imports it unchanged"
_QUOTES = {"'": "'", "\u2018": "\u2019", "\u201c": "\u201d", "\u201e": "\u201c", "\u00ab": "\u00bb", "`": "`"}
"""What stands around text and is no quote of CSV."""
_ODD_WIDE = frozenset(EDGES) | frozenset(_QUOTES)
_APOSTROPHE = re.compile(r"'(?<=[^\w\s.]')|'(?<=[\r\n\t]')")
_ASCII = bytes(range(128))


@dataclass(frozen=True)
class CellFault:
    """A problem of one cell, by its column, from 0."""

    at: int
    reason: str


class RowRules:
    """The rules of one file's rows.

    Most rows need none of them, and most time of reading goes by in asking that: `is_strict` and `is_odd` ask it of a
    block of lines, `is_usual` of a row.
    """

    def __init__(self, header: Header, encoding: Encoding, *, is_checked: bool) -> None:
        self._columns = header.columns
        self._names = [column.name for column in header.columns]
        self._id_at = header.user_id_at
        self._are_ids_as_stated = header.are_ids_as_stated
        self._encoding = encoding
        self._is_checked = is_checked  # here, since the server will not be asked
        self._trimmed = [at for at, column in enumerate(header.columns) if column.is_trimmed or not column.name]
        self._unnamed = [at for at, column in enumerate(header.columns) if not column.name]
        self._edged = itemgetter(self._id_at, *(self._trimmed or [self._id_at]))
        self._has_spaces = _spaces_at_edges(header).search
        self._other_header = 0  # the line of a header whose columns stand in another order
        self._headers: list[int] = []
        self._header_count = 0

    def is_strict(self, block: str) -> bool:
        """Return whether each row among these lines must go through `resolve`."""
        name = self._names[self._id_at]
        may_repeat = ("_" in block or "_" not in name) and name in block  # it is rare, and found in no time
        return bool(self._is_checked or self._unnamed or self._other_header or may_repeat)

    def is_odd(self, block: str, content: bytes) -> bool:
        """Return whether `is_usual` must be asked of rows of a block that is not strict; `content` is it as UTF-8.

        In every other block it must be asked of rows that have control characters, or line breaks in a cell.
        """
        if "+" in block and ("E+" in block or "e+" in block):
            return True
        if block[:1] in _RARE or (" " in block and self._has_spaces(block)) or _has_quotes(block):
            return True
        return not (block.isascii() or _ODD_WIDE.isdisjoint(_beyond_ascii(content)))

    def is_usual(self, row: Sequence[str]) -> bool:
        """Return whether a row counts as it is, at first sight."""
        if len(row) != len(self._columns):
            return False
        cells = self._edged(row)
        text = "-".join(cells)
        if not text.isascii() or not text.isprintable() or (" " in text and tuple(map(_stripped, cells)) != cells):
            return False
        user_id = cells[0]
        return user_id[:1] not in _RARE and "+" not in user_id

    def resolve(self, row: list[str], line: int) -> list[str] | None:
        """Return the row as it counts; None: there is nothing in it, or the names of the columns again.

        Raises ValueError where `faults` has something to say.
        """
        if is_blank(row) or self._is_header(row, line):
            return None
        if len(row) != len(self._columns):
            return row
        row = self._without_edges(row)
        if self._problem_of_id(row[self._id_at]) or self._other_header or any(row[at] for at in self._unnamed):
            raise ValueError
        return row

    def faults(self, row: list[str]) -> tuple[list[str], list[CellFault]]:
        """Return the row as it counts, and all problems that are known here."""
        row = self._without_edges(row)
        found = []
        for at, column in enumerate(self._columns):
            if column.becomes or not column.name:
                reason = self._reason(at, row[at])
                if reason:
                    found.append(CellFault(at, f"{column.name or f'column {at + 1}'}: {reason}."))
        return row, found

    @property
    def whole_fault(self) -> str | None:
        """Why no row can be read any more."""
        if not self._other_header:
            return None
        return (
            f"line {self._other_header:,} repeats the header with the columns in another order, so the rows "
            "below it are ambiguous"
        )

    def remarks(self) -> list[str]:
        """Return what was passed over, and may be of interest."""
        if not self._header_count:
            return []
        lines = ", ".join(f"{line:,}" for line in self._headers)
        more = self._header_count - len(self._headers)
        several = "lines" if self._header_count > 1 else "line"
        rest = f" and {more:,} more" if more else ""
        repeat = "repeat" if self._header_count > 1 else "repeats"
        return [f"Skipped {several} {lines}{rest}: {'they' if repeat == 'repeat' else 'it'} {repeat} the header."]

    def _reason(self, at: int, cell: str) -> str | None:
        column = self._columns[at]
        shown = undecodable(cell)
        if shown:
            return not_text(shown, self._encoding)
        if not column.name:
            return "This column has no name but contains a value" if cell else None
        if at == self._id_at:
            return self._problem_of_id(cell) if cell else NO_USER_ID
        try:
            if cell and column.convert:
                column.convert(cell)
        except ValueError as error:
            return f"This {error}"
        return None

    def _problem_of_id(self, text: str) -> str | None:
        if not text:
            return None  # `encode` says so
        problem = problem_of_user_id(text) if self._is_checked else problem_of_edges(text)
        if problem:
            return f"This {problem}"
        if self._are_ids_as_stated:
            return None
        name = self._names[self._id_at]
        if _SCIENTIFIC.fullmatch(text):
            return (
                f"This number was shortened by a spreadsheet ({text}), and others may look the same: export "
                f"the column as text; {_AS_IT_IS.format(name=name)}"
            )
        if len(text) > 1 and _QUOTES.get(text[0]) == text[-1]:
            return f"This is enclosed in quotes that are not CSV quotes ({text}): {_AS_IT_IS.format(name=name)}"
        if text == name:
            return f"This is the name of its column; {_AS_IT_IS.format(name=name)}"
        return None

    def _without_edges(self, row: list[str]) -> list[str]:
        if not any(row[at] != row[at].strip(EDGES) for at in self._trimmed):
            return row
        row = list(row)
        for at in self._trimmed:
            row[at] = row[at].strip(EDGES)
        return row

    def _is_header(self, row: list[str], line: int) -> bool:
        """Return whether the row has the column names again: in another order, later rows cannot be assigned."""
        name = self._names[self._id_at]
        if not any(name in cell for cell in row):
            return False
        cells = [cell.strip(EDGES) for cell in row]
        if cells == self._names:
            self._other_header = 0
            self._header_count += 1
            if len(self._headers) < MOST_NOTED_LINES:
                self._headers.append(line)
            return True
        if len(cells) > 1 and sorted(cells) == sorted(self._names):
            self._other_header = line
        return False


def _beyond_ascii(content: bytes) -> str:
    """Return the characters of a text beyond ASCII: few, mostly, and found in a fraction of the time of a search."""
    return content.translate(None, _ASCII).decode("utf-8", "surrogatepass")


def is_blank(row: Sequence[str]) -> bool:
    """Return whether a row has only blanks in its cells, like an empty line."""
    return not "".join(row).strip(_BLANKS)


def _spaces_at_edges(header: Header) -> re.Pattern[str]:
    """Return what matches a space at the edge of a cell: it begins with the space, which is found in no time."""
    edge = f'[{re.escape(header.delimiter)}\r\n"]'
    return re.compile(rf" (?:{edge}|\Z|(?<={edge} ))")


def _has_quotes(block: str) -> bool:
    """Return whether a cell of a block begins with what is a quote elsewhere; delimiters are told from text below."""
    return ("'" in block and _APOSTROPHE.search(block) is not None) or "`" in block
