"""The record of a change in an organization: who did what, when and from where. `features.audit` stores it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class AuditEvent:
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
