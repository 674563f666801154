"""What the demo app is told."""

from __future__ import annotations

import msgspec


class Configuration(msgspec.Struct, frozen=True):
    """The Space of the app, and a public key of each of its environments."""

    space: str
    keys: dict[str, str]
