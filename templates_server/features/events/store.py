"""All SQL about events."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sqlalchemy import Connection

from templates_server.errors import ErrorDetail
from templates_server.features.event_names.changes import StoredEvents
from templates_server.features.event_names.job import NameCountJob
from templates_server.features.event_names.model_check import NOTHING_MODELLED, ModelledEvents
from templates_server.features.event_names.store import CHANGES, changes_of_stored, note_stored, remove_changes
from templates_server.features.events.parser import ParsedEvent
from templates_server.features.events.person_limit import MOST_UNITS, TOO_MANY, UNIT_BYTES, RecentCounts, units_of
from templates_server.features.people.batch_queries import PersonKey, build_statements
from templates_server.features.people.identity import ClaimedIdentity, PersonRef
from templates_server.features.people.sighting_store import Sighting, record_sightings
from templates_server.storage.bulk import NewInsertion, Rows, Update, insert_new, write_all
from templates_server.storage.dialect import as_text, in_clause, in_param

TEXTS = ("environment_id", "person_id", "event_id", "name", "session_id", "entity", "data", "metadata")
KEY = {"environment_id": "text", "person_id": "text"}
EVENT_KEY = (*KEY, "event_id")
IN_DOUBT = (  # who may have too many events, with those that have just been announced
    "SELECT environment_id, person_id FROM persons "  # noqa: S608 - a number of ours
    f"WHERE (event_units IS NULL OR event_units > {MOST_UNITS}) "
    "AND environment_id = ? AND person_id {}"
)
SIZED = ("event_id", "name", "session_id", "entity", "data", "metadata")
WHOLE = " || ".join(f"coalesce({column}, '')" for column in SIZED)
BYTES = {"sqlite": f"length(CAST({WHOLE} AS BLOB))", "postgresql": f"octet_length({WHOLE})"}
COUNTED = {
    dialect: (
        f"SELECT coalesce(sum(1 + size / {UNIT_BYTES}), 0) FROM "  # noqa: S608 - names of ours
        f"(SELECT {size} AS size FROM events WHERE environment_id = ? AND person_id = ? LIMIT ?) AS counted"
    )
    for dialect, size in BYTES.items()
}
STORED = "SELECT event_id FROM events WHERE environment_id = ? AND person_id = ? AND event_id "
EVENTS = NewInsertion(
    "events",
    {**dict.fromkeys(TEXTS, "text"), "happened": "bigint", "received": "bigint"},
    key=EVENT_KEY,
)
CORRECT_UNITS = Update("persons", {"event_units": "bigint"}, key=KEY)

Persons = Mapping[tuple[str, ClaimedIdentity], PersonRef]
"""The people stated by apps, by environment."""


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Events that an app of an environment sent in one request, and when, in milliseconds."""

    environment_id: str
    received: int
    events: Sequence[ParsedEvent]
    modelled: ModelledEvents = NOTHING_MODELLED


def add_events(
    connection: Connection,
    arrivals: Sequence[EventBatch],
    recent: RecentCounts | None = None,
    folding: NameCountJob | None = None,
) -> Sequence[Sequence[ErrorDetail]]:
    """Store events and people who do not exist yet. Return the limit problem of each batch, which is then not stored.

    An event whose id the person already has is skipped. Of a batch with a problem, only its people are stored.
    `recent` holds this process's counts; `folding` is notified of the recorded name changes.
    """
    groups = [_by_person(arrival) for arrival in arrivals]
    presences = [
        Sighting(arrival.environment_id, stated, arrival.received, sum(map(units_of, events)))
        for arrival, own in zip(arrivals, groups, strict=True)
        for stated, events in own
    ]
    found, in_doubt = record_sightings(connection, presences, functools.partial(build_statements, connection, IN_DOUBT))
    persons = {
        (presence.environment_id, presence.stated): person for presence, person in zip(presences, found, strict=True)
    }
    doubtful = [(row[0], row[1]) for rows_of_one in in_doubt for row in rows_of_one]
    problems = _refusals(connection, arrivals, persons, doubtful, recent or RecentCounts())
    rows = [
        _row(arrival, event, person)
        for arrival, own, refused in zip(arrivals, groups, problems, strict=True)
        if not refused
        for stated, events in own
        for person in (persons[arrival.environment_id, stated],)
        for event in events
    ]
    if rows:
        _insert(connection, [one for one, bad in zip(arrivals, problems, strict=True) if not bad], persons, rows)
        if folding is not None:
            folding.record(len(rows))
    return problems


def _insert(connection: Connection, arrivals: Sequence[EventBatch], persons: Persons, rows: Rows) -> None:
    """Insert the rows of batches with new ids and record what was stored, which is usually all of them."""
    changes = changes_of_stored(_group_stored(arrivals, persons, None))
    inserted = insert_new(connection, EVENTS, rows, CHANGES, changes)
    if inserted is not None:
        remove_changes(connection, changes)
        note_stored(connection, _group_stored(arrivals, persons, inserted))


