"""All SQL about impact: the people seen lately, a stretch of the primary key after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from templates_server.features.people.store import SqlCondition, find_last_examined
from templates_server.features.tribes.compiler import FactsQuery
from templates_server.features.tribes.evaluator import PersonFacts
from templates_server.features.tribes.facts import read_facts
from templates_server.features.tribes.model import TribeDefinition, collect_queries
from templates_server.features.tribes.sql_fragments import DIALECTS
from templates_server.features.tribes.store import EvaluationContext
from templates_server.storage.dialect import as_text, dialect_of

TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(?, 0))"
LOCK_SCOPE = "mtribes.impact."


@dataclass(frozen=True, slots=True)
class KeyStretch:
    """The people whose ids come after one, up to another; None: to the end."""

    after: str
    last: str | None

    @property
    def condition(self) -> SqlCondition:
        """What holds for their ids."""
        if self.last is None:
            return SqlCondition("person_id > ?", (self.after,))
        return SqlCondition("person_id > ? AND person_id <= ?", (self.after, self.last))


def try_lock(connection: Connection, environment_id: str) -> bool:
    """Lock the impact of an environment until the transaction ends; return False if another process holds it.

    SQLite has one process, which counts by itself.
    """
    if dialect_of(connection).is_sqlite:
        return True
    found = connection.exec_driver_sql(as_text(connection, TRY_LOCK), (LOCK_SCOPE + environment_id,))
    return bool(found.scalar_one())


def facts_query(tribes: Sequence[TribeDefinition], dialect: str) -> FactsQuery:
    """Return the query of the facts that tribes need. A count ends early only where the database does so quickly."""
    queries = collect_queries(tribes)
    return FactsQuery(queries if DIALECTS[dialect].limits_counts else queries.without_limits, dialect)


def find_last(connection: Connection, environment_id: str, within: KeyStretch, most: int) -> str | None:
    """Return the ID of the last of so many people of a stretch; None if it has fewer."""
    place = within.condition
    here = SqlCondition(f"environment_id = ? AND {place.text}", (environment_id, *place.values))
    return find_last_examined(connection, here, within.after, most)


def load_seen(
    connection: Connection, at: EvaluationContext, query: FactsQuery, stretch: KeyStretch, *, since: int
) -> Iterator[tuple[PersonFacts, str]]:
    """Yield the facts and the ID of the people of a stretch who were seen since a time."""
    place = stretch.condition
    text = (
        f"SELECT {query.columns}, called FROM persons "  # noqa: S608 - made by the compiler
        f"WHERE environment_id = ? AND {place.text} AND last_seen >= ?"
    )
    asked = (*query.parameters(now=at.now, retention_ms=at.retention_ms), at.environment_id, *place.values, since)
    for row in connection.exec_driver_sql(as_text(connection, text), asked):
        yield read_facts(tuple(row[:-1]), query.questions), row[-1]
