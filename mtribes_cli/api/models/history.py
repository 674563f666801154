"""Histories of documents, and differences between deliveries, as they travel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from mtribes_cli.api.decoding import JsonObject

MAX_PAGE = 1000
"""The most entries of one page."""


@dataclass(frozen=True)
class Author:
    """Who made a revision; `name` is None where there is none any more."""

    kind: str  # person, service
    id: str
    name: str | None

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """Read `{kind, id, name}`."""
        fields = JsonObject(value, place)
        return cls(fields.text("kind"), fields.text("id"), fields.optional_text("name"))


@dataclass(frozen=True)
class Revision:
    """A revision of a document: when, by whom, and why, where its author said so."""

    revision: int
    at: str
    author: Author
    note: str | None

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """Read an entity of dataType revision."""
        fields = JsonObject(value, place)
        author = Author.read(fields.mapping("author"), f"{place}.author")
        return cls(fields.whole("revision"), fields.text("at"), author, fields.optional_text("note"))


@dataclass(frozen=True)
class DeliveryAt:
    """A delivery that was compared."""

    environment: str
    revision: int

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """Read `{environment, revision}`."""
        fields = JsonObject(value, place)
        return cls(fields.text("environment"), fields.whole("revision"))

    def as_json(self) -> Mapping[str, object]:
        """Return it for `--json`."""
        return {"environment": self.environment, "revision": self.revision}


@dataclass(frozen=True)
class ValueChange:
    """A value before and after; None where it is not given."""

    path: str
    before: object
    after: object

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """Read `{path, before, after}`."""
        fields = JsonObject(value, place)
        return cls(fields.text("path"), fields.any("before"), fields.any("after"))


@dataclass(frozen=True)
class DeliveryChange:
    """A change of a collection, or of a scenario of an entity."""

    kind: str  # published, unpublished, added, removed, moved, changed
    collection: str | None
    entity: str | None
    scenario: str | None
    values: tuple[ValueChange, ...]

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """Read one change of a delivery_diff."""
        fields = JsonObject(value, place)
        return cls(
            fields.text("kind"),
            fields.optional_text("collection"),
            fields.optional_text("entity"),
            fields.optional_text("scenario"),
            fields.many("values", ValueChange.read),
        )


@dataclass(frozen=True)
class DeliveryDiff:
    """What changes from one delivery to another."""

    before: DeliveryAt
    after: DeliveryAt
    changes: tuple[DeliveryChange, ...]

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """Read an entity of dataType delivery_diff."""
        fields = JsonObject(value, place)
        return cls(
            DeliveryAt.read(fields.mapping("from"), f"{place}.from"),
            DeliveryAt.read(fields.mapping("to"), f"{place}.to"),
            fields.many("changes", DeliveryChange.read),
        )


def page_query(limit: int) -> Mapping[str, object]:
    """Return the parameters of a list. One more than `limit` is asked for: whether there are more shows so."""
    return {"limit": min(limit + 1, MAX_PAGE)}
