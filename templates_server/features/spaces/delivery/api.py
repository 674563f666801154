"""Environments and their deliveries over HTTP: read, replace, publish."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.errors import ValidationFailed
from templates_server.features.audit import store as audit
from templates_server.features.spaces import store as spaces_store
from templates_server.features.spaces.delivery import store
from templates_server.features.spaces.delivery.parser import ParseContext, read_delivery, to_document
from templates_server.features.spaces.delivery.schemas import Collections, DeliveryPut, Environment, Published
from templates_server.features.spaces.parser import parse_model
from templates_server.http.conditional_requests import (
    document_response,
    expected_revision,
    read_document,
    read_note,
    read_revision_parameter,
)
from templates_server.http.context import NO_DETAILS, Call
from templates_server.http.response import ApiResult
from templates_server.primitives.revisions import NewRevision, check_revision, entity_tag
from templates_server.primitives.validation import Reader


async def list_environments(call: Call) -> ApiResult:
    """Return the three environments of a Space, in order of name."""
    return ApiResult(await _environments(call), "environment")


async def show_environment(call: Call) -> ApiResult:
    """Return one environment."""
    name = call.place.environment_name
    return ApiResult([each for each in await _environments(call) if each.name == name], "environment")


async def _environments(call: Call) -> list[Environment]:
    space_id = call.space_id

    def load(connection: Connection) -> list[Environment]:
        rows = store.list_environments(connection, space_id)
        keys = spaces_store.count_live_keys(connection, [row.id for row in rows])
        return [Environment(row.name, row.revision, row.document["published"], keys.get(row.id, 0)) for row in rows]

    return await call.database.read(load)


async def read(call: Call) -> Response:
    """Return the delivery of the environment, the current one or that of `?revision=`."""
    environment_id, revision = call.environment_id, read_revision_parameter(call)
    stored = await call.database.read(lambda connection: store.load_delivery(connection, environment_id, revision))
    return document_response(call, stored.revision, stored.value, kind="delivery")


async def replace(call: Call) -> Response:
    """Replace the delivery, unless it changed meanwhile; an equal document creates no new revision."""
    document = await read_document(call)
    return await push(call, document, "delivery.replace", expected=expected_revision(call, document))


async def push(
    call: Call, document: Any, action: str, *, expected: int | None, details: Mapping[str, object] = NO_DETAILS
) -> Response:
    """Store a delivery document based on the expected revision, and record the action.

    Raise ValidationFailed with every problem of the document, PreconditionFailed when it changed meanwhile.
    """
    note = read_note(call)
    surroundings = await load_surroundings(call)
    delivery = await asyncio.to_thread(read_delivery, document, surroundings)
    canonical = to_document(delivery, space=surroundings.model.key, environment=surroundings.environment)
    new = NewRevision(canonical, expected, call.principal.id, call.now, note)
    environment_id = call.environment_id

    def store_new(connection: Connection) -> ApiResult:
        stored = store.store_delivery(connection, environment_id, new)
        if stored.changed:
            deed = call.deed(action, environment_id, details={"revision": stored.revision, **details})
            audit.record(connection, deed)
        headers = {"ETag": entity_tag(stored.revision)}
        return ApiResult([DeliveryPut(stored.revision, stored.changed)], "delivery", headers=headers)

    return await call.effect(store_new)


async def load_surroundings(call: Call) -> ParseContext:
    """Return the model, the environment and the tribes that a delivery of the environment refers to."""
    space_id, environment = call.space_id, str(call.place.environment_name)

    def load(connection: Connection) -> ParseContext:
        space = spaces_store.find_space(connection, space_id)
        stored = spaces_store.load_model(connection, space_id)
        model, _ = parse_model(stored.value, space=space.key, name=space.name)
        return ParseContext(model, environment, store.list_tribes(connection, space_id))

    return await call.database.read_in_thread(load)


async def publish(call: Call) -> Response:
    """Publish these collections in the environment, in addition to others; with `If-Match`, only if unchanged."""
    await _check_collections(call)
    return await _change_published(call, "collection.publish", lambda published, named: published | named)


async def unpublish(call: Call) -> Response:
    """Unpublish these collections in the environment, which disables all their entities. `If-Match` as in `publish`."""
    return await _change_published(call, "collection.unpublish", lambda published, named: published - named)


async def _check_collections(call: Call) -> None:
    """Raise ValidationFailed, naming every key that is not a collection of the Space."""
    model = (await load_surroundings(call)).model
    known = {collection.key for collection in model.collections}
    body: Collections = call.body
    reader = Reader()
    for number, key in enumerate(body.collections):
        reader.one_of(key, f"collections[{number}]", known, "a collection of this Space")
    if reader.problems:
        raise ValidationFailed(reader.problems)


async def _change_published(call: Call, action: str, change: Callable[[set[str], set[str]], set[str]]) -> Response:
    body: Collections = call.body
    environment_id, author, now = call.environment_id, call.principal.id, call.now
    note = read_note(call)
    expected = expected_revision(call, None) if "if-match" in call.request.headers else None

    def store_changed(connection: Connection) -> ApiResult:
        store.lock_environment(connection, environment_id)
        present = store.load_delivery(connection, environment_id)
        check_revision(present.revision, expected)
        before = set(present.value["published"])
        published = sorted(change(before, set(body.collections)))
        new = NewRevision({**present.value, "published": published}, present.revision, author, now, note)
        stored = store.store_delivery(connection, environment_id, new)
        if stored.changed:
            details = {"collections": sorted(before ^ set(published)), "revision": stored.revision}
            audit.record(connection, call.deed(action, environment_id, details=details))
        headers = {"ETag": entity_tag(stored.revision)}
        return ApiResult([Published(stored.revision, published)], "published", headers=headers)

    return await call.effect(store_changed)
