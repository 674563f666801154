"""How secrets look: a prefix by kind, 30 random characters of 0-9A-Za-z, 6 of a CRC32 over what stands before them.

The checksum lets a mistyped or cut token be refused without a look into the database, and lets scanners recognise one.
"""

from __future__ import annotations

import enum
import hashlib
import zlib

from templates_server.primitives.ids import ALPHABET, base62, random_text

RANDOM_LENGTH = 30
CHECKSUM_LENGTH = 6


class SecretKind(enum.StrEnum):
    """The prefix of each kind of secret."""

    ACCESS = "mto"
    REFRESH = "mtr"
    PERSONAL = "mtp"
    SERVICE = "mts"


def new_secret(kind: SecretKind) -> str:
    """Return a new secret of a kind."""
    return add_checksum(f"{kind}_{random_text(RANDOM_LENGTH)}")


def add_checksum(text: str) -> str:
    """Return the text with its checksum appended."""
    return text + base62(zlib.crc32(text.encode()), CHECKSUM_LENGTH)


def is_well_formed(secret: str) -> bool:
    """Return whether a text has the prefix, length, alphabet and checksum of a secret."""
    prefix, separator, rest = secret.partition("_")
    if not separator or prefix not in set(SecretKind) or len(rest) != RANDOM_LENGTH + CHECKSUM_LENGTH:
        return False
    return set(rest) <= set(ALPHABET) and add_checksum(secret[:-CHECKSUM_LENGTH]) == secret


def hash_secret(secret: str) -> bytes:
    """Return the stored form of a secret: its SHA-256, 32 bytes. 178 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).digest()
