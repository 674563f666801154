"""Users, visitors and their tags, and the query for a list of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from mtribes_cli.api.decoding import Field, Model
from mtribes_cli.api.request import drop_none, page_query


@dataclass(frozen=True)
class PeopleQuery:
    """The people to list: at most `limit`, by tag (or one below it), attribute (`name=value`) or text."""

    limit: int
    tag: str | None = None
    attribute: str | None = None
    search: str | None = None

    def as_sent(self) -> Mapping[str, object]:
        """Return the query parameters. They request one more than `limit`, which shows whether there are more."""
        return {**page_query(self.limit), **drop_none(tag=self.tag, attribute=self.attribute, search=self.search)}


@dataclass(frozen=True)
class User(Model):
    """A user of an environment; times are as the server writes them."""

    user_id: str
    email: str | None
    phone: str | None
    timezone: str | None
    locale: str | None
    joined: str | None  # a day
    tags: tuple[str, ...]
    attributes: Mapping[str, object]
    created: str | None
    updated: str | None
    first_seen: str | None
    last_seen: str | None


@dataclass(frozen=True)
class UserTag(Model):
    """A tag, and how many users and visitors have it."""

    tag: str
    users: int
    visitors: Annotated[int, Field(default=0)]


@dataclass(frozen=True)
class RemovedVisitor(Model):
    """How much of each kind was removed with a visitor."""

    profile: int
    devices: int
    sessions: int
    events: int


@dataclass(frozen=True)
class RemovedUser(Model):
    """How much of each kind was removed with a user."""

    profile: int
    visitors: int
    devices: int
    sessions: int
    events: int


@dataclass(frozen=True)
class Erasure(Model):
    """How much of each kind was removed with a user."""

    user_id: str
    removed: RemovedUser


@dataclass(frozen=True)
class TagRemoval(Model):
    """A tag that the server is deleting, and how many users and visitors still have it."""

    tag: str
    users: int
    visitors: int


@dataclass(frozen=True)
class Visitor(Model):
    """A visitor of an environment; times are as the server writes them."""

    anonymous_id: str
    email: str | None
    phone: str | None
    timezone: str | None
    locale: str | None
    tags: tuple[str, ...]
    attributes: Mapping[str, object]
    created: str | None
    updated: str | None
    first_seen: str | None
    last_seen: str | None


@dataclass(frozen=True)
class VisitorErasure(Model):
    """A deleted visitor, and how many records of each kind were deleted."""

    anonymous_id: str
    removed: RemovedVisitor
