"""All SQL about tribes: the document, and their people, by conditions that the compiler makes."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import Connection, select

from templates_server.database import marks
from templates_server.errors import NotFound
from templates_server.revisions import NewRevision, Stored, StoredDocument, check_revision, to_json
from templates_server.schema import spaces, tribe_revisions
from templates_server.tribes.compiler import compile_facts
from templates_server.tribes.evaluator import PersonFacts
from templates_server.tribes.facts import read_facts
from templates_server.tribes.rules import Questions


def load_tribes(connection: Connection, space_id: str, revision: int | None = None) -> StoredDocument:
    """The tribes of a Space, the present ones or those of a revision; NotFound when there is no such revision."""
    space = connection.execute(
        select(spaces.c.key, spaces.c.tribes_revision).where(spaces.c.id == space_id)
    ).one_or_none()
    if space is None:
        raise NotFound
    wanted = space.tribes_revision if revision is None else revision
    if wanted == 0:
        return StoredDocument(0, {"space": space.key, "tribes": {}})
    query = select(tribe_revisions.c.document).where(
        tribe_revisions.c.space_id == space_id, tribe_revisions.c.revision == wanted
    )
    text = connection.execute(query).scalar_one_or_none()
    if text is None:
        raise NotFound(f"The tribes have no revision {wanted}.")
    return StoredDocument(wanted, json.loads(text))


def store_tribes(connection: Connection, space_id: str, new: NewRevision) -> Stored:
    """Make a document the present tribes; PreconditionFailed when the present ones are not what it was made from."""
    connection.execute(select(spaces.c.id).where(spaces.c.id == space_id).with_for_update())
    present = load_tribes(connection, space_id)
    check_revision(present.revision, new.expected)
    if present.value == new.document:
        return Stored(present.revision, changed=False)
    revision = present.revision + 1
    row = {"space_id": space_id, "revision": revision, "document": to_json(new.document)}
    connection.execute(tribe_revisions.insert(), {**row, "created": new.now, "created_by": new.author})
    connection.execute(spaces.update().where(spaces.c.id == space_id).values(tribes_revision=revision))
    return Stored(revision, changed=True)


# People


@dataclass(frozen=True, slots=True)
class Moment:
    """In which environment, and when. Events count while they are younger than `retention_ms`."""

    environment_id: str
    now: int
    retention_ms: int


def load_facts(connection: Connection, at: Moment, person_id: str, questions: Questions) -> PersonFacts | None:
    """What is known of a person, with the answers to these questions; None when there is no such person."""
    dialect = connection.dialect.name
    columns, parameters = compile_facts(questions, dialect, now=at.now, retention_ms=at.retention_ms)
    which = f"environment_id = {marks(connection, 1)} AND person_id = {marks(connection, 1)}"
    query = f"SELECT {columns} FROM persons WHERE {which}"  # noqa: S608 - made by the compiler
    row = connection.exec_driver_sql(query, (*parameters, at.environment_id, person_id)).one_or_none()
    return None if row is None else read_facts(row, questions)
