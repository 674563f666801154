"""One followed session: the states its app has received, and its next update."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator

from templates_server.errors import NotFound
from templates_server.features.people.identity import ClaimedIdentity, PersonKind, PersonRef
from templates_server.features.sessions.changes import store
from templates_server.features.sessions.changes.diff import (
    NOTHING,
    KnownStates,
    StatesUpdate,
    change_of,
    find_known_states,
)
from templates_server.features.sessions.changes.notifier import Subscriber, SubscriptionPoller
from templates_server.features.sessions.changes.start_cache import StartCache
from templates_server.features.sessions.compiled_states import CompiledStates
from templates_server.features.sessions.evaluator import (
    EvaluatedPerson,
    SessionEvaluation,
    SessionEvaluator,
    StartContext,
)
from templates_server.features.spaces.delivery.state import TargetedScenario
from templates_server.primitives.timestamps import Clock
from templates_server.storage.database import Database

SESSION_ID = re.compile(r"ses_([0-9A-Za-z]{22})_[0-9A-Za-z]{22}")
LOOK_AGAIN_SECONDS = 60.0  # days pass for everybody: what depends on the time alone is seen this late at most
EVALUATIONS_AT_ONCE = 4


class EvaluationLimiter:
    """A limit on concurrent evaluations, so that other work proceeds when all sessions need one at once."""

    def __init__(self, database: Database, deciding: SessionEvaluator, clock: Clock) -> None:
        self._database = database
        self._deciding = deciding
        self._clock = clock
        self._turns = asyncio.Semaphore(EVALUATIONS_AT_ONCE)

    @property
    def now(self) -> int:
        """Return the current time in milliseconds."""
        return self._clock()

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Limit the number of concurrent evaluations within the block."""
        async with self._turns:
            await asyncio.sleep(0)  # SQLite never waits: without this, all evaluations would be one for other requests
            yield

    async def evaluate(self, followed: Subscription) -> tuple[SessionEvaluation, int]:
        """Return the current states, and their time in milliseconds.

        Raise NotFound when the session, or its person, no longer exists.
        """
        async with self.turn():
            await self.find(followed)
            now = self._clock()
            decided = await self._deciding.reevaluate(followed.person, followed.context, now=now)
        if decided is None:
            raise NotFound
        return decided, now

    async def find(self, followed: Subscription) -> None:
        """Look up the current person of the session. Raise NotFound when it no longer exists."""
        environment_id, session_id = followed.follower.environment_id, followed.session_id
        started_for = followed.started_for
        found = await store.find_session(self._database, environment_id, person_id=started_for, session_id=session_id)
        if found is None:
            raise NotFound
        followed.follower.person_id = found


class Subscription:
    """A session of an environment whose app has a `revision` ("" for the states sent at the start)."""

    def __init__(self, follower: Subscriber, session_id: str, *, started: StartCache, revision: str) -> None:
        match = SESSION_ID.fullmatch(session_id)
        if match is None:
            raise NotFound
        self.session_id = session_id
        self.started_for = f"per_{match[1]}"
        self.started = started.find(session_id)
        self.follower = follower
        self._revision = revision
        self._told: KnownStates | None = None
        self._lookout: SubscriptionPoller[StatesUpdate] = SubscriptionPoller(follower)

    @property
    def context(self) -> StartContext | None:
        """The context at the start of the session, if it was in this process."""
        return None if self.started is None else self.started.context

    @property
    def person(self) -> EvaluatedPerson:
        """The followed person, by id only: whether they are a user or a visitor is irrelevant here."""
        stated = ClaimedIdentity(PersonRef(PersonKind.VISITOR, "", self.follower.person_id), None)
        return EvaluatedPerson(self.follower.environment_id, stated)

    async def next_change(self, evaluations: EvaluationLimiter, *, seconds: float) -> StatesUpdate | None:
        """Return the next change; None if that many seconds pass without one, or the subscription is over."""
        return await self._lookout.next(lambda: self._look(evaluations), seconds=seconds)

    async def _look(self, evaluations: EvaluationLimiter) -> StatesUpdate | None:
        decided, now = await evaluations.evaluate(self)
        told = self._told if self._told is not None else self._told_before(decided.states)
        # From the moment that was decided for: a border that came while it was decided is still to be looked at.
        self._lookout.look_again_in(seconds_to_border(decided.states, now))
        change = change_of(decided, told, revision=self._revision)
        self._told = told
        if change is not None:
            self._told, self._revision = change.told, change.revision
        return change

    def _told_before(self, states: CompiledStates) -> KnownStates:
        """Return the states named by the app's revision, otherwise those sent at the start, if known."""
        told = find_known_states(self._revision, states)
        if told is not None:
            return told
        started = self.started
        if started is None or self._revision not in {"", started.outline.revision}:
            return NOTHING
        return started.told


def seconds_to_border(states: CompiledStates, now: int) -> float:
    """Return the seconds from a time until a scenario begins or ends, if that is soon."""
    borders = [border for entity in states.entities for each in entity.candidates for border in _borders(each.targeted)]
    nearest = min((border - now for border in borders if border > now), default=None)
    return LOOK_AGAIN_SECONDS if nearest is None else min(LOOK_AGAIN_SECONDS, nearest / 1000)


def _borders(targeted: TargetedScenario) -> list[int]:
    return [border for border in (targeted.starts, targeted.ends) if border is not None]
