"""All SQL about event names, and about removing events, which removes expired names.

A transaction that stores or removes events records its change in a row of its own, which takes no lock that others
wait for. `fold_some` counts changes, one process at a time per environment. The current state is the names plus the
pending changes, which `list_names` returns.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from templates_server.features.event_names.changes import (
    EventName,
    KeyCount,
    NameChange,
    StoredEvents,
    count_removed,
    count_stored,
    fold,
    sum_up,
)
from templates_server.primitives.ids import random_text
from templates_server.storage.bulk import Insertion, Rows, write_all
from templates_server.storage.dialect import as_text, dialect_of, in_clause, in_param

MOST_CHANGES_AT_ONCE = 250
MOST_OF_A_CHANGE = 200  # names with sets of keys
CHANGES = Insertion("event_name_changes", dict.fromkeys(("environment_id", "change_id", "change"), "text"))
"""The recorded changes."""
COLUMNS = {
    **dict.fromkeys(("environment_id", "name"), "text"),
    **dict.fromkeys(("events", "differing", "kept", "first", "last"), "bigint"),
    "metadata_keys": "text",
}
NAMES = f"SELECT {', '.join(list(COLUMNS)[1:])} FROM event_names WHERE environment_id = ?"  # noqa: S608 - names of ours
COUNT = "SELECT count(*) FROM event_names WHERE environment_id = ?"
KEEP = Insertion(
    "event_names",
    COLUMNS,
    on_conflict="ON CONFLICT (environment_id, name) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in list(COLUMNS)[2:]),
)
FORGET = "DELETE FROM event_names WHERE environment_id = ? AND name "
EXPIRED = "SELECT 1 FROM event_names WHERE last < ? LIMIT 1"
EXPIRE = "DELETE FROM event_names WHERE last < ?"
WITH_CHANGES = "SELECT DISTINCT environment_id FROM event_name_changes"
NEXT = "SELECT change_id, change FROM event_name_changes WHERE environment_id = ? ORDER BY change_id LIMIT ?"
ALL = "SELECT change FROM event_name_changes WHERE environment_id = ? ORDER BY change_id"
TAKEN_BACK = "DELETE FROM event_name_changes WHERE environment_id = ? AND change_id = ?"
FOLDED = {
    "sqlite": "DELETE FROM event_name_changes WHERE environment_id = ? AND change_id <= ?",  # nobody else writes
    "postgresql": "DELETE FROM event_name_changes WHERE environment_id = ? AND change_id = ANY(?)",
}
HOLD = {
    "sqlite": "SELECT 1 FROM environments WHERE id = ?",
    "postgresql": "SELECT 1 FROM environments WHERE id = ? FOR NO KEY UPDATE",
}
ABANDON = "DELETE FROM event_name_changes WHERE environment_id = ?"
FREED = "environment_id, name, received, metadata"
REMAINING = f"SELECT {FREED} FROM events WHERE "  # noqa: S608 - names of ours
DECODER = msgspec.json.Decoder(NameChange)
OF_THIS_PROCESS = random_text(12)
NUMBERS = itertools.count()
ADDED, REMOVED = "a", "r"  # removed events are folded in after those that were stored before, whatever clocks say


# Changes are written down


def note_stored(connection: Connection, stored: Mapping[str, Sequence[StoredEvents]]) -> None:
    """Record stored events, by environment."""
    write_all(connection, CHANGES, changes_of_stored(stored))


def changes_of_stored(stored: Mapping[str, Sequence[StoredEvents]]) -> Rows:
    """Return the rows for `CHANGES` that record the stored events, by environment."""
    rows = []
    for environment_id, together in stored.items():
        change = count_stored(together)
        change_id = _change_id(ADDED, change.last)
        rows += [
            (environment_id, f"{change_id}{number:04}", msgspec.json.encode(part).decode())
            for number, part in enumerate(_in_parts(change))
        ]
    return rows


def _in_parts(change: NameChange) -> Sequence[NameChange]:
    """Split a change into several of limited size, because a number of them are read at once."""
    if len(change.added) <= MOST_OF_A_CHANGE:
        return [change]
    texts = list(change.added)
    starts = range(0, len(texts), MOST_OF_A_CHANGE)
    return [_part(change, texts[start : start + MOST_OF_A_CHANGE]) for start in starts]


def _part(change: NameChange, texts: Sequence[str]) -> NameChange:
    added = {text: change.added[text] for text in texts}
    differing = {text: change.differing[text] for text in texts if text in change.differing}
    return msgspec.structs.replace(change, added=added, differing=differing)


def remove_changes(connection: Connection, changes: Rows) -> None:
    """Delete changes recorded by this transaction."""
    removal = as_text(connection, TAKEN_BACK)
    for environment_id, change_id, _ in changes:
        connection.exec_driver_sql(removal, (environment_id, change_id))


def note_removed(connection: Connection, environment_id: str, events: Collection[tuple[str, int, str | None]]) -> None:
    """Record the removal of events of an environment: the name, time of receipt and metadata of each."""
    if events:
        change = count_removed(events)
        change_id = _change_id(REMOVED, max(one.received for one in change.removed))
        row = (environment_id, change_id, msgspec.json.encode(change).decode())
        write_all(connection, CHANGES, [row])


def _change_id(kind: str, at: int) -> str:
    return f"{kind}{at:015}_{OF_THIS_PROCESS}{next(NUMBERS):x}_"


def remove_events(connection: Connection, condition: str, values: tuple[Any, ...]) -> int:
    """Remove the events that match an SQL condition, record the removal, and return how many there were."""
    removal = as_text(connection, f"DELETE FROM events WHERE {condition}")  # noqa: S608 - names of ours
    if dialect_of(connection).is_sqlite:  # nobody else writes
        rows = connection.exec_driver_sql(f"{REMAINING}{condition}", values).all()
        if rows:
            connection.exec_driver_sql(removal, values)
    else:
        rows = connection.exec_driver_sql(f"{removal} RETURNING {FREED}", values).all()
    by_environment: dict[str, list[tuple[str, int, str | None]]] = defaultdict(list)
    for environment_id, name, received, metadata in rows:
        by_environment[environment_id].append((name, received, metadata))
    for environment_id, events in by_environment.items():
        note_removed(connection, environment_id, events)
    return len(rows)


# They are folded in


def list_environments(connection: Connection) -> Sequence[str]:
    """Return the environments with pending changes."""
    return list(connection.exec_driver_sql(WITH_CHANGES).scalars())


def fold_all(connection: Connection, environment_id: str) -> None:
    """Fold in all changes of an environment."""
    while fold_some(connection, environment_id):
        pass


def fold_some(connection: Connection, environment_id: str) -> bool:
    """Fold in the next changes of an environment, holding a lock on its row. Return whether there may be more."""
    held = connection.exec_driver_sql(as_text(connection, HOLD[connection.dialect.name]), (environment_id,)).first()
    if held is None:  # its Space has just gone
        connection.exec_driver_sql(as_text(connection, ABANDON), (environment_id,))
        return False
    rows = connection.exec_driver_sql(as_text(connection, NEXT), (environment_id, MOST_CHANGES_AT_ONCE)).all()
    if rows:
        _fold(connection, environment_id, _decode_changes(change for _, change in rows))
        change_ids = [change_id for change_id, _ in rows]
        folded = change_ids[-1] if dialect_of(connection).is_sqlite else change_ids
        removal = as_text(connection, FOLDED[connection.dialect.name])
        connection.exec_driver_sql(removal, (environment_id, folded))
    return len(rows) == MOST_CHANGES_AT_ONCE


def _fold(connection: Connection, environment_id: str, changes: Sequence[NameChange]) -> None:
    sums = list(sum_up(changes))
    wanted = sorted(set().union(*(one.names for one in sums)))
    query = as_text(connection, f"{NAMES} AND name {in_clause(connection)}")
    known = _names(connection.exec_driver_sql(query, (environment_id, in_param(connection, wanted))))
    total: int = connection.exec_driver_sql(as_text(connection, COUNT), (environment_id,)).scalar_one()
    names = fold(known, sums, others=total - len(known))
    rows = [_row(environment_id, name, one) for name, one in sorted(names.items()) if known.get(name) is not one]
    write_all(connection, KEEP, rows)
    if forgotten := sorted(known.keys() - names.keys()):
        parameters = (environment_id, in_param(connection, forgotten))
        connection.exec_driver_sql(as_text(connection, FORGET + in_clause(connection)), parameters)


def _decode_changes(changes: Iterable[str]) -> Sequence[NameChange]:
    return [DECODER.decode(change) for change in changes]


def _names(rows: Iterable[Any]) -> dict[str, EventName]:
    return {
        name: EventName(events, differing, kept, first, last, msgspec.json.decode(keys, type=dict[str, KeyCount]))
        for name, events, differing, kept, first, last, keys in rows
    }


def _row(environment_id: str, name: str, one: EventName) -> tuple[Any, ...]:
    keys = msgspec.json.encode(one.keys, order="sorted").decode()
    return environment_id, name, one.events, one.differing, one.kept, one.first, one.last, keys


# They are told, and forgotten


def list_names(connection: Connection, environment_id: str) -> Mapping[str, EventName]:
    """Return every name of an environment, including all pending changes."""
    known = _names(connection.exec_driver_sql(as_text(connection, NAMES), (environment_id,)))
    changes = _decode_changes(connection.exec_driver_sql(as_text(connection, ALL), (environment_id,)).scalars())
    return fold(known, sum_up(changes))


def has_expired(connection: Connection, *, before: int) -> bool:
    """Return whether the last event of any name arrived before a time, in milliseconds."""
    return connection.exec_driver_sql(as_text(connection, EXPIRED), (before,)).first() is not None


def forget_expired(connection: Connection, *, before: int) -> int:
    """Delete the names whose last event arrived before a time, in milliseconds: all their events have expired."""
    return connection.exec_driver_sql(as_text(connection, EXPIRE), (before,)).rowcount
