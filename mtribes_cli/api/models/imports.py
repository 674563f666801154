"""The JSON of bulk imports."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from mtribes_cli.api.decoding import Field, Model


@dataclass(frozen=True)
class Part:
    """A part of an import, ready to be sent. `content` is NDJSON, compressed with gzip or not."""

    import_id: str
    number: int  # from 1
    content: bytes
    sha256: bytes  # of the NDJSON
    is_packed: bool
    wait_seconds: int = 0  # for the part before it, which is on its way still

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the headers: the type, the digest (RFC 9530, 2), and how long the server may wait (RFC 7240, 4.3)."""
        digest = {"Content-Digest": f"sha-256=:{b64encode(self.sha256).decode()}:"}
        kind = {"Content-Type": "application/x-ndjson"}
        packed = {"Content-Encoding": "gzip"} if self.is_packed else {}
        return kind | digest | packed | ({"Prefer": f"wait={self.wait_seconds}"} if self.wait_seconds else {})


@dataclass(frozen=True)
class RowFault(Model):
    """A problem with a row of a part; `line` is the line in the part, from 1."""

    line: int
    code: str
    message: str
    path: Annotated[str, Field(default="")]


@dataclass(frozen=True)
class Totals:
    """The counts of rows by result."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0

    def __add__(self, other: Totals) -> Totals:
        """Return the sums of both."""
        return Totals(
            self.read + other.read,
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.rejected + other.rejected,
        )


@dataclass(frozen=True)
class ImportedPart(Model):
    """The result of a part."""

    digest: str
    totals: Annotated[Totals, Field(is_embedded=True)]
    faults: Annotated[tuple[RowFault, ...], Field("errors")]


@dataclass(frozen=True)
class Import(Model):
    """An import as the server knows it. `next_part` is None once it is complete."""

    parts: int
    next_part: int | None
    totals: Totals
