"""All SQL that reads one person's data besides the profile: kind by kind, in pages, earliest first.

Or the latest few of a kind, for display on a page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from templates_server.features.people.app_versions import version_text
from templates_server.features.people.last_session import COLUMNS as LAST_SESSION
from templates_server.features.people.last_session import NO_SESSION, read_last_session
from templates_server.primitives.timestamps import to_rfc3339
from templates_server.storage.dialect import as_text, dialect_of


class PagePosition(NamedTuple):
    """The end of a page: the time and the id of its last row."""

    time: int
    id: str


START = PagePosition(-(2**63), "")


@dataclass(frozen=True)
class RecordKind:
    """A kind of data: its table, its person column, its time and id columns, and the others."""

    name: str
    table: str
    person: str
    time: str
    id: str
    others: tuple[str, ...]
    told: Callable[[Any], dict[str, Any]]


def _as_is(text: str | None) -> msgspec.Raw | None:
    """Return stored JSON text unparsed."""
    return None if text is None else msgspec.Raw(text.encode())


OF_APP = ("code_hash", "code_language", "app_version", "app_build", "app_platform", "os_version", "unknown")
VISITORS = RecordKind(
    "visitors",
    "merges",
    "user_person_id",
    "merged",
    "person_id",
    ("called",),
    lambda row: {"anonymous_id": row.called, "merged": to_rfc3339(row.merged)},
)
KINDS = (
    VISITORS,
    RecordKind(
        "devices",
        "devices",
        "person_id",
        "first_seen",
        "device_id",
        ("token", "os", "model", "app_build", "app_version", "data", "last_seen"),
        lambda row: {
            "device_id": row.device_id,
            "token": row.token,
            "os": row.os,
            "model": row.model,
            "app_build": row.app_build,
            "app_version": row.app_version,
            "data": _as_is(row.data),
            "first_seen": to_rfc3339(row.first_seen),
            "last_seen": to_rfc3339(row.last_seen),
        },
    ),
    RecordKind(
        "sessions",
        "sessions",
        "person_id",
        "started",
        "session_id",
        OF_APP,
        lambda row: {
            "session": row.session_id,
            "started": to_rfc3339(row.started),
            **{name: getattr(row, name) for name in OF_APP},
            "unknown": _as_is(row.unknown or "[]"),
        },
    ),
    RecordKind(
        "events",
        "events",
        "person_id",
        "happened",
        "event_id",
        ("name", "session_id", "entity", "data", "metadata", "received"),
        lambda row: {
            "id": row.event_id,
            "name": row.name,
            "session": row.session_id,
            "entity": row.entity,
            "data": _as_is(row.data),
            "metadata": _as_is(row.metadata),
            "happened": to_rfc3339(row.happened),
            "received": to_rfc3339(row.received),
        },
    ),
)


def find_last_session(connection: Connection, owner: tuple[str, str]) -> dict[str, Any] | None:
    """Return the person's data from the latest session; None if there is none."""
    query = f"SELECT {LAST_SESSION} FROM persons WHERE environment_id = ? AND person_id = ?"  # noqa: S608 - names of ours
    row = connection.exec_driver_sql(as_text(connection, query), owner).one_or_none()
    found = NO_SESSION if row is None else read_last_session(row)
    if found.seen is None:
        return None
    versions = (found.version, found.os_version)
    app_version, os_version = (None if key is None else version_text(key) for key in versions)
    return {
        "started": to_rfc3339(found.seen),
        "app_version": app_version,
        "app_platform": found.platform,
        "os_version": os_version,
    }


def load_page(
    connection: Connection, kind: RecordKind, owner: tuple[str, str], *, after: PagePosition, limit: int
) -> tuple[Sequence[dict[str, Any]], PagePosition | None]:
    """Return a page of a kind after a position, in output form, and the end of the page, None if it is the last.

    `owner` is the environment and the person.
    """
    by_id = f"{kind.id}{dialect_of(connection).by_code_points}"  # by code points
    query = (
        f"{_all_of(kind)} AND ({kind.time} > ? OR {kind.time} = ? AND {by_id} > ?) "
        f"ORDER BY {kind.time}, {by_id} LIMIT ?"
    )
    values = (*owner, after.time, after.time, after.id, limit)
    rows = connection.exec_driver_sql(as_text(connection, query), values).all()
    last = PagePosition(rows[-1][0], rows[-1][1]) if len(rows) == limit else None
    return [kind.told(row) for row in rows], last


def load_latest(
    connection: Connection, kind: RecordKind, owner: tuple[str, str], *, limit: int
) -> Sequence[dict[str, Any]]:
    """Return a number of rows of a kind in output form, most recent first."""
    latest = "last_seen" if "last_seen" in kind.others else kind.time
    query = f"{_all_of(kind)} ORDER BY {latest} DESC, {kind.id} LIMIT ?"
    rows = connection.exec_driver_sql(as_text(connection, query), (*owner, limit))
    return [kind.told(row) for row in rows]


def _all_of(kind: RecordKind) -> str:
    """Return the query for all rows of a kind of a person in an environment."""
    return (
        f"SELECT {', '.join((kind.time, kind.id, *kind.others))} FROM {kind.table} "  # noqa: S608 - names of ours
        f"WHERE environment_id = ? AND {kind.person} = ?"
    )
