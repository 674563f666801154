"""What the Platform API says of an environment's signed ids."""

from __future__ import annotations

import msgspec


class SignedIds(msgspec.Struct, frozen=True):
    """Whether users' ids must be signed, and the secret that signs them: it is there before it is asked for."""

    required: bool
    secret: str


class SignedIdsPut(msgspec.Struct, frozen=True):
    """What is wanted; `rotate`: another secret, and no id that was signed by the one before is good any more."""

    required: bool
    rotate: bool = False
