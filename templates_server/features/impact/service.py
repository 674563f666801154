"""The impact of a push on the people of an environment: everybody seen lately or, where time runs out, a sample.

The sample is a stretch of the primary key from a random start: ids are hashes, so its people are as good as drawn by
lot. Nothing is stored.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from templates_server.errors import TooManyRequests, Unavailable
from templates_server.features.impact import store
from templates_server.features.impact.counting import ImpactCounter, StatesComparison
from templates_server.features.impact.margins import margin_of
from templates_server.features.impact.schemas import Impact, ImpactSample
from templates_server.features.impact.store import KeyStretch
from templates_server.features.sessions import store as sessions_store
from templates_server.features.sessions.compiled_states import make_states
from templates_server.features.sessions.evaluator import ClientContext, count_this_session
from templates_server.features.tribes.compiler import FactsQuery
from templates_server.features.tribes.store import EvaluationContext
from templates_server.primitives.ids import new_id
from templates_server.primitives.timestamps import DAY, to_rfc3339

DAYS = 30
SECONDS = 5.0
RETRY_AFTER_SECONDS = 5
SECONDS_TO_SUMMARIZE = 0.5
MOST_AT_ONCE = 2  # in a process, of all environments: each may hold the states of two large documents
FEWEST_AT_ONCE, MOST_PEOPLE_AT_ONCE = 20, 1_000
QUICK_SECONDS, SLOW_SECONDS = 0.05, 0.2
NOBODY_SAID = ClientContext(fields=None)
BUSY = "The impact on {} is already being computed. Only one computation runs at a time. Retry in a few seconds."
OVERLOADED = "The server is computing the impact of other pushes. Retry in a few seconds."


class ImpactSlots:
    """Which environments' people are evaluated now by this process."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._running = 0

    @contextlib.contextmanager
    def acquire(self, environment_ids: Collection[str], name: str) -> Iterator[None]:
        """Hold a slot for environments until the block ends.

        TooManyRequests if one of them has a slot already, Unavailable if all slots are taken.
        """
        if self._taken.intersection(environment_ids):
            raise busy(name)
        if self._running >= MOST_AT_ONCE:
            raise Unavailable(OVERLOADED)
        self._running += 1
        self._taken.update(environment_ids)
        try:
            yield
        finally:
            self._taken.difference_update(environment_ids)
            self._running -= 1


def busy(name: str) -> TooManyRequests:
    """Return the error for a second computation for the same environment."""
    return TooManyRequests(BUSY.format(name), retry_after_seconds=RETRY_AFTER_SECONDS)


@dataclass(frozen=True)
class ProposedChange:
    """What would be pushed, in canonical form: a delivery, or all tribes; None: it stays as it is."""

    delivery: Any = None
    tribes: Any = None

    def replaced_revision(self, documents: sessions_store.EnvironmentDocuments) -> int:
        """Return the current revision of what would be replaced."""
        _, delivery, tribes = sessions_store.split_revision(documents.revision)
        return delivery if self.tribes is None else tribes

    def apply(self, documents: sessions_store.EnvironmentDocuments) -> sessions_store.EnvironmentDocuments:
        """Return the documents after the push."""
        return replace(
            documents,
            delivery=documents.delivery if self.delivery is None else self.delivery,
            tribes=documents.tribes if self.tribes is None else self.tribes,
        )


def find_impact(connection: Connection, at: EvaluationContext, change: ProposedChange, *, deadline: float) -> Impact:
    """Return what would change for the people seen in 30 days, evaluated until the deadline (of `time.monotonic`).

    TooManyRequests while another process does the same; ValidationFailed if the states would be too large.
    """
    documents = sessions_store.load_documents(connection, at.environment_id)
    if not store.try_lock(connection, at.environment_id):
        raise busy(documents.environment_name)
    dialect = connection.dialect.name
    before, after = make_states(documents, dialect), make_states(change.apply(documents), dialect)
    comparison = StatesComparison(before, after, at.now)
    counter = ImpactCounter(comparison)
    since = at.now - DAYS * DAY
    query = store.facts_query(comparison.tribes, dialect)
    is_complete = _Walk(connection, at, query, since).evaluate(counter, deadline - SECONDS_TO_SUMMARIZE)
    sample = None if is_complete else ImpactSample(counter.people, margin_of(counter.people // 2, counter.people))
    return Impact(
        documents.environment_name,
        change.replaced_revision(documents),
        to_rfc3339(at.now),
        to_rfc3339(since),
        counter.people,
        sample,
        counter.summarize(is_sample=not is_complete),
    )


@dataclass(frozen=True)
class _Walk:
    """A walk through the people seen since a time."""

    connection: Connection
    at: EvaluationContext
    query: FactsQuery
    since: int

    def evaluate(self, counter: ImpactCounter, deadline: float) -> bool:
        """Count people from a random start on, once around; whether everybody was there before the deadline.

        Some are always counted.
        """
        start, most, is_begun = new_id("per"), FEWEST_AT_ONCE, False
        for whole in (KeyStretch(start, None), KeyStretch("", start)):
            rest: KeyStretch | None = whole
            while rest is not None:
                begins = time.monotonic()
                if is_begun and begins >= deadline:
                    return False
                rest, is_begun = self._step(counter, rest, most), True
                most = _next_size(most, time.monotonic() - begins)
        return True

    def _step(self, counter: ImpactCounter, rest: KeyStretch, most: int) -> KeyStretch | None:
        """Count the first of the rest, so many at most; what then remains, None where nothing does."""
        last = store.find_last(self.connection, self.at.environment_id, rest, most)
        self._count(counter, KeyStretch(rest.after, last or rest.last))
        return None if last is None else KeyStretch(last, rest.last)

    def _count(self, counter: ImpactCounter, stretch: KeyStretch) -> None:
        for facts, called in store.load_seen(self.connection, self.at, self.query, stretch, since=self.since):
            counter.add(count_this_session(facts, NOBODY_SAID, self.at.now), called)


def _next_size(people: int, seconds: float) -> int:
    """Return how many people to evaluate next, after so many took so long."""
    if seconds < QUICK_SECONDS:
        return min(2 * people, MOST_PEOPLE_AT_ONCE)
    return max(people // 2, FEWEST_AT_ONCE) if seconds > SLOW_SECONDS else people
