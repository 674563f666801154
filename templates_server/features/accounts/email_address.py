"""E-mail addresses of accounts: what is accepted, and the form in which two spellings are one."""

from __future__ import annotations

import re
import unicodedata

MAX_LENGTH = 254
PATTERN = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+\.[^@\s\x00-\x1f\x7f.]+")


def is_email(text: str) -> bool:
    """Whether it can be an address: one `@`, a dot after it, no spaces, no control characters, not too long."""
    return len(text) <= MAX_LENGTH and PATTERN.fullmatch(text) is not None


def normalize_email(text: str) -> str:
    """The form in which addresses are stored and compared: spaces around it gone, case folded, composed."""
    return unicodedata.normalize("NFC", text.strip().casefold())
