"""Marks of a person's flags as known to an app: a different mark means they may have changed. Text format. Pure."""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

MARK_BYTES = 8
WRITTEN = re.compile(r"[A-Za-z0-9_-]{11}", re.ASCII)


def format_mark(mark: bytes) -> str:
    """Return the mark as text, for the id of an event."""
    return urlsafe_b64encode(mark).rstrip(b"=").decode()


def read_mark(text: str) -> bytes | None:
    """Parse the text of a mark; None for any other text."""
    if WRITTEN.fullmatch(text) is None:
        return None
    try:
        return urlsafe_b64decode(text + "=")
    except binascii.Error:
        return None
