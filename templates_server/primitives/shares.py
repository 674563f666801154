"""Shares of people: the number that each person has, and the bucket that a salt draws for it. Pure.

Every person has one of `PRIME` numbers, derived from what they are called; a salt spreads all of them over `BUCKETS`
buckets by a function that is the same here and in SQL (the compiler of tribes). Products stay below 2^63: SQLite would
turn a larger one into a REAL.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from templates_server.primitives.ids import DIGEST_LENGTH, derive_digests, ids_from_digests
from templates_server.primitives.text_cache import memoize

PRIME = 2**31 - 1
BUCKETS = 10_000  # a bucket is a hundredth of a percent
OF_ONE = "24xQ"  # the last eight bytes of a digest; the id that is derived from it has the first 22


@dataclass(frozen=True, slots=True)
class ShareDraw:
    """The bucket of each number for one salt: (multiplier * number + increment) mod `PRIME` mod `BUCKETS`."""

    multiplier: int
    increment: int

    def bucket_of(self, number: int) -> int:
        """Return the bucket of a share number, from 0 on."""
        return (self.multiplier * number + self.increment) % PRIME % BUCKETS


def make_draw(salt: str) -> ShareDraw:
    """Return the draw of a salt: different salts give different groups."""
    digest = hashlib.sha256(f"share\0{salt}".encode()).digest()
    first, second = struct.unpack_from(">QQ", digest)
    return ShareDraw(first % (PRIME - 1) + 1, second % PRIME)


def share_number(kind: str, called: str) -> int:
    """Return the share number of a person by kind and ID."""
    return _share_number((kind, called))


def _derived_number(names: tuple[str, ...]) -> int:
    kind, called = names
    return share_numbers(derive_digests(kind, [called]))[0]


_share_number = memoize(_derived_number)  # of who is there now, it is wanted again and again


def share_numbers(digests: bytes) -> list[int]:
    """Return the share numbers of people whose IDs are derived from these digests."""
    words = struct.unpack(">" + OF_ONE * (len(digests) // DIGEST_LENGTH), digests)
    return [word % PRIME for word in words]


def ids_and_numbers(kind: str, names: Sequence[str]) -> tuple[list[str], list[int]]:
    """Return the derived IDs and the share numbers of people of a kind, faster than one by one."""
    digests = derive_digests(kind, names)
    return ids_from_digests("per", digests), share_numbers(digests)
