"""Our IDs: opaque, with a prefix by kind, random or derived; and the rule for keys."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_LENGTH = 22  # 131 bits
DIGEST_LENGTH = 32
TO_ALPHABET = (ALPHABET * 5).encode()[:256]
SURPLUS = bytes(range(len(ALPHABET) * 4, 256))  # bytes that would favour some characters over others
MORE_THAN_SURPLUS = 8  # of 32 bytes one is taken out
MAX_KEY_LENGTH = 64
ENVIRONMENT_KEY_PREFIX = "pk_"
KEY_PATTERN = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


def random_text(length: int) -> str:
    """Return random characters of 0-9A-Za-z from the system's secure source."""
    text = b""
    while len(text) < length:
        text += os.urandom(length + MORE_THAN_SURPLUS).translate(TO_ALPHABET, SURPLUS)
    return text[:length].decode("ascii")


def new_id(prefix: str) -> str:
    """Return a new ID, such as `spc_4fT...`."""
    return f"{prefix}_{random_text(RANDOM_LENGTH)}"


def derive_id(prefix: str, *parts: str) -> str:
    """Return the ID derived from these parts: the first 22 bytes of their SHA-256, each of which gives a character.

    A byte above 247 gives what one of the first eight gives: 131 bits less a few hundredths.
    """
    *scope, name = parts
    return derive_ids(prefix, "\0".join(scope), [name])[0]


def derive_ids(prefix: str, scope: str, names: Iterable[str]) -> list[str]:
    """Return the IDs derived from a scope and each of these names, faster than one by one."""
    return ids_from_digests(prefix, derive_digests(scope, names))


def derive_digests(scope: str, names: Iterable[str]) -> bytes:
    """Return the concatenated SHA-256 digests of a scope and each of these names."""
    return b"".join([hashlib.sha256(f"{scope}\0{name}".encode()).digest() for name in names])


def ids_from_digests(prefix: str, digests: bytes) -> list[str]:
    """Return the IDs derived from these digests."""
    texts = digests.translate(TO_ALPHABET).decode("ascii")
    return [f"{prefix}_{texts[start : start + RANDOM_LENGTH]}" for start in range(0, len(texts), DIGEST_LENGTH)]


def base62(number: int, length: int) -> str:
    """Return the lowest `length` base-62 digits of a number."""
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def is_key(text: str) -> bool:
    """Return whether a text is kebab-case of at most 64 characters, as every key must be."""
    return len(text) <= MAX_KEY_LENGTH and KEY_PATTERN.fullmatch(text) is not None
