"""The model of a Space over HTTP: read, replaced, compared."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.features.audit import store as audit
from templates_server.features.codegen.differences import diff
from templates_server.features.codegen.loader import CodeHashCache
from templates_server.features.spaces import store
from templates_server.features.spaces.model import SpaceModel
from templates_server.features.spaces.parser import parse_model, read_model, to_document
from templates_server.features.spaces.schemas import ModelPut
from templates_server.http.conditional_requests import (
    document_response,
    expected_revision,
    read_document,
    read_note,
    read_revision_parameter,
)
from templates_server.http.context import Call
from templates_server.http.response import ApiResult
from templates_server.primitives.revisions import NewRevision, StoreResult, entity_tag


class ModelServices(Protocol):
    """The services that the handlers here need."""

    @property
    def code_hash_cache(self) -> CodeHashCache:
        """Models with the hashes of their code, cached."""


async def read(call: Call) -> Response:
    """Return the current model, or that of `?revision=`."""
    space_id, revision = call.space_id, read_revision_parameter(call)
    stored = await call.database.read(lambda connection: store.load_model(connection, space_id, revision))
    return document_response(call, stored.revision, stored.value, kind="model")


async def replace(call: Call[ModelServices]) -> ApiResult:
    """Store the document sent, unless it conflicts with a newer revision; an equal one creates no revision.

    Deliveries of environments stay as they are: parts that the new model no longer has are ignored there.
    """
    note, document = read_note(call), await read_document(call)
    model = await _sent_model(call, document)
    new = NewRevision(to_document(model), expected_revision(call, document), call.principal.id, call.now, note)
    space_id = call.space_id

    def store_new(connection: Connection) -> StoreResult:
        stored = store.store_model(connection, space_id, new)
        if stored.changed:
            audit.record(connection, call.deed("model.replace", space_id, details={"revision": stored.revision}))
        return stored

    stored = await call.database.write(store_new)
    _, code_hash = await call.features.code_hash_cache.find(space_id, stored.revision)
    headers = {"ETag": entity_tag(stored.revision)}
    return ApiResult([ModelPut(stored.revision, code_hash, stored.changed)], "model", headers=headers)


async def compare(call: Call) -> ApiResult:
    """Return the changes in generated code if the document sent were stored; nothing is stored."""
    after = await _sent_model(call, await read_document(call))
    space_id = call.space_id
    stored = await call.database.read(lambda connection: store.load_model(connection, space_id))
    before, _ = parse_model(stored.value, space=after.key, name=after.name)
    return ApiResult([await asyncio.to_thread(diff, before, after, revision=stored.revision)], "diff")


async def _sent_model(call: Call, document: Any) -> SpaceModel:
    """Return the model that the document describes; raise ValidationFailed with all problems."""
    space_id = call.space_id
    space = await call.database.read(lambda connection: store.find_space(connection, space_id))
    return await asyncio.to_thread(read_model, document, space=space.key, name=space.name)
