"""What imports read and give over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class RowError(msgspec.Struct, frozen=True, gc=False):
    """One thing that is wrong with a row: `line` of the part from 1, blank ones counted; `path` into the row."""

    line: int
    code: str
    message: str
    path: str


class PartView(msgspec.Struct, frozen=True):
    """What became of a part: `read` is the sum of the four numbers behind it."""

    part: int
    digest: str
    read: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    errors: list[RowError]


class Totals(msgspec.Struct, frozen=True):
    """What became of the rows of all parts: `read` is the sum of the rest."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0


class ImportView(msgspec.Struct, frozen=True):
    """An import: how many parts are applied, and which comes next; none once it is complete."""

    id: str = msgspec.field(name="import")
    state: Literal["open", "complete"]
    parts: int
    next_part: int | None
    totals: Totals


class Completion(msgspec.Struct, frozen=True):
    """How many parts the import has: all of them must be applied."""

    parts: Annotated[int, Meta(ge=1, le=1_000_000)]
