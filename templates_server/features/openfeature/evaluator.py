"""Evaluation of a person's flags: the same choice as for a new session, without storing one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from templates_server.features.openfeature.flag_digest import MARK_BYTES
from templates_server.features.openfeature.flags import DIGEST_BYTES, EncodedState, Flags, FlagsCache
from templates_server.features.sessions.compiled_states import choose, choose_states, memoize
from templates_server.features.sessions.evaluator import ClientContext, EvaluatedPerson, SessionEvaluator
from templates_server.features.spaces.delivery.scenario_selection import is_in_time
from templates_server.features.tribes.evaluator import PersonFacts, TribeOutcome, decide_tribe

UNSAID = ClientContext(None)
LETTERS = {TribeOutcome.MATCHED: b"m", TribeOutcome.NOT_MATCHED: b"n", TribeOutcome.UNKNOWN: b"u"}


@dataclass(frozen=True, slots=True)
class FlagEvaluation:
    """The flags of a person: those of each entity, and a digest of all. `facts` is None if irrelevant."""

    flags: Flags
    facts: PersonFacts | None
    now: int
    states: Sequence[EncodedState]
    digest: bytes

    @property
    def encoded(self) -> bytes:
        """Return the JSON array of all flags."""
        return b"[" + b",".join([state.flags for state in self.states]) + b"]"

    @property
    def mark(self) -> bytes:
        """Return a mark that is constant while the flags are, for any app context."""
        if self.facts is None or not self.flags.contextual:
            return self.digest[:MARK_BYTES]
        return _mark(self.flags, self.facts, self.now)


class FlagEvaluator:
    """An evaluator that uses the documents of an environment and the current stored data of the person."""

    def __init__(self, deciding: SessionEvaluator, flags: FlagsCache) -> None:
        self._deciding = deciding
        self._flags = flags

    async def evaluate_all(self, person: EvaluatedPerson, said: ClientContext, *, now: int) -> FlagEvaluation:
        """Evaluate all flags."""
        flags = await self._flags.flags_of(person.environment_id, person.revision)
        facts = await self._facts(flags, person, said, now)
        return _evaluate(flags, facts, now)

    async def evaluate_one(self, key: str, person: EvaluatedPerson, said: ClientContext, *, now: int) -> bytes:
        """Return the encoded flag with that key. Raise NotFound when it does not exist."""
        flags = await self._flags.flags_of(person.environment_id, person.revision)
        entity, number = flags.find(key)
        shown = entity.otherwise
        if entity.candidates:
            facts = await self._deciding.preview(flags.states, person, said, now=now)
            shown = choose(entity, now, memoize(lambda tribe: decide_tribe(tribe, facts, now))) or shown
        return flags.by_state[id(shown)].flag(number)

    async def mark_of(self, person: EvaluatedPerson, *, now: int) -> tuple[Flags, bytes]:
        """Return the current mark, and its flags."""
        flags = await self._flags.flags_of(person.environment_id)
        facts = await self._facts(flags, person, UNSAID, now)
        return flags, _evaluate(flags, facts, now).mark

    async def _facts(self, flags: Flags, person: EvaluatedPerson, said: ClientContext, now: int) -> PersonFacts | None:
        """Return the stored facts about the person; None if they are irrelevant."""
        if not flags.states.is_targeted:
            return None
        return await self._deciding.preview(flags.states, person, said, now=now)


def _evaluate(flags: Flags, facts: PersonFacts | None, now: int) -> FlagEvaluation:
    if facts is None:
        states = flags.of(flags.states.untargeted)
    else:
        states = flags.of(choose_states(flags.states, now, lambda tribe: decide_tribe(tribe, facts, now)))
    return FlagEvaluation(flags, facts, now, states, _digest([state.digest for state in states]))


def _mark(flags: Flags, facts: PersonFacts, now: int) -> bytes:
    """Return a mark that changes only with a tribe or a scenario's schedule; app context is ignored.

    The states themselves would not suffice: an undecidable state hides changes below it.
    """
    unsaid = replace(facts, fields=None)
    outcomes = [LETTERS[decide_tribe(tribe, unsaid, now)] for tribe in flags.tribes]
    parts = [flags.states.revision.encode(), b" ", *outcomes, *_times(flags, now)]
    return _digest(parts)[:MARK_BYTES]


def _times(flags: Flags, now: int) -> Iterator[bytes]:
    for entity in flags.states.entities:
        for candidate in entity.candidates:
            yield b"1" if is_in_time(candidate.targeted, now) else b"0"


def _digest(parts: Sequence[bytes]) -> bytes:
    return hashlib.blake2b(b"".join(parts), digest_size=DIGEST_BYTES).digest()
