"""All SQL about event streams: who follows which environment, and what has arrived there.

Arrivals are recorded only in environments with listeners, by key alone and for some minutes; the content of a stream
is read from the events and sessions themselves. So storing an event costs nothing extra without listeners, and no index
by time is needed.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Connection

from templates_server.features.events.listing.store import FOUND, PERSONS, StoredEvent
from templates_server.features.events.stream.filters import StreamFilter, filters_as_text, filters_from_text
from templates_server.features.events.stream.positions import resume_position
from templates_server.primitives.ids import random_text
from templates_server.primitives.timestamps import MINUTE
from templates_server.storage.dialect import as_text, dialect_of, in_clause, in_param

KEPT = 5 * MINUTE
"""How long arrivals are retained: a client that reconnects later starts anew."""
MOST_ROWS = 1000
MOST_TOLD = 1000
"""The maximum number of events, and of sessions, of an environment that one query returns."""

MOST_LATEST = 300

FOLLOW = (
    "INSERT INTO event_followers (environment_id, process, filters, until) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (environment_id, process) DO UPDATE SET filters = excluded.filters, until = excluded.until"
)
FOLLOWED = "SELECT environment_id, filters FROM event_followers WHERE until > ?"
NOTE = (
    "INSERT INTO event_arrivals (environment_id, arrival_id, at, position, arrived, entries) VALUES (?, ?, ?, {}, ?, ?)"
)
NEWEST = (
    "SELECT entries FROM event_arrivals WHERE environment_id = ? AND at > ? "
    "ORDER BY arrival_id DESC LIMIT 100"  # in order of time, as ids begin with it
)
NOTED = (
    "SELECT environment_id, arrived, entries FROM event_arrivals WHERE {} "  # noqa: S608 - names of ours
    f"ORDER BY at DESC, position DESC, arrival_id DESC LIMIT {MOST_ROWS}"
)
TOTAL = "SELECT environment_id, CAST(sum(arrived) AS BIGINT) FROM event_arrivals WHERE {} GROUP BY environment_id"
POSITIONS = {
    "sqlite": "SELECT CAST(coalesce(max(position), 0) AS TEXT) FROM event_arrivals",
    "postgresql": "SELECT CAST(txid_current_snapshot() AS TEXT)",
}
IS_LATER = {
    "sqlite": "position > CAST(? AS INTEGER)",
    "postgresql": "NOT txid_visible_in_snapshot(position, CAST(? AS txid_snapshot))",
}
HAS_OLD = "SELECT 1 FROM event_arrivals WHERE at <= ? UNION ALL SELECT 1 FROM event_followers WHERE until <= ? LIMIT 1"
FORGET = "DELETE FROM event_arrivals WHERE at <= ?"
FORGET_FOLLOWERS = "DELETE FROM event_followers WHERE until <= ?"

ASKED = {
    "sqlite": (
        "(SELECT json_extract(value, '$[0]') AS person_id, json_extract(value, '$[1]') AS id, "
        "json_extract(value, '$[2]') AS at FROM json_each(?)) AS asked CROSS"  # in this order: by the whole key
    ),
    "postgresql": "unnest(CAST(? AS text[]), CAST(? AS text[]), CAST(? AS bigint[])) AS asked (person_id, id, at)",
}
EVENTS = (
    f"{FOUND}, asked.at FROM {{asked}} JOIN events AS found ON found.environment_id = ? "
    f"AND found.person_id = asked.person_id AND found.event_id = asked.id AND found.received = asked.at {PERSONS}"
)
OF_SESSION = ("session_id", "started", "code_hash", "code_language", "app_version", "app_build", "app_platform")
SESSIONS = (
    f"SELECT {', '.join(f'found.{column}' for column in OF_SESSION)}, found.os_version, found.person_id, "  # noqa: S608 - names of ours
    "persons.kind, persons.called, asked.at FROM {asked} JOIN sessions AS found ON found.environment_id = ? "
    f"AND found.person_id = asked.person_id AND found.session_id = asked.id AND found.started = asked.at {PERSONS}"
)
MERGED = "SELECT person_id, user_person_id FROM merges WHERE environment_id = ? AND person_id "
ID_AT, PERSON_AT = 0, 8  # in the rows of either query
OF_THIS_PROCESS = random_text(12)
NUMBERS = itertools.count()


class StreamKey(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The key of an arrived event or session: its person, its id and its time in milliseconds."""

    person_id: str
    id: str
    at: int


