"""All SQL about sessions, and the documents of their states."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Table, select

from templates_server.errors import ErrorDetail, NotFound
from templates_server.features.people.batch_queries import PersonKey, build_statements
from templates_server.features.people.identity import ClaimedIdentity, PersonKind, PersonRef
from templates_server.features.people.sighting_store import Sighting, record_and_merge
from templates_server.features.sessions.app_report import KINDS, NO_REPORT, AppReport
from templates_server.features.tribes.compiler import FactsQuery
from templates_server.features.tribes.evaluator import PersonFacts
from templates_server.features.tribes.facts import read_facts
from templates_server.features.tribes.model import CountQueries
from templates_server.features.tribes.store import EvaluationContext
from templates_server.primitives.ids import RANDOM_LENGTH, random_text
from templates_server.storage.bulk import Insertion, write_all
from templates_server.storage.database import Database
from templates_server.storage.pipelining import Statement
from templates_server.storage.tables import delivery_revisions, environments, model_revisions, spaces, tribe_revisions
from templates_server.storage.write_batcher import LATER, DeferredOutcome, Outcomes

SESSIONS = Insertion(
    "sessions",
    {"environment_id": "text", "person_id": "text", "session_id": "text", "started": "bigint", **KINDS},
)
REVISIONS = (
    "SELECT spaces.revision, environments.revision, spaces.tribes_revision "
    "FROM environments JOIN spaces ON spaces.id = environments.space_id WHERE environments.id = ?"
)
MERGED_INTO = "SELECT user_person_id FROM merges WHERE environment_id = ? AND person_id = ?"
LAST_SEEN = "SELECT last_seen FROM persons WHERE environment_id = ? AND person_id = ?"
COUNTED = (
    "SELECT environment_id, person_id, count(*) FROM sessions WHERE environment_id = ? AND person_id {} "
    "GROUP BY environment_id, person_id"
)
MOST_SESSIONS = 10_000  # of a visitor
TOO_MANY = (
    f"This visitor has reached the maximum of {MOST_SESSIONS:,} stored sessions. New sessions are "
    "accepted again when older ones have expired."
)
PREFIX = "ses_"


class SessionStartRow(msgspec.Struct, frozen=True, gc=False):
    """A session of a person of an environment that began at a time, in milliseconds, with its app data."""

    environment_id: str
    stated: ClaimedIdentity
    session_id: str
    started: int
    report: AppReport = NO_REPORT


@dataclass(frozen=True, slots=True)
class EnvironmentDocuments:
    """The documents that an environment delivers at a revision, and their context."""

    space_key: str
    space_name: str
    environment_name: str
    revision: str
    model: Any
    delivery: Any
    tribes: Any


def add_sessions(connection: Connection, starts: Sequence[SessionStartRow]) -> Outcomes[Sequence[ErrorDetail]]:
    """Store sessions and sightings once visitors are merged; return the limit problem of each, if any.

    LATER: their merge has to wait.
    """
    presences = [
        Sighting(start.environment_id, start.stated, start.started, app=start.report.facts) for start in starts
    ]
    persons, counted = record_and_merge(connection, presences, functools.partial(_count_sessions, connection))
    keys = [
        None if person is None else (start.environment_id, person.person_id)
        for start, person in zip(starts, persons, strict=True)
    ]
    counts = {(row[0], row[1]): row[2] for rows in counted for row in rows}
    outcomes: list[Sequence[ErrorDetail] | Literal[DeferredOutcome.LATER]] = []
    rows = []
    for start, key in zip(starts, keys, strict=True):
        if key is None:
            outcomes.append(LATER)
        elif counts.get(key, 0) >= MOST_SESSIONS:
            outcomes.append([ErrorDetail("anonymous_id", TOO_MANY)])
        else:
            counts[key] = counts.get(key, 0) + 1
            outcomes.append(())
            rows.append((*key, start.session_id, start.started, *start.report))
    write_all(connection, SESSIONS, rows)
    return outcomes


def _count_sessions(connection: Connection, persons: Mapping[PersonKey, PersonRef]) -> Sequence[Statement]:
    """Count the sessions of visitors: all of a visitor's data moves to a user at once."""
    visitors = [key for key, person in persons.items() if person.kind is PersonKind.VISITOR]
    return build_statements(connection, COUNTED, visitors)


