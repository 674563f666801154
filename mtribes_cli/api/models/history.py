"""Histories of documents, and differences between deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from mtribes_cli.api.decoding import Field, Model


@dataclass(frozen=True)
class Author(Model):
    """The author of a revision; `name` is None if the account no longer exists."""

    kind: str  # person, service
    id: str
    name: str | None


@dataclass(frozen=True)
class Revision(Model):
    """A revision of a document: when, by whom, and the author's note."""

    revision: int
    at: str
    author: Author
    note: str | None


@dataclass(frozen=True)
class DeliveryAt(Model):
    """A delivery that was compared."""

    environment: str
    revision: int

    def as_json(self) -> Mapping[str, object]:
        """Return the value for `--json`."""
        return {"environment": self.environment, "revision": self.revision}


@dataclass(frozen=True)
class ValueChange(Model):
    """A value before and after; None if it is not set."""

    path: str
    before: object
    after: object


@dataclass(frozen=True)
class DeliveryChange(Model):
    """A change of a collection, or of a scenario of an entity."""

    kind: str  # published, unpublished, added, removed, moved, changed
    collection: str | None
    entity: str | None
    scenario: str | None
    values: tuple[ValueChange, ...]


@dataclass(frozen=True)
class DeliveryDiff(Model):
    """The changes from one delivery to another."""

    before: Annotated[DeliveryAt, Field("from")]
    after: Annotated[DeliveryAt, Field("to")]
    changes: tuple[DeliveryChange, ...]
