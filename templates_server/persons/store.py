"""All SQL about people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from templates_server.database import marks
from templates_server.persons.names import PersonName

SEEN = (
    "INSERT INTO persons (environment_id, person_id, kind, called, created, first_seen, last_seen) VALUES ({marks}) "
    "ON CONFLICT (environment_id, person_id) DO UPDATE SET "
    "first_seen = COALESCE(persons.first_seen, excluded.first_seen), last_seen = excluded.last_seen "
    "WHERE persons.last_seen IS NULL OR persons.last_seen < excluded.last_seen"
)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A person of an environment was there at a time, in milliseconds."""

    environment_id: str
    person: PersonName
    at: int


def note_seen(connection: Connection, sightings: Iterable[Sighting]) -> None:
    """Remember when people were last there; who is not known yet is created."""
    latest: dict[tuple[str, str], Sighting] = {}
    for sighting in sightings:
        key = (sighting.environment_id, sighting.person.person_id)
        known = latest.get(key)
        if known is None or known.at < sighting.at:
            latest[key] = sighting
    rows = [
        (*key, sighting.person.kind.value, sighting.person.called, sighting.at, sighting.at, sighting.at)
        for key, sighting in sorted(latest.items())  # in one order everywhere: no deadlocks
    ]
    connection.exec_driver_sql(SEEN.format(marks=marks(connection, 7)), rows)
