"""All SQL that brings the rows of a part into the tables of people."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from templates_server.database import marks
from templates_server.errors import Problem
from templates_server.imports.merging import settle
from templates_server.imports.reading import PartRows
from templates_server.persons.profiles import COLUMNS, Columns, decode_tags

ROWS_AT_ONCE = 500


@dataclass
class Applied:
    """How many good rows had which outcome; `refused` by line."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[tuple[int, Sequence[Problem]]] = field(default_factory=list)
    tags: Counter[str] = field(default_factory=Counter)


def apply_rows(connection: Connection, environment_id: str, part: PartRows, *, now: int) -> Applied:
    """What became of the rows, each applied after the one before it."""
    applied = Applied()
    people = itertools.groupby(part.rows, lambda row: row[0])
    while chunk := [(person_id, list(rows)) for person_id, rows in itertools.islice(people, ROWS_AT_ONCE)]:
        stored = _stored(connection, environment_id, [person_id for person_id, _ in chunk])
        new, changed = [], []
        for person_id, rows in chunk:
            settled = settle(stored.get(person_id), ((row[1], part.change_at(row[1])) for row in rows))
            applied.created += settled.created
            applied.updated += settled.updated
            applied.unchanged += settled.unchanged
            applied.refused += settled.refused
            if settled.created:
                new.append((environment_id, person_id, "user", rows[0][2], now, now, *settled.columns))
            elif settled.updated:
                changed.append((now, *settled.columns, environment_id, person_id))
            if settled.created or settled.updated:
                _count(applied.tags, stored.get(person_id), settled.columns)
        names = ("environment_id", "person_id", "kind", "called", "created", "updated", *COLUMNS)
        if new:
            connection.exec_driver_sql(
                f"INSERT INTO persons ({', '.join(names)}) VALUES ({marks(connection, len(names))})", new
            )
        if changed:
            mark = marks(connection, 1)
            sets = ", ".join(f"{name} = {mark}" for name in ("updated", *COLUMNS))
            connection.exec_driver_sql(
                f"UPDATE persons SET {sets} WHERE environment_id = {mark} AND person_id = {mark}", changed
            )
    _add_tags(connection, environment_id, applied.tags)
    return applied


def _stored(connection: Connection, environment_id: str, ids: Sequence[str]) -> Mapping[str, Columns]:
    lock = " ORDER BY person_id FOR UPDATE" if connection.dialect.name == "postgresql" else ""
    query = (
        f"SELECT person_id, {', '.join(COLUMNS)} FROM persons WHERE environment_id = {marks(connection, 1)}"
        f" AND person_id IN ({marks(connection, len(ids))}){lock}"
    )
    return {row[0]: tuple(row[1:]) for row in connection.exec_driver_sql(query, (environment_id, *ids))}


def _count(tags: Counter[str], before: Columns | None, after: Columns) -> None:
    if before is not None:
        tags.subtract(decode_tags(before[5]))
    tags.update(decode_tags(after[5]))


def _add_tags(connection: Connection, environment_id: str, tags: Mapping[str, int]) -> None:
    rows = [(environment_id, tag, users) for tag, users in sorted(tags.items()) if users]
    if rows:
        connection.exec_driver_sql(
            f"INSERT INTO user_tags (environment_id, tag, users) VALUES ({marks(connection, 3)}) "
            "ON CONFLICT (environment_id, tag) DO UPDATE SET users = user_tags.users + excluded.users",
            rows,
        )
        connection.exec_driver_sql(
            f"DELETE FROM user_tags WHERE environment_id = {marks(connection, 1)} AND users = 0", (environment_id,)
        )
