"""All SQL about events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from templates_server.database import marks
from templates_server.events.reading import Event
from templates_server.persons.store import Sighting, note_seen

COLUMNS = "environment_id, person_id, event_id, name, session_id, entity, data, metadata, happened, received"
ADD = f"INSERT INTO events ({COLUMNS}) VALUES ({{marks}}) ON CONFLICT DO NOTHING"  # noqa: S608 - names of ours


@dataclass(frozen=True, slots=True)
class Arrival:
    """Events that an app of an environment sent together at a time, in milliseconds."""

    environment_id: str
    received: int
    events: Sequence[Event]


def add_events(connection: Connection, arrivals: Sequence[Arrival]) -> None:
    """Store events, and the people who are not known yet. An event whose id its person has already is left out."""
    note_seen(
        connection,
        (
            Sighting(arrival.environment_id, person, arrival.received)
            for arrival in arrivals
            for person in {event.person.person_id: event.person for event in arrival.events}.values()
        ),
    )
    rows = [_row(arrival, event) for arrival in arrivals for event in arrival.events]
    connection.exec_driver_sql(ADD.format(marks=marks(connection, len(rows[0]))), rows)


def _row(arrival: Arrival, event: Event) -> tuple[str | int | None, ...]:
    return (
        arrival.environment_id,
        event.person.person_id,
        event.event_id,
        event.name,
        event.session_id,
        event.entity,
        event.data,
        event.metadata,
        event.happened,
        arrival.received,
    )
