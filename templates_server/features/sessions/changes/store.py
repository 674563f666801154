"""All SQL about following sessions: the person of a session, and possible changes for followed persons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection

from templates_server.storage.database import Database
from templates_server.storage.dialect import as_text, in_clause, in_param

SESSION = "SELECT person_id FROM sessions WHERE environment_id = ? AND person_id = ? AND session_id = ?"
MERGED_INTO = "SELECT user_person_id FROM merges WHERE environment_id = ? AND person_id = ?"
LIVE_KEYS = (
    "SELECT k.id, environments.signature_version, spaces.revision, environments.revision, spaces.tribes_revision "
    "FROM environment_keys AS k "
    "JOIN environments ON environments.id = k.environment_id JOIN spaces ON spaces.id = environments.space_id "
    "WHERE k.revoked IS NULL AND k.id "
)
PRESENT = (
    "SELECT person_id, updated, last_seen, device_os, device_model FROM persons WHERE environment_id = ? AND person_id "
)

PersonKey = tuple[str, str]
Mark = tuple[Any, ...]
"""A value that compares as equal as long as nothing has changed."""


class KeyState(NamedTuple):
    """An active key: the secret that signs ids in its environment, and the revisions of its documents."""

    signature_version: int
    revisions: Mark


async def find_session(database: Database, environment_id: str, *, person_id: str, session_id: str) -> str | None:
    """Return the person of a session that began for a person: the same, or the user they were merged into, or None."""
    row, merge = await database.fetch_each(
        [(SESSION, environment_id, person_id, session_id), (MERGED_INTO, environment_id, person_id)]
    )
    if merge is not None:
        row = await database.fetch_one(SESSION, environment_id, merge[0], session_id)
    return None if row is None else row[0]


def find_key_states(connection: Connection, key_ids: Collection[str]) -> Mapping[str, KeyState]:
    """Return those of the keys that are active."""
    query = as_text(connection, LIVE_KEYS + in_clause(connection))
    rows = connection.exec_driver_sql(query, (in_param(connection, key_ids),))
    return {row[0]: KeyState(row[1], tuple(row[2:])) for row in rows}


def marks_of_persons(connection: Connection, persons: Collection[PersonKey]) -> Mapping[PersonKey, Mark]:
    """Return when each of these people changed, or was seen, and on which device."""
    found: dict[PersonKey, Mark] = {}
    by_environment: dict[str, set[str]] = defaultdict(set)
    for environment_id, person_id in persons:
        by_environment[environment_id].add(person_id)
    query = as_text(connection, PRESENT + in_clause(connection))
    for environment_id, person_ids in by_environment.items():
        rows = connection.exec_driver_sql(query, (environment_id, in_param(connection, person_ids)))
        found |= {(environment_id, row[0]): tuple(row[1:]) for row in rows}
    return found
