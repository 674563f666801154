"""The JSON of tribes. Unknown fields are ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from mtribes_cli.api.decoding import JsonObject

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
class PushedTribes:
    """What became of tribes that were sent."""

    revision: int
    changed: bool

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """The answer of `PUT /v2/spaces/:space/tribes`."""
        fields = JsonObject(value, place)
        return cls(fields.whole("revision"), fields.flag("changed"))


@dataclass(frozen=True)
class TribeCount:
    """How many people are in a tribe, users and visitors."""

    tribe: str
    count: int

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """An entity of dataType count."""
        fields = JsonObject(value, place)
        return cls(fields.text("tribe"), fields.whole("count"))


@dataclass(frozen=True)
class ExplainedFilter:
    """What came of a filter, and why in words; `found` is whatever was."""

    filter: Filter
    outcome: str  # matched, not_matched, cannot_be_known_here
    asked: str
    found: object
    why: str

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """One filter of an explanation."""
        fields = JsonObject(value, place)
        return cls(
            fields.mapping("filter"),
            fields.text("outcome"),
            fields.text("asked"),
            fields.any("found"),
            fields.text("why"),
        )


@dataclass(frozen=True)
class Explanation:
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

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """An entity of dataType explanation."""
        fields = JsonObject(value, place)
        return cls(
            fields.text("tribe"),
            fields.text("name"),
            fields.text("person"),
            fields.text("kind"),
            fields.text("outcome"),
            fields.flag("in_audience"),
            fields.text("audience"),
            fields.text("match"),
            fields.text("why"),
            fields.many("filters", ExplainedFilter.read),
        )