async def find_revision(database: Database, environment_id: str) -> str:
    """Return the revision, which changes whenever a state can change. Raise NotFound if the environment was deleted."""
    row = await database.fetch_one(REVISIONS, environment_id)
    if row is None:
        raise NotFound
    return revision_text(row[0], row[1], row[2])


def revision_text(model: int, delivery: int, tribes: int) -> str:
    """Return the revision of states in the form for apps."""
    return f"{model}.{delivery}.{tribes}"


def split_revision(text: str) -> tuple[int, int, int]:
    """Return the revisions of model, delivery and tribes in a revision of states."""
    model, delivery, tribes = map(int, text.split("."))
    return model, delivery, tribes


def load_documents(connection: Connection, environment_id: str) -> EnvironmentDocuments:
    """Load a consistent snapshot of an environment's current documents; one that was never written is empty.

    Raise NotFound if the environment was deleted.
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
    return EnvironmentDocuments(
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


class PersonSnapshot(msgspec.Struct, frozen=True, gc=False):
    """The facts about a person. `called`: their id. `is_merged`: the stated visitor was merged before."""

    facts: PersonFacts
    called: str
    is_merged: bool


class SessionFacts:
    """The queries of sessions about a person, the same ones each time."""

    def __init__(self, questions: CountQueries, dialect: str) -> None:
        self._query = FactsQuery(questions, dialect)
        self._exact_query = FactsQuery(questions.without_limits, dialect)
        self._text, self._exact_text = _text_of(self._query), _text_of(self._exact_query)

    @property
    def questions(self) -> CountQueries:
        """The counted items."""
        return self._query.questions

    async def ask(
        self, database: Database, stated: ClaimedIdentity, at: EvaluationContext, *, counts_all: bool = False
    ) -> PersonSnapshot | None:
        """Return the facts about the stated person; a merged visitor is the user. Return None if nobody exists.

        Only a merged visitor stated alone needs a second query. Counts stop where tribes are
        decided, unless `counts_all`.
        """
        visitor, person = stated.visitor, stated.person
        query, text = (self._exact_query, self._exact_text) if counts_all else (self._query, self._text)
        asked = (*query.parameters(now=at.now, retention_ms=at.retention_ms), at.environment_id)
        if visitor is None:
            return self._known(await database.fetch_one(text, *asked, person.person_id), is_merged=False)
        merged_into = (MERGED_INTO, at.environment_id, visitor.person_id)
        row, merge = await database.fetch_each([(text, *asked, person.person_id), merged_into])
        if merge is not None and stated.user is None:
            row = await database.fetch_one(text, *asked, merge[0])
        return self._known(row, is_merged=merge is not None)

    def _known(self, row: Sequence[Any] | None, *, is_merged: bool) -> PersonSnapshot | None:
        return None if row is None else PersonSnapshot(read_facts(row[:-1], self.questions), row[-1], is_merged)


def _text_of(query: FactsQuery) -> str:
    return f"SELECT {query.columns}, called FROM persons WHERE environment_id = ? AND person_id = ?"  # noqa: S608 - made by the compiler


async def find_last_seen(database: Database, environment_id: str, person: PersonRef) -> int | None:
    """Return when a person was last seen; None if never."""
    row = await database.fetch_one(LAST_SEEN, environment_id, person.person_id)
    return None if row is None else row[0]


def new_session_id(stated: ClaimedIdentity) -> str:
    """Return an id that says where the session is stored: its start is the end of the stated person's id."""
    return f"{PREFIX}{stated.person.person_id.partition('_')[2]}_{random_text(RANDOM_LENGTH)}"
