"""The JSON of explained sessions. Unknown fields are ignored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from mtribes_cli.api.decoding import JsonObject, Model
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


@dataclass(frozen=True)
class ExplainedEntity:
    """What is shown of an entity, and why; `known` false: what an app says decides."""

    entity: str
    published: bool
    known: bool
    scenario: str | None
    enabled: bool | None
    why: str
    scenarios: tuple[ExplainedScenario, ...]

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """One entity of an explained session."""
        fields = JsonObject(value, place)
        known = fields.flag("known")
        return cls(
            fields.text("entity"),
            fields.flag("published"),
            known,
            fields.optional_text("scenario"),
            fields.flag("enabled") if known else None,
            fields.text("why"),
            fields.many("scenarios", ExplainedScenario.read),
        )


@dataclass(frozen=True)
class SessionExplanation(Model):
    """What a session that starts now would show somebody."""

    person: str
    kind: str  # user, visitor
    merged_visitor: str | None
    at: str
    revision: str
    entities: tuple[ExplainedEntity, ...]
