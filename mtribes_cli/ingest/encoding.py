"""Decodes bytes to text: the encoding, by its name or its byte order mark, and where the text ends."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass

from mtribes_cli.errors import DocumentError, UsageError

UNDECODABLE = "mtribes-undecodable"
MARK = "\ufeff"
_LAST_SURROGATES = 0xDC00
FIRST_BYTE, LAST_BYTE = 0xDC80, 0xDCFF
"""What invalid bytes become."""
_SAVE_AS_CSV = "Save it as CSV in UTF-8 and use that file."
_NAMES = "Use an encoding name such as cp1252, latin-1, utf-16-le or shift_jis."
_NOT_TEXT = {
    b"PK\x03\x04": "is a ZIP archive or spreadsheet",
    b"\xd0\xcf\x11\xe0": "is a spreadsheet",
}
_UTF_32 = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_MAY_HAVE_MARK = {
    "utf-8": {"utf-8", "utf-8-sig"},
    "utf-16-le": {"utf-16", "utf-16-le"},
    "utf-16-be": {"utf-16", "utf-16-be"},
}
_BY_MARK = frozenset({"utf-16", "utf-32"})
"""Encodings whose byte order only a mark tells."""
_OF_WIDE_CHARACTERS = ("utf-16", "utf-32")
_NO_FILES = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "utf_7"})
"""Encodings of Python that no file of users has; some of them cannot be decoded in pieces."""
ENCODINGS_WITH_MARK = frozenset({"utf-16", "utf-32", "utf-8-sig"})
"""Encodings for which Python writes a byte order mark."""
END_MARK = "\x1a"
"""What programs of DOS wrote after a text (Ctrl-Z)."""
_MOST_END_CHARACTERS = 1024


def _as_surrogates(error: UnicodeError) -> tuple[str, int]:
    r"""Bytes that are no text become lone surrogates, which no text holds: the row that has one is rejected."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(_LAST_SURROGATES + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(UNDECODABLE, _as_surrogates)


@dataclass(frozen=True)
class Encoding:
    """The encoding of a text, its name for people, and the length of its byte order mark."""

    codec: str
    label: str
    mark_bytes: int = 0

    def decoder(self) -> codecs.IncrementalDecoder:
        """Return what decodes it piece by piece; bytes that are no text become lone surrogates."""
        return codecs.getincrementaldecoder(self.codec)(UNDECODABLE)


UTF_8 = Encoding("utf-8", "UTF-8")


def validate_encoding(name: str) -> str:
    """Return Python's name of the encoding of `--encoding`. Raises UsageError for an unknown one."""
    try:
        codec = codecs.lookup(name).name
        io.TextIOWrapper(io.BytesIO(), encoding=codec)  # of what is no encoding of text Python says so here
    except (LookupError, ValueError):
        codec = ""
    if not codec or codec.replace("-", "_") in _NO_FILES:
        raise UsageError(f"Unknown encoding '{name}' in --encoding.", _NAMES)
    return codec


def encoding_of(start: bytes, name: str, stated: str | None) -> Encoding:
    """Return the encoding of a text by its beginning. Raises DocumentError if it is no text, or not as stated."""
    for mark, what in _NOT_TEXT.items():
        if start.startswith(mark):
            raise DocumentError(f"{name} {what}. Only text files are supported.", _SAVE_AS_CSV)
    if start.startswith(_UTF_32) and not (stated or "").startswith("utf-32"):
        raise DocumentError(f"{name} is UTF-32.", f"Pass --encoding utf-32, or: {_SAVE_AS_CSV}")
    if stated is not None:
        return _stated(start, name, stated)
    for mark, codec in _MARKS:
        if start.startswith(mark):
            return Encoding(codec, _label(codec), len(mark))
    if b"\0" in start[:2]:
        codec = "utf-16-be" if start.startswith(b"\0") else "utf-16-le"
        raise DocumentError(
            f"{name} is UTF-16 without a byte order mark, or not a text file.",
            f"Pass its encoding with --encoding {codec}, or save it as UTF-8.",
        )
    return UTF_8


def _stated(start: bytes, name: str, stated: str) -> Encoding:
    for mark, codec in _MARKS:
        if start.startswith(mark) and not stated.startswith("utf-32"):
            if stated not in _MAY_HAVE_MARK[codec]:
                raise UsageError(
                    f"{name} has a {_label(codec)} byte order mark, but --encoding is {stated}.",
                    "Remove --encoding.",
                )
            return Encoding(codec, _label(codec), len(mark))
    if start and stated in _BY_MARK and not (stated == "utf-32" and start.startswith(_UTF_32)):
        raise UsageError(
            f"{name} has no byte order mark, and --encoding {stated} does not specify the byte order.",
            f"Pass --encoding {stated}-le or {stated}-be.",
        )
    if b"\0" in start[:2] and not stated.startswith(_OF_WIDE_CHARACTERS):
        raise DocumentError(
            f"{name} is UTF-16 or not text, and not {stated}: it starts with a NUL character.",
            "Pass the correct encoding, such as --encoding utf-16-le, or save it as UTF-8.",
        )
    return Encoding(stated, stated)


def _label(codec: str) -> str:
    return codec.upper().removesuffix("-LE").removesuffix("-BE")


def decode(first: bytes, rest: Iterator[bytes], encoding: Encoding) -> Iterator[str]:
    """Yield the text in pieces, without byte order marks before it and without a Ctrl-Z after it."""
    decoder = encoding.decoder()
    held, is_begun = "", False
    chunk = first[encoding.mark_bytes :]
    while chunk:
        text = held + decoder.decode(chunk)
        if not is_begun:
            text = text.lstrip(MARK)  # of files that were put together there are several
            is_begun = bool(text)
        text, held = _without_end(text)
        yield text
        chunk = next(rest, b"")
    yield _without_mark(held + decoder.decode(b"", final=True))


def _without_mark(text: str) -> str:
    """Take a Ctrl-Z away that stands at the very end, or alone in the last line: in a cell it is left as it is."""
    head = text.rstrip(END_MARK)
    if head != text:
        return head
    line = text.rstrip("\r\n")
    before = line.rstrip(END_MARK)
    return before if before != line and before.endswith(("\r", "\n")) else text


def _without_end(text: str) -> tuple[str, str]:
    """Split off the end that may be taken away once nothing comes behind it."""
    head = text.rstrip("\x1a\r\n")
    tail = text[len(head) :]
    return (head, tail) if END_MARK in tail and len(tail) <= _MOST_END_CHARACTERS else (text, "")


def undecodable(text: str) -> str:
    """Return the first byte of a text that is none in its encoding, such as `byte 0xFC`; "" where there is no such."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        code = ord(text[error.start])
        is_byte = FIRST_BYTE <= code <= LAST_BYTE
        return f"byte 0x{code & 0xFF:02X}" if is_byte else f"an unpaired surrogate, U+{code:04X}"
    return ""


def not_text(shown: str, encoding: Encoding) -> str:
    """Return the reason why a row is rejected that holds such a byte."""
    return f"invalid {encoding.label} ({shown}); if the file has another encoding, pass it, such as --encoding cp1252"
