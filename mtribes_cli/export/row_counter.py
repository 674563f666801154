"""Counts rows in bytes as they arrive. Pure."""

from __future__ import annotations

LINES_BESIDES = {"csv": 1, "ndjson": 0, "json": 2}
"""Lines that are no rows: the header; the brackets."""


class RowCount:
    """A count of rows of CSV, of JSON lines, or of a JSON array with one line per element."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._lines = 0
        self._is_quoted = False

    def add(self, chunk: bytes) -> None:
        """Count the next bytes. A line break between quotes does not end a row of CSV."""
        if self._kind == "csv":
            pieces = chunk.split(b'"')
            self._lines += b"".join(pieces[self._is_quoted :: 2]).count(b"\n")
            self._is_quoted ^= len(pieces) % 2 == 0
        else:
            self._lines += chunk.count(b"\n")

    @property
    def rows(self) -> int:
        """The number of rows so far."""
        return self._lines - LINES_BESIDES[self._kind]
