"""All SQL about Spaces, environments and keys."""

from __future__ import annotations

import functools
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select
from sqlalchemy.exc import IntegrityError

from templates_server.errors import Conflict, NotFound
from templates_server.features.spaces.model import SpaceModel
from templates_server.features.spaces.parser import to_document
from templates_server.primitives.ids import ENVIRONMENT_KEY_PREFIX, new_id, random_text
from templates_server.primitives.revisions import NewRevision, StoredDocument, StoreResult, check_revision, to_json
from templates_server.security.authorization import Principal, PrincipalKind, ResourceScope
from templates_server.storage.database import Database
from templates_server.storage.removal.store import begin as begin_removal
from templates_server.storage.removal.store import is_kept
from templates_server.storage.tables import environment_keys, environments, model_revisions, organizations, spaces

ENVIRONMENTS = ("development", "staging", "production")
KEY_CHARACTERS = 32
MAX_LIVE_KEYS = 100  # of an environment
CACHED_APPS = 1024

LIVE_KEY = (
    "SELECT k.id, k.name, k.environment_id, environments.signature_version, spaces.revision, environments.revision, "
    "spaces.tribes_revision FROM environment_keys AS k JOIN environments ON environments.id = k.environment_id "
    "JOIN spaces ON spaces.id = environments.space_id WHERE k.key = ? AND k.revoked IS NULL"
)


def locate(connection: Connection, names: Mapping[str, str]) -> ResourceScope | None:
    """Return the place of `organization`, `space`, `environment` (a name or its active pk_ key); None if not found."""
    if "space" in names:
        return _locate_space(connection, names["space"], names.get("environment"))
    return _locate_organization(connection, names["organization"])


def _locate_organization(connection: Connection, name: str) -> ResourceScope | None:
    query = select(organizations.c.id, organizations.c.key).where(
        or_(organizations.c.key == name, organizations.c.id == name)
    )
    row = connection.execute(query).one_or_none()
    return ResourceScope(row.id, row.key) if row else None


def _locate_space(connection: Connection, name: str, environment: str | None) -> ResourceScope | None:
    query = (
        select(
            organizations.c.id.label("organization_id"),
            organizations.c.key.label("organization_key"),
            spaces.c.id.label("space_id"),
            spaces.c.key.label("space_key"),
        )
        .join_from(spaces, organizations)
        .where(or_(spaces.c.key == name, spaces.c.id == name))
    )
    if environment is not None:
        query = query.add_columns(
            environments.c.id.label("environment_id"), environments.c.name.label("environment_name")
        ).join(environments, environments.c.space_id == spaces.c.id)
        query = query.where(
            or_(environments.c.name == environment, environments.c.id.in_(_environments_of_key(environment)))
        )
    row = connection.execute(query).mappings().one_or_none()
    return ResourceScope(**row) if row else None


def _environments_of_key(key: str) -> Select[tuple[str]]:
    return select(environment_keys.c.environment_id).where(
        environment_keys.c.key == key, environment_keys.c.revoked.is_(None)
    )


async def find_app(database: Database, key: str) -> Principal | None:
    """Return the app of an active pk_ key; None when the key is unknown or revoked."""
    row = await database.fetch_one(LIVE_KEY, key)
    return None if row is None else _app(*row)


@functools.lru_cache(CACHED_APPS)
def _app(key_id: str, name: str, environment_id: str, signature_version: int, *revisions: int) -> Principal:
    return Principal(
        PrincipalKind.APP,
        key_id,
        name,
        environment_id=environment_id,
        signature_version=signature_version,
        revisions=revisions,
    )


@dataclass(frozen=True)
class StoredSpace:
    """A Space: `organization` is a key, times are in milliseconds."""

    id: str
    key: str
    name: str
    organization: str
    revision: int
    created: int
    updated: int


@dataclass(frozen=True)
class SpaceRename:
    """A new name of a Space: the author, the time (milliseconds), and an optional message."""

    name: str
    author: str
    now: int
    note: str | None


