"""What the Platform API reads and gives about what environments deliver."""

from __future__ import annotations

from typing import Any

import msgspec


class Environment(msgspec.Struct, frozen=True):
    """An environment: `revision` is its delivery's, `keys` how many of its keys are alive."""

    name: str
    revision: int
    published: list[str]
    keys: int


class Delivery(msgspec.Struct, frozen=True):
    """What an environment delivers; the rules of its parts are those of the document."""

    space: str
    environment: str
    revision: int
    published: list[str]
    scenarios: dict[str, Any]


class DeliveryPut(msgspec.Struct, frozen=True):
    """How a delivery was stored: an equal one makes no new revision."""

    revision: int
    changed: bool


class Collections(msgspec.Struct, frozen=True):
    """Keys of collections."""

    collections: list[str]


class Published(msgspec.Struct, frozen=True):
    """The collections that are published, at that revision."""

    revision: int
    published: list[str]
