"""Reading what another program has set to non-blocking, as event loops do with pipes and terminals that they share.

There "nothing yet" looks like "the end" to whoever does not ask: half an input would be taken for all of it.
"""

from __future__ import annotations

import io
import os
import select
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class BlockingInput(io.RawIOBase, BinaryIO):
    """A stream that is read as it comes; only its end gives an empty piece."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the descriptor of the stream."""
        number: int = self._stream.fileno()
        return number

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill `buffer` with what is there; wait until something is."""
        count: int | None = self._stream.readinto(buffer)
        while count is None:
            _wait(self.fileno())
            count = self._stream.readinto(buffer)
        return count


def read_to_the_end(buffered: BinaryIO, max_bytes: int) -> bytes:
    """Read up to `max_bytes`. A terminal needs its end typed once, as for any other program."""
    pieces: list[bytes] = []
    left = max_bytes
    while left > 0:
        piece: bytes | None = buffered.read(left)
        if piece is None:
            _wait(buffered.fileno())
            continue
        pieces.append(piece)
        left -= len(piece)
        if not piece or not _is_non_blocking(buffered):
            break
    return b"".join(pieces)


def wait_for_input(stream: TextIO) -> None:
    """Wait until a line can be read, where reading itself would not wait."""
    if _is_non_blocking(stream):
        _wait(stream.fileno())


def _is_non_blocking(stream: TextIO | BinaryIO) -> bool:
    try:
        return os.name != "nt" and not os.get_blocking(stream.fileno())
    except OSError:  # no file: io.UnsupportedOperation is one
        return False


def _wait(descriptor: int) -> None:
    select.select([descriptor], [], [])
