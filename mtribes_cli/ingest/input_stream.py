"""A file or stdin as text, unpacked by its content, and text in lines. Encodings are in `encoding`; rows come later."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn, Protocol

from mtribes_cli.errors import DocumentError, UsageError
from mtribes_cli.files.errors import file_error
from mtribes_cli.ingest.encoding import UTF_8, Encoding, decode, encoding_of
from mtribes_cli.terminal.nonblocking_input import BlockingInput

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from mtribes_cli.context import Context

STDIN = "-"
CHUNK_BYTES = 256 * 1024
MAX_LINE_CHARACTERS = 8 * 1024 * 1024
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_LONGEST_MARK = 4


@dataclass
class InputSource:
    """The input and the reading position. `size_bytes` is None if it cannot be known."""

    name: str
    path: Path | None  # None: stdin, or a pipe, which cannot be read twice
    size_bytes: int | None
    stated_encoding: str | None = None
    encoding: Encoding = UTF_8  # as far as is known before it is read
    _is_packed: bool = False
    _taken_bytes: int = 0  # given out as text
    _passed_bytes: int = 0  # given out, and more was asked for: whoever reads is done with them

    @property
    def share_passed(self) -> float | None:
        """From 0 to 1: how much of the file stands before what is being read; None where that cannot be known.

        Of a packed file it cannot: how far its rows are is not how far its bytes are.
        """
        if self._is_packed or not self.size_bytes:
            return None
        return min(self._passed_bytes / self.size_bytes, 1.0)

    def chunks(self, stream: BinaryIO) -> Iterator[str]:
        """Yield the text of `stream`. Raises DocumentError if it is damaged, no text, or truncated."""
        peeked = _Peeked(stream)
        unpacked = _unpacked(peeked, self.name)
        self._is_packed = not isinstance(unpacked, io.BufferedReader)
        first = self._next(unpacked)
        self.encoding = encoding_of(first, self.name, self.stated_encoding)
        yield from decode(first, iter(lambda: self._next(unpacked), b""), self.encoding)

    def _next(self, unpacked: _Readable) -> bytes:
        self._passed_bytes = self._taken_bytes
        chunk = _read(unpacked, self.name)
        self._taken_bytes += len(chunk)
        return chunk


def open_input(context: Context, file: str, encoding: str | None = None) -> tuple[InputSource, BinaryIO]:
    """Open `file`, `-` for stdin. Raises DocumentError for a missing file."""
    if file == STDIN:
        return InputSource("stdin", None, None, encoding), context.console.binary_stdin()
    path = context.working_folder / file
    try:
        stream = path.open("rb", buffering=0)
        status = os.fstat(stream.fileno())
    except FileNotFoundError:
        raise DocumentError(f"No file {file}.", "Pass an existing file, or - for stdin.") from None
    except OSError as error:
        raise file_error(error, file, cannot_be="read") from error
    context.resources.callback(stream.close)
    if not stat.S_ISREG(status.st_mode):
        return InputSource(file, None, None, encoding), BlockingInput(stream)
    return InputSource(file, path, status.st_size, encoding), stream


class _Peeked(io.RawIOBase):
    """A stream whose first bytes can be seen before they are read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._seen = b""

    def starts_with(self) -> bytes:
        """Return the first bytes; fewer if there are no more."""
        while len(self._seen) < _LONGEST_MARK:
            more = self._stream.read(CHUNK_BYTES)
            if not more:
                break
            self._seen += more
        return self._seen[:_LONGEST_MARK]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill `buffer`, first with the bytes that were seen."""
        room = memoryview(buffer).cast("B")
        content = self._seen or self._stream.read(len(room)) or b""
        taken = content[: len(room)]
        self._seen = self._seen[len(taken) :]
        room[: len(taken)] = taken
        return len(taken)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _unpacked(peeked: _Peeked, name: str) -> _Readable:
    buffered = io.BufferedReader(peeked, CHUNK_BYTES)
    try:
        start = peeked.starts_with()
    except OSError as error:
        raise file_error(error, name, cannot_be="read") from error
    if start.startswith(_GZIP):
        return gzip.GzipFile(fileobj=buffered)
    if start == _ZSTD:
        unpacked: _Readable = _zstd_module(name).ZstdFile(buffered)
        return unpacked
    return buffered


def _zstd_module(name: str) -> Any:
    """Return Python's own module from 3.14 on; before that its backport, with the same interface."""
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415 - Python 3.14
    except ImportError:
        try:
            from backports import zstd  # noqa: PLC0415 - only such files need it
        except ImportError:
            raise UsageError(
                f"{name} is compressed with zstd, which this version of Python does not support.",
                "Run `pip install backports.zstd`, or decompress it: `zstd -dc FILE | mtribes user ingest -`.",
            ) from None
    return zstd


def _read(unpacked: _Readable, name: str) -> bytes:
    try:
        return unpacked.read(CHUNK_BYTES)
    except EOFError:
        raise DocumentError(
            f"{name} is truncated: the compressed data ends early.", "Download or copy it again."
        ) from None
    except (OSError, zlib.error) as error:
        _raise_read_fault(error, name)
    except Exception as error:
        if type(error).__name__ != "ZstdError":
            raise
        _raise_damaged(error, name)


def _raise_read_fault(error: OSError | zlib.error, name: str) -> NoReturn:
    if isinstance(error, OSError) and error.errno is not None:
        raise file_error(error, name, cannot_be="read") from error
    _raise_damaged(error, name)


def _raise_damaged(error: Exception, name: str) -> NoReturn:
    raise DocumentError(f"{name} is corrupted: {error}.", "Download or copy it again.") from error


class OverlongLine(str):
    """Stands for a line beyond all bounds. As CSV and as JSON it is an error, wherever it turns up."""

    __slots__ = ()


TOO_LONG_LINE = "the line is too long"
TOO_LONG = '"\x1a"\x1a'
"""As CSV: a quoted cell, then something that may not follow one; the same inside of a quoted cell."""


def blocks(chunks: Iterable[str]) -> Iterator[list[str]]:
    """Yield the lines of a text in blocks, which are as large as the chunks are: CR, LF and CRLF end a line."""
    carried = ""
    cut = False  # the line that is being read was too long; its rest is passed over
    for chunk in chunks:
        lines = io.StringIO(carried + chunk, newline="").readlines()
        carried = lines.pop() if lines and not lines[-1].endswith("\n") else ""
        if cut and lines:
            lines[0] = OverlongLine(TOO_LONG + "\n")
            cut = False
        if cut or len(carried) > MAX_LINE_CHARACTERS:
            cut, carried = True, carried[-1:]
        if lines:
            yield lines
    if carried:
        yield [OverlongLine(TOO_LONG)] if cut else [carried]
