"""What is wrong with a whole file, and what Python's `csv` says of a row that it cannot read, in words of people."""

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


class Unreadable(Exception):
    """Why a file cannot be taken, in words for who sent it; `column` is the name of the one that it is about."""

    def __init__(self, message: str, *, column: str | None = None) -> None:
        super().__init__(message)
        self.column = column


def csv_reason(said: str) -> str:
    """Why a row cannot be read."""
    return next((reason for what, reason in REASONS.items() if said.startswith(what)), BAD_QUOTES)
