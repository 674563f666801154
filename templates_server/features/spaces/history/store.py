"""All SQL about the authors of document revisions. The documents themselves belong to their features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Table, func, select

from templates_server.storage.tables import (
    accounts,
    delivery_revisions,
    model_revisions,
    service_accounts,
    tribe_revisions,
)

OWNERS: Mapping[Table, Column[Any]] = {
    model_revisions: model_revisions.c.space_id,
    tribe_revisions: tribe_revisions.c.space_id,
    delivery_revisions: delivery_revisions.c.environment_id,
}
"""The tables of revisions, and their owners: a Space or an environment."""


@dataclass(frozen=True)
class StoredRevision:
    """A revision without its document. `created` in milliseconds; `author_name` is None for an unknown id."""

    revision: int
    created: int
    author_id: str
    author_name: str | None
    note: str | None


def list_revisions(
    connection: Connection, table: Table, owner_id: str, *, before: int | None, limit: int
) -> Sequence[StoredRevision]:
    """Return that many revisions of a Space's or an environment's document, newest first, optionally before one."""
    columns, owner = table.c, OWNERS[table]
    query = (
        select(
            columns.revision,
            columns.created,
            columns.created_by.label("author_id"),
            func.coalesce(accounts.c.email, service_accounts.c.name).label("author_name"),
            columns.note,
        )
        .outerjoin_from(table, accounts, accounts.c.id == columns.created_by)
        .outerjoin(service_accounts, service_accounts.c.id == columns.created_by)
        .where(owner == owner_id)
    )
    if before is not None:
        query = query.where(columns.revision < before)
    rows = connection.execute(query.order_by(columns.revision.desc()).limit(limit)).mappings()
    return [StoredRevision(**row) for row in rows]
