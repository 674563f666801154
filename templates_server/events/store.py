"""All SQL about events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from templates_server.events.reading import Event
from templates_server.persons.names import PersonName
from templates_server.persons.store import Presence, arrive
from templates_server.rows import insert_all

TEXTS = ("environment_id", "person_id", "event_id", "name", "session_id", "entity", "data", "metadata")
COLUMNS = {**dict.fromkeys(TEXTS, "text"), "happened": "bigint", "received": "bigint"}


@dataclass(frozen=True, slots=True)
class Arrival:
    """Events that an app of an environment sent together at a time, in milliseconds."""

    environment_id: str
    received: int
    events: Sequence[Event]


def add_events(connection: Connection, arrivals: Sequence[Arrival]) -> Sequence[None]:
    """Store events, and the people who are not known yet. An event whose id its person has already is left out."""
    stated = [(arrival, one) for arrival in arrivals for one in {event.stated for event in arrival.events}]
    presences = [Presence(arrival.environment_id, one, arrival.received) for arrival, one in stated]
    persons = {
        (presence.environment_id, presence.stated): person
        for presence, person in zip(presences, arrive(connection, presences), strict=True)
    }
    rows = [
        _row(arrival, event, persons[arrival.environment_id, event.stated])
        for arrival in arrivals
        for event in arrival.events
    ]
    insert_all(connection, "events", COLUMNS, rows, on_conflict="ON CONFLICT DO NOTHING")
    return [None] * len(arrivals)


def _row(arrival: Arrival, event: Event, person: PersonName) -> tuple[str | int | None, ...]:
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
