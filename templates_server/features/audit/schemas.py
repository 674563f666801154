"""What is remembered of a deed, and how it is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class Actor(msgspec.Struct, frozen=True):
    """The actor, by the e-mail address or service account name at that time."""

    kind: str
    id: str
    name: str


class AuditEntry(msgspec.Struct, frozen=True):
    """An entry of the audit log; `space` is a key, `environment` a name."""

    id: str
    at: str
    actor: Actor
    action: str
    target: str
    space: str | None
    environment: str | None
    address: str
    details: Mapping[str, Any]
