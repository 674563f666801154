"""Sanitizes text from elsewhere for a terminal, and lays it out in columns. Pure: nothing is printed here."""

import re
import unicodedata
from collections.abc import Sequence

# Controls (C0 but for tab and newline, DEL, C1), marks and overrides of direction, line and paragraph separators,
# invisible operators, lone surrogates, and the tag characters that hide text. Joiners that scripts need are left alone.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_BREAKS = re.compile(r"[\t\n]")


def sanitize(text: str) -> str:
    r"""`text` with every character that a terminal obeys shown as its escape (`\x1b`); newlines and tabs stay."""
    return _UNSAFE.sub(_escaped, text)


def sanitize_line(text: str) -> str:
    r"""The same for one line: newlines and tabs are shown (`\n`) as well."""
    return _BREAKS.sub(_escaped, sanitize(text))


def _escaped(match: re.Match[str]) -> str:
    return ascii(match.group())[1:-1]


def display_width(text: str) -> int:
    """Return how many terminal cells `text` takes: two for wide letters, none for combining marks."""
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


ELLIPSIS = "..."


def columns(rows: Sequence[Sequence[str]], gap: str = "  ") -> list[str]:
    """Return lines with the cells of `rows` in columns; without spaces at the end of a line."""
    safe = [[sanitize_line(cell) for cell in row] for row in rows]
    widths = [max(display_width(cell) for cell in column) for column in zip(*safe, strict=True)]
    return [gap.join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in safe]


def shorten(text: str, width: int, ellipsis: str = ELLIPSIS) -> str:
    """Return sanitized text of at most so many columns; a longer one ends in an ellipsis."""
    safe = sanitize_line(text)
    if display_width(safe) <= width:
        return safe
    kept, room = [], width - len(ellipsis)
    for character in safe:
        room -= _cells(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept) + ellipsis


def wrap(text: str, width: int) -> list[str]:
    """Return sanitized text in lines of at most so many columns, between words if possible; at least one line."""
    lines, line, taken, word_end = [], "", 0, 0
    for character in sanitize_line(text):
        if taken + _cells(character) > width:
            end = len(line) if character == " " else word_end or len(line)
            lines.append(line[:end].rstrip())
            line, word_end = line[end:].lstrip(), 0
            taken = display_width(line)
        if line or not character.isspace():
            line += character
            taken += _cells(character)
        if character == " ":
            word_end = len(line)
    return [*lines, line.rstrip()]


def _padded(text: str, width: int) -> str:
    return text + " " * (width - display_width(text))
