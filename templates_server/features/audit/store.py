"""All SQL for audit events."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Subquery, or_, select
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from templates_server.http.audit_event import AuditEvent
from templates_server.primitives.ids import random_text
from templates_server.storage.tables import audit_entries

MOST_LOOKED_THROUGH = 20_000  # for one page, where most deeds are others
TIME_CHARACTERS = 11  # hexadecimal: until the year 2527; the case of letters sorts by the database's language
RANDOM_CHARACTERS = 14
PREFIX = "aud_"


@dataclass(frozen=True)
class StoredAuditEvent:
    """An audit event with its ID; IDs sort by time."""

    id: str
    deed: AuditEvent


def record(connection: Connection, deed: AuditEvent) -> None:
    """Record an audit event, in the transaction of the action."""
    row = {
        "organization_id": deed.organization_id,
        "id": f"{PREFIX}{deed.happened:0{TIME_CHARACTERS}x}{random_text(RANDOM_CHARACTERS)}",
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


@dataclass(frozen=True)
class AuditQuery:
    """A query of audit events: a number of events before an ID ("" for the newest), filtered by the other fields.

    `actor` is an ID or a name; `action` an action such as `token.create`, or a noun that several share; `space` a key;
    `since` is in milliseconds.
    """

    limit: int
    before: str = ""
    actor: str | None = None
    action: str | None = None
    space: str | None = None
    since: int | None = None

    @property
    def is_narrow(self) -> bool:
        """Return whether the query has filters that only reading the event itself can decide."""
        return not (self.actor is self.action is self.space is None)


@dataclass(frozen=True)
class AuditPage:
    """Audit events, and the ID before which there may be more; None if there are no more."""

    deeds: Sequence[StoredAuditEvent]
    more_before: str | None


def list_events(connection: Connection, organization_id: str, wanted: AuditQuery) -> AuditPage:
    """Return a page of an organization's audit events, newest first. A short page need not be the last."""
    looked_through = max(wanted.limit, MOST_LOOKED_THROUGH) if wanted.is_narrow else wanted.limit
    looked = _looked_through(organization_id, wanted, looked_through)
    query = select(looked).where(*_conditions(looked.c, wanted)).order_by(looked.c.id.desc()).limit(wanted.limit)
    deeds = [_to_stored_event(dict(row)) for row in connection.execute(query).mappings()]
    if len(deeds) == wanted.limit:
        return AuditPage(deeds, deeds[-1].id)
    last = select(looked.c.id).order_by(looked.c.id.desc()).offset(looked_through - 1).limit(1)
    return AuditPage(deeds, connection.execute(last).scalar_one_or_none() if wanted.is_narrow else None)


def _looked_through(organization_id: str, wanted: AuditQuery, limit: int) -> Subquery:
    columns = audit_entries.c
    query = select(audit_entries).where(columns.organization_id == organization_id)
    if wanted.before:
        query = query.where(columns.id < wanted.before)
    if wanted.since is not None:
        query = query.where(columns.id >= _first_id(wanted.since))
    return query.order_by(columns.id.desc()).limit(limit).subquery()


def _conditions(columns: ReadOnlyColumnCollection[str, Any], wanted: AuditQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.actor is not None:
        conditions.append(
            columns.actor.in_((wanted.actor, wanted.actor.strip().casefold())) | (columns.actor_id == wanted.actor)
        )
    if wanted.action is not None:
        nouns = columns.action.startswith(f"{wanted.action}.", autoescape=True)
        conditions.append(or_(columns.action == wanted.action, nouns))
    if wanted.space is not None:
        conditions.append(columns.space == wanted.space)
    return conditions


def _first_id(at: int) -> str:
    """Return the lowest ID of that time, in milliseconds: it sorts before every event then and later."""
    return f"{PREFIX}{max(at, 0):0{TIME_CHARACTERS}x}"


def _to_stored_event(row: dict[str, Any]) -> StoredAuditEvent:
    return StoredAuditEvent(row.pop("id"), AuditEvent(**{**row, "details": json.loads(row["details"])}))
