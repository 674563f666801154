"""Whole numbers: read from text that somebody else wrote, and written with what they count. Pure.

Such text comes from a server, a file, or a person at the terminal. `int()` fails on more than 4,300 digits, and reads
the digits of every script as well as signs, blanks and underscores.
`tests/repo/test_numbers.py` sees to it that such text goes through here.
"""

from __future__ import annotations


def whole_number(text: str, *, most: int) -> int | None:
    """Return the number from 0 to `most` in ASCII digits; None for any other text."""
    if not (text.isascii() and text.isdigit()):
        return None
    digits = text.lstrip("0") or "0"
    if len(digits) > len(str(most)):
        return None
    number = int(digits)
    return number if number <= most else None


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with the noun that it counts: `1 row`, `2,000 rows`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def counted_seconds(seconds: float) -> str:
    """Return a time to wait in whole seconds, one at least: `1 second`, `45 seconds`."""
    return counted(max(round(seconds), 1), "second")
