"""Reading files that lie on this machine, whoever put them there: regular files, of a bounded size.

A checkout, a state folder or a link may hold a FIFO, a device or an endless file. None of them may make a command wait
forever or fill the memory. Everything that `mtribes` reads goes through this file; what it writes is in `atomic_file`
and `output_file`.
"""

import errno
import os
import stat

TYPE_CHECKING = False  # typing itself costs start-up time
if TYPE_CHECKING:
    from pathlib import Path

KIBIBYTE = 1024
MEBIBYTE = 1024 * KIBIBYTE
MAX_PROJECT_FILE_BYTES = MEBIBYTE
MAX_LOCK_FILE_BYTES = 64 * MEBIBYTE
MAX_JOURNAL_BYTES = 64 * MEBIBYTE
MAX_STATE_FILE_BYTES = 4 * MEBIBYTE
MAX_SYSTEM_FILE_BYTES = MEBIBYTE
MAX_SHELL_FILE_BYTES = 4 * MEBIBYTE
MAX_CERTIFICATES_BYTES = 64 * MEBIBYTE
MAX_DOCUMENT_BYTES = 64 * MEBIBYTE
MAX_LINE_BYTES = 64 * MEBIBYTE
_PIECE_BYTES = MEBIBYTE
_FIRST_BYTES = 64 * KIBIBYTE
HAS_OWNERS = hasattr(os, "geteuid")  # not on Windows


class NotRegularFileError(OSError):
    """Raised for a device, a FIFO or a socket where a file was expected."""

    def __init__(self, path: "Path") -> None:
        super().__init__(errno.EINVAL, "it is not a regular file", str(path))


class TooLargeFileError(OSError):
    """Raised for a file that is larger than its kind can be."""

    def __init__(self, path: "Path", max_bytes: int) -> None:
        super().__init__(errno.E2BIG, f"it is larger than {max_bytes:,} bytes", str(path))


def read_regular_file(path: "Path", max_bytes: int, *, follows_links: bool = True) -> bytes:
    """Return the content of a regular file. Never waits, and never reads more than `max_bytes` + 1.

    Raises NotRegularFileError, TooLargeFileError, or the OSError of the system. Unless `follows_links`, a link is no
    regular file either.
    """
    content = read_beginning(path, max_bytes + 1, follows_links=follows_links)
    if len(content) > max_bytes:
        raise TooLargeFileError(path, max_bytes)
    return content


def read_with_owners(path: "Path", max_bytes: int) -> "tuple[bytes, frozenset[int]]":
    """Return the content of a regular file, and the users whom it and a link in its place belong to.

    None where files have no owners. Raises as `read_regular_file` does.
    """
    descriptor = _opened(path, follows_links=True)
    try:
        owner = os.fstat(descriptor).st_uid
        content = _read_up_to(descriptor, max_bytes + 1)
    finally:
        os.close(descriptor)
    if len(content) > max_bytes:
        raise TooLargeFileError(path, max_bytes)
    return content, frozenset({owner, path.lstat().st_uid}) if HAS_OWNERS else frozenset()


def read_beginning(path: "Path", max_bytes: int, *, follows_links: bool = True) -> bytes:
    """Return the first `max_bytes` of a regular file, or all of a shorter one. Raises as `read_regular_file`."""
    descriptor = _opened(path, follows_links=follows_links)
    try:
        return _read_up_to(descriptor, max_bytes)
    finally:
        os.close(descriptor)


def _opened(path: "Path", *, follows_links: bool) -> int:
    """Return a descriptor of a regular file; opening a FIFO or a device does not block."""
    if not follows_links and path.is_symlink():
        raise NotRegularFileError(path)
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags | (0 if follows_links else getattr(os, "O_NOFOLLOW", 0)))
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise NotRegularFileError(path)


def read_given_file(path: "Path", max_bytes: int) -> bytes:
    """Return the content of a file that the user named, which may be a FIFO such as `<(...)`.

    Raises TooLargeFileError, or the OSError of the system.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    try:
        content = _read_up_to(descriptor, max_bytes + 1)
    finally:
        os.close(descriptor)
    if len(content) > max_bytes:
        raise TooLargeFileError(path, max_bytes)
    return content


def hash_of_regular_file(path: "Path") -> str:
    """Return the SHA-256, in hexadecimal, of a regular file that is no link, read in pieces."""
    from hashlib import sha256  # noqa: PLC0415 - start-up time

    digest = sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _read_up_to(descriptor: int, max_bytes: int) -> bytes:
    """Read in one call if the size that the system states is right; else, as in /proc, up to the end."""
    size_bytes = os.fstat(descriptor).st_size
    first = os.read(descriptor, min(max_bytes, size_bytes + 1 if size_bytes else _FIRST_BYTES))
    if len(first) == size_bytes > 0:
        return first
    pieces = [first]
    left = max_bytes - len(first)
    while left > 0 and (piece := os.read(descriptor, min(left, _PIECE_BYTES))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)
