"""Turns errors of the system about files into messages with advice. No file is touched here."""

from __future__ import annotations

import errno
import os

from mtribes_cli.errors import FileError

NO_HOME = os.path.join(os.devnull, "no-home-folder")  # noqa: PTH118 - start-up time
"""Stands for a folder of the user where the system names none: it cannot exist."""

_ROOM = ("the disk is full", "Free up disk space, then run the command again.")
_PERMISSION = ("permission denied", "Fix the permissions or use another path, then run the command again.")
_WORDS = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: ("the disk quota is exceeded", "Free up disk space, then run the command again."),
    errno.EFBIG: ("the file is too large for the disk", "Use a path on another disk."),
    errno.EROFS: ("the disk is read-only", "Use a path on another disk, or make this one writable."),
    errno.EACCES: _PERMISSION,
    errno.EPERM: _PERMISSION,
    errno.ENOENT: ("no such file or folder", "Check the path."),
    errno.ENOTDIR: ("a part of the path is a file, not a folder", "Check the path."),
    errno.EISDIR: ("it is a folder", "Pass the path of a file."),
    errno.EMFILE: ("too many files are open", "Raise the limit (`ulimit -n`), then run the command again."),
    errno.EIO: (
        "the disk or terminal reported an input/output error",
        "Check that it is still available, then run the command again.",
    ),
}


def file_error(error: OSError, place: str | None = None, *, cannot_be: str = "used") -> FileError:
    """Return the message for `error`; about `place`, if the system names no file or another one."""
    name = place or error.filename
    if isinstance(name, str) and name.startswith(NO_HOME):
        return FileError(
            "No home folder: HOME is not set, and the system has none for this user.",
            "Set HOME, or set XDG_CONFIG_HOME and XDG_STATE_HOME to writable folders.",
        )
    words, advice = _WORDS.get(error.errno or 0, (error.strerror or str(error), "Check the path."))
    return FileError(f"{name or 'A file'} cannot be {cannot_be}: {words}.", advice)
