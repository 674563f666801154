"""The JSON of tribes. Unknown fields are ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from mtribes_cli.api.decoding import JsonObject, Model

Filter = Mapping[str, object]


@dataclass(frozen=True)
class Tribe:
    """A set of filters over people; the filters are as the document has them."""

    key: str
    name: str
    category: str | None
    audience: str
    match: str
    filters: tuple[Filter, ...]

    @classmethod
    def read(cls, value: object, place: str, *, key: str) -> Self:
        """One of the tribes of a document."""
        fields = JsonObject(value, place)
        return cls(
            key,
            fields.text("name"),
            fields.optional_text("category"),
            fields.text("audience"),
            fields.text("match"),
            fields.many("filters", _filter),
        )


def _filter(value: object, place: str) -> Filter:
    return JsonObject({"filter": value}, place).mapping("filter")


def read_tribes(value: object, place: str) -> tuple[Tribe, ...]:
    """All tribes of the document of a Space, in its order."""
    tribes = JsonObject(value, place).mapping("tribes")
    return tuple(Tribe.read(tribe, f"{place}.tribes.{key}", key=key) for key, tribe in tribes.items())


@dataclass(frozen=True)
class PushedTribes(Model):
    """What became of tribes that were sent."""

    revision: int
    changed: bool


@dataclass(frozen=True)
class TribeCount(Model):
    """How many people are in a tribe, users and visitors."""

    tribe: str
    count: int


@dataclass(frozen=True)
class ExplainedFilter(Model):
    """What came of a filter, and why in words; `found` is whatever was."""

    filter: Filter
    outcome: str  # matched, not_matched, cannot_be_known_here
    asked: str
    found: object
    why: str


@dataclass(frozen=True)
class Explanation(Model):
    """Why a person is in a tribe or not."""

    tribe: str
    name: str
    person: str
    kind: str  # user, visitor
    outcome: str
    in_audience: bool
    audience: str
    match: str
    why: str
    filters: tuple[ExplainedFilter, ...]
