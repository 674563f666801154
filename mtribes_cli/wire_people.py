"""Visitors, what lists of people are asked for, and tags that are deleted, as they travel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from mtribes_cli.json_fields import Fields
from mtribes_cli.request import given

ERASED_KINDS = ("profile", "devices", "sessions", "events")
MAX_PAGE = 1000
"""The most entries of one page."""


@dataclass(frozen=True)
class PeopleQuery:
    """Which people to list: at most `limit`, with a tag or one below it, an attribute (`name=value`), a text."""

    limit: int
    tag: str | None = None
    attribute: str | None = None
    search: str | None = None

    def as_sent(self) -> Mapping[str, object]:
        """Return the parameters of the address. One more than `limit` is asked for: whether there are more shows so."""
        return {"limit": min(self.limit + 1, MAX_PAGE)} | given(
            tag=self.tag, attribute=self.attribute, search=self.search
        )


@dataclass(frozen=True)
class TagRemoval:
    """A tag that the server is deleting, and how many users and visitors still have it."""

    tag: str
    users: int
    visitors: int

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """Read an entity of dataType tag_removal."""
        fields = Fields(value, place)
        return cls(fields.text("tag"), fields.whole("users"), fields.whole("visitors"))


@dataclass(frozen=True)
class Visitor:
    """What is kept of a visitor of an environment; times are as the server writes them."""

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

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """Read an entity of dataType visitor."""
        fields = Fields(value, place)
        return cls(
            fields.text("anonymous_id"),
            fields.optional_text("email"),
            fields.optional_text("phone"),
            fields.optional_text("timezone"),
            fields.optional_text("locale"),
            fields.texts("tags"),
            fields.mapping("attributes"),
            fields.optional_text("created"),
            fields.optional_text("updated"),
            fields.optional_text("first_seen"),
            fields.optional_text("last_seen"),
        )


@dataclass(frozen=True)
class VisitorErasure:
    """A visitor who was removed, and how much of each kind."""

    anonymous_id: str
    removed: Mapping[str, int]

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """The answer of `DELETE .../visitors/:visitor`."""
        fields = Fields(value, place)
        counts = Fields(fields.mapping("removed"), f"{place}.removed")
        return cls(fields.text("anonymous_id"), {kind: counts.whole(kind) for kind in ERASED_KINDS})
