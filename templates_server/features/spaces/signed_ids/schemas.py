"""What the Platform API says of an environment's signed ids."""

from __future__ import annotations

import msgspec


class SignedIds(msgspec.Struct, frozen=True):
    """Whether user IDs must be signed, and the signing secret."""

    required: bool
    secret: str


class SignedIdsPut(msgspec.Struct, frozen=True):
    """The new settings; `rotate` creates a new secret and invalidates existing signatures."""

    required: bool
    rotate: bool = False
