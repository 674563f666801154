"""Decoding of a file into lines: its encoding, by the byte order mark, and the end of its text."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from templates_server.features.imports.csv_files.errors import CsvFileError

CHUNK_BYTES = 256 * 1024
"""The chunk size, which decides which rows are parsed carefully; the same as in the command line."""
MAX_LINE_CHARACTERS = 8 * 1024 * 1024
UNDECODABLE = "mtribes-server-undecodable"
MARK = "\ufeff"
END_MARK = "\x1a"
MOST_END_CHARACTERS = 1024
LAST_SURROGATES = 0xDC00
FIRST_BYTE, LAST_BYTE = 0xDC80, 0xDCFF
SAVE_AS_CSV = "Save it as CSV in UTF-8 and upload that file."
NO_TEXT = {
    b"\x1f\x8b": "is compressed with gzip. Decompress it, or import it with `mtribes user ingest`.",
    b"\x28\xb5\x2f\xfd": "is compressed with zstd. Decompress it, or import it with `mtribes user ingest`.",
    b"PK\x03\x04": f"is a ZIP archive or spreadsheet. {SAVE_AS_CSV}",
    b"\xd0\xcf\x11\xe0": f"is a spreadsheet. {SAVE_AS_CSV}",
    b"\xff\xfe\x00\x00": f"is UTF-32. {SAVE_AS_CSV}",
    b"\x00\x00\xfe\xff": f"is UTF-32. {SAVE_AS_CSV}",
}
MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
TOO_LONG = '"\x1a"\x1a'
"""Patterns of CSV: a quoted cell followed by invalid text; the same inside a quoted cell."""


class OverlongLine(str):
    """A placeholder for a line beyond the length limit, which always causes an error."""

    __slots__ = ()


def _as_surrogates(error: UnicodeError) -> tuple[str, int]:
    """Decode invalid bytes as lone surrogates, which no text contains, so that their row is rejected."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(LAST_SURROGATES + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(UNDECODABLE, _as_surrogates)


@dataclass(frozen=True)
class TextEncoding:
    """A text encoding: its codec, its display name and the length of its byte order mark."""

    codec: str = "utf-8"
    label: str = "UTF-8"
    mark_bytes: int = 0


def detect_encoding(content: bytes) -> TextEncoding:
    """Return the encoding of a file. Raise CsvFileError if it is not text."""
    for start, what in NO_TEXT.items():
        if content.startswith(start):
            raise CsvFileError(f"The file {what}")
    for mark, codec in MARKS:
        if content.startswith(mark):
            return TextEncoding(codec, codec.upper().removesuffix("-LE").removesuffix("-BE"), len(mark))
    if b"\0" in content[:2]:
        raise CsvFileError(f"The file is UTF-16 without a byte order mark, or not a text file. {SAVE_AS_CSV}")
    return TextEncoding()


def read_blocks(content: bytes, encoding: TextEncoding) -> Iterator[list[str]]:
    """Yield blocks of lines with their line ends, counted as in an editor; a block is as large as a chunk."""
    return _blocks(_decode_pieces(content, encoding))


def _decode_pieces(content: bytes, encoding: TextEncoding) -> Iterator[str]:
    """Yield the text in pieces, without leading byte order marks and without a trailing Ctrl-Z."""
    decoder = codecs.getincrementaldecoder(encoding.codec)(UNDECODABLE)
    held, is_begun = "", False
    view = memoryview(content)
    for start in range(0, len(content), CHUNK_BYTES):
        text = held + decoder.decode(view[max(start, encoding.mark_bytes) : start + CHUNK_BYTES])
        if not is_begun:
            text = text.lstrip(MARK)  # of files that were put together there are several
            is_begun = bool(text)
        text, held = _without_end(text)
        yield text
    yield _without_mark(held + decoder.decode(b"", final=True))


def _without_mark(text: str) -> str:
    """Remove a Ctrl-Z at the very end or alone in the last line; one in a cell remains."""
    head = text.rstrip(END_MARK)
    if head != text:
        return head
    line = text.rstrip("\r\n")
    before = line.rstrip(END_MARK)
    return before if before != line and before.endswith(("\r", "\n")) else text


def _without_end(text: str) -> tuple[str, str]:
    """Return the text, and its end, which may be removed if nothing follows."""
    head = text.rstrip("\x1a\r\n")
    tail = text[len(head) :]
    return (head, tail) if END_MARK in tail and len(tail) <= MOST_END_CHARACTERS else (text, "")


def _blocks(chunks: Iterable[str]) -> Iterator[list[str]]:
    carried, is_cut = "", False  # a line that was too long is cut: its rest is passed over
    for chunk in chunks:
        lines = io.StringIO(carried + chunk, newline="").readlines()
        carried = lines.pop() if lines and not lines[-1].endswith("\n") else ""
        if is_cut and lines:
            lines[0] = OverlongLine(TOO_LONG + "\n")
            is_cut = False
        if is_cut or len(carried) > MAX_LINE_CHARACTERS:
            is_cut, carried = True, carried[-1:]
        if lines:
            yield lines
    if carried:
        yield [OverlongLine(TOO_LONG)] if is_cut else [carried]


def find_undecodable_byte(text: str) -> str:
    """Return the first byte that is invalid in its encoding, such as `byte 0xFC`; "" if there is none."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        code = ord(text[error.start])
        is_byte = FIRST_BYTE <= code <= LAST_BYTE
        return f"byte 0x{code & 0xFF:02X}" if is_byte else f"an unpaired surrogate, U+{code:04X}"
    return ""


def undecodable_reason(shown: str, encoding: TextEncoding) -> str:
    """Return the reason why a row with such a byte is rejected."""
    return f"invalid {encoding.label} ({shown}); if the file has another encoding, pass it, such as --encoding cp1252"
