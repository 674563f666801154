"""All SQL that lists events: newest first for one user or name, otherwise ordered by person and id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from templates_server.primitives.integers import whole_number
from templates_server.storage.dialect import as_text

SEPARATOR = "\n"
COLUMNS = ("event_id", "name", "session_id", "entity", "data", "metadata", "happened", "received", "person_id")
FOUND = f"SELECT {', '.join(f'found.{column}' for column in COLUMNS)}, persons.kind, persons.called"
PERSONS = "LEFT JOIN persons ON persons.environment_id = found.environment_id AND persons.person_id = found.person_id"
LAST_TIME = 2**63 - 1


@dataclass(frozen=True, slots=True)
class EventQuery:
    """A query for a number of events after a position ("" for the start), optionally of one name or one person."""

    limit: int
    after: str
    name: str | None = None
    person_id: str | None = None


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event and its person; times in milliseconds, `data` and `metadata` as JSON objects."""

    event_id: str
    name: str
    session_id: str | None
    entity: str | None
    data: str | None
    metadata: str | None
    happened: int
    received: int
    person_id: str
    kind: str | None
    called: str | None


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events, and the position to continue from; None if there are no more."""

    events: Sequence[StoredEvent]
    more_after: str | None


def list_events(connection: Connection, environment_id: str, wanted: EventQuery) -> EventPage:
    """Return a page of events. Raise ValueError when the position is invalid."""
    if wanted.person_id is not None:
        return _of_person(connection, environment_id, wanted.person_id, wanted)
    if wanted.name is not None:
        return _of_name(connection, environment_id, wanted)
    return _of_all(connection, environment_id, wanted)


def _of_person(connection: Connection, environment_id: str, person_id: str, wanted: EventQuery) -> EventPage:
    moment, event_id = _moment_and_id(wanted.after) if wanted.after else (LAST_TIME, "")
    query = (
        f"{FOUND} FROM events AS found {PERSONS} WHERE found.environment_id = ? AND found.person_id = ? "
        "AND (found.happened < ? OR (found.happened = ? AND found.event_id > ?)) "
        "AND (CAST(? AS TEXT) IS NULL OR found.name = ?) ORDER BY found.happened DESC, found.event_id LIMIT ?"
    )
    values = (environment_id, person_id, moment, moment, event_id, wanted.name, wanted.name, wanted.limit)
    events = _events(connection, query, values)
    is_full = len(events) == wanted.limit
    return EventPage(events, f"{events[-1].happened}{SEPARATOR}{events[-1].event_id}" if is_full else None)


def _of_all(connection: Connection, environment_id: str, wanted: EventQuery) -> EventPage:
    person_id, event_id = _parted(wanted.after) if wanted.after else ("", "")
    query = (
        f"{FOUND} FROM events AS found {PERSONS} WHERE found.environment_id = ? "
        "AND (found.person_id, found.event_id) > (?, ?) ORDER BY found.person_id, found.event_id LIMIT ?"
    )
    events = _events(connection, query, (environment_id, person_id, event_id, wanted.limit))
    is_full = len(events) == wanted.limit
    return EventPage(events, f"{events[-1].person_id}{SEPARATOR}{events[-1].event_id}" if is_full else None)


def _of_name(connection: Connection, environment_id: str, wanted: EventQuery) -> EventPage:
    moment, person_id, event_id = _moment_person_and_id(wanted.after) if wanted.after else (LAST_TIME, "", "")
    query = (
        f"{FOUND} FROM events AS found {PERSONS} WHERE found.environment_id = ? AND found.name = ? "
        "AND found.name >= '' AND (found.happened, found.person_id, found.event_id) < (?, ?, ?) "
        "ORDER BY found.happened DESC, found.person_id DESC, found.event_id DESC LIMIT ?"
    )
    events = _events(connection, query, (environment_id, wanted.name, moment, person_id, event_id, wanted.limit))
    last = events[-1] if len(events) == wanted.limit else None
    place = None if last is None else SEPARATOR.join((str(last.happened), last.person_id, last.event_id))
    return EventPage(events, place)


def _events(connection: Connection, query: str, values: tuple[Any, ...]) -> Sequence[StoredEvent]:
    return [StoredEvent(*row) for row in connection.exec_driver_sql(as_text(connection, query), values)]


def _moment_and_id(place: str) -> tuple[int, str]:
    digits, event_id = _parted(place)
    moment = whole_number(digits, most=LAST_TIME)
    if moment is None:
        raise ValueError("not a moment of ours")
    return moment, event_id


def _moment_person_and_id(place: str) -> tuple[int, str, str]:
    moment, rest = _moment_and_id(place)
    return moment, *_parted(rest)


def _parted(place: str) -> tuple[str, str]:
    first, separator, second = place.partition(SEPARATOR)
    if not separator:
        raise ValueError("not a place of ours")
    return first, second
