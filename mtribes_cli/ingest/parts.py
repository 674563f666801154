"""What is sent at once: rows as NDJSON, cut so that the same file always gives the same parts.

The server takes at most 16 MiB and 50,000 rows in a part.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

MAX_PART_ROWS = 50_000
PART_BYTES = 4_000_000
MAX_ROW_BYTES = 4_000_000
MAX_LOCAL_REJECTS = 5_000  # before they are written down
CUT = 1
"""The number of this way to cut: another one would give other parts."""
MAX_TOLD_CHARACTERS = 64 * 1024
FIRST_BYTE, LAST_BYTE = 0xDC80, 0xDCFF
"""What `source` makes of bytes that are no text."""


@dataclass(frozen=True)
class Record:
    """A row as it stood in the file: its cells, or its text where it has none."""

    cells: Sequence[str] = ()
    text: str = ""


@dataclass(frozen=True)
class Reject:
    """A row that was not taken, and why. `line` is the first one of the row, from 1."""

    line: int
    reason: str
    record: Record


Finding = Callable[[int, int], Record]
"""Gives the record of a row of a batch, from 0, that begins at a line of the file."""


@dataclass(frozen=True)
class Batch:
    """Rows to send, those that were rejected before, and where each was."""

    body: bytes  # NDJSON; nothing at all: there is nothing to send
    lines: Sequence[int]  # of the file, one for each row of the body
    rejects: Sequence[Reject]
    record_at: Finding

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the body, in hexadecimal."""
        return hashlib.sha256(self.body).hexdigest()

    def reject(self, row: int, reason: str) -> Reject:
        """The `row`-th row of the body, from 1, as one that the server did not take."""
        line = self.lines[row - 1]
        return Reject(line, reason, self.record_at(row - 1, line))


@dataclass
class Filling:
    """A batch that is being filled. `rows` and `lines` grow together; readers in a hurry do that themselves."""

    rows: list[bytes] = field(default_factory=list)
    lines: array[int] = field(default_factory=lambda: array("Q"))
    rejects: list[Reject] = field(default_factory=list)
    room_bytes: int = PART_BYTES

    @property
    def is_full(self) -> bool:
        """Whether it is time to send it."""
        return self.room_bytes <= 0 or len(self.rows) >= MAX_PART_ROWS or len(self.rejects) >= MAX_LOCAL_REJECTS

    def add(self, row: str, line: int, text: str) -> None:
        """One more row, from that line of the file, where it stood as `text`; rejected when it cannot be sent."""
        try:
            content = sendable(row)
        except ValueError as error:
            self.reject(line, str(error), Record(text=text))
            return
        self.rows.append(content)
        self.lines.append(line)
        self.room_bytes -= len(content)

    def reject(self, line: int, reason: str, record: Record) -> None:
        """A row that is not sent. Of a long text only the beginning is kept."""
        told = record.text.rstrip("\r\n")
        if len(told) > MAX_TOLD_CHARACTERS:
            told = told[:MAX_TOLD_CHARACTERS] + " ..."
        self.rejects.append(Reject(line, reason, Record(record.cells, told)))

    def batch(self, record_at: Finding) -> Batch:
        """What has come together."""
        body = b"\n".join(self.rows) + b"\n" if self.rows else b""
        return Batch(body, self.lines, self.rejects, record_at)


def sendable(row: str) -> bytes:
    """A row as it is sent. Raises ValueError with the reason why it cannot be."""
    try:
        content = row.encode()
    except UnicodeEncodeError as error:
        code = ord(row[error.start])
        shown = f" (0x{code & 0xFF:02X})" if FIRST_BYTE <= code <= LAST_BYTE else ""
        raise ValueError(
            f"the row holds bytes that are no text{shown}: is it saved in another encoding than UTF-8?"
        ) from None
    if len(content) > MAX_ROW_BYTES:
        raise ValueError(f"the row has {len(content):,} bytes; at most {MAX_ROW_BYTES:,} are possible")
    return content


def batches(fill: Callable[[Filling], bool], finding_for: Callable[[Filling], Finding]) -> Iterator[Batch]:
    """Batches until `fill` says that there is no more; `finding_for` one of them finds its records again."""
    is_more = True
    while is_more:
        filling = Filling()
        is_more = fill(filling)
        finding = finding_for(filling)
        if filling.rows or filling.rejects:
            yield filling.batch(finding)
