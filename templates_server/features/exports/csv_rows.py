"""Rows of CSV (RFC 4180) from rows of bare cells, many at once: one row alone is looked at only where it must be. Pure.

Where cells and rows end is said by bytes that no UTF-8 has: whatever stands in a cell, it cannot be mistaken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

CELL, SAFE = b"\xff", b"\xfe"
"""What stands between cells, and before a cell that no spreadsheet runs, whatever it begins with."""
END, FIRST = b"\xfd", b"\xfc"
"""The end of a row, and the beginning of the next: bytes of their own, as single ones are replaced fastest."""
FORMULAS = [re.compile(before + rb"(?=[=+@\t\r-])") for before in (CELL, FIRST)]
BREAKING = (b'"', b",", b"\r", b"\n")

_read_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_read_text = msgspec.json.Decoder(str).decode


def csv_rows(rows: Sequence[bytes], *, raw: bool) -> bytes:
    """Rows of CSV, the last one without its end. Unless it is `raw`, what would run as a formula gets a ' before it."""
    text = FIRST + (END + FIRST).join(rows)
    if not raw:
        for formulas in FORMULAS:
            text = formulas.sub(rb"\g<0>'", text)
    text = text[1:].replace(SAFE, b"")
    if any(breaking in text for breaking in BREAKING):
        text = (END + FIRST).join([_row(row) for row in text.split(END + FIRST)])
    return text.replace(CELL, b",").replace(END, b"\r").replace(FIRST, b"\n")


def _row(row: bytes) -> bytes:
    if any(breaking in row for breaking in BREAKING):
        return CELL.join([_cell(cell) for cell in row.split(CELL)])
    return row


def _cell(cell: bytes) -> bytes:
    is_bare = not any(breaking in cell for breaking in BREAKING)
    return cell if is_bare else b'"' + cell.replace(b'"', b'""') + b'"'


def add_attributes(row: bytes, order: Sequence[str | None]) -> bytes:
    """A row with cells for attributes, out of one whose last cell is all of them as a JSON object.

    `order`: the name of an attribute, or None for the next of the other cells.
    """
    *others, attributes = row.split(CELL)
    cells, members = iter(others), _read_members(attributes)
    return CELL.join([next(cells) if name is None else _attribute(members.get(name)) for name in order])


def _attribute(value: msgspec.Raw | None) -> bytes:
    """A text as it is, anything else as JSON has it: a number keeps its sign."""
    if value is None:
        return b""
    written = bytes(value)
    return _read_text(written).encode() if written.startswith(b'"') else SAFE + written
