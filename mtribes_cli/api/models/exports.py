"""The JSON of exports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from mtribes_cli.api.decoding import Field, JsonObject, Model

RUNNING, COMPLETE, FAILED = "running", "complete", "failed"


@dataclass(frozen=True)
class Export(Model):
    """An export as the server knows it; its results are there once it is complete."""

    id: Annotated[str, Field("export", JsonObject.identifier)]
    state: str
    rows: int | None
    bytes: int | None
    sha256: str | None
    cursor: str | None
    error: str | None
