"""The format of an invitation code: 30 random characters of 0-9A-Za-z and a checksum of 6. Pure: no SQL."""

from __future__ import annotations

from templates_server.primitives.ids import ALPHABET, random_text
from templates_server.security.secrets import CHECKSUM_LENGTH, RANDOM_LENGTH, add_checksum

PATH = "/invitation"


def new_code() -> str:
    """Return a new code."""
    return add_checksum(random_text(RANDOM_LENGTH))


def is_well_formed(code: str) -> bool:
    """Return whether the text has the length, alphabet and checksum of a code."""
    if len(code) != RANDOM_LENGTH + CHECKSUM_LENGTH or not set(code) <= set(ALPHABET):
        return False
    return add_checksum(code[:-CHECKSUM_LENGTH]) == code


def invitation_link(public_url: str, code: str) -> str:
    """Return the link to pass on."""
    return f"{public_url}{PATH}/{code}"
