"""What Python's `csv` says of a row that it cannot read, in words of users."""

from __future__ import annotations

import csv

TOO_MUCH = "field larger than field limit"
_REASONS = {
    "unexpected end of data": "a quote is opened and never closed",
    TOO_MUCH: f"a cell has more than {csv.field_size_limit():,} characters; is a closing quote missing?",
}
_BAD_QUOTES = "a quote stands in the middle of a cell, or one is missing"


def csv_reason(said: str) -> str:
    """Return the reason why a row cannot be read."""
    return next((reason for what, reason in _REASONS.items() if said.startswith(what)), _BAD_QUOTES)
