"""Where `--output` leads, and putting a document there. One rule for every command that writes what the user names.

A regular file is replaced at once, by its resolved path: a link stays a link. A terminal, the null device, a FIFO or a
pipe (`/dev/stdout`, `>(...)`) is written through. A folder, a block device, a socket, and whatever lies in a
repository's own folder are refused.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from mtribes_cli.errors import FileError
from mtribes_cli.files.atomic_file import write_whole
from mtribes_cli.files.errors import file_error
from mtribes_cli.files.real_paths import repository_around
from mtribes_cli.numbers import whole_number

MAX_LINKS = 40
READER_WAIT_SECONDS = 60.0
READER_LOOK_SECONDS = 0.02
MAX_DESCRIPTOR = 2**31 - 1
_DESCRIPTORS = re.compile(r"/proc/(?:self|[0-9]+)(?:/task/[0-9]+)?/fd|/dev/fd")
_GIVE_FILE = "Pass the path of a file."


class OutputTarget(NamedTuple):
    """The target of an output: a file, or (None) a device or pipe at the path."""

    given: Path
    file: Path | None


def output_target(path: Path, shown: str, working_folder: Path) -> OutputTarget:
    """Return the target at `path`, which the user typed as `shown`. Raises FileError if it is not writable."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        mode = None
    except OSError as error:
        raise file_error(error, shown, cannot_be="written") from error
    if _descriptor(path) is not None or (mode is not None and (stat.S_ISCHR(mode) or stat.S_ISFIFO(mode))):
        return OutputTarget(path, None)
    if mode is not None and stat.S_ISDIR(mode):
        raise FileError(f"{shown} is a folder.", _GIVE_FILE)
    if mode is not None and not stat.S_ISREG(mode):
        raise FileError(f"{shown} is a block device or socket and cannot be written to.", _GIVE_FILE)
    file = Path(os.path.realpath(path))
    if not file.parent.is_dir():
        raise FileError(f"{shown} cannot be written: no folder {file.parent}.", "Create it, or use another path.")
    if repository := repository_around(str(file), working_folder):
        raise FileError(
            f"{shown} points to {repository}, which is inside a repository's own folder.", "Use another path."
        )
    return OutputTarget(path, file)


def write_output(target: OutputTarget, content: bytes, *, sanitize: Callable[[str], str]) -> None:
    """Write `content` atomically; through `sanitize` if the target is a terminal. Raises OSError."""
    if target.file is not None:
        write_whole(target.file, content)
        return
    with write_through(target, sanitize=sanitize) as write:
        write(content)


@contextmanager
def write_through(target: OutputTarget, *, sanitize: Callable[[str], str]) -> Iterator[Callable[[bytes], None]]:
    """Yield a writer of UTF-8 to a device or a pipe; a terminal receives it through `sanitize`."""
    descriptor = _write_through(target.given)
    decoder = getincrementaldecoder("utf-8")(errors="replace")

    def write(piece: bytes) -> None:
        shown = sanitize(decoder.decode(piece)).encode("utf-8", "replace") if os.isatty(descriptor) else piece
        left = memoryview(shown)
        while left:
            left = left[os.write(descriptor, left) :]

    try:
        yield write
    finally:
        os.close(descriptor)


def _write_through(path: Path) -> int:
    """Return a descriptor of what is there, without creating or truncating anything."""
    number = _descriptor(path)
    if number is not None:
        return os.dup(number)
    if path.is_fifo():
        return _opened_with_reader(path)
    return os.open(path, os.O_WRONLY | getattr(os, "O_NOCTTY", 0))


def _opened_with_reader(fifo: Path) -> int:
    """Return a descriptor of a FIFO once it has a reader. Raises FileError if none comes."""
    ends = time.monotonic() + READER_WAIT_SECONDS
    while True:
        try:
            descriptor = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
        else:
            os.set_blocking(descriptor, True)
            return descriptor
        if time.monotonic() > ends:
            raise FileError(
                f"{fifo} is a FIFO without a reader for {READER_WAIT_SECONDS:.0f} seconds.",
                "Start the reader first, or pass the path of a file.",
            )
        time.sleep(READER_LOOK_SECONDS)


def _descriptor(path: Path) -> int | None:
    """Return the open file number that `path` stands for, as `/dev/stdout` and `/dev/fd/63` do."""
    place = os.path.abspath(path)  # noqa: PTH100 - links are followed below, one at a time
    for _ in range(MAX_LINKS):
        folder, name = os.path.split(place)
        folder = os.path.realpath(folder)
        number = whole_number(name, most=MAX_DESCRIPTOR) if _DESCRIPTORS.fullmatch(folder) else None
        if number is not None:
            is_own = folder == "/dev/fd" or os.path.realpath("/proc/self/fd") == folder or f"/{os.getpid()}/" in folder
            return number if is_own else None
        place = os.path.join(folder, name)  # noqa: PTH118 - text in, text out
        if not os.path.islink(place):  # noqa: PTH114
            return None
        place = os.path.join(folder, os.readlink(place))  # noqa: PTH115, PTH118
    return None
