"""Marks of what an app knows of somebody's flags: another mark, and they may be others. How they are written. Pure."""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

MARK_BYTES = 8
WRITTEN = re.compile(r"[A-Za-z0-9_-]{11}", re.ASCII)


def format_mark(mark: bytes) -> str:
    """The mark as text, for the id of an event."""
    return urlsafe_b64encode(mark).rstrip(b"=").decode()


def read_mark(text: str) -> bytes | None:
    """The mark that a text is; None for any other text."""
    if WRITTEN.fullmatch(text) is None:
        return None
    try:
        return urlsafe_b64decode(text + "=")
    except binascii.Error:
        return None
