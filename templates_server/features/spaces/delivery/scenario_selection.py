"""Selection of an entity's state: the first targeted scenario that matches, else the default one. Pure.

Tribe membership is not known here: the caller decides which targeted scenarios match.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from templates_server.features.spaces.delivery.state import (
    DeliveryState,
    EntityScenarios,
    Scenario,
    ScenarioItem,
    TargetedScenario,
)
from templates_server.features.spaces.model import (
    Child,
    ChildKind,
    Experience,
    Item,
    ModelEntityState,
    SpaceModel,
    Value,
)

Matches = Callable[[TargetedScenario], bool]
DEFAULT_NAME = "default"
NO_SCENARIOS = EntityScenarios()
NO_SCENARIO = Scenario()
"""The state without even a default: enabled, with no values."""


@dataclass(frozen=True, slots=True)
class SelectedState:
    """The state of an entity, and the name of its scenario, None if there is none."""

    scenario: str | None
    state: ModelEntityState


def default_states(model: SpaceModel, delivery: DeliveryState) -> dict[str, ModelEntityState]:
    """Return the state of every entity for somebody in no tribe; production's states are the fallbacks."""
    return {entity: choice.state for entity, choice in choose_states(model, delivery, lambda _: False).items()}


def choose_states(model: SpaceModel, delivery: DeliveryState, matches: Matches) -> dict[str, SelectedState]:
    """Return the state of every entity of the model, by `collection.child`, in order of key.

    `matches` returns whether a targeted scenario is active and its tribes include the person.
    """
    return {
        entity: next((choice for targeted, choice in found.targeted if matches(targeted)), found.otherwise)
        for entity, found in list_choices(model, delivery).items()
    }


@dataclass(frozen=True, slots=True)
class Alternatives:
    """All possible states of an entity: the untargeted one, and that of each targeted scenario, in order."""

    is_published: bool
    otherwise: SelectedState
    targeted: tuple[tuple[TargetedScenario, SelectedState], ...] = ()


def list_choices(model: SpaceModel, delivery: DeliveryState) -> dict[str, Alternatives]:
    """Return the alternatives of every entity of the model, by `collection.child`, in order of key."""
    return dict(iterate_choices(model, delivery))


def iterate_choices(model: SpaceModel, delivery: DeliveryState) -> Iterator[tuple[str, Alternatives]]:
    """Yield the alternatives entity by entity: all of them at once may be far larger than the two documents."""
    for collection_key, child in entities(model):
        entity = entity_name(collection_key, child)
        scenarios = delivery.scenarios.get(entity, NO_SCENARIOS)
        published = collection_key in delivery.published
        yield (
            entity,
            Alternatives(
                published,
                _choice(model, child, scenarios, None, published=published),
                tuple(
                    (targeted, _choice(model, child, scenarios, targeted, published=published))
                    for targeted in scenarios.targeted
                ),
            ),
        )


def entities(model: SpaceModel) -> Iterator[tuple[str, Child]]:
    """Yield every child with the key of its collection, in order of key."""
    return ((collection.key, child) for collection in model.collections for child in collection.children)


def entity_name(collection: str, child: Child) -> str:
    """Return the name of an entity, such as `homepage.header`."""
    return f"{collection}.{child.key}"


def is_in_time(targeted: TargetedScenario, now: int) -> bool:
    """Return whether a targeted scenario is active at that time: `starts` is inclusive, `ends` exclusive."""
    return (targeted.starts is None or targeted.starts <= now) and (targeted.ends is None or now < targeted.ends)


def _choice(
    model: SpaceModel, child: Child, scenarios: EntityScenarios, targeted: TargetedScenario | None, *, published: bool
) -> SelectedState:
    default = scenarios.default or NO_SCENARIO
    scenario = targeted.scenario if targeted else default
    enabled = published and scenario.enabled
    if child.kind is ChildKind.SECTION:
        state = ModelEntityState(enabled, items=tuple(_item(model, item) for item in scenario.items))
    else:
        properties = _complete(model.experience_by_key[child.type], scenario.properties, default.properties)
        state = ModelEntityState(enabled, properties=properties)
    return SelectedState(_name(scenarios, targeted), state)


def _name(scenarios: EntityScenarios, targeted: TargetedScenario | None) -> str | None:
    if targeted is not None:
        return targeted.name
    return DEFAULT_NAME if scenarios.default is not None else None


def _item(model: SpaceModel, item: ScenarioItem) -> Item:
    experience = model.experience_by_key[item.experience]
    return Item(item.id, item.experience, item.enabled, _complete(experience, item.properties, {}))


def _complete(experience: Experience, given: Mapping[str, Value], else_given: Mapping[str, Value]) -> dict[str, Value]:
    """Return every property: as given, else from the default scenario, else its own default, else unset."""
    complete = {}
    for definition in experience.properties:
        value = given.get(definition.key)
        if value is None:
            value = else_given.get(definition.key)
        complete[definition.key] = definition.initial if value is None else value
    return complete
