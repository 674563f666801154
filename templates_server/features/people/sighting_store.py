"""All SQL about sightings: people are created, seen and found to be merged. Their profiles are elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from templates_server.features.people.batch_queries import PersonKey
from templates_server.features.people.identity import ClaimedIdentity, PersonRef
from templates_server.features.people.last_session import (
    IS_LATER,
    KEEP_LATER,
    KINDS,
    NO_SESSION,
    AppFacts,
    LastSessionColumns,
)
from templates_server.features.people.merge_store import (
    VisitorMerge,
    find_merged,
    merge,
    questions_of_merged,
    read_merged,
)
from templates_server.primitives.shares import share_number
from templates_server.storage.bulk import Insertion, write_all
from templates_server.storage.database import WriteConflict
from templates_server.storage.dialect import dialect_of
from templates_server.storage.pipelining import Rows, Statement, execute_pipelined

COLUMNS = {
    **dict.fromkeys(("environment_id", "person_id", "kind", "called"), "text"),
    **dict.fromkeys(("created", "updated", "first_seen", "last_seen", "event_units", "share_number"), "bigint"),
}
NOTED = (
    "ON CONFLICT (environment_id, person_id) DO UPDATE SET "
    "first_seen = COALESCE(persons.first_seen, excluded.first_seen), "
    "last_seen = CASE WHEN persons.last_seen > excluded.last_seen THEN persons.last_seen ELSE excluded.last_seen END, "
    "event_units = persons.event_units + excluded.event_units"
)
IS_NEWS = "persons.last_seen IS NULL OR persons.last_seen < excluded.last_seen OR excluded.event_units > 0"
SEEN = Insertion("persons", COLUMNS, on_conflict=f"{NOTED} WHERE {IS_NEWS}")
SEEN_IN_SESSION = Insertion(
    "persons", {**COLUMNS, **KINDS}, on_conflict=f"{NOTED}, {KEEP_LATER} WHERE {IS_NEWS} OR {IS_LATER}"
)
MOST_MOVED_AT_ONCE = 5_000  # rows: a transaction that has moved so many begins no further merge

Merged = Mapping[PersonKey, PersonRef]
Questions = Callable[[Mapping[PersonKey, PersonRef]], Sequence[Statement]]
"""Queries about people."""


class Sighting(msgspec.Struct, frozen=True, gc=False):
    """A sighting of a person in an environment at a time, in milliseconds.

    With both a visitor and a user, the visitor is merged into the user, unless they were merged before. `event_units`
    is the size of their new events. `app`: the app data of the session that begins; None if none begins.
    """

    environment_id: str
    stated: ClaimedIdentity
    at: int
    event_units: int = 0
    app: AppFacts | None = None


def _nothing(_persons: Mapping[PersonKey, PersonRef]) -> Sequence[Statement]:
    return ()


def record_sightings(
    connection: Connection, presences: Sequence[Sighting], ask: Questions = _nothing
) -> tuple[Sequence[PersonRef], Sequence[Rows]]:
    """Record sightings; return the person of each, and the result of the queries in `ask`.

    A merged visitor is the user. Nobody is merged here. People who do not exist yet are created. All rows of these
    people are locked until the transaction ends, in order of person, so that what is stored about them afterwards
    remains theirs; queries run while they are locked, in the same round trip.
    """
    merged, answers = _arrive_apart(connection, presences, ask)
    return [_present_person(one, merged) for one in presences], answers


def record_and_merge(
    connection: Connection, presences: Sequence[Sighting], ask: Questions = _nothing
) -> tuple[Sequence[PersonRef | None], Sequence[Rows]]:
    """Record sightings like `record_sightings`, but merge visitors who are stated together with a user.

    Return None for those whose merge must wait: the size of a transaction is limited. The first never waits.
    """
    merged, answers = _arrive_apart(connection, presences, ask)
    to_merge = _to_merge(presences, merged)
    if not to_merge:
        return [_present_person(one, merged) for one in presences], answers
    waiting: Collection[PersonKey]
    merged, waiting = _merge_all(connection, to_merge, merged)
    persons = [None if _waits(one, waiting) else _present_person(one, merged) for one in presences]
    return persons, execute_pipelined(connection, ask(_by_key(presences, persons)))


def _merge_all(
    connection: Connection, to_merge: Sequence[VisitorMerge], merged: Merged
) -> tuple[Merged, Collection[PersonKey]]:
    """Merge as many as one transaction allows; return the merged visitors and those that must wait."""
    merged = {**merged}
    moved = 0
    waiting: set[PersonKey] = set()
    for one in to_merge:
        if moved >= MOST_MOVED_AT_ONCE:
            waiting.add(one.keys[0])
        else:
            moved += merge(connection, one)
            merged[one.keys[0]] = one.user
    return merged, waiting


def _waits(presence: Sighting, waiting: Collection[PersonKey]) -> bool:
    """Return whether the stated visitor still has to be merged: data about them is stored in order."""
    visitor = presence.stated.visitor
    return bool(waiting) and visitor is not None and _key(presence, visitor) in waiting


def _arrive_apart(
    connection: Connection, presences: Sequence[Sighting], ask: Questions
) -> tuple[Merged, Sequence[Rows]]:
    """Record sightings and lock the rows; return the visitors merged by then, and the query results.

    Raise WriteConflict if one of the visitors was merged just before their row was locked.
    """
    visitors = {_key(one, one.stated.visitor) for one in presences if one.stated.visitor is not None}
    merged = find_merged(connection, visitors)
    is_checked = bool(visitors) and not dialect_of(connection).is_sqlite  # where nobody else writes
    checks = questions_of_merged(connection, visitors) if is_checked else []
    asked = ask(_by_key(presences, [_present_person(one, merged) for one in presences]))
    insertion, rows = _noting(presences, merged)
    answers = write_all(connection, insertion, rows, then=[*checks, *asked])
    if is_checked and read_merged(answers[: len(checks)]) != merged:
        raise WriteConflict
    return merged, answers[len(checks) :]


def _by_key(presences: Sequence[Sighting], persons: Sequence[PersonRef | None]) -> Mapping[PersonKey, PersonRef]:
    """Return these people, except those who have to wait."""
    pairs = zip(presences, persons, strict=True)
    return {_key(one, person): person for one, person in pairs if person is not None}


def _noting(presences: Sequence[Sighting], merged: Merged) -> tuple[Insertion, Sequence[tuple[Any, ...]]]:
    """Return the statement that records sightings, and its rows."""
    rows = _rows_of_seen(presences, merged)
    if not any(one.app is not None for one in presences):
        return SEEN, rows
    sessions = _sessions_begun(presences, merged)
    return SEEN_IN_SESSION, [(*row, *sessions.get(row[:2], NO_SESSION)) for row in rows]


def _sessions_begun(presences: Iterable[Sighting], merged: Merged) -> Mapping[PersonKey, LastSessionColumns]:
    """Return the data of the latest session that each person begins: the last one of several at once."""
    latest: dict[PersonKey, tuple[int, AppFacts]] = {}
    for one in presences:
        if one.app is not None:
            key = _key(one, _present_person(one, merged))
            known = latest.get(key)
            if known is None or known[0] <= one.at:
                latest[key] = (one.at, one.app)
    return {
        key: LastSessionColumns(app.version, app.os_version, app.platform, began)
        for key, (began, app) in latest.items()
    }


def _rows_of_seen(presences: Iterable[Sighting], merged: Merged) -> Sequence[tuple[Any, ...]]:
    latest: dict[PersonKey, tuple[PersonRef, int]] = {}
    units: Counter[PersonKey] = Counter()
    signing_up = _signing_up(presences, merged)
    for one in presences:
        persons = [_present_person(one, merged)]
        units[_key(one, persons[0])] += one.event_units
        visitor = one.stated.visitor
        if one.stated.user is not None and visitor is not None and _key(one, visitor) not in merged:
            persons.append(visitor)
        for person in persons:
            key = _key(one, person)
            known = latest.get(key)
            if known is None or known[1] < one.at:
                latest[key] = (person, one.at)
    return [
        (*key, person.kind.value, person.called, at, at, at, at, units[key], _number(signing_up.get(key, person)))
        for key, (person, at) in sorted(latest.items(), key=_by_person)  # in one order everywhere: no deadlocks
    ]


def _signing_up(presences: Iterable[Sighting], merged: Merged) -> Mapping[PersonKey, PersonRef]:
    """Return the visitor of each user whom their merge creates, if new: the user inherits the visitor's number.

    The presences count in sequence: a user first stated without a visitor, or with a visitor who is already merged,
    existed before.
    """
    visitors, there = set(merged), set()
    found = {}
    for one in presences:
        user, visitor = one.stated.user, one.stated.visitor
        if user is None:
            continue
        key = _key(one, user)
        if visitor is not None and _key(one, visitor) not in visitors:
            visitors.add(_key(one, visitor))
            if key not in there:
                found[key] = visitor
        there.add(key)
    return found


def _number(person: PersonRef) -> int:
    return share_number(person.kind, person.called)


def _by_person(entry: tuple[PersonKey, object]) -> tuple[str, str]:
    (environment_id, person_id), _ = entry
    return person_id, environment_id


def _to_merge(presences: Iterable[Sighting], merged: Merged) -> Sequence[VisitorMerge]:
    """Return each visitor to be merged, once, with the first stated user."""
    seen = set(merged)
    found = []
    for one in presences:
        user, visitor = one.stated.user, one.stated.visitor
        if user is not None and visitor is not None and _key(one, visitor) not in seen:
            seen.add(_key(one, visitor))
            found.append(VisitorMerge(one.environment_id, visitor, user, one.at))
    return found


def _present_person(presence: Sighting, merged: Merged) -> PersonRef:
    user, visitor = presence.stated.user, presence.stated.visitor
    if user is not None or visitor is None:
        return presence.stated.person
    return merged.get(_key(presence, visitor), visitor)


def _key(presence: Sighting, person: PersonRef) -> PersonKey:
    return presence.environment_id, person.person_id
