"""Rows of CSV (RFC 4180) from rows of bare cells, many at once: one row alone is looked at only where it must be. Pure.

Where cells and rows end is said by bytes that no UTF-8 has: whatever stands in a cell, it cannot be mistaken.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

CELL, ROW, SAFE = b"\xff", b"\xfe", b"\xfd"
"""What stands between cells, after rows, and before a cell that no spreadsheet runs, whatever it begins with."""
FORMULA_STARTS = (b"=", b"+", b"-", b"@", b"\t", b"\r")
BREAKING = (b'"', b",", b"\r", b"\n")
END = b"\r\n"

_read_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_read_text = msgspec.json.Decoder(str).decode


def csv_rows(rows: Sequence[bytes], *, raw: bool) -> bytes:
    """Rows of CSV, the last one without its end. Unless it is `raw`, what would run as a formula gets a ' before it."""
    text = CELL + (ROW + CELL).join(rows)
    if not raw:
        for start in FORMULA_STARTS:
            if start in text:
                text = text.replace(CELL + start, CELL + b"'" + start)
    text = text.replace(SAFE, b"")
    if any(breaking in text for breaking in BREAKING):
        return END.join([_row(row) for row in text.split(ROW)])
    return text[1:].replace(ROW + CELL, END).replace(CELL, b",")


def _row(row: bytes) -> bytes:
    if any(breaking in row for breaking in BREAKING):
        return b",".join([_cell(cell) for cell in row[1:].split(CELL)])
    return row[1:].replace(CELL, b",")


def _cell(cell: bytes) -> bytes:
    is_bare = not any(breaking in cell for breaking in BREAKING)
    return cell if is_bare else b'"' + cell.replace(b'"', b'""') + b'"'


def with_attributes(row: bytes, order: Sequence[str | None]) -> bytes:
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
