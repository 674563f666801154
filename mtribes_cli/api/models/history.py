"""Histories of documents, and differences between deliveries, as they travel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from mtribes_cli.api.decoding import Field, Model


@dataclass(frozen=True)
class Author(Model):
    """Who made a revision; `name` is None where there is none any more."""

    kind: str  # person, service
    id: str
    name: str | None


@dataclass(frozen=True)
class Revision(Model):
    """A revision of a document: when, by whom, and why, where its author said so."""

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
        """Return it for `--json`."""
        return {"environment": self.environment, "revision": self.revision}


@dataclass(frozen=True)
class ValueChange(Model):
    """A value before and after; None where it is not given."""

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
    """What changes from one delivery to another."""

    before: Annotated[DeliveryAt, Field("from")]
    after: Annotated[DeliveryAt, Field("to")]
    changes: tuple[DeliveryChange, ...]
