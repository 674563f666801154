"""What is sent at once: rows as NDJSON, cut so that the same file always gives the same parts.

The server takes at most 16 MiB and 50,000 rows in a part.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from mtribes_cli.ingest.encoding import Encoding, not_text, undecodable

MAX_PART_ROWS = 50_000
PART_BYTES = 4_000_000
MAX_ROW_BYTES = 4_000_000
MAX_REST_CHARACTERS = MAX_ROW_BYTES // 4  # of a bad row that is sent all the same
MAX_LOCAL_REJECTS = 5_000  # before they are written down
CUT = 2
"""The version of the way to cut parts: another one would give other parts."""
MAX_TOLD_CHARACTERS = 64 * 1024
REFUSED = "_error"
"""A field that no user has: the server says of a row with it what else is wrong, and never takes it."""


@dataclass(frozen=True)
class Record:
    """A row as in the file: its cells, or its text if it has none."""

    cells: Sequence[str] = ()
    text: str = ""


@dataclass(frozen=True)
class Reject:
    """A rejected row and the reasons. `line` is its first line, from 1."""

    line: int
    reason: str
    record: Record


RecordLookup = Callable[[int, int], Record]
"""Returns the record of a row of a batch, from 0, that begins at a line of the file."""


@dataclass(frozen=True)
class Batch:
    """Rows to send, those that were rejected before, and their lines."""

    body: bytes  # NDJSON; nothing at all: there is nothing to send
    lines: Sequence[int]  # of the file, one for each row of the body
    rejects: Sequence[Reject]
    record_at: RecordLookup
    faults: Mapping[int, Sequence[str]] = field(default_factory=dict)
    """What is wrong with rows of the body, from 1, for certain: they are sent so that all that is wrong is known."""

    @cached_property
    def sha256(self) -> bytes:
        """The SHA-256 of the body."""
        return hashlib.sha256(self.body).digest()

    @property
    def digest(self) -> str:
        """The same in hexadecimal, as journals and servers write it."""
        return self.sha256.hex()

    @property
    def all_rejects(self) -> Sequence[Reject]:
        """All bad rows that are known without the server, in order of line."""
        known = [self.reject(row, together(reasons)) for row, reasons in self.faults.items()]
        return sorted([*self.rejects, *known], key=lambda one: one.line)

    def reject(self, row: int, reason: str) -> Reject:
        """Return the `row`-th row of the body, from 1, as a reject of the server."""
        line = self.lines[row - 1]
        return Reject(line, reason, self.record_at(row - 1, line))


def together(reasons: Sequence[str]) -> str:
    """Return all problems of a row in one line."""
    *before, last = reasons
    return "; ".join([*(reason.removesuffix(".") for reason in before), last])


@dataclass
class BatchBuilder:
    """A batch that is being filled. `rows` and `lines` grow together; readers in a hurry do that themselves."""

    rows: list[bytes] = field(default_factory=list)
    lines: array[int] = field(default_factory=lambda: array("Q"))
    rejects: list[Reject] = field(default_factory=list)
    room_bytes: int = PART_BYTES
    faults: dict[int, Sequence[str]] = field(default_factory=dict)  # of rows that are sent, from 1

    @property
    def is_full(self) -> bool:
        """Whether it is time to send the batch."""
        return self.room_bytes <= 0 or len(self.rows) >= MAX_PART_ROWS or len(self.rejects) >= MAX_LOCAL_REJECTS

    def add(self, row: str, line: int, text: str, encoding: Encoding) -> None:
        """Add a row that begins at a line of the file, with its text; reject it if it cannot be sent."""
        try:
            content = sendable(row, encoding)
        except ValueError as error:
            self.reject(line, str(error), Record(text=text))
            return
        self.rows.append(content)
        self.lines.append(line)
        self.room_bytes -= len(content)

    def add_refused(self, line: int, row: str, reasons: Sequence[str]) -> None:
        """Add a row that the server will reject; `reasons` are known already."""
        content = row.encode()
        self.rows.append(content)
        self.lines.append(line)
        self.room_bytes -= len(content)
        self.faults[len(self.rows)] = reasons

    def reject(self, line: int, reason: str, record: Record) -> None:
        """Reject a row. Of a long text only the beginning is stored."""
        told = record.text.rstrip("\r\n")
        if len(told) > MAX_TOLD_CHARACTERS:
            told = told[:MAX_TOLD_CHARACTERS] + " ..."
        self.rejects.append(Reject(line, reason, Record(record.cells, told)))

    def batch(self, record_at: RecordLookup) -> Batch:
        """Return the batch."""
        body = b"\n".join(self.rows) + b"\n" if self.rows else b""
        return Batch(body, self.lines, self.rejects, record_at, self.faults)


def sendable(row: str, encoding: Encoding) -> bytes:
    """Return a row as it is sent. Raises ValueError with the reason why it cannot be."""
    try:
        content = row.encode()
    except UnicodeEncodeError:
        raise ValueError(not_text(undecodable(row), encoding)) from None
    if len(content) > MAX_ROW_BYTES:
        raise ValueError(f"the row has {len(content):,} bytes, more than the maximum of {MAX_ROW_BYTES:,}")
    return content


def batches(
    fill: Callable[[BatchBuilder], bool], finding_for: Callable[[BatchBuilder], RecordLookup]
) -> Iterator[Batch]:
    """Yield batches until `fill` says that there are no more; `finding_for` a batch finds its records again."""
    is_more = True
    while is_more:
        filling = BatchBuilder()
        is_more = fill(filling)
        finding = finding_for(filling)
        if filling.rows or filling.rejects:
            yield filling.batch(finding)
