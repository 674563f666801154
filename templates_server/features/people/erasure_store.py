"""All SQL that removes people.

An erased person is added to the list of erasures in the same transaction, by the derived id, which cannot be used as a
name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection

from templates_server.errors import NotFound
from templates_server.features.event_names.store import fold_all, remove_events
from templates_server.features.people.store import Stored, count_tags, find_visitors, lock_columns, tags_in
from templates_server.storage.dialect import as_text, in_clause, in_param

VISITORS = "SELECT person_id FROM merges WHERE environment_id = ? AND user_person_id "
OF_THESE = "environment_id = ? AND person_id "
REMEMBER = (
    "INSERT INTO erasures (environment_id, person_id, erased) VALUES (?, ?, ?) ON CONFLICT (environment_id, person_id) "
    "DO UPDATE SET erased = excluded.erased WHERE erasures.erased < excluded.erased"
)
ERASED_BEFORE = "SELECT person_id, erased FROM erasures WHERE environment_id = ? AND person_id "
LIST = "SELECT environment_id, person_id, erased FROM erasures ORDER BY erased"
BELONGINGS = ("events", "sessions", "devices", "merges")
PEOPLE_AT_ONCE = 1000
STEPS = {"events": "event_id", "sessions": "session_id", "devices": "device_id"}
ROWS_A_STEP = 5_000
LAST_OF_STEP = "SELECT {key} FROM {table} WHERE environment_id = ? AND person_id = ? ORDER BY {key} LIMIT 1 OFFSET ?"
FORGET_ARRIVALS = "DELETE FROM event_arrivals WHERE environment_id = ?"
"""The arrivals that event streams have yet to deliver: those of erased people are removed."""
THEIRS_UP_TO = "environment_id = ? AND person_id = ? AND {key} <= ?"


class ErasedPerson(NamedTuple):
    """A person erased from an environment at a time, in milliseconds."""

    environment_id: str
    person_id: str
    erased: int


@dataclass(frozen=True, slots=True)
class ErasureSummary:
    """The erased rows by kind, and the erased person and the visitors merged into them."""

    removed: Mapping[str, int]
    people: Sequence[ErasedPerson]


def remove_some(connection: Connection, environment_id: str, person_id: str) -> Mapping[str, int]:
    """Remove a short step's worth of a person's rows; return the counts by table, none when few remain.

    A person with more data than can be removed at once loses it step by step before the erasure.
    """
    for table, key in STEPS.items():
        last = connection.exec_driver_sql(
            as_text(connection, LAST_OF_STEP.format(table=table, key=key)),
            (environment_id, person_id, ROWS_A_STEP - 1),
        ).scalar_one_or_none()
        if last is not None:
            condition = THEIRS_UP_TO.format(key=key)
            return {table: _remove_rows(connection, table, condition, (environment_id, person_id, last))}
    return {}


def erase_person(connection: Connection, environment_id: str, person_id: str, *, now: int) -> ErasureSummary:
    """Erase a user or visitor and all their data permanently. Raise NotFound when there is none."""
    visitors, stored = _lock_with_visitors(connection, environment_id, [person_id])
    if person_id not in stored:
        raise NotFound
    erased_ids = sorted({person_id, *visitors})
    counts = _remove(connection, environment_id, erased_ids, stored)
    before = find_earlier_erasures(connection, environment_id, erased_ids)
    people = [ErasedPerson(environment_id, one, max(now, before.get(one, 0) + 1)) for one in erased_ids]
    _remember(connection, people)
    removed = {
        "profile": 1,
        "visitors": len(visitors),
        "devices": counts["devices"],
        "sessions": counts["sessions"],
        "events": counts["events"],
    }
    return ErasureSummary(removed, people)


def repeat_erasures(connection: Connection, people: Iterable[ErasedPerson]) -> int:
    """Erase listed people again, and add them to the database's list; return how many existed.

    People who no longer exist are not an error.
    """
    by_environment: dict[str, dict[str, ErasedPerson]] = {}
    for one in people:
        by_environment.setdefault(one.environment_id, {})[one.person_id] = one
    return sum(
        _erase_again(connection, environment_id, list(listed.values()))
        for environment_id, listed in by_environment.items()
    )


def _erase_again(connection: Connection, environment_id: str, people: Sequence[ErasedPerson]) -> int:
    found = 0
    for start in range(0, len(people), PEOPLE_AT_ONCE):
        some = people[start : start + PEOPLE_AT_ONCE]
        visitors, stored = _lock_with_visitors(connection, environment_id, [one.person_id for one in some])
        erased_ids = sorted({one.person_id for one in some} | visitors)
        _remove(connection, environment_id, erased_ids, stored)
        _remember(connection, some)
        found += len(stored)
    return found


def _lock_with_visitors(
    connection: Connection, environment_id: str, person_ids: Collection[str]
) -> tuple[set[str], Stored]:
    """Return the visitors merged into these people, and lock the data of all of them.

    A merge that happened meanwhile is found once the rows are locked: no other can follow.
    """
    visitors: set[str] = set()
    while True:
        stored = lock_columns(connection, environment_id, sorted({*person_ids, *visitors}))
        query = as_text(connection, VISITORS + in_clause(connection))
        found = set(connection.exec_driver_sql(query, (environment_id, in_param(connection, person_ids))).scalars())
        if found <= visitors:
            return visitors, stored
        visitors |= found


def _remove(
    connection: Connection, environment_id: str, person_ids: Sequence[str], stored: Stored
) -> Mapping[str, int]:
    """Remove all data about these people; return the row count of each table."""
    visitors = find_visitors(connection, environment_id, stored)
    counts = {
        table: _remove_rows(
            connection, table, OF_THESE + in_clause(connection), (environment_id, in_param(connection, person_ids))
        )
        for table in (*BELONGINGS, "persons")
    }
    connection.exec_driver_sql(as_text(connection, FORGET_ARRIVALS), (environment_id,))
    if counts["events"]:
        fold_all(connection, environment_id)
    fewer: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for person_id, columns in stored.items():
        fewer[person_id in visitors].subtract(tags_in(columns))
    count_tags(connection, environment_id, fewer[False], visitors=fewer[True])
    return counts


def _remove_rows(connection: Connection, table: str, condition: str, values: tuple[Any, ...]) -> int:
    """Remove the rows that match an SQL condition; return how many."""
    if table == "events":
        return remove_events(connection, condition, values)
    removal = f"DELETE FROM {table} WHERE {condition}"  # noqa: S608 - names of ours
    return connection.exec_driver_sql(as_text(connection, removal), values).rowcount


def _remember(connection: Connection, people: Sequence[ErasedPerson]) -> None:
    """Add people to the list of erasures; the latest erasure of a person applies."""
    connection.exec_driver_sql(as_text(connection, REMEMBER), [tuple(one) for one in people])


def find_earlier_erasures(connection: Connection, environment_id: str, person_ids: Sequence[str]) -> Mapping[str, int]:
    """Return the last erasure times of those people who are listed; each erasure is later than the one before."""
    query = as_text(connection, ERASED_BEFORE + in_clause(connection))
    rows = connection.exec_driver_sql(query, (environment_id, in_param(connection, person_ids)))
    return {row[0]: row[1] for row in rows}


def list_erasures(connection: Connection) -> Sequence[ErasedPerson]:
    """Return everybody on the list, oldest first."""
    return [ErasedPerson(*row) for row in connection.exec_driver_sql(LIST)]
