"""The states that an environment's entities can have, as apps get them: made once a revision, chosen for each person.

Who is in a tribe is asked of the caller: `deciding` knows.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from templates_server.codegen.model import Value
from templates_server.database import Database
from templates_server.delivery.choosing import Alternatives, Choice, every_choice, is_in_time
from templates_server.delivery.model import TargetedScenario
from templates_server.delivery.reading import Surroundings, parse_delivery
from templates_server.property_values import to_plain
from templates_server.sessions import store
from templates_server.sessions.models import EntityState, ItemState
from templates_server.spaces.reading import parse_model
from templates_server.tribes.evaluator import Outcome
from templates_server.tribes.reading import parse_tribes
from templates_server.tribes.rules import Tribe, Tribes, questions_of

MOST_ENVIRONMENTS = 1000

Decide = Callable[[Tribe], Outcome]
"""Whether the person is in a tribe."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A state: the name of its scenario (None: there is none), whether it is enabled, and `"entity":{...}` for apps."""

    scenario: str | None
    enabled: bool
    encoded: bytes


@dataclass(frozen=True, slots=True)
class Candidate:
    """A targeted scenario of an entity: the tribes of which any is enough, and the state."""

    targeted: TargetedScenario
    tribes: tuple[Tribe, ...]
    shown: Shown


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity with the states that it can have; `otherwise` where no candidate is chosen."""

    name: str
    is_published: bool
    otherwise: Shown
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class States:
    """All states that are possible at a revision; `untargeted` are those of somebody who is in no tribe."""

    revision: str
    entities: tuple[Entity, ...]
    untargeted: tuple[Shown, ...]
    untargeted_object: bytes
    question: store.FactsQuestion
    is_targeted: bool


class StatesCache:
    """The states of the environments that were asked for last; the revision is looked up, so none is stale."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[str, States] = OrderedDict()

    async def states_of(self, environment_id: str, revision: str | None = None) -> States:
        """The possible states of an environment, as they are now; `revision` where it was just looked up."""
        if revision is None:
            revision = await store.revision_of(self._database, environment_id)
        kept = self._kept.get(environment_id)
        if kept is None or kept.revision != revision:
            documents = await self._database.read(lambda connection: store.documents_of(connection, environment_id))
            kept = self._kept[environment_id] = make_states(documents, self._database.dialect)
            if len(self._kept) > MOST_ENVIRONMENTS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(environment_id)
        return kept


def make_states(documents: store.Documents, dialect: str) -> States:
    """The states that documents give; what the model or the tribes no longer have is passed over.

    `dialect` is that of the database that will be asked about people.
    """
    model, _ = parse_model(documents.model, space=documents.space_key, name=documents.space_name)
    delivery, _ = parse_delivery(documents.delivery, Surroundings(model, documents.environment_name))
    tribes, _ = parse_tribes(documents.tribes, space=documents.space_key)
    entities = tuple(
        _entity(name, alternatives, tribes) for name, alternatives in every_choice(model, delivery).items()
    )
    used = {tribe.key: tribe for entity in entities for each in entity.candidates for tribe in each.tribes}
    return States(
        documents.revision,
        entities,
        tuple(entity.otherwise for entity in entities),
        as_object(entity.otherwise.encoded for entity in entities),
        store.FactsQuestion(questions_of(used.values()), dialect),
        is_targeted=any(entity.candidates for entity in entities),
    )


def _entity(name: str, alternatives: Alternatives, tribes: Tribes) -> Entity:
    candidates = tuple(
        Candidate(targeted, tuple(tribes[key] for key in targeted.tribes if key in tribes), _shown(name, choice))
        for targeted, choice in alternatives.targeted
    )
    return Entity(name, alternatives.is_published, _shown(name, alternatives.otherwise), candidates)


def _shown(name: str, choice: Choice) -> Shown:
    encoded = msgspec.json.encode(name) + b":" + msgspec.json.encode(_wire(choice))
    return Shown(choice.scenario, choice.state.enabled, encoded)


def chosen_states(states: States, now: int, decide: Decide) -> list[Shown | None]:
    """The state of each of `states.entities` at that time; None where it cannot be known here.

    Each tribe is decided once, and only where it matters.
    """
    remembered = remembering(decide)
    return [choose(entity, now, remembered) for entity in states.entities]


def remembering(decide: Decide) -> Decide:
    """The same decisions, each made once."""
    outcomes: dict[str, Outcome] = {}

    def decided(tribe: Tribe) -> Outcome:
        outcome = outcomes.get(tribe.key)
        if outcome is None:
            outcome = outcomes[tribe.key] = decide(tribe)
        return outcome

    return decided


def choose(entity: Entity, now: int, decide: Decide) -> Shown | None:
    """The first targeted scenario that is in time and matches, else the untargeted state; None: it cannot be known."""
    for candidate in entity.candidates:
        if is_in_time(candidate.targeted, now):
            outcome = matches(candidate, decide)
            if outcome is Outcome.MATCHED:
                return candidate.shown
            if outcome is Outcome.UNKNOWN:
                return None
    return entity.otherwise


def matches(candidate: Candidate, decide: Decide) -> Outcome:
    """Whether the person is in any of the tribes of a targeted scenario."""
    outcome = Outcome.NOT_MATCHED
    for tribe in candidate.tribes:
        found = decide(tribe)
        if found is Outcome.MATCHED:
            return found
        outcome = found if found is Outcome.UNKNOWN else outcome
    return outcome


def as_object(members: Iterable[bytes]) -> bytes:
    """Encoded members as a JSON object."""
    return b"{" + b",".join(members) + b"}"


def _wire(choice: Choice) -> EntityState:
    state = choice.state
    if state.items is None:
        return EntityState(state.enabled, choice.scenario, properties=_plain(state.properties or {}))
    items = tuple(ItemState(item.id, item.experience, item.enabled, _plain(item.properties)) for item in state.items)
    return EntityState(state.enabled, choice.scenario, items=items)


def _plain(properties: Mapping[str, Value]) -> dict[str, Any]:
    return {key: to_plain(value) for key, value in properties.items()}
