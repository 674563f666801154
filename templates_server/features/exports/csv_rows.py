"""Conversion of bare cells to CSV rows (RFC 4180) in bulk; single rows are inspected only if necessary. Pure.

Cells and rows are separated by bytes that never occur in UTF-8, so cell content cannot be mistaken for a separator.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

CELL, SAFE = b"\xff", b"\xfe"
"""The separator of cells, and the marker before a cell that a spreadsheet never runs as a formula."""
END, FIRST = b"\xfd", b"\xfc"
"""The end of a row and the start of the next: single bytes of their own, which are replaced fastest."""
FORMULAS = [re.compile(before + rb"(?=[=+@\t\r-])") for before in (CELL, FIRST)]
BREAKING = (b'"', b",", b"\r", b"\n")

_read_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_read_text = msgspec.json.Decoder(str).decode


def csv_rows(rows: Sequence[bytes], *, raw: bool) -> bytes:
    """Return CSV rows without the final line break. Unless `raw`, cells that would run as formulas get a ' prefix."""
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
    """Return a row with attribute cells, from one whose last cell holds all attributes as a JSON object.

    `order`: the name of an attribute, or None for the next of the other cells.
    """
    *others, attributes = row.split(CELL)
    cells, members = iter(others), _read_members(attributes)
    return CELL.join([next(cells) if name is None else _attribute(members.get(name)) for name in order])


def _attribute(value: msgspec.Raw | None) -> bytes:
    """Return a text unchanged and any other value as JSON: a number keeps its sign."""
    if value is None:
        return b""
    written = bytes(value)
    return _read_text(written).encode() if written.startswith(b'"') else SAFE + written
