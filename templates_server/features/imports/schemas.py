"""What imports read and give over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class RowError(msgspec.Struct, frozen=True, gc=False):
    """A problem in a row: `line` in the part, starting at 1 and counting blank lines; `path` in the row."""

    line: int
    code: str
    message: str
    path: str


class PartView(msgspec.Struct, frozen=True):
    """The result of a part; `read` is the sum of the four numbers after it."""

    part: int
    digest: str
    read: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    errors: list[RowError]


class Totals(msgspec.Struct, frozen=True):
    """The results of all parts; `read` is the sum of the other numbers."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0


class ImportView(msgspec.Struct, frozen=True):
    """An import, with the number of applied parts and the next part; none once it is complete."""

    id: str = msgspec.field(name="import")
    state: Literal["open", "complete"]
    parts: int
    next_part: int | None
    totals: Totals


class Completion(msgspec.Struct, frozen=True):
    """The number of parts of the import. All of them must be applied."""

    parts: Annotated[int, Meta(ge=1, le=1_000_000)]
