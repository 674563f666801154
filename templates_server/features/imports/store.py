"""All SQL about imports and their parts. The effect of a part on people is in `people_store`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, func, select, update

from templates_server.features.imports.schemas import PartView, RowError, Totals
from templates_server.storage.dialect import placeholders
from templates_server.storage.tables import accounts, import_parts, imports, service_accounts

OPEN = (
    "INSERT INTO imports (environment_id, import_id, state, created, created_by) VALUES ({marks}) "
    "ON CONFLICT DO NOTHING"
)
MOST_MARKS = 20
COUNTED = ("read", "created", "updated", "unchanged", "rejected")


@dataclass(frozen=True)
class ImportKey:
    """The key of an import: its environment, and the id chosen by the sender."""

    environment_id: str
    import_id: str


@dataclass(frozen=True)
class StoredImport:
    """An import and its progress: parts 1 to `parts` are applied."""

    state: Literal["open", "complete"]
    parts: int
    totals: Totals


@dataclass(frozen=True)
class RecentImport(StoredImport):
    """An import in a list: its start in milliseconds, and its creator's name; None if they no longer exist."""

    import_id: str
    created: int
    author: str | None


class PartMark(NamedTuple):
    """The mark that a part left on every profile it wrote: a unique number, and the time."""

    number: int
    applied: int  # milliseconds


def open_import(connection: Connection, place: ImportKey, *, now: int, created_by: str) -> bool:
    """Create the import if it is new, locked by this transaction; return whether it is."""
    row = (place.environment_id, place.import_id, "open", now, created_by)
    return connection.exec_driver_sql(OPEN.format(marks=placeholders(connection, len(row))), row).rowcount == 1


def lock_import(connection: Connection, place: ImportKey) -> None:
    """Lock the import against other transactions until the end of this one."""
    connection.execute(select(imports.c.state).where(*_is(imports, place)).with_for_update())


def find_import(connection: Connection, place: ImportKey) -> StoredImport | None:
    """Return the import; None when no part of it was ever applied."""
    state = connection.execute(select(imports.c.state).where(*_is(imports, place))).scalar()
    if state is None:
        return None
    sums = [func.coalesce(func.sum(import_parts.c[name]), 0) for name in COUNTED]
    query = select(func.count(), *sums).where(*_is(import_parts, place))
    parts, *totals = connection.execute(query).one()
    return StoredImport(state, parts, Totals(*map(int, totals)))


def recent_imports(connection: Connection, environment_id: str, *, most: int) -> Sequence[RecentImport]:
    """Return the latest imports, newest first."""
    author = func.coalesce(accounts.c.name, service_accounts.c.name)
    query = (
        select(imports.c.import_id, imports.c.created, author.label("author"))
        .outerjoin(accounts, accounts.c.id == imports.c.created_by)
        .outerjoin(service_accounts, service_accounts.c.id == imports.c.created_by)
        .where(imports.c.environment_id == environment_id)
        .order_by(imports.c.created.desc(), imports.c.import_id)
        .limit(most)
    )
    found = []
    for row in connection.execute(query):
        stored = find_import(connection, ImportKey(environment_id, row.import_id))
        if stored is not None:
            found.append(
                RecentImport(stored.state, stored.parts, stored.totals, row.import_id, row.created, row.author)
            )
    return found


def find_part(connection: Connection, place: ImportKey, number: int) -> PartView | None:
    """Return the result of a part; None when it was not applied yet."""
    columns = [import_parts.c[name] for name in ("part", "digest", *COUNTED, "errors")]
    query = select(*columns).where(*_is(import_parts, place), import_parts.c.part == number)
    found = connection.execute(query).first()
    if found is None:
        return None
    told = msgspec.json.decode(found.errors, type=list[RowError])
    return PartView(**{**found._mapping, "errors": told})  # noqa: SLF001 - SQLAlchemy's public name for it


def find_marks(connection: Connection, environment_id: str, digest: str) -> Sequence[PartMark]:
    """Return the marks of the last parts with that content in which every row was valid and some changed something."""
    query = (
        select(import_parts.c.mark, import_parts.c.applied)
        .where(import_parts.c.environment_id == environment_id, import_parts.c.digest == digest)
        .where(import_parts.c.rejected == 0, import_parts.c.unchanged < import_parts.c.read)
        .where(import_parts.c.mark.is_not(None))
        .order_by(import_parts.c.applied.desc(), import_parts.c.import_id, import_parts.c.part)
        .limit(MOST_MARKS)
    )
    return [PartMark(*row) for row in connection.execute(query)]


def add_part(connection: Connection, place: ImportKey, view: PartView, *, mark: PartMark) -> None:
    """Store the result of a part, in the transaction that applies it."""
    counts = {name: getattr(view, name) for name in COUNTED}
    errors = msgspec.json.encode(view.errors).decode()
    row = {**_key(place), "part": view.part, "digest": view.digest, **counts, "errors": errors}
    connection.execute(import_parts.insert(), {**row, "applied": mark.applied, "mark": mark.number})


def complete_import(connection: Connection, place: ImportKey, *, now: int) -> None:
    """Complete the import: no further parts are accepted."""
    connection.execute(update(imports).where(*_is(imports, place)).values(state="complete", completed=now))


def _key(place: ImportKey) -> dict[str, str]:
    return {"environment_id": place.environment_id, "import_id": place.import_id}


def _is(table: Table, place: ImportKey) -> Sequence[ColumnElement[bool]]:
    return table.c.environment_id == place.environment_id, table.c.import_id == place.import_id
