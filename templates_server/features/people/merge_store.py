"""All SQL about merging a visitor into a user.

A merge locks the rows of both people (`sighting_store`), so that no data can be added to the visitor meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from templates_server.features.event_names.store import fold_all, note_removed
from templates_server.features.people.batch_queries import PersonKey, build_statements
from templates_server.features.people.identity import PersonKind, PersonRef
from templates_server.features.people.last_session import COLUMNS as LAST_SESSION
from templates_server.features.people.last_session import KINDS, LastSessionColumns, later_session, read_last_session
from templates_server.features.people.profile import COLUMNS, from_columns, to_columns
from templates_server.features.people.profile_merge import find_gained_tags, merge_profiles
from templates_server.features.people.store import count_tags
from templates_server.storage.dialect import as_text, in_clause, in_param
from templates_server.storage.pipelining import Rows, Statement, execute_pipelined

MERGED = (
    "SELECT environment_id, person_id, user_person_id, "
    "user_called FROM merges WHERE environment_id = ? AND person_id {}"
)
REMEMBER = (
    "INSERT INTO merges (environment_id, person_id, user_person_id, user_called, called, merged) "
    "VALUES (?, ?, ?, ?, ?, ?)"
)
PROFILE = ", ".join(COLUMNS)
THEIRS = "WHERE environment_id = ? AND person_id = ?"
SEEN_DEVICE = "device_os, device_model, device_seen"
PERSON = (
    f"SELECT first_seen, last_seen, updated, event_units, {SEEN_DEVICE}, {LAST_SESSION}, {PROFILE} "  # noqa: S608 - names of ours
    f"FROM persons {THEIRS}"
)
KEEP = (
    "UPDATE persons SET first_seen = ?, last_seen = ?, updated = ?, imported_by = NULL, event_units = ?, "  # noqa: S608 - names of ours
    "device_os = ?, device_model = ?, device_seen = ?, "
    f"{', '.join(f'{column} = ?' for column in (*KINDS, *COLUMNS))} {THEIRS}"
)
REMOVE = f"DELETE FROM persons {THEIRS}"  # noqa: S608 - names of ours
LATEST_DEVICE = f"SELECT os, model, last_seen FROM devices {THEIRS} ORDER BY last_seen DESC, device_id LIMIT 1"  # noqa: S608 - names of ours
EVENT_IDS = f"SELECT event_id FROM events {THEIRS}"  # noqa: S608 - names of ours
COUNTED = f"SELECT name, received, metadata FROM events {THEIRS}"  # noqa: S608 - names of ours
DEVICE = ("token", "os", "model", "app_build", "app_version", "data")
NEWER = ", ".join(
    f"{column} = CASE WHEN excluded.last_seen > devices.last_seen THEN excluded.{column} ELSE devices.{column} END"
    for column in (*DEVICE, "last_seen")
)
EARLIER = "CASE WHEN excluded.first_seen < devices.first_seen THEN excluded.first_seen ELSE devices.first_seen END"


@dataclass(frozen=True, slots=True)
class RelatedTable:
    """A table of a person's other data: its key, its other columns, and how key conflicts are resolved."""

    table: str
    key: str
    columns: str
    on_conflict: str = "NOTHING"


BELONGINGS = (
    RelatedTable("events", "event_id", "name, session_id, entity, data, metadata, happened, received"),
    RelatedTable(
        "sessions",
        "session_id",
        "started, code_hash, code_language, app_version, app_build, app_platform, os_version, unknown",
    ),
    RelatedTable(
        "devices",
        "device_id",
        f"{', '.join(DEVICE)}, first_seen, last_seen",
        f"UPDATE SET {NEWER}, first_seen = {EARLIER}",
    ),
)


Device = tuple[str | None, str | None, int | None]
"""The operating system and model of a device, and when it was seen."""
NO_DEVICE: Device = (None, None, None)


@dataclass(frozen=True, slots=True)
class _Person:
    """The stored data of a person that is merged."""

    first_seen: int | None
    last_seen: int | None
    updated: int
    event_units: int | None
    device: Device
    last_session: LastSessionColumns
    profile: Sequence[Any]


