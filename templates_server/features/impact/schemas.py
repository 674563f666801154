"""What the Platform API reads and gives about the impact of a push."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from templates_server.features.spaces.delivery.schemas import SentDelivery
from templates_server.features.tribes.schemas import SentTribes


class SentDeliveryImpact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The delivery that would be pushed: an object, or the text of a JSON or YAML document."""

    document: SentDelivery | str


class SentTribesImpact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tribes that would be pushed: an object, or the text of a JSON or YAML document."""

    document: SentTribes | str


class PeopleShare(msgspec.Struct, frozen=True):
    """A part of the evaluated people; `margin` in percentage points, 0 where all people were evaluated."""

    people: int
    percent: float
    margin: float


class ImpactSample(msgspec.Struct, frozen=True):
    """A sample of people. `margin`: the largest margin of any share, in percentage points, with 95% confidence."""

    people: int
    margin: float


class AffectedPerson(msgspec.Struct, frozen=True):
    """A person, by `user_id` or, for a visitor, by `anonymous_id`."""

    kind: Literal["user", "visitor"]
    id: str


Examples = Annotated[list[AffectedPerson], Meta(max_length=10)]


class ScenarioImpact(msgspec.Struct, frozen=True):
    """A scenario of an entity (`default`, a name, null for none): people who gain and lose it, with examples."""

    scenario: str | None
    gains: PeopleShare
    losses: PeopleShare
    gain_examples: Examples
    loss_examples: Examples


class EntityImpact(msgspec.Struct, frozen=True):
    """An entity that would change.

    `changed`: people who get another scenario. `edited`: people who keep their scenario, with other content.
    `cannot_be_known`: people whose scenario depends on fields that apps send when a session starts.
    """

    entity: str
    changed: PeopleShare
    edited: PeopleShare
    cannot_be_known: PeopleShare
    scenarios: list[ScenarioImpact]


class Impact(msgspec.Struct, frozen=True):
    """What a push would change in an environment for the people seen since a time, compared with what it delivers now.

    `revision`: the current revision of the document that the push would replace. `people`: how many people were
    evaluated. `sample` is null if that is everybody.
    """

    environment: str
    revision: int
    at: str
    since: str
    people: int
    sample: ImpactSample | None
    entities: list[EntityImpact]
