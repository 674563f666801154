"""Email addresses of accounts: validation and the normal form for comparison."""

from __future__ import annotations

import re
import unicodedata

MAX_LENGTH = 254
PATTERN = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+\.[^@\s\x00-\x1f\x7f.]+")


def is_email(text: str) -> bool:
    """Return whether this can be an address: one `@`, then a dot, no spaces or control characters, not too long."""
    return len(text) <= MAX_LENGTH and PATTERN.fullmatch(text) is not None


def normalize_email(text: str) -> str:
    """Return the form in which addresses are stored and compared: trimmed, case-folded and composed."""
    return unicodedata.normalize("NFC", text.strip().casefold())