class Entries(msgspec.Struct, frozen=True, omit_defaults=True):
    """The arrivals of one transaction, without those beyond the recording limit."""

    events: Sequence[StreamKey] = ()
    sessions: Sequence[StreamKey] = ()


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session and its person; times in milliseconds."""

    session_id: str
    started: int
    code_hash: str | None
    code_language: str | None
    app_version: str | None
    app_build: str | None
    app_platform: str | None
    os_version: str | None
    person_id: str
    kind: str | None
    called: str | None


@dataclass(frozen=True, slots=True)
class Arrived:
    """Arrivals in an environment, in order of arrival; `skipped` is the number of those omitted."""

    events: Sequence[StoredEvent] = ()
    sessions: Sequence[StoredSession] = ()
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class At:
    """The time of a record in milliseconds and, for SQLite, a number greater than all before it."""

    now: int
    position: int


@dataclass(slots=True)
class _Noted:
    events: dict[StreamKey, None] = field(default_factory=dict)
    sessions: dict[StreamKey, None] = field(default_factory=dict)
    arrived: int = 0


DECODER = msgspec.json.Decoder(Entries)

# Who follows, and what arrives


def follow(connection: Connection, environment_id: str, filters: Sequence[StreamFilter], *, until: int) -> None:
    """Record arrivals in an environment until a time, as far as they match the filters of this process."""
    row = (environment_id, OF_THIS_PROCESS, filters_as_text(filters), until)
    connection.exec_driver_sql(as_text(connection, FOLLOW), row)


def list_followed(connection: Connection, *, now: int) -> Mapping[str, Sequence[StreamFilter]]:
    """Return the environments followed in any process, with their filters."""
    found: dict[str, list[StreamFilter]] = defaultdict(list)
    for environment_id, filters in connection.exec_driver_sql(as_text(connection, FOLLOWED), (now,)):
        found[environment_id] += filters_from_text(filters)
    return found


def note(connection: Connection, environment_id: str, entries: Entries, arrived: int, *, at: At) -> None:
    """Record what this transaction stores: `arrived` includes items beyond the recording limit."""
    is_sqlite = dialect_of(connection).is_sqlite
    query = as_text(connection, NOTE.format("?" if is_sqlite else "txid_current()"))
    arrival_id = f"{at.now:015}_{OF_THIS_PROCESS}{next(NUMBERS):x}"
    text = msgspec.json.encode(entries).decode()
    values = (environment_id, arrival_id, at.now, *((at.position,) if is_sqlite else ()), arrived, text)
    connection.exec_driver_sql(query, values)


def has_old(connection: Connection, *, now: int) -> bool:
    """Return whether `forget_old` has something to delete."""
    return connection.exec_driver_sql(as_text(connection, HAS_OLD), (now - KEPT, now - KEPT)).first() is not None


def forget_old(connection: Connection, *, now: int) -> None:
    """Delete arrivals older than some minutes, and listeners that have ended."""
    connection.exec_driver_sql(as_text(connection, FORGET), (now - KEPT,))
    connection.exec_driver_sql(as_text(connection, FORGET_FOLLOWERS), (now - KEPT,))


# What a stream tells


def find_position(connection: Connection, last_event_id: str) -> str:
    """Return the position to resume from: the last one the client received, otherwise the current one."""
    return resume_position(last_event_id, _present(connection), connection.dialect.name)


def list_arrived_since(
    connection: Connection, asked: Mapping[str, Collection[str]], *, now: int
) -> tuple[str, Mapping[tuple[str, str], Arrived]]:
    """Return the current position, and the arrivals for the requested positions and environments."""
    noted = {
        (position, environment_id): one
        for position, environment_ids in asked.items()
        for environment_id, one in _find_noted(connection, position, environment_ids, now=now).items()
    }
    found = {key: _load_arrived(connection, key[1], one) for key, one in noted.items()}
    return _present(connection), found


def list_latest(connection: Connection, environment_id: str, *, now: int) -> Arrived:
    """Return the latest arrivals in an environment while it was followed, some hundreds at most."""
    noted = _Noted()
    for (text,) in connection.exec_driver_sql(as_text(connection, NEWEST), (environment_id, now - KEPT)):
        entries = DECODER.decode(text)
        _add(noted, 0, Entries(entries.events[-MOST_LATEST:], entries.sessions[-MOST_LATEST:]))
        if max(len(noted.events), len(noted.sessions)) >= MOST_LATEST:
            break
    return _load_arrived(connection, environment_id, noted)


def _present(connection: Connection) -> str:
    position: str = connection.exec_driver_sql(POSITIONS[connection.dialect.name]).scalar_one()
    return position


def _find_noted(
    connection: Connection, position: str, environment_ids: Collection[str], *, now: int
) -> Mapping[str, _Noted]:
    condition = f"at > ? AND {IS_LATER[connection.dialect.name]} AND environment_id {in_clause(connection)}"
    values = (now - KEPT, position, in_param(connection, environment_ids))
    rows = connection.exec_driver_sql(as_text(connection, NOTED.format(condition)), values).all()
    noted: dict[str, _Noted] = defaultdict(_Noted)
    for environment_id, arrived, text in reversed(rows):
        _add(noted[environment_id], arrived, DECODER.decode(text))
    if len(rows) == MOST_ROWS:
        for environment_id, arrived in connection.exec_driver_sql(as_text(connection, TOTAL.format(condition)), values):
            noted[environment_id].arrived = arrived
    return noted


def _add(noted: _Noted, arrived: int, entries: Entries) -> None:
    noted.arrived += arrived
    noted.events.update(dict.fromkeys(entries.events[: MOST_TOLD - len(noted.events)]))
    noted.sessions.update(dict.fromkeys(entries.sessions[: MOST_TOLD - len(noted.sessions)]))


def _load_arrived(connection: Connection, environment_id: str, noted: _Noted) -> Arrived:
    events = _rows(connection, EVENTS, environment_id, list(noted.events))
    sessions = _rows(connection, SESSIONS, environment_id, list(noted.sessions))
    skipped = noted.arrived - len(noted.events) - len(noted.sessions)
    return Arrived([StoredEvent(*row) for row in events], [StoredSession(*row) for row in sessions], skipped)


def _rows(
    connection: Connection, query: str, environment_id: str, keys: Sequence[StreamKey]
) -> Sequence[Sequence[Any]]:
    """Return the rows of these keys, in order. A visitor may have been merged into a user meanwhile."""
    if not keys:
        return []
    found = _rows_by_key(connection, query, environment_id, keys)
    missing = [key for key in keys if key not in found]
    users = _users_of(connection, environment_id, {key.person_id for key in missing}) if missing else {}
    moved = {key: StreamKey(users[key.person_id], key.id, key.at) for key in missing if key.person_id in users}
    if moved:
        found_moved = _rows_by_key(connection, query, environment_id, list(moved.values()))
        found |= {key: found_moved[one] for key, one in moved.items() if one in found_moved}
    return [found[key] for key in keys if key in found]


def _rows_by_key(
    connection: Connection, query: str, environment_id: str, keys: Sequence[StreamKey]
) -> dict[StreamKey, Sequence[Any]]:
    dialect = connection.dialect.name
    asked = (
        (msgspec.json.encode(keys).decode(),)
        if dialect == "sqlite"
        else tuple(map(list, zip(*(msgspec.structs.astuple(key) for key in keys), strict=True)))
    )
    text = as_text(connection, query.format(asked=ASKED[dialect]))
    rows = connection.exec_driver_sql(text, (*asked, environment_id))
    return {StreamKey(row[PERSON_AT], row[ID_AT], row[-1]): row[:-1] for row in rows}


def _users_of(connection: Connection, environment_id: str, person_ids: Iterable[str]) -> Mapping[str, str]:
    query = as_text(connection, MERGED + in_clause(connection))
    rows = connection.exec_driver_sql(query, (environment_id, in_param(connection, person_ids)))
    return {row[0]: row[1] for row in rows}