@dataclass(frozen=True)
class StoredKey:
    """A public API key of an environment; times are in milliseconds."""

    id: str
    name: str
    key: str
    created: int
    revoked: int | None


# Spaces


def create_space(connection: Connection, organization_id: str, *, key: str, name: str, now: int) -> str:
    """Create a Space with its three environments and an empty model, and return its id.

    Raise Conflict when the key is in use, NotFound when the organization has been deleted meanwhile.
    """
    _keep_organization(connection, organization_id)
    row = {"id": new_id("spc"), "organization_id": organization_id, "key": key, "name": name}
    try:
        connection.execute(spaces.insert(), {**row, "revision": 0, "created": now, "updated": now})
    except IntegrityError:
        raise Conflict(
            f"The key '{key}' is already in use by a Space on this server. Choose another key.", path="key"
        ) from None
    connection.execute(
        environments.insert(),
        [{"id": new_id("env"), "space_id": row["id"], "name": name, "revision": 0} for name in ENVIRONMENTS],
    )
    return row["id"]


def _keep_organization(connection: Connection, organization_id: str) -> None:
    """Lock an organization against deletion until the transaction ends. Raise NotFound when it no longer exists."""
    is_there = (organizations.c.id == organization_id) & is_kept()
    _lock(connection, select(organizations.c.id).where(is_there), is_shared=True)


def rename_space(connection: Connection, space_id: str, new: SpaceRename) -> StoreResult:
    """Rename a Space: a revision of its model, which contains the name. Raise NotFound when it no longer exists."""
    _lock(connection, select(spaces.c.id).where(spaces.c.id == space_id))
    model = load_model(connection, space_id)
    document = {**model.value, "name": new.name}
    return store_model(connection, space_id, NewRevision(document, None, new.author, new.now, new.note))


def find_space(connection: Connection, space_id: str) -> StoredSpace:
    """Return a Space by its id. Raise NotFound when it no longer exists."""
    row = connection.execute(_spaces().where(spaces.c.id == space_id)).mappings().one_or_none()
    if row is None:
        raise NotFound
    return StoredSpace(**row)


def list_spaces(
    connection: Connection, organization_ids: Collection[str], *, limits: Collection[str], after: str, limit: int
) -> Sequence[StoredSpace]:
    """Return that many Spaces of these organizations after a key, in order of key, within any limits."""
    query = _spaces().where(spaces.c.organization_id.in_(organization_ids), spaces.c.key > after)
    if limits:
        query = query.where(or_(spaces.c.id.in_(limits), spaces.c.organization_id.in_(limits)))
    rows = connection.execute(query.order_by(spaces.c.key).limit(limit)).mappings()
    return [StoredSpace(**row) for row in rows]


def _spaces() -> Select[Any]:
    return select(
        spaces.c.id,
        spaces.c.key,
        spaces.c.name,
        organizations.c.key.label("organization"),
        spaces.c.revision,
        spaces.c.created,
        spaces.c.updated,
    ).join_from(spaces, organizations)


def delete_space(connection: Connection, space_id: str, *, now: int) -> None:
    """Delete a Space; the data about its environments' people is removed in later steps."""
    begin_removal(connection, space_id, now=now)
    connection.execute(spaces.delete().where(spaces.c.id == space_id))


# Models


def load_model(connection: Connection, space_id: str, revision: int | None = None) -> StoredDocument:
    """Return the current model document or that of a revision. Raise NotFound without such a revision."""
    space = find_space(connection, space_id)
    wanted = space.revision if revision is None else revision
    if wanted == 0:
        return StoredDocument(0, to_document(SpaceModel(space.key, name=space.name)))
    query = select(model_revisions.c.document).where(
        model_revisions.c.space_id == space_id, model_revisions.c.revision == wanted
    )
    text = connection.execute(query).scalar_one_or_none()
    if text is None:
        raise NotFound(f"No revision {wanted} of the model.")
    return StoredDocument(wanted, json.loads(text))


