"""Rules for CSV rows before they are sent: blank rows, repeated headers, trimmed cells, faults."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from templates_server.features.imports.csv_files.errors import NO_USER_ID
from templates_server.features.imports.csv_files.header import ATTRIBUTE, EDGES, USER_ID, CsvColumn
from templates_server.features.imports.csv_files.text import TextEncoding, find_undecodable_byte, undecodable_reason
from templates_server.features.people.identity import find_edge_problem
from templates_server.primitives.integers import counted

BLANKS_OF_A_ROW = " \t\r\n"
SCIENTIFIC = re.compile(r"[+-]?[0-9]{1,40}(?:[.,][0-9]{1,40})?[Ee]\+[0-9]{1,4}")
QUOTES: Mapping[str, str] = {
    "'": "'", "\u2018": "\u2019", "\u201c": "\u201d", "\u201e": "\u201c", "\u00ab": "\u00bb", "`": "`"
}  # fmt: skip
"""Characters that surround text but are not CSV quotes."""


class RowRules:
    """The rules for the rows of one file."""

    def __init__(self, columns: Sequence[CsvColumn], encoding: TextEncoding) -> None:
        self.columns = columns
        self._encoding = encoding
        self._names = [column.name for column in columns]
        self._id_at = next(at for at, column in enumerate(columns) if column.becomes == USER_ID)
        self._id_name = self._names[self._id_at]
        self._is_id_as_stated = columns[self._id_at].convert is not None
        self._trimmed = [at for at, column in enumerate(columns) if column.is_trimmed]
        self._unnamed = [at for at, column in enumerate(columns) if not column.name]
        self._given = [
            (at, column.becomes, column.convert)
            for at, column in enumerate(columns)
            if column.becomes and not column.is_attribute
        ]
        self._attributes = [
            (at, column.becomes.removeprefix(ATTRIBUTE), column.convert)
            for at, column in enumerate(columns)
            if column.is_attribute
        ]
        self._other_header = 0  # the line of a header whose columns stand in another order

    def settled(self, row: list[str], line: int) -> list[str] | None:
        """Return the row after trimming; None if it is blank or repeats the header.

        Raise ValueError with the reason why it is invalid, "" where `faults` reports it.
        """
        if is_blank(row) or self._is_header(row, line):
            return None
        if len(row) != len(self.columns):
            raise ValueError(
                f"the row has {counted(len(row), 'cell')}, but the header has {counted(len(self.columns), 'column')}"
            )
        row = self._without_edges(row)
        user_id = row[self._id_at]
        is_faulty = user_id and self._problem_of_id(user_id) is not None
        if is_faulty or self._other_header or any(row[at] for at in self._unnamed):
            raise ValueError
        if not user_id and not is_blank(row):
            raise ValueError(NO_USER_ID)
        return row if user_id else None

    def user_of(self, row: Sequence[str]) -> dict[str, Any]:
        """Return a row as the user to send; empty cells are omitted. Raises ValueError like the cells."""
        try:
            user = {name: convert(row[at]) if convert else row[at] for at, name, convert in self._given if row[at]}
            attributes = {
                name: convert(row[at]) if convert else row[at] for at, name, convert in self._attributes if row[at]
            }
        except ValueError:
            raise ValueError from None  # `faults` tells all of them
        return {**user, "attributes": attributes} if attributes else user

    def without_faults(self, row: list[str]) -> tuple[Mapping[str, Any], Sequence[str]]:
        """Return a row without its invalid cells ({} if nothing remains to check), and their problems."""
        row = self._without_edges(row)
        reasons = []
        for at, column in enumerate(self.columns):
            reason = self._reason(at, row[at]) if column.becomes or not column.name else None
            if reason:
                reasons.append(f"{column.name or f'column {at + 1}'}: {reason}.")
                row = [*row[:at], "", *row[at + 1 :]]
        has_more = any(cell and column.becomes not in {"", USER_ID} for cell, column in self._paired(row))
        return (self.user_of(row) if has_more else {}), reasons

    @property
    def whole_fault(self) -> str | None:
        """Return the reason why no further row can be read."""
        if not self._other_header:
            return None
        return (
            f"line {self._other_header:,} repeats the header with the columns in another order, "
            "so the rows below it are ambiguous"
        )

    def _paired(self, row: Sequence[str]) -> Iterator[tuple[str, CsvColumn]]:
        return zip(row, self.columns, strict=True)

    def _reason(self, at: int, cell: str) -> str | None:
        column = self.columns[at]
        shown = find_undecodable_byte(cell)
        if shown:
            return undecodable_reason(shown, self._encoding)
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
        problem = find_edge_problem(text)
        if problem:
            return f"This {problem}"
        if self._is_id_as_stated:
            return None
        as_it_is = f"`--type {self._id_name}=text` imports it unchanged"
        if SCIENTIFIC.fullmatch(text):
            return (
                f"This number was shortened by a spreadsheet ({text}), and others may look the same: "
                f"export the column as text; {as_it_is}"
            )
        if len(text) > 1 and QUOTES.get(text[0]) == text[-1]:
            return f"This is enclosed in quotes that are not CSV quotes ({text}): {as_it_is}"
        return f"This is the name of its column; {as_it_is}" if text == self._id_name else None

    def _without_edges(self, row: list[str]) -> list[str]:
        row = list(row)
        for at in self._trimmed:
            row[at] = row[at].strip(EDGES)
        return row

    def _is_header(self, row: Sequence[str], line: int) -> bool:
        """Return whether the row repeats the header. In a different order, following rows would be ambiguous."""
        if not any(self._id_name in cell for cell in row):
            return False
        cells = [cell.strip(EDGES) for cell in row]
        if cells == self._names:
            self._other_header = 0
            return True
        if len(cells) > 1 and sorted(cells) == sorted(self._names):
            self._other_header = line
        return False


def is_blank(row: Sequence[str]) -> bool:
    """Return whether all cells of a row are blank, as in an empty line."""
    return not "".join(row).strip(BLANKS_OF_A_ROW)
