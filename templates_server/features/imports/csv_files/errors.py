"""Problems with a whole file, and readable versions of the `csv` module's errors."""

from __future__ import annotations

import csv

TOO_MUCH = "field larger than field limit"
TOO_LONG_LINE = "the line is too long"
MAYBE_THE_REST = "this may be the rest of the previous row, whose quotes are invalid"
NO_USER_ID = "This is missing"
BAD_QUOTES = "a quote is missing or in the middle of a cell"
REASONS = {
    "unexpected end of data": "a quote is not closed",
    TOO_MUCH: f"a cell has more than {csv.field_size_limit():,} characters; is a closing quote missing?",
}


class CsvFileError(Exception):
    """The reason why a file is rejected, in a text for its sender; `column` is the name of the affected column."""

    def __init__(self, message: str, *, column: str | None = None) -> None:
        super().__init__(message)
        self.column = column


def csv_reason(said: str) -> str:
    """Return the reason why a row cannot be read."""
    return next((reason for what, reason in REASONS.items() if said.startswith(what)), BAD_QUOTES)
