"""Evaluation of a person's states: when a session starts, and again while it runs.

    SessionEvaluator.start(person, said, now=, store_it=)    start a session: once `store_it` has stored it
    SessionEvaluator.reevaluate(person, context, now=)       while it runs: None for an undecidable entity
    SessionEvaluator.inspect(person, said, now=)             the facts about the person, for explanations
    SessionEvaluator.preview(states, person, said, now=)     the basis of a session that never starts

Some of the input is known only to the process in which the session started: the app's context, and when the person had
been seen before. `SessionEvaluation.context` holds it; callers that cache it pass it to `reevaluate`. Without it
evaluation is three-valued: results that depend on it are undecidable.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from templates_server.features.people.identity import ClaimedIdentity, share_number_of
from templates_server.features.people.last_session import AppFacts
from templates_server.features.people.profile import Scalar
from templates_server.features.sessions import store
from templates_server.features.sessions.compiled_states import (
    CompiledStates,
    RenderedState,
    StatesCache,
    choose_states,
    encode_object,
)
from templates_server.features.tribes.evaluator import AUDIENCES, DECIDING, PersonFacts, TribeOutcome, decide_tribe
from templates_server.features.tribes.model import Behaviour, Comparison, CountQueries, Filter, Origin, TribeDefinition
from templates_server.features.tribes.store import EvaluationContext
from templates_server.storage.database import Database

OF_LAST_SEEN = frozenset({"last_seen", Behaviour.DAYS_SINCE_SEEN.value})
OF_DEVICE = frozenset({"device.os", "device.model"})
OF_APP = frozenset({"app.version", "app.platform", "device.os_version"})
OF_START = OF_DEVICE | OF_APP | OF_LAST_SEEN
OF_NOTHING: frozenset[str] = frozenset()

StoreIt = Callable[[], Awaitable[object]]


class ClientContext(msgspec.Struct, frozen=True, gc=False):
    """The context that an app sends when a session starts, for this session only. `fields` is None if unknown.

    `app` is None without an app: then the stored data of the latest session applies.
    """

    fields: Mapping[str, Scalar | None] | None = msgspec.field(default_factory=dict)
    device_os: str | None = None
    device_model: str | None = None
    app: AppFacts | None = None


class StartContext(msgspec.Struct, frozen=True, gc=False):
    """Data known only at the start of a session. `last_seen`: when the person was seen before, or the start if never.

    None: not queried.
    """

    said: ClientContext
    last_seen: int | None = None


class EvaluatedPerson(msgspec.Struct, frozen=True, gc=False):
    """The person and environment to evaluate. `revision`: that of its states, if just looked up."""

    environment_id: str
    stated: ClaimedIdentity
    revision: str | None = None


class SessionEvaluation(msgspec.Struct, frozen=True, gc=False):
    """The states shown, one per item of `states.entities`, in order; None where undecidable here."""

    states: CompiledStates
    shown: Sequence[RenderedState | None]
    context: StartContext | None

    @property
    def encoded(self) -> bytes:
        """Return the JSON object of all decidable states."""
        if self.shown is self.states.untargeted:
            return self.states.untargeted_object
        return encode_object(one.encoded for one in self.shown if one is not None)


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """The facts as of a session starting now. `called`: the person's id, the user's for a merged visitor."""

    states: CompiledStates
    facts: PersonFacts
    called: str


class SessionEvaluator:
    """An evaluator that uses the documents of an environment and the current stored data of the person."""

    def __init__(self, database: Database, states: StatesCache, *, retention_ms: int) -> None:
        self._database = database
        self._states = states
        self._retention_ms = retention_ms

    async def start(
        self, person: EvaluatedPerson, said: ClientContext, *, now: int, store_it: StoreIt
    ) -> SessionEvaluation:
        """Return the states of a session that starts now, once it is stored; all of them are decidable."""
        states = await self._states.states_of(person.environment_id, person.revision)
        if not states.is_targeted:
            await store_it()
            return SessionEvaluation(states, states.untargeted, StartContext(said))
        at = self._moment(person, now)
        facts = await self._facts_of_start(person, said, at, states.question, store_it)
        return SessionEvaluation(states, _choose(states, facts, now), StartContext(said, facts.last_seen))

    async def reevaluate(
        self, person: EvaluatedPerson, context: StartContext | None, *, now: int
    ) -> SessionEvaluation | None:
        """Return the states of a running session as far as decidable; None when the person no longer exists."""
        states = await self._states.states_of(person.environment_id)
        if not states.is_targeted:
            return SessionEvaluation(states, states.untargeted, context)
        known = await states.question.ask(self._database, person.stated, self._moment(person, now))
        if known is None:
            return None
        if context is None:
            facts = replace(known.facts, fields=None)
            return SessionEvaluation(states, _choose(states, facts, now, OF_START), None)
        facts = _with_said(known.facts, context.said)
        if context.last_seen is None:
            return SessionEvaluation(states, _choose(states, facts, now, OF_LAST_SEEN), context)
        facts = replace(facts, last_seen=context.last_seen)
        return SessionEvaluation(states, _choose(states, facts, now), context)

    async def inspect(self, person: EvaluatedPerson, said: ClientContext, *, now: int) -> KnownPerson | None:
        """Return the basis of a session that starts now; None when the person does not exist. Nothing is stored."""
        states = await self._states.states_of(person.environment_id)
        at = self._moment(person, now)
        known = await states.question.ask(self._database, person.stated, at, counts_all=True)
        if known is None:
            return None
        return KnownPerson(states, count_this_session(known.facts, said, now), known.called)

    async def preview(
        self, states: CompiledStates, person: EvaluatedPerson, said: ClientContext, *, now: int
    ) -> PersonFacts:
        """Return the basis of a session that starts now; an unknown person counts as new. Nothing is stored."""
        known = await states.question.ask(self._database, person.stated, self._moment(person, now))
        if known is None:
            return _newcomer_facts(person.stated, said, now, states.question.questions)
        return count_this_session(known.facts, said, now)

    async def _facts_of_start(
        self,
        person: EvaluatedPerson,
        said: ClientContext,
        at: EvaluationContext,
        question: store.SessionFacts,
        store_it: StoreIt,
    ) -> PersonFacts:
        """Return the facts once the session is stored, except when the person was seen before."""
        stated = person.stated
        known = await question.ask(self._database, stated, at)
        if stated.visitor is None or stated.user is None or (known is not None and known.is_merged):
            await store_it()
            return (
                count_this_session(known.facts, said, at.now)
                if known
                else _newcomer_facts(stated, said, at.now, question.questions)
            )
        seen = await store.find_last_seen(self._database, person.environment_id, stated.visitor)
        times = (seen, None if known is None else known.facts.last_seen)
        before = max((one for one in times if one is not None), default=at.now)
        await store_it()  # merges the visitor into the user
        merged = await question.ask(self._database, stated, at)
        if merged is None:  # erased in this moment
            return _newcomer_facts(stated, said, at.now, question.questions)
        return replace(_with_said(merged.facts, said), last_seen=before)

    def _moment(self, person: EvaluatedPerson, now: int) -> EvaluationContext:
        return EvaluationContext(person.environment_id, now, self._retention_ms)


def count_this_session(facts: PersonFacts, said: ClientContext, now: int) -> PersonFacts:
    """Return the facts including a session that starts now and is not stored; `last_seen` is from before it."""
    return _with_said(
        facts,
        said,
        first_seen=now if facts.first_seen is None else facts.first_seen,
        last_seen=now if facts.last_seen is None else facts.last_seen,
        sessions_30_days=facts.sessions_30_days + 1,
    )


def _newcomer_facts(stated: ClaimedIdentity, said: ClientContext, now: int, questions: CountQueries) -> PersonFacts:
    """Return the facts of a new person in their first session, with the number that they will be stored with."""
    counts = dict.fromkeys(questions.events, 0)
    nothing = PersonFacts(stated.person.kind, now, share_number_of(stated), events=counts)
    return count_this_session(nothing, said, now)


def _with_said(facts: PersonFacts, said: ClientContext, **more: Any) -> PersonFacts:
    """Return the facts with the app's context: its device data overrides stored data, its app data replaces it."""
    if said.app is not None:
        more |= {
            "app_version": said.app.version,
            "device_os_version": said.app.os_version,
            "app_platform": said.app.platform,
        }
    return replace(
        facts,
        **more,
        fields=said.fields,
        device_os=said.device_os or facts.device_os,
        device_model=said.device_model or facts.device_model,
    )


