"""What an environment delivers: which collections are published, and the scenarios of their entities. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from templates_server.features.spaces.model import Value


@dataclass(frozen=True, slots=True)
class ScenarioItem:
    """An experience in a section's list; `properties` are those given."""

    id: str
    experience: str
    enabled: bool = True
    properties: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A state of an entity: `properties` are those given (of an experience), `items` the whole list (of a section)."""

    enabled: bool = True
    properties: Mapping[str, Value] = field(default_factory=dict)
    items: tuple[ScenarioItem, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetedScenario:
    """A scenario for those who are in any of the tribes, from `starts` on and before `ends` (milliseconds)."""

    name: str
    tribes: tuple[str, ...]
    scenario: Scenario
    starts: int | None = None
    ends: int | None = None


@dataclass(frozen=True, slots=True)
class EntityScenarios:
    """The scenarios of an entity; the targeted ones in the order in which they are looked at."""

    default: Scenario | None = None
    targeted: tuple[TargetedScenario, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """All of an environment: keys of the published collections, and the scenarios by entity (`collection.child`)."""

    published: frozenset[str] = frozenset()
    scenarios: Mapping[str, EntityScenarios] = field(default_factory=dict)


NOTHING = DeliveryState()
"""What an environment delivers before anything was pushed."""
