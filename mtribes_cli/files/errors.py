"""What an error of the system about a file means, and what to do about it. No file is touched from here."""

from __future__ import annotations

import errno
import os

from mtribes_cli.errors import FileError

NO_HOME = os.path.join(os.devnull, "no-home-folder")  # noqa: PTH118 - start-up time
"""Stands for folders of the user's where the system names none: nothing is in it, and nothing can be put there."""

_ROOM = ("the disk is full", "Make room, then run it again.")
_PERMISSION = ("permission is denied", "Mend the permissions or give another path, then run it again.")
_WORDS = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: ("the quota of the disk is used up", "Make room, then run it again."),
    errno.EFBIG: ("the file would be too large for the disk", "Give a path on another disk."),
    errno.EROFS: ("the disk can only be read", "Give a path on another disk, or make this one writable."),
    errno.EACCES: _PERMISSION,
    errno.EPERM: _PERMISSION,
    errno.ENOENT: ("there is no such file or folder", "See that the path is right."),
    errno.ENOTDIR: ("it lies below a file", "See that the path is right."),
    errno.EISDIR: ("it is a folder", "Give the path of a file."),
    errno.EMFILE: ("too many files are open", "Raise the limit (`ulimit -n`), then run it again."),
    errno.EIO: ("the disk or the terminal fails", "See that it is still there, then run it again."),
}


def file_error(error: OSError, place: str | None = None, *, cannot_be: str = "used") -> FileError:
    """`error` in words; about `place`, where the system does not name the file itself or names another."""
    name = place or error.filename
    if isinstance(name, str) and name.startswith(NO_HOME):
        return FileError(
            "There is no home folder to keep files in: HOME is not set, and the system knows none for this user.",
            "Set HOME, or XDG_CONFIG_HOME and XDG_STATE_HOME, to folders that are writable.",
        )
    words, advice = _WORDS.get(error.errno or 0, (error.strerror or str(error), "See that the path is right."))
    return FileError(f"{name or 'A file'} cannot be {cannot_be}: {words}.", advice)
