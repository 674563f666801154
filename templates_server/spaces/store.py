"""All SQL about Spaces, environments and keys."""

from __future__ import annotations

import functools
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select
from sqlalchemy.exc import IntegrityError

from templates_server.access import Place, Principal, PrincipalKind
from templates_server.codegen.model import SpaceModel
from templates_server.database import Database
from templates_server.errors import Conflict, NotFound
from templates_server.identifiers import ENVIRONMENT_KEY_PREFIX, new_id, random_text
from templates_server.revisions import NewRevision, Stored, StoredDocument, check_revision, to_json
from templates_server.schema import environment_keys, environments, model_revisions, organizations, spaces
from templates_server.spaces.reading import to_document
from templates_server.spaces.removal.store import begin as begin_removal
from templates_server.spaces.removal.store import is_kept

ENVIRONMENTS = ("development", "staging", "production")
KEY_CHARACTERS = 32
MAX_LIVE_KEYS = 100  # of an environment
CACHED_APPS = 1024

LIVE_KEY = (
    "SELECT k.id, k.name, k.environment_id, environments.signature_version, spaces.revision, environments.revision, "
    "spaces.tribes_revision FROM environment_keys AS k JOIN environments ON environments.id = k.environment_id "
    "JOIN spaces ON spaces.id = environments.space_id WHERE k.key = ? AND k.revoked IS NULL"
)


def locate(connection: Connection, names: Mapping[str, str]) -> Place | None:
    """The place of `organization`, `space`, `environment` (a name, or a live pk_ key of it); None if there is none."""
    if "space" in names:
        return _locate_space(connection, names["space"], names.get("environment"))
    return _locate_organization(connection, names["organization"])


def _locate_organization(connection: Connection, name: str) -> Place | None:
    query = select(organizations.c.id, organizations.c.key).where(
        or_(organizations.c.key == name, organizations.c.id == name)
    )
    row = connection.execute(query).one_or_none()
    return Place(row.id, row.key) if row else None


def _locate_space(connection: Connection, name: str, environment: str | None) -> Place | None:
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
    return Place(**row) if row else None


def _environments_of_key(key: str) -> Select[tuple[str]]:
    return select(environment_keys.c.environment_id).where(
        environment_keys.c.key == key, environment_keys.c.revoked.is_(None)
    )


async def find_app(database: Database, key: str) -> Principal | None:
    """The app that a live pk_ key stands for; None when the key is unknown or revoked."""
    row = await database.look_up(LIVE_KEY, key)
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
    """A Space: `organization` is a key, times are milliseconds."""

    id: str
    key: str
    name: str
    organization: str
    revision: int
    created: int
    updated: int


@dataclass(frozen=True)
class Renaming:
    """Another name for a Space: by whom, when (milliseconds), and what they say of it (None for nothing)."""

    name: str
    author: str
    now: int
    note: str | None


@dataclass(frozen=True)
class StoredKey:
    """A public API key of an environment; times are milliseconds."""

    id: str
    name: str
    key: str
    created: int
    revoked: int | None


# Spaces


def create_space(connection: Connection, organization_id: str, *, key: str, name: str, now: int) -> str:
    """The id of a new Space with its three environments and an empty model.

    Conflict when the key is taken, NotFound when the organization has been deleted meanwhile.
    """
    _keep_organization(connection, organization_id)
    row = {"id": new_id("spc"), "organization_id": organization_id, "key": key, "name": name}
    try:
        connection.execute(spaces.insert(), {**row, "revision": 0, "created": now, "updated": now})
    except IntegrityError:
        raise Conflict(f"There is a Space with the key {key} on this server: choose another.", path="key") from None
    connection.execute(
        environments.insert(),
        [{"id": new_id("env"), "space_id": row["id"], "name": name, "revision": 0} for name in ENVIRONMENTS],
    )
    return row["id"]


def _keep_organization(connection: Connection, organization_id: str) -> None:
    """Have whoever deletes an organization wait until the transaction ends; NotFound when it is gone."""
    is_there = (organizations.c.id == organization_id) & is_kept()
    _lock(connection, select(organizations.c.id).where(is_there), is_shared=True)


def rename_space(connection: Connection, space_id: str, new: Renaming) -> Stored:
    """Give a Space another name: a revision of its model, which has the name in it. NotFound when the Space is gone."""
    _lock(connection, select(spaces.c.id).where(spaces.c.id == space_id))
    model = load_model(connection, space_id)
    document = {**model.value, "name": new.name}
    return store_model(connection, space_id, NewRevision(document, None, new.author, new.now, new.note))


def find_space(connection: Connection, space_id: str) -> StoredSpace:
    """A Space by its id; NotFound when it is gone."""
    row = connection.execute(_spaces().where(spaces.c.id == space_id)).mappings().one_or_none()
    if row is None:
        raise NotFound
    return StoredSpace(**row)


