"""What somebody's flags are: the choice of sessions, as if one began now, without its being stored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from templates_server.features.openfeature.flag_digest import MARK_BYTES
from templates_server.features.openfeature.flags import DIGEST_BYTES, EncodedState, Flags, FlagsCache
from templates_server.features.sessions.compiled_states import choose, chosen_states, remembering
from templates_server.features.sessions.evaluator import Deciding, Person, Said
from templates_server.features.spaces.delivery.scenario_selection import is_in_time
from templates_server.features.tribes.evaluator import Outcome, PersonFacts, outcome_of

UNSAID = Said(None)
LETTERS = {Outcome.MATCHED: b"m", Outcome.NOT_MATCHED: b"n", Outcome.UNKNOWN: b"u"}


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The flags of somebody: those of each entity, and a digest of all. `facts` None: they make no difference."""

    flags: Flags
    facts: PersonFacts | None
    now: int
    states: Sequence[EncodedState]
    digest: bytes

    @property
    def encoded(self) -> bytes:
        """The JSON array of all flags."""
        return b"[" + b",".join([state.flags for state in self.states]) + b"]"

    @property
    def mark(self) -> bytes:
        """What is the same as long as the flags must be, whatever the app says of the person."""
        if self.facts is None or not self.flags.contextual:
            return self.digest[:MARK_BYTES]
        return _mark(self.flags, self.facts, self.now)


class Evaluating:
    """Evaluates from the documents of an environment and from what is stored of the person at that moment."""

    def __init__(self, deciding: Deciding, flags: FlagsCache) -> None:
        self._deciding = deciding
        self._flags = flags

    async def all_of(self, person: Person, said: Said, *, now: int) -> Evaluated:
        """Every flag."""
        flags = await self._flags.flags_of(person.environment_id, person.revision)
        facts = await self._facts(flags, person, said, now)
        return _evaluated(flags, facts, now)

    async def one_of(self, key: str, person: Person, said: Said, *, now: int) -> bytes:
        """The flag of that key, encoded; NotFound when there is none."""
        flags = await self._flags.flags_of(person.environment_id, person.revision)
        entity, number = flags.find(key)
        shown = entity.otherwise
        if entity.candidates:
            facts = await self._deciding.foresee(flags.states, person, said, now=now)
            shown = choose(entity, now, remembering(lambda tribe: outcome_of(tribe, facts, now))) or shown
        return flags.by_state[id(shown)].flag(number)

    async def mark_of(self, person: Person, *, now: int) -> tuple[Flags, bytes]:
        """The present mark, and the flags that it is of."""
        flags = await self._flags.flags_of(person.environment_id)
        facts = await self._facts(flags, person, UNSAID, now)
        return flags, _evaluated(flags, facts, now).mark

    async def _facts(self, flags: Flags, person: Person, said: Said, now: int) -> PersonFacts | None:
        """What is known of the person; None where it makes no difference."""
        if not flags.states.is_targeted:
            return None
        return await self._deciding.foresee(flags.states, person, said, now=now)


def _evaluated(flags: Flags, facts: PersonFacts | None, now: int) -> Evaluated:
    if facts is None:
        states = flags.of(flags.states.untargeted)
    else:
        states = flags.of(chosen_states(flags.states, now, lambda tribe: outcome_of(tribe, facts, now)))
    return Evaluated(flags, facts, now, states, _digest([state.digest for state in states]))


def _mark(flags: Flags, facts: PersonFacts, now: int) -> bytes:
    """What is the same as long as every tribe, and every scenario's time, is: what the app says is not asked.

    The states themselves would not do: one that cannot be known hides what has changed below it.
    """
    unsaid = replace(facts, fields=None)
    outcomes = [LETTERS[outcome_of(tribe, unsaid, now)] for tribe in flags.tribes]
    parts = [flags.states.revision.encode(), b" ", *outcomes, *_times(flags, now)]
    return _digest(parts)[:MARK_BYTES]


def _times(flags: Flags, now: int) -> Iterator[bytes]:
    for entity in flags.states.entities:
        for candidate in entity.candidates:
            yield b"1" if is_in_time(candidate.targeted, now) else b"0"


def _digest(parts: Sequence[bytes]) -> bytes:
    return hashlib.blake2b(b"".join(parts), digest_size=DIGEST_BYTES).digest()
