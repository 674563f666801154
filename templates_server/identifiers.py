"""Ids of ours: opaque, with a prefix by kind, drawn at random or derived; and the key rule of the domain."""

from __future__ import annotations

import hashlib
import re
import secrets

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_LENGTH = 22  # 131 bits
TO_ALPHABET = (ALPHABET * 5).encode()[:256]
SURPLUS = bytes(range(len(ALPHABET) * 4, 256))  # bytes that would favour some characters over others
MAX_KEY_LENGTH = 64
ENVIRONMENT_KEY_PREFIX = "pk_"
KEY_PATTERN = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


def random_text(length: int) -> str:
    """That many characters of 0-9A-Za-z from the system's secure source."""
    text = b""
    while len(text) < length:
        text += secrets.token_bytes(2 * length).translate(TO_ALPHABET, SURPLUS)
    return text[:length].decode("ascii")


def new_id(prefix: str) -> str:
    """A new id, such as `spc_4fT...`."""
    return f"{prefix}_{random_text(RANDOM_LENGTH)}"


def derived_id(prefix: str, *parts: str) -> str:
    """The id that these parts always give: the first 22 bytes of their SHA-256, of which each gives a character.

    A byte more than 247 gives what one of the first eight gives: 131 bits less a few hundredths.
    """
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return f"{prefix}_{digest[:RANDOM_LENGTH].translate(TO_ALPHABET).decode('ascii')}"


def base62(number: int, length: int) -> str:
    """The lowest `length` base-62 digits of a number."""
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def is_key(text: str) -> bool:
    """Whether a text is kebab-case of at most 64 characters, as every key must be."""
    return len(text) <= MAX_KEY_LENGTH and KEY_PATTERN.fullmatch(text) is not None