@dataclass(frozen=True, slots=True)
class VisitorMerge:
    """A visitor of an environment identified as a user at a time, in milliseconds."""

    environment_id: str
    visitor: PersonRef
    user: PersonRef
    at: int

    @property
    def keys(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """The environment and person ids of the visitor and of the user."""
        return (self.environment_id, self.visitor.person_id), (self.environment_id, self.user.person_id)


def find_merged(connection: Connection, visitors: Collection[PersonKey]) -> Mapping[PersonKey, PersonRef]:
    """Return the users that some of these visitors (environment and person id) were merged into."""
    return read_merged(execute_pipelined(connection, questions_of_merged(connection, visitors)))


def questions_of_merged(connection: Connection, visitors: Iterable[PersonKey]) -> list[Statement]:
    """Return the statements whose rows `read_merged` needs."""
    return build_statements(connection, MERGED, visitors)


def read_merged(answers: Iterable[Rows]) -> Mapping[PersonKey, PersonRef]:
    """Return the users by visitor, like `find_merged`."""
    return {
        (environment_id, visitor): PersonRef(PersonKind.USER, called, user)
        for rows in answers
        for environment_id, visitor, user, called in rows
    }


def merge(connection: Connection, one: VisitorMerge) -> int:
    """Move all data of a visitor to the user and delete the visitor. Both must exist and be locked.

    Return how much was moved, in rows, of which an event may count as several.
    """
    visitor, _ = one.keys
    of_visitor, of_user = (_person(connection, key) for key in one.keys)
    units = _join_profiles(connection, one, of_visitor, of_user)
    if of_visitor.event_units != 0 and of_user.event_units != 0:
        _note_lost_events(connection, one)
    rows = sum(_move(connection, one, belongings) for belongings in BELONGINGS)
    connection.exec_driver_sql(as_text(connection, REMOVE), visitor)
    row = (*visitor, one.user.person_id, one.user.called, one.visitor.called, one.at)
    connection.exec_driver_sql(as_text(connection, REMEMBER), row)
    return units + rows


def _note_lost_events(connection: Connection, one: VisitorMerge) -> None:
    """Record which events of the visitor are dropped because the user has events with the same ids."""
    visitor, user = one.keys
    of_visitor = set(connection.exec_driver_sql(as_text(connection, EVENT_IDS), visitor).scalars())
    known = f"{EVENT_IDS} AND event_id {in_clause(connection)}"
    lost = connection.exec_driver_sql(as_text(connection, known), (*user, in_param(connection, of_visitor))).scalars()
    if event_ids := list(lost):
        query = as_text(connection, f"{COUNTED} AND event_id {in_clause(connection)}")
        rows = connection.exec_driver_sql(query, (*visitor, in_param(connection, event_ids)))
        note_removed(connection, one.environment_id, [(row[0], row[1], row[2]) for row in rows])
        fold_all(connection, one.environment_id)


def _join_profiles(connection: Connection, one: VisitorMerge, of_visitor: _Person, of_user: _Person) -> int:
    """Fill gaps in the user's profile from the visitor's; the user's values win. Return the visitor's event units."""
    visitor, user = from_columns(of_visitor.profile), from_columns(of_user.profile)
    joined = merge_profiles(user, visitor)
    values = (
        min(seen for seen in (of_visitor.first_seen, of_user.first_seen) if seen is not None),
        max(seen for seen in (of_visitor.last_seen, of_user.last_seen) if seen is not None),
        of_user.updated if joined == user else one.at,
        _sum_if_known(of_visitor.event_units, of_user.event_units),
        *_later_device(of_user.device, of_visitor.device),
        *later_session(of_user.last_session, of_visitor.last_session),
        *to_columns(joined),
    )
    connection.exec_driver_sql(as_text(connection, KEEP), (*values, *one.keys[1]))
    gained, lost = dict.fromkeys(find_gained_tags(joined, user), 1), dict.fromkeys(visitor.tags, -1)
    count_tags(connection, one.environment_id, gained, visitors=lost)
    return of_visitor.event_units or 0


def _person(connection: Connection, key: tuple[str, str]) -> _Person:
    row = connection.exec_driver_sql(as_text(connection, PERSON), key).one()
    first_seen, last_seen, updated, event_units, *rest = row
    device: Device = (rest[0], rest[1], rest[2])
    session = read_last_session(rest[3 : 3 + len(KINDS)])
    if device[2] is None and device != NO_DEVICE:  # as versions before this one stored it
        found = connection.exec_driver_sql(as_text(connection, LATEST_DEVICE), key).first()
        device = device if found is None else (found[0], found[1], found[2])
    return _Person(first_seen, last_seen, updated, event_units, device, session, rest[3 + len(KINDS) :])


def _sum_if_known(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _later_device(of_user: Device, of_visitor: Device) -> Device:
    """Return the device that was seen last; the user's if both were seen at the same time."""
    if of_visitor[2] is None or (of_user[2] is not None and of_user[2] >= of_visitor[2]):
        return of_user
    return of_visitor


def _move(connection: Connection, one: VisitorMerge, moved: RelatedTable) -> int:
    """Move up to that many rows of one table; rows whose key the user already has are dropped."""
    visitor, user = one.keys
    columns = f"{moved.key}, {moved.columns}"
    query = (
        f"INSERT INTO {moved.table} (environment_id, person_id, {columns}) "  # noqa: S608 - names of ours
        f"SELECT environment_id, ?, {columns} FROM {moved.table} {THEIRS} "
        f"ON CONFLICT (environment_id, person_id, {moved.key}) DO {moved.on_conflict}"
    )
    connection.exec_driver_sql(as_text(connection, query), (user[1], *visitor))
    removal = f"DELETE FROM {moved.table} {THEIRS}"  # noqa: S608 - names of ours
    return connection.exec_driver_sql(as_text(connection, removal), visitor).rowcount
