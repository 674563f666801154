"""Decodes text that users' programs wrote, by its byte order mark, and encodes it again. Windows uses UTF-16."""

from __future__ import annotations

import codecs
from typing import NamedTuple

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class DecodedText(NamedTuple):
    """A text, and its encoding."""

    text: str
    codec: str = "utf-8"
    mark: bytes = b""

    def encoded(self, text: str) -> bytes:
        """Return another text in the encoding of this one."""
        return self.mark + text.encode(self.codec)


def decode_text(content: bytes, *, errors: str = "strict") -> DecodedText:
    """Return the text of `content`: UTF-8 unless a mark or zeros beside ASCII say otherwise. Raises UnicodeError."""
    for mark, codec in _MARKS:
        if content.startswith(mark):
            return DecodedText(content[len(mark) :].decode(codec, errors), codec, mark)
    codec = {b"\0": "utf-16-be", b"": "utf-8"}.get(content[:1], "utf-16-le" if content[1:2] == b"\0" else "utf-8")
    return DecodedText(content.decode(codec, errors), codec)


def decode_line(content: bytes) -> str:
    """Return the one line of `content`, such as a token; what is no text becomes U+FFFD."""
    return decode_text(content, errors="replace").text.strip("\ufeff \t\r\n")
