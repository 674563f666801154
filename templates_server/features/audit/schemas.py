"""What is remembered of a deed, and how it is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class Actor(msgspec.Struct, frozen=True):
    """Who did it, as they were called then: an e-mail address, or a service account's name."""

    kind: str
    id: str
    name: str


class AuditEntry(msgspec.Struct, frozen=True):
    """A deed as administrators see it; `space` is a key, `environment` a name."""

    id: str
    at: str
    actor: Actor
    action: str
    target: str
    space: str | None
    environment: str | None
    address: str
    details: Mapping[str, Any]