def list_spaces(
    connection: Connection, organization_ids: Collection[str], *, limits: Collection[str], after: str, limit: int
) -> Sequence[StoredSpace]:
    """So many Spaces of these organizations whose keys come after one, in order of key; within the limits, if any."""
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
    """Remove a Space; what is known of its environments' people is removed in steps that follow."""
    begin_removal(connection, space_id, now=now)
    connection.execute(spaces.delete().where(spaces.c.id == space_id))


# Models


def load_model(connection: Connection, space_id: str, revision: int | None = None) -> StoredDocument:
    """The model's document, the present one or that of a revision; NotFound when there is no such revision."""
    space = find_space(connection, space_id)
    wanted = space.revision if revision is None else revision
    if wanted == 0:
        return StoredDocument(0, to_document(SpaceModel(space.key, name=space.name)))
    query = select(model_revisions.c.document).where(
        model_revisions.c.space_id == space_id, model_revisions.c.revision == wanted
    )
    text = connection.execute(query).scalar_one_or_none()
    if text is None:
        raise NotFound(f"The model has no revision {wanted}.")
    return StoredDocument(wanted, json.loads(text))


def load_model_of_environment(connection: Connection, environment_id: str, revision: int) -> Any:
    """A revision of the model that an environment has; None when there is none, as when the Space has just gone."""
    query = (
        select(model_revisions.c.document)
        .join_from(environments, model_revisions, model_revisions.c.space_id == environments.c.space_id)
        .where(environments.c.id == environment_id, model_revisions.c.revision == revision)
    )
    text = connection.execute(query).scalar_one_or_none()
    return None if text is None else json.loads(text)


def store_model(connection: Connection, space_id: str, new: NewRevision) -> Stored:
    """Make a document the present model; PreconditionFailed when the present one is not what it was made from."""
    _lock(connection, select(spaces.c.id).where(spaces.c.id == space_id))
    present = load_model(connection, space_id)
    check_revision(present.revision, new.expected)
    if present.value == new.document:
        return Stored(present.revision, changed=False)
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
    return Stored(revision, changed=True)


def _lock(connection: Connection, query: Select[Any], *, is_shared: bool = False) -> None:
    """Keep a row as it is until the transaction ends (SQLite has one writer anyway); NotFound when there is none.

    A shared lock keeps the row from being deleted alone.
    """
    locked = query.with_for_update(read=is_shared, key_share=is_shared)
    if connection.execute(locked).one_or_none() is None:
        raise NotFound


# Keys of environments


def list_keys(connection: Connection, environment_id: str) -> Sequence[StoredKey]:
    """Every key of an environment, the revoked ones too, the oldest first."""
    query = _keys().where(environment_keys.c.environment_id == environment_id)
    rows = connection.execute(query.order_by(environment_keys.c.created, environment_keys.c.id)).mappings()
    return [StoredKey(**row) for row in rows]


def _keys() -> Select[Any]:
    columns = environment_keys.c
    return select(columns.id, columns.name, columns.key, columns.created, columns.revoked)


def create_key(connection: Connection, environment_id: str, *, name: str, now: int) -> StoredKey:
    """A new key; Conflict when the environment has as many as it may."""
    _lock(connection, select(environments.c.id).where(environments.c.id == environment_id))
    if count_live_keys(connection, [environment_id]).get(environment_id, 0) >= MAX_LIVE_KEYS:
        raise Conflict(f"An environment may have {MAX_LIVE_KEYS} live keys: revoke one first.")
    key = StoredKey(new_id("key"), name, ENVIRONMENT_KEY_PREFIX + random_text(KEY_CHARACTERS), now, None)
    row = {"id": key.id, "environment_id": environment_id, "key": key.key, "name": name, "created": now}
    connection.execute(environment_keys.insert(), row)
    return key


def revoke_key(connection: Connection, environment_id: str, name: str, *, now: int) -> str | None:
    """Revoke a key by its id or its text, once and for all; NotFound when the environment has none such.

    The id of the key; None when it was revoked before.
    """
    columns = environment_keys.c
    mine = (columns.environment_id == environment_id) & or_(columns.id == name, columns.key == name)
    key_id = connection.execute(select(columns.id).where(mine)).scalar_one_or_none()
    if key_id is None:
        raise NotFound
    live = environment_keys.update().where(mine, columns.revoked.is_(None))
    return key_id if connection.execute(live.values(revoked=now)).rowcount else None


def count_live_keys(connection: Connection, environment_ids: Collection[str]) -> Mapping[str, int]:
    """How many keys of each of these environments are alive; those without any are left out."""
    columns = environment_keys.c
    query = select(columns.environment_id, func.count()).where(
        columns.environment_id.in_(environment_ids), columns.revoked.is_(None)
    )
    return {row[0]: row[1] for row in connection.execute(query.group_by(columns.environment_id))}
