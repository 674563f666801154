"""All SQL about exports themselves. What is in them is asked for in `lines_store`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select, update

from templates_server.errors import NotFound
from templates_server.schema import accounts, exports, service_accounts

RUNNING, COMPLETE, FAILED = "running", "complete", "failed"


@dataclass(frozen=True)
class NewExport:
    """An export that was asked for; `request` is JSON, times are in milliseconds."""

    id: str
    environment_id: str
    tribe: str | None
    request: str
    created: int
    created_by: str
    expires: int


@dataclass(frozen=True)
class StoredExport(NewExport):
    """An export, and what has become of it."""

    state: str = RUNNING
    rows: int | None = None
    bytes: int | None = None
    sha256: str | None = None
    cursor: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class Spooled:
    """What lies in the file of an export; `sha256` in hexadecimal."""

    rows: int
    bytes: int
    sha256: str
    cursor: str | None


def add_export(connection: Connection, new: NewExport) -> StoredExport:
    """Keep it as running."""
    connection.execute(exports.insert(), {**vars(new), "state": RUNNING})
    return StoredExport(**vars(new))


def find_export(connection: Connection, environment_id: str, export_id: str, *, now: int) -> StoredExport:
    """An export of an environment; NotFound when there is none, or no longer."""
    query = select(exports).where(exports.c.id == export_id, exports.c.environment_id == environment_id)
    row = connection.execute(query.where(exports.c.expires > now)).one_or_none()
    if row is None:
        raise NotFound
    return StoredExport(**row._mapping)  # noqa: SLF001 - how SQLAlchemy names a row's columns


@dataclass(frozen=True)
class RecentExport:
    """An export of a list, and what whoever asked for it is called; None: they are gone."""

    export: StoredExport
    author: str | None


def recent_exports(connection: Connection, environment_id: str, *, now: int, most: int) -> Sequence[RecentExport]:
    """The exports that were asked for last and are kept still, the newest first."""
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


def complete(connection: Connection, export_id: str, spooled: Spooled) -> None:
    """It is there to be fetched."""
    _finish(connection, export_id, {**vars(spooled), "state": COMPLETE})


def fail(connection: Connection, export_id: str, error: str) -> None:
    """It will not come, and why."""
    _finish(connection, export_id, {"state": FAILED, "error": error})


def _finish(connection: Connection, export_id: str, values: dict[str, object]) -> None:
    connection.execute(update(exports).where(exports.c.id == export_id, exports.c.state == RUNNING).values(**values))


def running_exports(connection: Connection) -> Sequence[str]:
    """The ids of those that are being made."""
    return connection.execute(select(exports.c.id).where(exports.c.state == RUNNING)).scalars().all()


def remove_expired(connection: Connection, now: int) -> None:
    """Forget those that are over."""
    connection.execute(delete(exports).where(exports.c.expires <= now))


def shorten(connection: Connection, *, latest: int, expires: int) -> None:
    """Have those that would stay longer than any can, made while a clock was ahead, end at a time."""
    connection.execute(update(exports).where(exports.c.expires > latest).values(expires=expires))


def known_among(connection: Connection, export_ids: Sequence[str]) -> set[str]:
    """Those of the ids that an export has."""
    return set(connection.execute(select(exports.c.id).where(exports.c.id.in_(export_ids))).scalars())
