"""Spaces and the public keys of their environments over HTTP. Models: `codegen.model_api`; deliveries: `delivery`."""

from __future__ import annotations

from http import HTTPStatus

from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.errors import ValidationFailed
from templates_server.features.audit import store as audit
from templates_server.features.spaces import store
from templates_server.features.spaces.schemas import ChangedSpace, Key, NewKey, NewSpace, Space
from templates_server.http.conditional_requests import read_note
from templates_server.http.context import Call
from templates_server.http.pagination import next_link, read_page_request
from templates_server.http.response import NOTHING, ApiResult
from templates_server.primitives.ids import is_key
from templates_server.primitives.timestamps import to_rfc3339
from templates_server.primitives.validation import KEY_RULE, Reader, read_required_name


async def list_spaces(call: Call) -> ApiResult:
    """Return a page of the Spaces that the caller has access to, in order of key."""
    return await _list(call, list(call.principal.roles))


async def list_spaces_of_organization(call: Call) -> ApiResult:
    """Return a page of an organization's Spaces, in order of key."""
    return await _list(call, [call.place.organization_id])


async def _list(call: Call, organization_ids: list[str]) -> ApiResult:
    page, limits = read_page_request(call), call.principal.limits
    found = await call.database.read(
        lambda connection: store.list_spaces(
            connection, organization_ids, limits=limits, after=page.after, limit=page.limit
        )
    )
    headers = next_link(call, page, [space.key for space in found])
    return ApiResult([_to_space(space) for space in found], "space", headers=headers)


async def create_space(call: Call) -> Response:
    """Create a Space with its three environments and an empty model."""
    new: NewSpace = call.body
    name = _checked_name(new)
    organization_id, now = call.place.organization_id, call.now

    def create(connection: Connection) -> ApiResult:
        space_id = store.create_space(connection, organization_id, key=new.key, name=name, now=now)
        audit.record(connection, call.deed("space.create", space_id, details={"key": new.key}))
        return ApiResult([_to_space(store.find_space(connection, space_id))], "space", HTTPStatus.CREATED)

    return await call.effect(create)


def _checked_name(new: NewSpace) -> str:
    """Return the name of the new Space. Raise ValidationFailed when it or the key is invalid."""
    reader = Reader()
    if not is_key(new.key):
        reader.refuse("key", KEY_RULE)
    name = reader.name(new.name, "name")
    if reader.problems:
        raise ValidationFailed(reader.problems)
    return name or new.key


async def rename_space(call: Call) -> Response:
    """Rename a Space, which is a revision of its model; an equal name changes nothing. The key stays the same."""
    changed: ChangedSpace = call.body
    name, note = read_required_name(changed.name), read_note(call)
    space_id = call.space_id
    new = store.SpaceRename(name, call.principal.id, call.now, note)

    def rename(connection: Connection) -> ApiResult:
        before = store.find_space(connection, space_id)
        stored = store.rename_space(connection, space_id, new)
        if stored.changed:
            details = {"before": before.name, "name": name, "revision": stored.revision}
            audit.record(connection, call.deed("space.rename", space_id, details=details))
        return ApiResult([_to_space(store.find_space(connection, space_id))], "space")

    return await call.effect(rename)


async def show_space(call: Call) -> ApiResult:
    """Return one Space."""
    space_id = call.space_id
    return ApiResult(
        [_to_space(await call.database.read(lambda connection: store.find_space(connection, space_id)))], "space"
    )


async def delete_space(call: Call) -> Response:
    """Delete a Space with its models, deliveries, keys, and all data about its people.

    It is inaccessible from then on; if it has many people, their data is removed in the background.
    """
    space_id, now = call.space_id, call.now

    def delete(connection: Connection) -> ApiResult:
        store.delete_space(connection, space_id, now=now)
        audit.record(connection, call.deed("space.delete", space_id))
        return NOTHING

    response = await call.effect(delete)
    await call.services.space_removal_job.advance()
    return response


def _to_space(space: store.StoredSpace) -> Space:
    return Space(
        space.id,
        space.key,
        space.name,
        space.organization,
        space.revision,
        to_rfc3339(space.created),
        to_rfc3339(space.updated),
    )


async def list_keys(call: Call) -> ApiResult:
    """Return every key of an environment, including the revoked ones."""
    environment_id = call.environment_id
    keys = await call.database.read(lambda connection: store.list_keys(connection, environment_id))
    return ApiResult([_to_key(key) for key in keys], "key")


async def create_key(call: Call) -> Response:
    """Create a key of an environment; existing keys remain valid."""
    new: NewKey = call.body
    reader = Reader()
    name = reader.name(new.name.strip(), "name")
    if not name and not reader.problems:
        reader.refuse("name", "must not be empty: name the app that uses the key")
    if reader.problems:
        raise ValidationFailed(reader.problems)
    environment_id, now = call.environment_id, call.now

    def create(connection: Connection) -> ApiResult:
        key = store.create_key(connection, environment_id, name=name, now=now)
        audit.record(connection, call.deed("key.create", key.id, details={"name": name}))
        return ApiResult([_to_key(key)], "key", HTTPStatus.CREATED)

    return await call.effect(create)


async def revoke_key(call: Call) -> Response:
    """Revoke a key, by its id or its text; revoking it again changes nothing."""
    environment_id, name, now = call.environment_id, call.parameters["key"], call.now

    def revoke(connection: Connection) -> ApiResult:
        key_id = store.revoke_key(connection, environment_id, name, now=now)
        if key_id is not None:
            audit.record(connection, call.deed("key.revoke", key_id))
        return NOTHING

    return await call.effect(revoke)


def _to_key(key: store.StoredKey) -> Key:
    revoked = None if key.revoked is None else to_rfc3339(key.revoked)
    return Key(key.id, key.name, key.key, to_rfc3339(key.created), revoked)
