"""The JSON of what a push would change for people. Unknown fields are ignored."""

from __future__ import annotations

from dataclasses import dataclass

from mtribes_cli.api.decoding import Model


@dataclass(frozen=True)
class PeopleShare(Model):
    """A part of the evaluated people; the margin is in percentage points, 0 where everybody was evaluated."""

    people: int
    percent: float
    margin: float


@dataclass(frozen=True)
class AffectedPerson(Model):
    """A person whose scenario would change."""

    kind: str  # user, visitor
    id: str


@dataclass(frozen=True)
class ScenarioImpact(Model):
    """Who gains and who loses a scenario; None: no scenario."""

    scenario: str | None
    gains: PeopleShare
    losses: PeopleShare
    gain_examples: tuple[AffectedPerson, ...]
    loss_examples: tuple[AffectedPerson, ...]


@dataclass(frozen=True)
class EntityImpact(Model):
    """What would change of an entity."""

    entity: str
    changed: PeopleShare
    edited: PeopleShare
    cannot_be_known: PeopleShare
    scenarios: tuple[ScenarioImpact, ...]


@dataclass(frozen=True)
class ImpactSample(Model):
    """How many people were evaluated instead of all, and the largest margin."""

    people: int
    margin: float


@dataclass(frozen=True)
class Impact(Model):
    """What a push would change in an environment."""

    environment: str
    revision: int
    at: str
    since: str
    people: int
    sample: ImpactSample | None
    entities: tuple[EntityImpact, ...]
