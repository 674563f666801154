"""How the code of an invitation looks: 30 random characters of 0-9A-Za-z, 6 of a checksum. Pure: no SQL."""

from __future__ import annotations

from templates_server.primitives.ids import ALPHABET, random_text
from templates_server.security.secrets import CHECKSUM_LENGTH, RANDOM_LENGTH, add_checksum

PATH = "/invitation"


def new_code() -> str:
    """A new code."""
    return add_checksum(random_text(RANDOM_LENGTH))


def is_well_formed(code: str) -> bool:
    """Whether it can be one of ours at all: length, alphabet and checksum."""
    if len(code) != RANDOM_LENGTH + CHECKSUM_LENGTH or not set(code) <= set(ALPHABET):
        return False
    return add_checksum(code[:-CHECKSUM_LENGTH]) == code


def invitation_link(public_url: str, code: str) -> str:
    """What is handed over."""
    return f"{public_url}{PATH}/{code}"
