"""What exports read and give over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MOST_COLUMNS = 250
Format = Literal["csv", "ndjson", "json"]
Column = Annotated[str, Meta(max_length=128, examples=["email"])]
Columns = Annotated[list[Column], Meta(min_length=1, max_length=MOST_COLUMNS)]


class TribeExport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An export of the users in a tribe. `columns`, in CSV alone: which, and `attributes.NAME` for an attribute.

    `since`: the `cursor` of an earlier export; only those who changed after it. `raw`, in CSV alone: cells that a
    spreadsheet would run as formulas stay as they are.
    """

    format: Format = "csv"
    columns: Columns | None = None
    since: Annotated[str, Meta(max_length=200)] | None = None
    raw: bool = False


class EventExport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An export of events, optionally filtered by name or user ID. The other fields are those of a tribe export."""

    format: Format = "csv"
    columns: Columns | None = None
    name: str | None = None
    user: str | None = None
    raw: bool = False


class AskedFormat(msgspec.Struct, frozen=True):
    """What every export that was asked for has, of people or of events."""

    format: Format


class ExportView(msgspec.Struct, frozen=True):
    """An export. Rows, bytes, SHA-256 (hexadecimal) and, of a tribe, the cursor are there once it is complete.

    `error` says why it failed; after `expires` it is gone.
    """

    id: str = msgspec.field(name="export")
    state: Literal["running", "complete", "failed"]
    tribe: str | None
    format: Format
    rows: int | None
    bytes: int | None
    sha256: str | None
    cursor: str | None
    created: str
    expires: str
    error: str | None
