"""The possible states of an environment's entities in app format: created once per revision, chosen for each person.

Tribe membership is decided by the caller: see `evaluator`.
"""

from __future__ import annotations

import asyncio
import hashlib
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from templates_server.errors import ErrorDetail, ValidationFailed
from templates_server.features.sessions import store
from templates_server.features.sessions.failed_environments import FailedEnvironments
from templates_server.features.sessions.schemas import EntityState, ItemState
from templates_server.features.spaces.delivery.parser import ParseContext, parse_delivery
from templates_server.features.spaces.delivery.scenario_selection import (
    NO_SCENARIO,
    Alternatives,
    SelectedState,
    entity_name,
    is_in_time,
    iterate_choices,
)
from templates_server.features.spaces.delivery.scenario_selection import entities as entities_of
from templates_server.features.spaces.delivery.state import TargetedScenario
from templates_server.features.spaces.model import ChildKind, PropertyType, SpaceModel, Value
from templates_server.features.spaces.parser import parse_model
from templates_server.features.spaces.property_values import to_plain
from templates_server.features.tribes.evaluator import TribeOutcome
from templates_server.features.tribes.model import TribeDefinition, Tribes, collect_queries
from templates_server.features.tribes.parser import parse_tribes
from templates_server.primitives.memory_size import measure_bytes
from templates_server.storage.database import Database
from templates_server.storage.query_coalescer import QueryCoalescer

MOST_BYTES = 256 * 1024 * 1024
MOST_ENCODED_BYTES = 32 * 1024 * 1024
"""The memory limit of one environment's states: property defaults can expand a short document into many long ones."""
MADE_AT_ONCE = 2
DIGEST_LENGTH = 6
UNTOLD = "." * DIGEST_LENGTH

TOO_LARGE = (
    f"The states of this environment are larger than {MOST_ENCODED_BYTES // 2**20} MiB. Shorten the property "
    "defaults in the model or the scenarios."
)

Kinds = Mapping[str, PropertyType]
"""The types of the properties of an experience, by key."""
NO_KINDS: Kinds = {}
Decide = Callable[[TribeDefinition], TribeOutcome]
"""A function that returns whether the person is in a tribe."""


