"""Writing a file that is wholly the old one or wholly the new one, whatever happens in between.

Every write of the command line that has to last goes through this file.
"""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

PRIVATE_MODE = 0o600
PRIVATE_FOLDER_MODE = 0o700
_KEPT_NAME_BYTES = 100  # of the 255 that a file system takes
SHARED_MODE = 0o666  # less what the user's umask takes away

Failpoint = Callable[[str], None]


def no_failpoint(_name: str) -> None:
    """Do nothing at a crash point, outside of tests."""


def write_private(path: Path, content: bytes, failpoint: Failpoint = no_failpoint) -> None:
    """Put `content` at `path`, readable by its owner alone; the folder is made where it is missing.

    For one process at a time: what a killed one left in transit is known by its name, and replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER_MODE)
    replace_file(path, content, staged=path.with_name(f".{path.name}.new"), mode=PRIVATE_MODE, failpoint=failpoint)


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to `path` atomically; an existing file keeps its mode, and a link stays a link."""
    target = path.resolve()
    is_there = target.exists()
    mode = target.stat().st_mode & 0o777 if is_there else SHARED_MODE
    replace_file(target, content, staged=staging_path(target, secrets.token_hex(8)), mode=mode)
    if is_there:
        target.chmod(mode)


def staging_path(target: Path, mark: str) -> Path:
    """Return where the new content of `target` waits, beside it; a name that would be too long is cut."""
    beginning = target.name.encode("utf-8", "surrogateescape")[:_KEPT_NAME_BYTES].decode("utf-8", "ignore")
    return target.with_name(f".{beginning}.{mark}")


def replace_file(
    path: Path, content: bytes, *, staged: Path, mode: int = SHARED_MODE, failpoint: Failpoint = no_failpoint
) -> None:
    """Put `content` at `path` by way of `staged`, a name beside it that is this process's alone."""
    staged.unlink(missing_ok=True)
    try:
        write_new(staged, content, mode=mode)
        failpoint("private-file-staged")
        put_in_place(staged, path, failpoint)
    except BaseException as error:
        with suppress(FileNotFoundError):
            staged.unlink()
        if isinstance(error, OSError):
            error.filename = str(path)  # which is what the user knows of
        raise


def put_in_place(staged: Path, path: Path, failpoint: Failpoint = no_failpoint) -> None:
    """Make what is at `staged`, and on the disk, the file at `path`, for good."""
    staged.replace(path)
    failpoint("private-file-replaced")
    sync_folder(path.parent)


def write_new(
    path: Path, content: bytes, *, mode: int = SHARED_MODE, failpoint: Callable[[], None] | None = None
) -> None:
    """Write a new file with `content`, durably; `failpoint` is called before it is made durable.

    It never opens an existing file, which could be a link, or another name of somebody else's file.
    """
    with open(path, "xb", opener=partial(os.open, mode=mode)) as file:
        file.write(content)
        if failpoint:
            file.flush()
            failpoint()
        flush_to_disk(file)


def flush_to_disk(file: BinaryIO) -> None:
    """Make what was written to a file durable."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable; on Windows, which cannot open a folder, this is not needed."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
