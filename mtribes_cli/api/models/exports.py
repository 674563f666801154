"""What exports send and get back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from mtribes_cli.api.decoding import JsonObject

RUNNING, COMPLETE, FAILED = "running", "complete", "failed"


@dataclass(frozen=True)
class Export:
    """An export as the server knows it; what it came to is there once it is complete."""

    id: str
    state: str
    rows: int | None
    bytes: int | None
    sha256: str | None
    cursor: str | None
    error: str | None

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """One export."""
        fields = JsonObject(value, place)
        return cls(
            fields.identifier("export"),
            fields.text("state"),
            fields.optional_whole("rows"),
            fields.optional_whole("bytes"),
            fields.optional_text("sha256"),
            fields.optional_text("cursor"),
            fields.optional_text("error"),
        )
