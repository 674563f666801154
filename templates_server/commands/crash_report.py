"""Tracebacks of faults of `mtribes-server` itself: where they are written, and how many are kept."""

from __future__ import annotations

import os
import secrets
import tempfile
import time
import traceback
from contextlib import suppress
from pathlib import Path

import platformdirs

MAX_TRACEBACKS = 10
PREFIX, EXTENSION = "mtribes-server-crash-", ".txt"


def write_traceback(error: BaseException) -> Path:
    """Return the new file, for its owner's eyes; older ones are removed but for the newest.

    It is in `crashes` of the user's state folder, or in the temporary folder where that cannot be written.
    """
    text = "".join(traceback.format_exception(error)).encode("utf-8", "backslashreplace")
    try:
        folder = platformdirs.user_state_path("mtribes-server", appauthor=False) / "crashes"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return _written(folder, text)
    except (OSError, RuntimeError):  # the latter: no home is known
        return _written(Path(tempfile.gettempdir()), text)


def _written(folder: Path, text: bytes) -> Path:
    path = folder / f"{PREFIX}{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}{EXTENSION}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
    with suppress(OSError):  # such as those of other users in the temporary folder
        _keep_newest(folder)
    return path


def _keep_newest(folder: Path) -> None:
    def is_ours(path: Path) -> bool:
        return not hasattr(os, "geteuid") or path.lstat().st_uid == os.geteuid()

    written = [path for path in folder.glob(f"{PREFIX}*{EXTENSION}") if is_ours(path)]
    for path in sorted(written, key=lambda one: one.lstat().st_mtime_ns)[:-MAX_TRACEBACKS]:
        path.unlink(missing_ok=True)