@dataclass(frozen=True, slots=True)
class RenderedState:
    """A state: its scenario's name (or None), whether it is enabled, and `"entity":{...}` for apps.

    `digest` is a short text that is unique to the state (`compute_digest`).
    """

    scenario: str | None
    enabled: bool
    encoded: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A targeted scenario of an entity without its values: the tribes, any of which suffices, and the state."""

    targeted: TargetedScenario
    tribes: tuple[TribeDefinition, ...]
    shown: RenderedState


@dataclass(frozen=True, slots=True)
class CompiledEntity:
    """An entity with its possible states; `otherwise` applies if no candidate is chosen."""

    name: str
    is_published: bool
    otherwise: RenderedState
    candidates: tuple[Candidate, ...] = ()
    kinds: Kinds = field(default_factory=dict)  # of a section none; entities of one experience hold them together


@dataclass(frozen=True, slots=True)
class StatesOutline:
    """The shared data of all sessions that start at a revision.

    The names of the entities, and the concatenated digests of the states of somebody in no tribe.
    """

    revision: str
    names: tuple[str, ...]
    untargeted_digests: str


@dataclass(frozen=True, slots=True)
class CompiledStates:
    """All possible states at a revision; `untargeted` are those of somebody in no tribe."""

    outline: StatesOutline
    entities: tuple[CompiledEntity, ...]
    untargeted: tuple[RenderedState, ...]
    untargeted_object: bytes
    question: store.SessionFacts
    is_targeted: bool

    @property
    def revision(self) -> str:
        """The revision, which changes whenever a state can change."""
        return self.outline.revision


class StatesCache:
    """A cache of the states of recently used environments, limited by memory.

    The revision is looked up each time, so none is stale. The most recent entry stays, however large it is.
    """

    def __init__(self, database: Database, *, most_bytes: int = MOST_BYTES) -> None:
        self._database = database
        self._most_bytes = most_bytes
        self._kept: OrderedDict[str, CompiledStates] = OrderedDict()
        self._sizes: dict[str, int] = {}
        self._refused = FailedEnvironments()
        self._making = QueryCoalescer(self._make_all, at_once=MADE_AT_ONCE)

    @property
    def bytes(self) -> int:
        """The memory used by the states."""
        return sum(self._sizes.values())

    async def states_of(self, environment_id: str, revision: str | None = None) -> CompiledStates:
        """Return the current possible states of an environment; `revision` is passed if just looked up."""
        if revision is None:
            revision = await store.find_revision(self._database, environment_id)
        kept = self._kept.get(environment_id)
        if kept is None or kept.revision != revision:
            self._refused.check(environment_id, revision)
            return await self._making.ask(environment_id)
        self._kept.move_to_end(environment_id)
        return kept

    async def _make_all(self, environment_ids: Sequence[str]) -> Sequence[CompiledStates | Exception]:
        return [await self._make(environment_id) for environment_id in environment_ids]

    async def _make(self, environment_id: str) -> CompiledStates | Exception:
        """Create the current states in a thread, since a large document takes long, and cache them or the error."""
        try:
            documents = await self._database.read_in_thread(lambda one: store.load_documents(one, environment_id))
            states, size = await self._made(environment_id, documents)
        except Exception as error:  # noqa: BLE001 - it belongs to whoever asked
            return error
        self._keep(environment_id, states, size)
        return states

    async def _made(self, environment_id: str, documents: store.EnvironmentDocuments) -> tuple[CompiledStates, int]:
        try:
            return await asyncio.to_thread(_compile_states, documents, self._database.dialect)
        except ValidationFailed as error:
            self._refused.remember(environment_id, documents.revision, error.problems)
            raise

    def _keep(self, environment_id: str, states: CompiledStates, size: int) -> None:
        self._kept[environment_id] = states
        self._kept.move_to_end(environment_id)
        self._sizes[environment_id] = size
        while len(self._kept) > 1 and self.bytes > self._most_bytes:
            gone, _ = self._kept.popitem(last=False)
            del self._sizes[gone]


def _compile_states(documents: store.EnvironmentDocuments, dialect: str) -> tuple[CompiledStates, int]:
    """Return the states, and their memory use."""
    states = make_states(documents, dialect)
    return states, measure_bytes(states)


def make_states(documents: store.EnvironmentDocuments, dialect: str) -> CompiledStates:
    """Return the states of documents; references missing in the model or the tribes are skipped.

    `dialect` is that of the database used for queries about people. Raise ValidationFailed when all states together
    exceed the memory limit.
    """
    model, _ = parse_model(documents.model, space=documents.space_key, name=documents.space_name)
    delivery, _ = parse_delivery(documents.delivery, ParseContext(model, documents.environment_name))
    tribes, _ = parse_tribes(documents.tribes, space=documents.space_key)
    kinds = _kinds_by_entity(model)
    made = (_entity(name, alternatives, tribes, kinds[name]) for name, alternatives in iterate_choices(model, delivery))
    entities = tuple(_within_bounds(made))
    used = {tribe.key: tribe for entity in entities for each in entity.candidates for tribe in each.tribes}
    untargeted = tuple(entity.otherwise for entity in entities)
    return CompiledStates(
        StatesOutline(documents.revision, tuple(entity.name for entity in entities), join_digests(untargeted)),
        entities,
        untargeted,
        encode_object(shown.encoded for shown in untargeted),
        store.SessionFacts(collect_queries(used.values()), dialect),
        is_targeted=any(entity.candidates for entity in entities),
    )


def _within_bounds(entities: Iterable[CompiledEntity]) -> Iterator[CompiledEntity]:
    """Yield the entities as long as the size of their states is within the limit."""
    encoded_bytes = 0
    for entity in entities:
        encoded_bytes += len(entity.otherwise.encoded) + sum(len(one.shown.encoded) for one in entity.candidates)
        if encoded_bytes > MOST_ENCODED_BYTES:
            raise ValidationFailed([ErrorDetail("", TOO_LARGE)])
        yield entity


def _kinds_by_entity(model: SpaceModel) -> dict[str, Kinds]:
    by_experience = {
        experience.key: {definition.key: definition.type for definition in experience.properties}
        for experience in model.experiences
    }
    return {
        entity_name(collection, child): by_experience[child.type] if child.kind is ChildKind.EXPERIENCE else NO_KINDS
        for collection, child in entities_of(model)
    }


def _entity(name: str, alternatives: Alternatives, tribes: Tribes, kinds: Kinds) -> CompiledEntity:
    candidates = tuple(
        Candidate(
            replace(targeted, scenario=NO_SCENARIO),
            tuple(tribes[key] for key in targeted.tribes if key in tribes),
            _render_state(name, choice),
        )
        for targeted, choice in alternatives.targeted
    )
    return CompiledEntity(
        name, alternatives.is_published, _render_state(name, alternatives.otherwise), candidates, kinds
    )


def _render_state(name: str, choice: SelectedState) -> RenderedState:
    encoded = msgspec.json.encode(name) + b":" + msgspec.json.encode(_wire(choice))
    return RenderedState(choice.scenario, choice.state.enabled, encoded, compute_digest(encoded))


def compute_digest(encoded: bytes) -> str:
    """Return a short text that is unique to these bytes."""
    return urlsafe_b64encode(hashlib.blake2b(encoded, digest_size=6).digest()).decode()[:DIGEST_LENGTH]


def join_digests(shown: Iterable[RenderedState | None]) -> str:
    """Concatenate the digests of states; `UNTOLD` for undecidable ones."""
    return "".join([UNTOLD if one is None else one.digest for one in shown])


def choose_states(states: CompiledStates, now: int, decide: Decide) -> list[RenderedState | None]:
    """Return the state of each of `states.entities` at a time; None where it is undecidable here.

    Each tribe is decided once, and only if necessary.
    """
    remembered = memoize(decide)
    return [choose(entity, now, remembered) for entity in states.entities]


def memoize(decide: Decide) -> Decide:
    """Return the function with its decisions cached."""
    outcomes: dict[str, TribeOutcome] = {}

    def decided(tribe: TribeDefinition) -> TribeOutcome:
        outcome = outcomes.get(tribe.key)
        if outcome is None:
            outcome = outcomes[tribe.key] = decide(tribe)
        return outcome

    return decided


def choose(entity: CompiledEntity, now: int, decide: Decide) -> RenderedState | None:
    """Return the first active and matching targeted scenario, else the untargeted state; None if undecidable."""
    for candidate in entity.candidates:
        if is_in_time(candidate.targeted, now):
            outcome = matches(candidate, decide)
            if outcome is TribeOutcome.MATCHED:
                return candidate.shown
            if outcome is TribeOutcome.UNKNOWN:
                return None
    return entity.otherwise


def matches(candidate: Candidate, decide: Decide) -> TribeOutcome:
    """Return whether the person is in any of the tribes of a targeted scenario."""
    outcome = TribeOutcome.NOT_MATCHED
    for tribe in candidate.tribes:
        found = decide(tribe)
        if found is TribeOutcome.MATCHED:
            return found
        outcome = found if found is TribeOutcome.UNKNOWN else outcome
    return outcome


def encode_object(members: Iterable[bytes]) -> bytes:
    """Encode members as a JSON object."""
    return b"{" + b",".join(members) + b"}"


def _wire(choice: SelectedState) -> EntityState:
    state = choice.state
    if state.items is None:
        return EntityState(state.enabled, choice.scenario, properties=_plain(state.properties or {}))
    items = tuple(ItemState(item.id, item.experience, item.enabled, _plain(item.properties)) for item in state.items)
    return EntityState(state.enabled, choice.scenario, items=items)


def _plain(properties: Mapping[str, Value]) -> dict[str, Any]:
    return {key: to_plain(value) for key, value in properties.items()}
