"""From the bytes of a file to its lines: which encoding it has, by its byte order mark, and where the text ends."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from templates_server.features.imports.csv_files.errors import CsvFileError

CHUNK_BYTES = 256 * 1024
"""Where a text is cut decides which of its rows are read with care: the command line cuts it there too."""
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
"""As CSV: a quoted cell, then something that may not follow one; the same inside of a quoted cell."""


class OverlongLine(str):
    """Stands for a line beyond all bounds: an error wherever it turns up."""

    __slots__ = ()


def _as_surrogates(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are no text become lone surrogates, which no text holds: the row that has one is rejected."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(LAST_SURROGATES + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(UNDECODABLE, _as_surrogates)


@dataclass(frozen=True)
class TextEncoding:
    """How a text is encoded, what people call that, and how long the byte order mark before it is."""

    codec: str = "utf-8"
    label: str = "UTF-8"
    mark_bytes: int = 0


def detect_encoding(content: bytes) -> TextEncoding:
    """How a file is encoded. CsvFileError for what is no text."""
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
    """The lines of a text, each with its end, as an editor counts them; blocks are as large as the chunks are."""
    return _blocks(_decode_pieces(content, encoding))


def _decode_pieces(content: bytes, encoding: TextEncoding) -> Iterator[str]:
    """The text by pieces: without byte order marks before it, and without a Ctrl-Z behind it."""
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
    """Without a Ctrl-Z that stands at the very end, or alone in the last line: in a cell it is left as it is."""
    head = text.rstrip(END_MARK)
    if head != text:
        return head
    line = text.rstrip("\r\n")
    before = line.rstrip(END_MARK)
    return before if before != line and before.endswith(("\r", "\n")) else text


def _without_end(text: str) -> tuple[str, str]:
    """The text, and the end that may be taken away once nothing comes behind it."""
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
    """The first byte of a text that is none in its encoding, such as `byte 0xFC`; "" where there is no such."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        code = ord(text[error.start])
        is_byte = FIRST_BYTE <= code <= LAST_BYTE
        return f"byte 0x{code & 0xFF:02X}" if is_byte else f"an unpaired surrogate, U+{code:04X}"
    return ""


def undecodable_reason(shown: str, encoding: TextEncoding) -> str:
    """Why a row is rejected that holds such a byte."""
    return f"invalid {encoding.label} ({shown}); if the file has another encoding, pass it, such as --encoding cp1252"
