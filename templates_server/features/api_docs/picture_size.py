"""The size of an image of the manual, WebP or SVG, so that a page reserves its space while it loads. Pure."""

from __future__ import annotations

import re
from pathlib import Path

SVG_SIZE = re.compile(r' width="(\d{1,5})" height="(\d{1,5})"')
DIMENSION_MASK = 0x3FFF
DIMENSION_BITS = 14


def picture_size(file: Path) -> tuple[str, str] | None:
    """Return width and height in pixels; None for a file of another type."""
    if file.suffix == ".svg":
        found = SVG_SIZE.search(file.read_text(encoding="utf-8"))
        return (found[1], found[2]) if found else None
    return _webp_size(file.read_bytes()) if file.suffix == ".webp" else None


def _webp_size(content: bytes) -> tuple[str, str] | None:
    """Return the size in the first chunk of a WebP file (RFC 9649, 2.5 to 2.7)."""
    kind = content[12:16]
    if kind == b"VP8X":
        return _sizes(1 + _number(content[24:27]), 1 + _number(content[27:30]))
    if kind == b"VP8L":
        both = _number(content[21:25])
        return _sizes(1 + (both & DIMENSION_MASK), 1 + (both >> DIMENSION_BITS & DIMENSION_MASK))
    if kind == b"VP8 ":
        return _sizes(_number(content[26:28]) & DIMENSION_MASK, _number(content[28:30]) & DIMENSION_MASK)
    return None


def _sizes(width: int, height: int) -> tuple[str, str]:
    return str(width), str(height)


def _number(little_endian: bytes) -> int:
    return int.from_bytes(little_endian, "little")
