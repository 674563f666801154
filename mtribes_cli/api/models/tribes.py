"""The JSON of tribes. Unknown fields are ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mtribes_cli.api.decoding import JsonObject, Model

Filter = Mapping[str, object]


@dataclass(frozen=True)
class Tribe(Model):
    """A set of filters over people; the filters are as in the document."""

    key: str
    name: str
    category: str | None
    audience: str
    match: str
    filters: tuple[Filter, ...]


def read_tribes(value: object, place: str) -> tuple[Tribe, ...]:
    """Return all tribes of the document of a Space, in its order."""
    return JsonObject(value, place).keyed("tribes", Tribe.read)


@dataclass(frozen=True)
class PushedTribes(Model):
    """The result of pushing tribes."""

    revision: int
    changed: bool


@dataclass(frozen=True)
class TribeCount(Model):
    """The number of users and visitors in a tribe."""

    tribe: str
    count: int


@dataclass(frozen=True)
class ExplainedFilter(Model):
    """The result of a filter, and the reason in words; `found` is the value found."""

    filter: Filter
    outcome: str  # matched, not_matched, cannot_be_known_here
    asked: str
    found: object
    why: str


@dataclass(frozen=True)
class Explanation(Model):
    """The reason why a person is in a tribe or not."""

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
