"""Builds the request body of an export from its options. Pure."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

BY_EXTENSION = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "json"}


def export_request(output: str, form: str | None, *, columns: str | None, raw: bool) -> dict[str, Any]:
    """Return the body to send: the format as specified, else by the extension of the output, else CSV."""
    asked: dict[str, Any] = {"format": form or BY_EXTENSION.get(PurePath(output).suffix.lower(), "csv")}
    if columns is not None:
        asked["columns"] = [name.strip() for name in columns.split(",")]
    return asked | ({"raw": True} if raw else {})
