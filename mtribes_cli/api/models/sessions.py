"""The JSON of explained sessions. Unknown fields are ignored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from mtribes_cli.api.decoding import Field, JsonObject, Model
from mtribes_cli.api.models.tribes import Explanation


@dataclass(frozen=True)
class ExplainedScenario(Model):
    """A targeted scenario of an entity, and the person in its tribes."""

    name: str
    outcome: str  # matched, not_matched, cannot_be_known_here
    chosen: bool
    in_time: bool
    starts: str | None
    ends: str | None
    why: str
    tribes: tuple[Explanation, ...]


def _enabled(fields: JsonObject, name: str) -> bool | None:
    return fields.flag(name) if fields.flag("known") else None


@dataclass(frozen=True)
class ExplainedEntity(Model):
    """What an entity shows, and why; `known` is false if it depends on fields that an app sends."""

    entity: str
    published: bool
    known: bool
    scenario: str | None
    enabled: Annotated[bool | None, Field(reader=_enabled)]
    why: str
    scenarios: tuple[ExplainedScenario, ...]


@dataclass(frozen=True)
class SessionExplanation(Model):
    """What a session that starts now would show a person."""

    person: str
    kind: str  # user, visitor
    merged_visitor: str | None
    at: str
    revision: str
    entities: tuple[ExplainedEntity, ...]
