"""All SQL about exports themselves. Their content is queried in `lines_store`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select, update

from templates_server.errors import NotFound
from templates_server.storage.tables import accounts, exports, service_accounts

RUNNING, COMPLETE, FAILED = "running", "complete", "failed"


@dataclass(frozen=True)
class NewExport:
    """A requested export; `request` is JSON, times are in milliseconds."""

    id: str
    environment_id: str
    tribe: str | None
    request: str
    created: int
    created_by: str
    expires: int


@dataclass(frozen=True)
class StoredExport(NewExport):
    """An export and its result."""

    state: str = RUNNING
    rows: int | None = None
    bytes: int | None = None
    sha256: str | None = None
    cursor: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class FileSummary:
    """The content of an export's file; `sha256` in hexadecimal."""

    rows: int
    bytes: int
    sha256: str
    cursor: str | None


def add_export(connection: Connection, new: NewExport) -> StoredExport:
    """Store an export as running."""
    connection.execute(exports.insert(), {**vars(new), "state": RUNNING})
    return StoredExport(**vars(new))


def find_export(connection: Connection, environment_id: str, export_id: str, *, now: int) -> StoredExport:
    """Return an export of an environment. Raise NotFound when it does not exist or has expired."""
    query = select(exports).where(exports.c.id == export_id, exports.c.environment_id == environment_id)
    row = connection.execute(query.where(exports.c.expires > now)).one_or_none()
    if row is None:
        raise NotFound
    return StoredExport(**row._mapping)  # noqa: SLF001 - how SQLAlchemy names a row's columns


@dataclass(frozen=True)
class RecentExport:
    """An export in a list, with the name of its requester; None if they no longer exist."""

    export: StoredExport
    author: str | None


def recent_exports(connection: Connection, environment_id: str, *, now: int, most: int) -> Sequence[RecentExport]:
    """Return the latest exports that have not expired, newest first."""
    author = func.coalesce(accounts.c.name, service_accounts.c.name)
    query = (
        select(exports, author.label("author"))
        .outerjoin(accounts, accounts.c.id == exports.c.created_by)
        .outerjoin(service_accounts, service_accounts.c.id == exports.c.created_by)
        .where(exports.c.environment_id == environment_id, exports.c.expires > now)
        .order_by(exports.c.created.desc(), exports.c.id)
        .limit(most)
    )
    rows = [dict(row) for row in connection.execute(query).mappings()]
    return [RecentExport(author=row.pop("author"), export=StoredExport(**row)) for row in rows]


def complete(connection: Connection, export_id: str, spooled: FileSummary) -> None:
    """Mark the export as complete: its file can be downloaded."""
    _finish(connection, export_id, {**vars(spooled), "state": COMPLETE})


def fail(connection: Connection, export_id: str, error: str) -> None:
    """Mark the export as failed, with the reason."""
    _finish(connection, export_id, {"state": FAILED, "error": error})


def _finish(connection: Connection, export_id: str, values: dict[str, object]) -> None:
    connection.execute(update(exports).where(exports.c.id == export_id, exports.c.state == RUNNING).values(**values))


def running_exports(connection: Connection) -> Sequence[str]:
    """Return the ids of running exports."""
    return connection.execute(select(exports.c.id).where(exports.c.state == RUNNING)).scalars().all()


def remove_expired(connection: Connection, now: int) -> None:
    """Delete expired exports."""
    connection.execute(delete(exports).where(exports.c.expires <= now))


def limit_expiry(connection: Connection, *, latest: int, expires: int) -> None:
    """Limit expiry times beyond the maximum lifetime, set while a clock was ahead, to a given time."""
    connection.execute(update(exports).where(exports.c.expires > latest).values(expires=expires))


def find_known(connection: Connection, export_ids: Sequence[str]) -> set[str]:
    """Return those of the ids that belong to an export."""
    return set(connection.execute(select(exports.c.id).where(exports.c.id.in_(export_ids))).scalars())