def _group_stored(
    arrivals: Sequence[EventBatch], persons: Persons, inserted: Rows | None
) -> Mapping[str, Sequence[StoredEvents]]:
    """Group stored events by environment; `inserted` holds the keys of the inserted events, None for all."""
    stored: dict[str, list[StoredEvents]] = defaultdict(list)
    left = None if inserted is None else set(inserted)
    for arrival in arrivals:
        events = arrival.events if left is None else _inserted_events(arrival, persons, left)
        if events:
            stored[arrival.environment_id].append(StoredEvents(arrival.received, arrival.modelled, events))
    return stored


def _inserted_events(arrival: EventBatch, persons: Persons, left: set[tuple[str, ...]]) -> Sequence[ParsedEvent]:
    """Pop and return the events of a batch whose keys remain: of duplicates, the first was inserted."""
    events = []
    for event in arrival.events:
        person = persons[arrival.environment_id, event.stated]
        key = (arrival.environment_id, person.person_id, event.event_id)
        if key in left:
            left.remove(key)
            events.append(event)
    return events


def _by_person(arrival: EventBatch) -> Sequence[tuple[ClaimedIdentity, Sequence[ParsedEvent]]]:
    """Return the events in order, with consecutive events of a person grouped, because hashing names is slow."""
    groups = [list(own) for _, own in groupby(arrival.events, key=lambda event: id(event.stated))]
    return [(own[0].stated, own) for own in groups]


# How many a person has: `persons.event_units` is never less than that. Only where it is too much, rows are counted.


def _refusals(
    connection: Connection,
    arrivals: Sequence[EventBatch],
    persons: Persons,
    in_doubt: Sequence[PersonKey],
    recent: RecentCounts,
) -> Sequence[Sequence[ErrorDetail]]:
    """Return the event of each batch that would exceed the limit of its person, if any."""
    if not in_doubt:
        return [()] * len(arrivals)
    rooms = {key: _Room(recent.find(key) or 0) for key in in_doubt}
    problems = [_problems_of(connection, arrival, persons, rooms, recent) for arrival in arrivals]
    counted = sorted((room.used, *key) for key, room in rooms.items() if room.is_counted)
    write_all(connection, CORRECT_UNITS, counted)
    return problems


@dataclass(slots=True)
class _Room:
    """The units of a person: exact if `is_counted`, otherwise a lower bound. `new` holds the received ids."""

    used: int
    is_counted: bool = False
    new: set[str] = field(default_factory=set)


def _problems_of(
    connection: Connection,
    arrival: EventBatch,
    persons: Persons,
    rooms: dict[PersonKey, _Room],
    recent: RecentCounts,
) -> Sequence[ErrorDetail]:
    """Return the first event that exceeds the limit; if there is none, reserve the room."""
    problems, taken = _fit_events(connection, arrival, persons, rooms)
    uncounted = [key for key, room in taken.items() if room.new and not room.is_counted]
    if not problems and uncounted:
        for key in uncounted:
            rooms[key] = _Room(_count_units(connection, key), is_counted=True)
            recent.note(key, rooms[key].used)
        problems, taken = _fit_events(connection, arrival, persons, rooms)
    if not problems:
        rooms.update(taken)
    return problems


def _count_units(connection: Connection, key: PersonKey) -> int:
    query = as_text(connection, COUNTED[connection.dialect.name])
    return int(connection.exec_driver_sql(query, (*key, MOST_UNITS + 1)).scalar_one())


def _fit_events(
    connection: Connection, arrival: EventBatch, persons: Persons, rooms: Mapping[PersonKey, _Room]
) -> tuple[Sequence[ErrorDetail], dict[PersonKey, _Room]]:
    """Return the first event that exceeds the limit, and the room left then. Stored events need no room."""
    known: dict[PersonKey, set[str]] = {}
    taken: dict[PersonKey, _Room] = {}
    for index, event in enumerate(arrival.events):
        key = (arrival.environment_id, persons[arrival.environment_id, event.stated].person_id)
        room = rooms.get(key)
        if room is None:
            continue
        if key not in known:
            known[key] = _stored_among(connection, key, [each.event_id for each in arrival.events])
            taken[key] = _Room(room.used, room.is_counted, {*room.new})
        if event.event_id in known[key] or event.event_id in taken[key].new:
            continue
        taken[key].new.add(event.event_id)
        taken[key].used += units_of(event)
        if taken[key].used > MOST_UNITS:
            return [ErrorDetail(f"[{index}]", TOO_MANY)], taken
    return (), taken


def _stored_among(connection: Connection, key: PersonKey, event_ids: Sequence[str]) -> set[str]:
    query = as_text(connection, STORED + in_clause(connection))
    return set(connection.exec_driver_sql(query, (*key, in_param(connection, event_ids))).scalars())


def _row(arrival: EventBatch, event: ParsedEvent, person: PersonRef) -> tuple[str | int | None, ...]:
    return (
        arrival.environment_id,
        person.person_id,
        event.event_id,
        event.name,
        event.session_id,
        event.entity,
        event.data,
        event.metadata,
        event.happened,
        arrival.received,
    )
