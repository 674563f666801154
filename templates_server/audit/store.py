"""All SQL about deeds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from templates_server.audit.models import Deed
from templates_server.identifiers import random_text
from templates_server.schema import audit_entries

TIME_CHARACTERS = 11  # hexadecimal: until the year 2527; the case of letters sorts by the database's language
RANDOM_CHARACTERS = 14


@dataclass(frozen=True)
class StoredDeed:
    """A deed under its id; ids sort by time."""

    id: str
    deed: Deed


def record(connection: Connection, deed: Deed) -> None:
    """Remember a deed, in the transaction that does it."""
    row = {
        "organization_id": deed.organization_id,
        "id": f"aud_{deed.happened:0{TIME_CHARACTERS}x}{random_text(RANDOM_CHARACTERS)}",
        "happened": deed.happened,
        "actor_kind": deed.actor_kind,
        "actor_id": deed.actor_id,
        "actor": deed.actor,
        "action": deed.action,
        "target": deed.target,
        "space": deed.space,
        "environment": deed.environment,
        "address": deed.address,
        "details": json.dumps(deed.details, ensure_ascii=False, sort_keys=True),
    }
    connection.execute(audit_entries.insert(), row)


def list_deeds(connection: Connection, organization_id: str, *, before: str, limit: int) -> Sequence[StoredDeed]:
    """So many deeds of an organization, the newest first; those before an id, "" for the newest of all."""
    columns = audit_entries.c
    query = select(audit_entries).where(columns.organization_id == organization_id)
    if before:
        query = query.where(columns.id < before)
    rows = connection.execute(query.order_by(columns.id.desc()).limit(limit)).mappings()
    return [_stored(dict(row)) for row in rows]


def _stored(row: dict[str, Any]) -> StoredDeed:
    return StoredDeed(row.pop("id"), Deed(**{**row, "details": json.loads(row["details"])}))
