"""All SQL about deeds."""

from __future__ import annotations

import json

from sqlalchemy import Connection

from templates_server.audit.models import Deed
from templates_server.identifiers import random_text
from templates_server.schema import audit_entries

TIME_CHARACTERS = 11  # hexadecimal: until the year 2527; the case of letters sorts by the database's language
RANDOM_CHARACTERS = 14


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
