"""The delivery of an environment: its published collections and the scenarios of their entities. Values only."""

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
    """A state of an entity: `properties` has those given (experience), `items` the whole list (section)."""

    enabled: bool = True
    properties: Mapping[str, Value] = field(default_factory=dict)
    items: tuple[ScenarioItem, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetedScenario:
    """A scenario for people in any of the tribes, from `starts` up to but excluding `ends` (milliseconds)."""

    name: str
    tribes: tuple[str, ...]
    scenario: Scenario
    starts: int | None = None
    ends: int | None = None


@dataclass(frozen=True, slots=True)
class EntityScenarios:
    """The scenarios of an entity; the targeted ones in order of evaluation."""

    default: Scenario | None = None
    targeted: tuple[TargetedScenario, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """The whole delivery of an environment: published collection keys, and scenarios by `collection.child`."""

    published: frozenset[str] = frozenset()
    scenarios: Mapping[str, EntityScenarios] = field(default_factory=dict)


NOTHING = DeliveryState()
"""The delivery of an environment before the first push."""
