"""Which exports are under way here, so that the same command goes on where one was killed.

A file an export in the user's state folder, named after what was asked for and where it goes. It is there before the
first byte is fetched, and gone once the output is in its place. What is older than the server keeps exports is removed.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

from mtribes_cli.files.atomic_file import write_private
from mtribes_cli.files.bounded_reader import MAX_STATE_FILE_BYTES, read_regular_file
from mtribes_cli.files.errors import file_error

VERSION = 1
FOLDER, EXTENSION = "exports", ".export"
KEPT_SECONDS = 2 * 24 * 3600.0


@dataclass(frozen=True)
class PendingExport:
    """An export that was requested, and the file that receives it."""

    export_id: str
    part: Path


class ExportJournal:
    """What is known of the export that these texts tell apart from others.

    `guarded` is what to lock meanwhile: locks stay behind, so there is a bound to them; exports seldom meet at one.
    """

    def __init__(self, state_folder: Path, identity: tuple[str, ...]) -> None:
        name = hashlib.sha256(json.dumps([VERSION, *identity]).encode()).hexdigest()[:32]
        self.path = state_folder / FOLDER / f"{name}{EXTENSION}"
        self.guarded = state_folder / FOLDER / name[:3]

    def find(self) -> PendingExport | None:
        """Return the unfinished export; None if there is none, or nothing of it was downloaded."""
        underway = _read(self.path)
        return underway if underway is not None and underway.part.is_file() else None

    def keep(self, underway: PendingExport) -> None:
        """Store the pending export durably. Raises FileError."""
        content = {"version": VERSION, "export": underway.export_id, "part": str(underway.part)}
        try:
            write_private(self.path, json.dumps(content).encode() + b"\n")
        except OSError as error:
            raise file_error(error, str(self.path), cannot_be="written") from error

    def forget(self) -> None:
        """Remove the entry and what was downloaded."""
        underway = _read(self.path)
        if underway is not None:
            underway.part.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove entries of others that the server no longer has."""
        for path in self.path.parent.glob(f"*{EXTENSION}"):
            if path.stat().st_mtime < time.time() - KEPT_SECONDS:
                underway = _read(path)
                if underway is not None:
                    underway.part.unlink(missing_ok=True)
                path.unlink(missing_ok=True)


def _read(path: Path) -> PendingExport | None:
    try:
        document = json.loads(read_regular_file(path, MAX_STATE_FILE_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    is_ours = isinstance(document, dict) and document.get("version") == VERSION
    texts = [document.get(name) for name in ("export", "part")] if is_ours else []
    if not texts or not all(isinstance(text, str) and text and "\0" not in text for text in texts):
        return None
    return PendingExport(texts[0], Path(texts[1]))
