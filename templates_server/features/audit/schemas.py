"""What is remembered of a deed, and how it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec


@dataclass(frozen=True)
class Deed:
    """Something that was done in an organization, in milliseconds, by whom and from where.

    `action` such as `token.create`. `target` is an id or a key; of a person the derived id, never what they are called,
    so that an erasure leaves no name behind. `details` hold neither personal data nor secrets.
    """

    organization_id: str
    happened: int
    actor_kind: str
    actor_id: str
    actor: str
    action: str
    target: str
    space: str | None = None
    environment: str | None = None
    address: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


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
