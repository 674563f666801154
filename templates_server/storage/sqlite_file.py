"""The file that an open SQLite database is, and whether that file is still what lies at its path.

Who moves, removes or replaces the file of a running server leaves it writing into a file without a name: what it stored
there would be lost at the next start. The same goes for the log beside the file (`-wal`) and its index (`-shm`).
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from templates_server.errors import Unavailable

MOVED = "The database file was moved, removed or replaced while the server was running. Nothing is being stored."
LOG_MOVED = (
    "A file next to the database (-wal, -shm) was moved or removed while the server was running. "
    "Nothing is being stored."
)
Identity = tuple[int, int]
"""Device and inode."""


class FileMoved(Unavailable):
    """The database is not what lies at its path any more; nothing is stored until it lies there again."""


class OpenFile:
    """The files of one database by their identities, noted as connections open them."""

    def __init__(self, path: Path) -> None:
        self.path = os.fspath(path)
        self._lock = threading.Lock()
        self._database: Identity | None = None
        self._beside: dict[str, Identity] = {}

    def fault(self) -> str | None:
        """Return the problem with the files; None if there is none, and before the first connection.

        It costs three stats, some microseconds.
        """
        if self._is_another():
            return MOVED
        for path, found in self._beside.items():
            if _identity(path) != found:
                return LOG_MOVED
        return None

    def admit(self) -> None:
        """Raise FileMoved if a new connection would open another file than those before, or create one."""
        if self._is_another():
            raise FileMoved(MOVED)

    def note(self) -> None:
        """Note the database file, which a connection has just opened; FileMoved where it is not the one before."""
        with self._lock:
            if self._database is None:
                self._database = _identity(self.path)
        self.admit()

    def note_log(self) -> None:
        """Note the files beside it, which stay as long as the connection that has just opened them."""
        found = {path: _identity(path) for path in (f"{self.path}-wal", f"{self.path}-shm")}
        self._beside = {path: identity for path, identity in found.items() if identity is not None}

    def _is_another(self) -> bool:
        return self._database is not None and _identity(self.path) != self._database


def _identity(path: str) -> Identity | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - twice as quick as Path.stat, before every acknowledgement
    except OSError:
        return None
    return found.st_dev, found.st_ino
