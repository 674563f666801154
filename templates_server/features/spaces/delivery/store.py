"""All SQL about the deliveries of environments."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from templates_server.errors import Conflict, NotFound
from templates_server.features.spaces.delivery.parser import to_document
from templates_server.features.spaces.delivery.state import NOTHING
from templates_server.primitives.revisions import NewRevision, StoredDocument, StoreResult, check_revision, to_json
from templates_server.storage.tables import delivery_revisions, environments, spaces, tribe_revisions


@dataclass(frozen=True)
class EnvironmentRow:
    """An environment of a Space (by its key) with its current delivery document."""

    id: str
    name: str
    revision: int
    document: Any


def list_environments(connection: Connection, space_id: str) -> Sequence[EnvironmentRow]:
    """Return the environments of a Space with their deliveries, in order of name."""
    query = select(environments.c.id, environments.c.name).where(environments.c.space_id == space_id)
    found = []
    for row in connection.execute(query.order_by(environments.c.name)).all():
        present = load_delivery(connection, row.id)
        found.append(EnvironmentRow(row.id, row.name, present.revision, present.value))
    return found


def list_environment_ids(connection: Connection, space_id: str) -> Sequence[str]:
    """Return the IDs of the environments of a Space, in order of name."""
    query = select(environments.c.id).where(environments.c.space_id == space_id).order_by(environments.c.name)
    return connection.execute(query).scalars().all()


def load_delivery(connection: Connection, environment_id: str, revision: int | None = None) -> StoredDocument:
    """Return the current delivery of an environment, or that of a revision. Raise NotFound without such a revision."""
    place = _place(connection, environment_id)
    wanted = place.revision if revision is None else revision
    if wanted == 0:
        return StoredDocument(0, to_document(NOTHING, space=place.key, environment=place.name))
    query = select(delivery_revisions.c.document).where(
        delivery_revisions.c.environment_id == environment_id, delivery_revisions.c.revision == wanted
    )
    text = connection.execute(query).scalar_one_or_none()
    if text is None:
        raise NotFound(f"No revision {wanted} of the delivery.")
    return StoredDocument(wanted, json.loads(text))


def _place(connection: Connection, environment_id: str) -> Any:
    """Return `revision` and `name` of an environment, and `key` of its Space."""
    query = select(environments.c.revision, environments.c.name, spaces.c.key).join_from(environments, spaces)
    row = connection.execute(query.where(environments.c.id == environment_id)).one_or_none()
    if row is None:
        raise NotFound
    return row


def store_delivery(connection: Connection, environment_id: str, new: NewRevision) -> StoreResult:
    """Store a new delivery document.

    Raise PreconditionFailed when the current one is not the expected one, Conflict when it references a tribe that was
    deleted meanwhile.
    """
    lock_environment(connection, environment_id)
    present = load_delivery(connection, environment_id)
    check_revision(present.revision, new.expected)
    if present.value == new.document:
        return StoreResult(present.revision, changed=False)
    _check_tribes(connection, environment_id, new.document)
    revision = present.revision + 1
    connection.execute(
        delivery_revisions.insert(),
        {
            "environment_id": environment_id,
            "revision": revision,
            "document": to_json(new.document),
            "created": new.now,
            "created_by": new.author,
            "note": new.note,
        },
    )
    connection.execute(environments.update().where(environments.c.id == environment_id).values(revision=revision))
    return StoreResult(revision, changed=True)


def lock_environment(connection: Connection, environment_id: str) -> None:
    """Lock an environment's delivery, and the tribes that it may reference, until the transaction ends.

    The Space is locked first, as everywhere (SQLite has one writer anyway).
    """
    space = select(environments.c.space_id).where(environments.c.id == environment_id).scalar_subquery()
    connection.execute(select(spaces.c.id).where(spaces.c.id == space).with_for_update(read=True))
    connection.execute(select(environments.c.id).where(environments.c.id == environment_id).with_for_update())


def _check_tribes(connection: Connection, environment_id: str, document: Mapping[str, Any]) -> None:
    """Raise Conflict when a document references tribes deleted since it was parsed."""
    space_id = connection.execute(
        select(environments.c.space_id).where(environments.c.id == environment_id)
    ).scalar_one()
    named = {
        tribe
        for scenarios in document["scenarios"].values()
        for targeted in scenarios.get("targeted", ())
        for tribe in targeted["tribes"]
    }
    gone = sorted(named - list_tribes(connection, space_id)) if named else []
    if gone:
        raise Conflict(f"These tribes were just deleted: {', '.join(gone)}. Fetch the document again.")


def list_tribes(connection: Connection, space_id: str) -> frozenset[str]:
    """Return the keys of the Space's tribes."""
    query = (
        select(tribe_revisions.c.document)
        .join_from(tribe_revisions, spaces)
        .where(spaces.c.id == space_id, tribe_revisions.c.revision == spaces.c.tribes_revision)
    )
    text = connection.execute(query).scalar_one_or_none()
    return frozenset() if text is None else frozenset(json.loads(text)["tribes"])


@dataclass(frozen=True)
class Revisions:
    """The current revisions of a Space's model and of the delivery of one of its environments."""

    model: int
    delivery: int


def load_revisions(connection: Connection, space_id: str, environment: str) -> Revisions:
    """Return the current revisions. Raise NotFound when the Space no longer exists."""
    query = (
        select(spaces.c.revision.label("model"), environments.c.revision.label("delivery"))
        .join_from(environments, spaces)
        .where(spaces.c.id == space_id, environments.c.name == environment)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound
    return Revisions(row.model, row.delivery)


def find_environment(connection: Connection, space_id: str, name: str) -> str:
    """Return the id of an environment. Raise NotFound when the Space no longer exists."""
    query = select(environments.c.id).where(environments.c.space_id == space_id, environments.c.name == name)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound
    return str(row.id)
