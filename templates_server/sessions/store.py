"""All SQL about sessions, and the documents that their states come from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, select

from templates_server.database import Database
from templates_server.errors import NotFound
from templates_server.persons.names import PersonName, Stated
from templates_server.persons.store import Presence, arrive
from templates_server.rows import insert_all
from templates_server.schema import delivery_revisions, environments, model_revisions, spaces

STARTED = {"environment_id": "text", "person_id": "text", "session_id": "text", "started": "bigint"}
REVISIONS = (
    "SELECT spaces.revision, environments.revision FROM environments JOIN spaces ON spaces.id = environments.space_id "
    "WHERE environments.id = ?"
)


@dataclass(frozen=True, slots=True)
class Start:
    """A session of a person of an environment that began at a time, in milliseconds."""

    environment_id: str
    stated: Stated
    session_id: str
    started: int


@dataclass(frozen=True, slots=True)
class Documents:
    """What an environment delivers at a revision, and what it is written about."""

    space_key: str
    space_name: str
    environment_name: str
    revision: str
    model: Any
    delivery: Any


def add_sessions(connection: Connection, starts: Sequence[Start]) -> Sequence[PersonName]:
    """Store sessions, and that their people were there; whose each session is, once visitors are merged."""
    persons = arrive(connection, [Presence(start.environment_id, start.stated, start.started) for start in starts])
    rows = [
        (start.environment_id, person.person_id, start.session_id, start.started)
        for start, person in zip(starts, persons, strict=True)
    ]
    insert_all(connection, "sessions", STARTED, rows)
    return persons


async def revision_of(database: Database, environment_id: str) -> str:
    """What changes whenever a state can change; NotFound when the environment has just gone."""
    row = await database.look_up(REVISIONS, environment_id)
    if row is None:
        raise NotFound
    return revision_text(row[0], row[1])


def revision_text(model_revision: int, delivery_revision: int) -> str:
    """The revision of states, as apps see it."""
    return f"{model_revision}.{delivery_revision}"


def documents_of(connection: Connection, environment_id: str) -> Documents:
    """The present documents of an environment, all of one moment; a document that nobody has written is empty."""
    query = (
        select(
            spaces.c.id.label("space_id"),
            spaces.c.key.label("space_key"),
            spaces.c.name.label("space_name"),
            spaces.c.revision.label("model_revision"),
            environments.c.name.label("environment_name"),
            environments.c.revision.label("delivery_revision"),
        )
        .join_from(environments, spaces)
        .where(environments.c.id == environment_id)
    )
    row = connection.execute(query).one()
    return Documents(
        row.space_key,
        row.space_name,
        row.environment_name,
        revision_text(row.model_revision, row.delivery_revision),
        _document(connection, model_revisions, row.space_id, row.model_revision),
        _document(connection, delivery_revisions, environment_id, row.delivery_revision),
    )


def _document(connection: Connection, table: Table, owner_id: str, revision: int) -> Any:
    owner, number = list(table.primary_key.columns)
    text = connection.execute(
        select(table.c.document).where(owner == owner_id, number == revision)
    ).scalar_one_or_none()
    return None if text is None else json.loads(text)