def _choose(
    states: CompiledStates, facts: PersonFacts, now: int, hidden: Collection[str] = OF_NOTHING
) -> Sequence[RenderedState | None]:
    """Return the chosen states; `hidden` are the values of the person that are unknown as of the start."""
    if hidden:
        return choose_states(states, now, lambda tribe: _outcome_without(tribe, facts, now, hidden))
    return choose_states(states, now, lambda tribe: decide_tribe(tribe, facts, now))


def _outcome_without(tribe: TribeDefinition, facts: PersonFacts, now: int, hidden: Collection[str]) -> TribeOutcome:
    """Return whether the person is in the tribe if its other filters decide that, otherwise undecidable."""
    open_filters = tuple(each for each in tribe.filters if not _asks(each, hidden))
    if len(open_filters) == len(tribe.filters) or facts.kind not in AUDIENCES[tribe.audience]:
        return decide_tribe(tribe, facts, now)
    outcome = decide_tribe(dataclasses.replace(tribe, filters=open_filters), facts, now)
    return outcome if outcome is DECIDING[tribe.match] else TribeOutcome.UNKNOWN


def _asks(each: Filter, names: Collection[str]) -> bool:
    if not isinstance(each, Comparison) or each.source.origin in {Origin.ATTRIBUTE, Origin.CONTEXTUAL}:
        return False
    return each.source.name in names
