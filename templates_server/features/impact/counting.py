"""Who gains and who loses what, counted person by person: the states before and after a push, side by side.

Nothing is read here, and no tribe is decided otherwise than when a session starts.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from templates_server.features.impact.margins import margin_of, percent_of
from templates_server.features.impact.schemas import AffectedPerson, EntityImpact, PeopleShare, ScenarioImpact
from templates_server.features.people.identity import PersonKind
from templates_server.features.sessions.compiled_states import CompiledEntity, CompiledStates, RenderedState, choose
from templates_server.features.spaces.delivery.scenario_selection import is_in_time
from templates_server.features.tribes.evaluator import PersonFacts, TribeOutcome, decide_tribe
from templates_server.features.tribes.model import TribeDefinition

MOST_EXAMPLES = 10
MOST_WITH_EXAMPLES = 1_000  # scenarios of all entities, so that examples stay within a few megabytes
MOST_PROFILES = 4_096
"""Outcomes of the tribes, side by side, of which it is remembered what they change."""

Scenario = str | None
Profile = tuple[TribeOutcome, ...]


@dataclass(frozen=True, slots=True)
class Transition:
    """What becomes of an entity for somebody; None where that cannot be known."""

    entity: int
    before: RenderedState | None
    after: RenderedState | None


@dataclass(slots=True)
class _EntityCount:
    """What was counted of an entity."""

    changed: int = 0
    edited: int = 0
    unknown: int = 0
    gains: Counter[Scenario] = field(default_factory=Counter)
    losses: Counter[Scenario] = field(default_factory=Counter)
    gain_examples: dict[Scenario, list[AffectedPerson]] = field(default_factory=dict)
    loss_examples: dict[Scenario, list[AffectedPerson]] = field(default_factory=dict)


class StatesComparison:
    """The entities whose states, scenarios or tribes differ, and what that means for somebody."""

    def __init__(self, before: CompiledStates, after: CompiledStates, now: int) -> None:
        self._now = now
        pairs = zip(before.entities, after.entities, strict=True)
        self.entities = [(old, new) for old, new in pairs if old != new]
        self.tribes: list[TribeDefinition] = []
        """Those that decide, each definition once."""
        self._before = self._note_tribes(old for old, _ in self.entities)
        self._after = self._note_tribes(new for _, new in self.entities)
        self._known: dict[Profile, Sequence[Transition]] = {}

    def _note_tribes(self, entities: Iterator[CompiledEntity]) -> Mapping[str, int]:
        """Return the position of each tribe's outcome in a profile, by its key."""
        places: dict[str, int] = {}
        for tribe in self._deciding_tribes(entities):
            if tribe.key not in places:
                if tribe not in self.tribes:
                    self.tribes.append(tribe)
                places[tribe.key] = self.tribes.index(tribe)
        return places

    def _deciding_tribes(self, entities: Iterator[CompiledEntity]) -> Iterator[TribeDefinition]:
        for entity in entities:
            for candidate in entity.candidates:
                if is_in_time(candidate.targeted, self._now):
                    yield from candidate.tribes

    def transitions_of(self, facts: PersonFacts) -> Sequence[Transition]:
        """Return what changes for a person, entity by entity."""
        profile = tuple([decide_tribe(tribe, facts, self._now) for tribe in self.tribes])
        known = self._known.get(profile)
        if known is None:
            if len(self._known) >= MOST_PROFILES:
                self._known.clear()
            known = self._known[profile] = tuple(self._compare(profile))
        return known

    def _compare(self, profile: Profile) -> Iterator[Transition]:
        for number, (old, new) in enumerate(self.entities):
            before = choose(old, self._now, lambda tribe: profile[self._before[tribe.key]])
            after = choose(new, self._now, lambda tribe: profile[self._after[tribe.key]])
            if before is None or after is None or before != after:
                yield Transition(number, before, after)


def _order_of(person: AffectedPerson) -> tuple[str, str]:
    """Return the order of examples: the first ones are kept, wherever the walk through the people began."""
    return person.kind, person.id


class ImpactCounter:
    """What was counted so far."""

    def __init__(self, comparison: StatesComparison) -> None:
        self._comparison = comparison
        self._counts = [_EntityCount() for _ in comparison.entities]
        self._with_examples = 0
        self.people = 0

    def add(self, facts: PersonFacts, called: str) -> None:
        """Count somebody."""
        self.people += 1
        for transition in self._comparison.transitions_of(facts):
            self._add(self._counts[transition.entity], transition, facts.kind, called)

    def _add(self, count: _EntityCount, transition: Transition, kind: PersonKind, called: str) -> None:
        before, after = transition.before, transition.after
        if before is None or after is None:
            count.unknown += 1
        elif before.scenario == after.scenario:
            count.edited += 1
        else:
            count.changed += 1
            count.gains[after.scenario] += 1
            count.losses[before.scenario] += 1
            self._add_example(count.gain_examples, after.scenario, kind, called)
            self._add_example(count.loss_examples, before.scenario, kind, called)

    def _add_example(
        self, examples: dict[Scenario, list[AffectedPerson]], scenario: Scenario, kind: PersonKind, called: str
    ) -> None:
        if scenario not in examples:
            if self._with_examples >= MOST_WITH_EXAMPLES:
                return
            self._with_examples += 1
            examples[scenario] = []
        found, example = examples[scenario], AffectedPerson(kind.value, called)
        if len(found) < MOST_EXAMPLES or _order_of(example) < _order_of(found[-1]):
            bisect.insort(found, example, key=_order_of)
            del found[MOST_EXAMPLES:]

    def summarize(self, *, is_sample: bool) -> list[EntityImpact]:
        """Return the counts of the entities that change for somebody, or for which that cannot be known."""
        found = []
        for (old, new), count in zip(self._comparison.entities, self._counts, strict=True):
            if count.changed or count.edited or count.unknown:
                found.append(_EntitySummary(old, new, count, self.people, is_sample=is_sample).entity())
        return found


class _EntitySummary:
    """The impact on one entity, in numbers of people."""

    def __init__(
        self, old: CompiledEntity, new: CompiledEntity, count: _EntityCount, people: int, *, is_sample: bool
    ) -> None:
        self._old, self._new, self._count = old, new, count
        self._people, self._is_sample = people, is_sample

    def entity(self) -> EntityImpact:
        """Return the summary; scenarios in order of evaluation, then the removed ones."""
        count = self._count
        return EntityImpact(
            self._new.name,
            self._share(count.changed),
            self._share(count.edited),
            self._share(count.unknown),
            [self._scenario(name) for name in self._scenarios()],
        )

    def _scenarios(self) -> Sequence[Scenario]:
        states = [
            state.scenario
            for entity in (self._new, self._old)
            for state in (*(candidate.shown for candidate in entity.candidates), entity.otherwise)
        ]
        return [name for name in dict.fromkeys(states) if self._count.gains[name] or self._count.losses[name]]

    def _scenario(self, name: Scenario) -> ScenarioImpact:
        count = self._count
        return ScenarioImpact(
            name,
            self._share(count.gains[name]),
            self._share(count.losses[name]),
            count.gain_examples.get(name, []),
            count.loss_examples.get(name, []),
        )

    def _share(self, number: int) -> PeopleShare:
        margin = margin_of(number, self._people) if self._is_sample else 0.0
        return PeopleShare(number, percent_of(number, self._people), margin)
