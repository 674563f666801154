"""All SQL about sessions, and the documents that their states come from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, select

from templates_server.database import Database
from templates_server.errors import NotFound
from templates_server.identifiers import RANDOM_LENGTH, random_text
from templates_server.persons.names import PersonName, Stated
from templates_server.persons.store import Presence, arrive
from templates_server.rows import insert_all
from templates_server.schema import delivery_revisions, environments, model_revisions, spaces, tribe_revisions
from templates_server.tribes.compiler import FactsQuery
from templates_server.tribes.evaluator import PersonFacts
from templates_server.tribes.facts import read_facts
from templates_server.tribes.rules import Questions
from templates_server.tribes.store import Moment

STARTED = {"environment_id": "text", "person_id": "text", "session_id": "text", "started": "bigint"}
REVISIONS = (
    "SELECT spaces.revision, environments.revision, spaces.tribes_revision "
    "FROM environments JOIN spaces ON spaces.id = environments.space_id WHERE environments.id = ?"
)
LAST_SEEN = "SELECT last_seen FROM persons WHERE environment_id = ? AND person_id = ?"
PREFIX = "ses_"


class Start(msgspec.Struct, frozen=True, gc=False):
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
    tribes: Any


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
    return revision_text(row[0], row[1], row[2])


def revision_text(model: int, delivery: int, tribes: int) -> str:
    """The revision of states, as apps see it."""
    return f"{model}.{delivery}.{tribes}"


def documents_of(connection: Connection, environment_id: str) -> Documents:
    """The present documents of an environment, all of one moment; a document that nobody has written is empty.

    NotFound when the environment has just gone.
    """
    query = (
        select(
            spaces.c.id.label("space_id"),
            spaces.c.key.label("space_key"),
            spaces.c.name.label("space_name"),
            spaces.c.revision.label("model_revision"),
            spaces.c.tribes_revision.label("tribes_revision"),
            environments.c.name.label("environment_name"),
            environments.c.revision.label("delivery_revision"),
        )
        .join_from(environments, spaces)
        .where(environments.c.id == environment_id)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound
    return Documents(
        row.space_key,
        row.space_name,
        row.environment_name,
        revision_text(row.model_revision, row.delivery_revision, row.tribes_revision),
        _document(connection, model_revisions, row.space_id, row.model_revision),
        _document(connection, delivery_revisions, environment_id, row.delivery_revision),
        _document(connection, tribe_revisions, row.space_id, row.tribes_revision),
    )


def _document(connection: Connection, table: Table, owner_id: str, revision: int) -> Any:
    owner, number = list(table.primary_key.columns)
    text = connection.execute(
        select(table.c.document).where(owner == owner_id, number == revision)
    ).scalar_one_or_none()
    return None if text is None else json.loads(text)


# What is known of the person


class Known(msgspec.Struct, frozen=True, gc=False):
    """What is known of a person. `called`: their id. `is_merged`: the visitor who is stated was merged before."""

    facts: PersonFacts
    called: str
    is_merged: bool


class FactsQuestion:
    """What sessions ask about a person, for the same questions each time."""

    def __init__(self, questions: Questions, dialect: str) -> None:
        self._query = FactsQuery(questions, dialect)
        known = f"SELECT {self._query.columns}, called, "
        merged = "FROM merges WHERE environment_id = ? AND person_id = ?"
        them = "FROM persons WHERE environment_id = ? AND person_id = "
        self._of_user = f"{known}0 {them}?"
        self._of_visitor_and_user = f"{known}(SELECT 1 {merged}) {them}?"
        self._of_visitor = f"{known}(SELECT 1 {merged}) {them}COALESCE((SELECT user_person_id {merged}), ?)"

    @property
    def questions(self) -> Questions:
        """What is counted."""
        return self._query.questions

    async def ask(self, database: Database, stated: Stated, at: Moment) -> Known | None:
        """What is known of who is stated, by one look-up; a visitor who was merged is the user. None: nobody is."""
        text, who = self._asking(stated, at.environment_id)
        parameters = self._query.parameters(now=at.now, retention_ms=at.retention_ms)
        row = await database.look_up(text, *parameters, *who)
        return None if row is None else Known(read_facts(row[:-2], self.questions), row[-2], bool(row[-1]))

    def _asking(self, stated: Stated, here: str) -> tuple[str, tuple[str, ...]]:
        """The query, and its last parameters."""
        visitor, user = stated.visitor, stated.user
        if user is None:
            person = stated.person.person_id
            return self._of_visitor, (here, person, here, here, person, person)
        if visitor is None:
            return self._of_user, (here, user.person_id)
        return self._of_visitor_and_user, (here, visitor.person_id, here, user.person_id)


async def last_seen_of(database: Database, environment_id: str, person: PersonName) -> int | None:
    """When somebody was seen last; None when they never were."""
    row = await database.look_up(LAST_SEEN, environment_id, person.person_id)
    return None if row is None else row[0]


def new_session_id(stated: Stated) -> str:
    """An id that says where the session is stored: it begins with what the id of the stated person ends with."""
    return f"{PREFIX}{stated.person.person_id.partition('_')[2]}_{random_text(RANDOM_LENGTH)}"
