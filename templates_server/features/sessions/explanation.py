"""Explanations of a person's states: the same choice as in a session, with all of its input. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from templates_server.features.sessions.compiled_states import Candidate, CompiledEntity, RenderedState, choose, matches
from templates_server.features.sessions.evaluator import KnownPerson
from templates_server.features.sessions.schemas import ExplainedEntity, ExplainedScenario, SessionExplanation
from templates_server.features.spaces.delivery.scenario_selection import is_in_time
from templates_server.features.tribes.evaluator import TribeOutcome, decide_tribe, evaluate
from templates_server.features.tribes.explanation import NOBODY_SAID
from templates_server.features.tribes.explanation import explain as explain_tribe
from templates_server.features.tribes.model import TribeDefinition
from templates_server.primitives.timestamps import to_rfc3339


@dataclass(frozen=True, slots=True)
class ExplanationContext:
    """The person and time of an explained session. `merged_visitor`: the anonymous id that led to a user."""

    person: KnownPerson
    now: int
    merged_visitor: str | None = None

    def decide(self, tribe: TribeDefinition) -> TribeOutcome:
        """Return whether the person is in a tribe."""
        return decide_tribe(tribe, self.person.facts, self.now)


def explain_session(occasion: ExplanationContext) -> SessionExplanation:
    """Explain what a session that starts now would show, entity by entity."""
    person = occasion.person
    return SessionExplanation(
        person.called,
        person.facts.kind.value,
        occasion.merged_visitor,
        to_rfc3339(occasion.now),
        person.states.revision,
        [_explain_entity(entity, occasion) for entity in person.states.entities],
    )


def _explain_entity(entity: CompiledEntity, occasion: ExplanationContext) -> ExplainedEntity:
    chosen = choose(entity, occasion.now, occasion.decide)
    return ExplainedEntity(
        entity.name,
        entity.is_published,
        chosen is not None,
        chosen.scenario if chosen else None,
        chosen.enabled if chosen else None,
        _why(entity, chosen),
        [_scenario(each, occasion, chosen) for each in entity.candidates],
    )


def _why(entity: CompiledEntity, chosen: RenderedState | None) -> str:
    if chosen is None:
        found = "depends on the fields that an app sends when a session starts"
    elif chosen is not entity.otherwise:
        found = "the first targeted scenario that matches"
    else:
        found = "no targeted scenario matches" if entity.candidates else "no targeted scenarios"
        found += ": the default scenario applies" if chosen.scenario else ", and no default scenario: the model applies"
    if not entity.is_published:
        return f"{entity.name.partition('.')[0]} is not published here, so it is disabled; otherwise: {found}"
    return found if chosen is None or chosen.enabled else f"{found}, which disables it"


def _scenario(candidate: Candidate, occasion: ExplanationContext, chosen: RenderedState | None) -> ExplainedScenario:
    facts, now = occasion.person.facts, occasion.now
    starts, ends = candidate.targeted.starts, candidate.targeted.ends
    verdicts = [(tribe, evaluate(tribe, facts, now)) for tribe in candidate.tribes]
    return ExplainedScenario(
        candidate.targeted.name,
        matches(candidate, occasion.decide).value,
        chosen is candidate.shown,
        is_in_time(candidate.targeted, now),
        None if starts is None else to_rfc3339(starts),
        None if ends is None else to_rfc3339(ends),
        _why_scenario(candidate, occasion, chosen),
        [explain_tribe(tribe, verdict, person=occasion.person.called, kind=facts.kind) for tribe, verdict in verdicts],
    )


def _why_scenario(candidate: Candidate, occasion: ExplanationContext, chosen: RenderedState | None) -> str:
    targeted = candidate.targeted
    if targeted.starts is not None and occasion.now < targeted.starts:
        return f"not shown before {to_rfc3339(targeted.starts)}"
    if targeted.ends is not None and occasion.now >= targeted.ends:
        return f"ended at {to_rfc3339(targeted.ends)}"
    if not candidate.tribes:
        return "none of its tribes exists any longer"
    said = _of_tribes(candidate, occasion)
    if matches(candidate, occasion.decide) is not TribeOutcome.MATCHED or chosen is candidate.shown:
        return said
    return f"{said}, but a scenario above it matches first" + (" where that matches" if chosen is None else "")


def _of_tribes(candidate: Candidate, occasion: ExplanationContext) -> str:
    """Return the matching tribes of the person; if none, the undecidable ones; if none, no tribe."""
    outcomes = {tribe.key: occasion.decide(tribe) for tribe in candidate.tribes}
    called = occasion.person.called
    if within := _those(outcomes, TribeOutcome.MATCHED):
        return f"{called} is in {' and '.join(within)}"
    if unknown := _those(outcomes, TribeOutcome.UNKNOWN):
        return f"whether {called} is in {' or '.join(unknown)} cannot be determined here: {NOBODY_SAID}"
    return f"{called} is {'not in' if len(outcomes) == 1 else 'in none of'} {', '.join(outcomes)}"


def _those(outcomes: dict[str, TribeOutcome], wanted: TribeOutcome) -> Sequence[str]:
    return [key for key, outcome in outcomes.items() if outcome is wanted]
