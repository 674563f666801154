"""All SQL that stores the rows of a part in SQLite: many users per statement, new users first.

There is one writer, so nothing changes between two statements.
"""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from templates_server.features.imports.fast_parser import Row
from templates_server.features.imports.parser import person_of_row
from templates_server.features.imports.part_result import PartResult, group_by_person, replace_columns
from templates_server.features.imports.store import PartMark
from templates_server.features.people.profile import COLUMNS
from templates_server.features.people.store import find_columns

USERS_A_STATEMENT = 300
NAMES = ", ".join(COLUMNS)
VARIABLE = 3 + len(COLUMNS)  # a person's id, name and number before them
CHANGE = (
    f"UPDATE persons SET {', '.join(f'{column} = ?' for column in COLUMNS)}, updated = ?, imported_by = ? "  # noqa: S608 - names of ours
    "WHERE environment_id = ? AND person_id = ?"
)
CHANGED = (
    "SELECT sent.value FROM json_each(?) AS sent LEFT JOIN persons ON persons.environment_id = ? "
    "AND persons.person_id = sent.value AND (imported_by, updated) IN (VALUES {marks}) WHERE persons.person_id IS NULL"
)


def apply_rows(connection: Connection, arriving: PartResult) -> None:
    """Insert new people and update existing ones.

    Assume that all are new until some turn out to exist; then look people up until none exist again.
    """
    some_are_there = False
    for start in range(0, len(arriving.rows), USERS_A_STATEMENT):
        rows = arriving.rows[start : start + USERS_A_STATEMENT]
        if some_are_there and _all_are_unchanged(connection, arriving, rows):
            arriving.unchanged += len(rows)
        elif some_are_there or not _insert_all(connection, arriving, rows):
            some_are_there = _insert_or_change(connection, arriving, rows)


def find_changed(
    connection: Connection, environment_id: str, marks: Sequence[PartMark], person_ids: Sequence[str]
) -> Collection[str]:
    """Return the people changed since a part with one of these marks was applied; see `people_store`."""
    query = CHANGED.format(marks=", ".join("(?, ?)" for _ in marks))
    parameters = (json.dumps(person_ids), environment_id, *itertools.chain(*marks))
    return set(connection.exec_driver_sql(query, parameters).scalars())


def _insert_all(connection: Connection, arriving: PartResult, rows: Sequence[Row]) -> bool:
    """Insert users; return False, without any change, when one exists or two are the same person."""
    try:
        _insert(connection, arriving, rows)
    except IntegrityError:  # the statement has undone itself
        return False
    arriving.add_new(rows)
    return True


def _insert(connection: Connection, arriving: PartResult, rows: Sequence[Row]) -> None:
    connection.exec_driver_sql(_insert_statement(len(rows)), _values(arriving, rows))


def _values(arriving: PartResult, rows: Sequence[Row]) -> tuple[Any, ...]:
    """Return the shared values, then those of each row: person, name, number, profile."""
    values: list[Any] = [arriving.environment_id, arriving.now, arriving.mark]
    for row in rows:
        values.append(row[0])
        values += row[2:]
    return tuple(values)


@functools.lru_cache(USERS_A_STATEMENT)
def _insert_statement(users: int) -> str:
    """Return the statement for that many users; shared values are bound once."""
    numbers = itertools.count(4)
    rows = []
    for _ in range(users):
        person_id, *others = [f"?{next(numbers)}" for _ in range(VARIABLE)]
        rows.append(f"(?1, 'user', ?2, ?2, ?3, {person_id}, {', '.join(others)})")
    names = f"environment_id, kind, created, updated, imported_by, person_id, called, share_number, {NAMES}"
    return f"INSERT INTO persons ({names}) VALUES {', '.join(rows)}"  # noqa: S608 - names of ours


def _all_are_unchanged(connection: Connection, arriving: PartResult, rows: Sequence[Row]) -> bool:
    """Return whether everybody is already stored in the form for new people, so that the rows change nothing."""
    same = connection.exec_driver_sql(_same_statement(len(rows)), _values(arriving, rows)).scalar_one()
    return bool(same == len(rows))


@functools.lru_cache(USERS_A_STATEMENT)
def _same_statement(users: int) -> str:
    """Return the statement that counts identically stored people; time, mark and numbers are unused parameters."""
    numbers = itertools.count(4)
    rows = ", ".join(f"({', '.join(f'?{next(numbers)}' for _ in range(VARIABLE))})" for _ in range(users))
    sent = ", ".join(f"sent.column{number}" for number in range(4, 4 + len(COLUMNS)))
    return (
        f"SELECT count(*) FROM (VALUES {rows}) AS sent CROSS JOIN persons "  # noqa: S608 - names of ours
        f"WHERE environment_id = ?1 AND person_id = sent.column1 AND ({NAMES}) IS ({sent}) AND ?2 + ?3 IS NOT NULL"
    )


def _insert_or_change(connection: Connection, arriving: PartResult, rows: Sequence[Row]) -> bool:
    """Look up who exists and insert the others; return whether anybody existed."""
    stored = find_columns(connection, arriving.environment_id, [person_of_row(row) for row in rows])
    new: list[Row] = []
    changed = []
    for person_id, own in group_by_person(rows):
        before = stored.get(person_id)
        if before is None and len(own) == 1:
            arriving.add_new(own)
            new += own
            continue
        after = arriving.settle(own, before)
        if after is None:
            continue
        if before is None:
            new.append(replace_columns(own[0], after))
        else:
            changed.append((*after, arriving.now, arriving.mark, arriving.environment_id, person_id))
    if new:
        _insert(connection, arriving, new)
    if changed:
        connection.exec_driver_sql(CHANGE, changed)
    return bool(stored)
