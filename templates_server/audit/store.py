"""All SQL about deeds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Subquery, or_, select

from templates_server.audit.models import Deed
from templates_server.identifiers import random_text
from templates_server.schema import audit_entries

TIME_CHARACTERS = 11  # hexadecimal: until the year 2527; the case of letters sorts by the database's language
RANDOM_CHARACTERS = 14
MOST_LOOKED_THROUGH = 20_000  # for one page, where most deeds are others than those that are wanted


@dataclass(frozen=True)
class StoredDeed:
    """A deed under its id; ids sort by time."""

    id: str
    deed: Deed


@dataclass(frozen=True)
class Wanted:
    """So many deeds before an id, "" for the newest of all; of an action, by whom and in which Space, "" for any.

    An action is `key.create`, or `key` for all that is done about keys.
    """

    limit: int
    before: str = ""
    action: str = ""
    actor: str = ""
    space: str = ""

    @property
    def has_filters(self) -> bool:
        """Whether not all of them are wanted."""
        return bool(self.action or self.actor or self.space)


@dataclass(frozen=True)
class Found:
    """Deeds, and the id before which there may be more; None: there are no more."""

    deeds: Sequence[StoredDeed]
    more_before: str | None


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


def list_deeds(connection: Connection, organization_id: str, wanted: Wanted) -> Found:
    """A page of the deeds of an organization, the newest first; with filters it may be short and yet not the last."""
    columns = audit_entries.c
    query = select(audit_entries).where(columns.organization_id == organization_id)
    if wanted.before:
        query = query.where(columns.id < wanted.before)
    looked_through = max(wanted.limit, MOST_LOOKED_THROUGH) if wanted.has_filters else wanted.limit
    newest = query.order_by(columns.id.desc()).limit(looked_through).subquery()
    chosen = select(newest).where(*_filters(newest, wanted)).order_by(newest.c.id.desc()).limit(wanted.limit)
    found = [_stored(dict(row)) for row in connection.execute(chosen).mappings()]
    if len(found) == wanted.limit:
        return Found(found, found[-1].id)
    last = select(newest.c.id).order_by(newest.c.id.desc()).offset(looked_through - 1).limit(1)
    return Found(found, connection.execute(last).scalar_one_or_none() if wanted.has_filters else None)


def _filters(newest: Subquery, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.action:
        yield or_(newest.c.action == wanted.action, newest.c.action.startswith(f"{wanted.action}.", autoescape=True))
    if wanted.actor:
        yield newest.c.actor == wanted.actor
    if wanted.space:
        yield newest.c.space == wanted.space


def _stored(row: dict[str, Any]) -> StoredDeed:
    return StoredDeed(row.pop("id"), Deed(**{**row, "details": json.loads(row["details"])}))