def load_model_of_environment(connection: Connection, environment_id: str, revision: int) -> Any:
    """Return a revision of an environment's model; None if it does not exist, or the Space was deleted."""
    query = (
        select(model_revisions.c.document)
        .join_from(environments, model_revisions, model_revisions.c.space_id == environments.c.space_id)
        .where(environments.c.id == environment_id, model_revisions.c.revision == revision)
    )
    text = connection.execute(query).scalar_one_or_none()
    return None if text is None else json.loads(text)


def store_model(connection: Connection, space_id: str, new: NewRevision) -> StoreResult:
    """Make a document the current model. Raise PreconditionFailed when the current one is not the expected one."""
    _lock(connection, select(spaces.c.id).where(spaces.c.id == space_id))
    present = load_model(connection, space_id)
    check_revision(present.revision, new.expected)
    if present.value == new.document:
        return StoreResult(present.revision, changed=False)
    revision = present.revision + 1
    connection.execute(
        model_revisions.insert(),
        {
            "space_id": space_id,
            "revision": revision,
            "document": to_json(new.document),
            "created": new.now,
            "created_by": new.author,
            "note": new.note,
        },
    )
    changes = {"revision": revision, "name": new.document["name"], "updated": new.now}
    connection.execute(spaces.update().where(spaces.c.id == space_id).values(changes))
    return StoreResult(revision, changed=True)


def _lock(connection: Connection, query: Select[Any], *, is_shared: bool = False) -> None:
    """Lock a row until the transaction ends (SQLite has one writer anyway). Raise NotFound when there is none.

    A shared lock only prevents deletion of the row.
    """
    locked = query.with_for_update(read=is_shared, key_share=is_shared)
    if connection.execute(locked).one_or_none() is None:
        raise NotFound


# Keys of environments


def list_keys(connection: Connection, environment_id: str) -> Sequence[StoredKey]:
    """Return every key of an environment, including the revoked ones, oldest first."""
    query = _keys().where(environment_keys.c.environment_id == environment_id)
    rows = connection.execute(query.order_by(environment_keys.c.created, environment_keys.c.id)).mappings()
    return [StoredKey(**row) for row in rows]


def _keys() -> Select[Any]:
    columns = environment_keys.c
    return select(columns.id, columns.name, columns.key, columns.created, columns.revoked)


def create_key(connection: Connection, environment_id: str, *, name: str, now: int) -> StoredKey:
    """Create a key. Raise Conflict when the environment has the maximum number."""
    _lock(connection, select(environments.c.id).where(environments.c.id == environment_id))
    if count_live_keys(connection, [environment_id]).get(environment_id, 0) >= MAX_LIVE_KEYS:
        raise Conflict(f"An environment can have {MAX_LIVE_KEYS} active keys. Revoke one first.")
    key = StoredKey(new_id("key"), name, ENVIRONMENT_KEY_PREFIX + random_text(KEY_CHARACTERS), now, None)
    row = {"id": key.id, "environment_id": environment_id, "key": key.key, "name": name, "created": now}
    connection.execute(environment_keys.insert(), row)
    return key


def revoke_key(connection: Connection, environment_id: str, name: str, *, now: int) -> str | None:
    """Revoke a key permanently by its id or its text. Raise NotFound when the environment has no such key.

    Return the id of the key; None when it was revoked before.
    """
    columns = environment_keys.c
    mine = (columns.environment_id == environment_id) & or_(columns.id == name, columns.key == name)
    key_id = connection.execute(select(columns.id).where(mine)).scalar_one_or_none()
    if key_id is None:
        raise NotFound
    live = environment_keys.update().where(mine, columns.revoked.is_(None))
    return key_id if connection.execute(live.values(revoked=now)).rowcount else None


def count_live_keys(connection: Connection, environment_ids: Collection[str]) -> Mapping[str, int]:
    """Return the number of active keys of each of these environments; those without any are omitted."""
    columns = environment_keys.c
    query = select(columns.environment_id, func.count()).where(
        columns.environment_id.in_(environment_ids), columns.revoked.is_(None)
    )
    return {row[0]: row[1] for row in connection.execute(query.group_by(columns.environment_id))}
