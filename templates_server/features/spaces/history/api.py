"""Histories over HTTP: of a Space's model and tribes, and of an environment's delivery."""

from __future__ import annotations

from sqlalchemy import Table

from templates_server.errors import BadRequest
from templates_server.features.spaces.history import store
from templates_server.features.spaces.history.schemas import Author, Revision
from templates_server.http.conditional_requests import LARGEST_REVISION
from templates_server.http.context import Call
from templates_server.http.pagination import next_link, read_page_request
from templates_server.http.response import ApiResult
from templates_server.primitives.integers import whole_number
from templates_server.primitives.timestamps import to_rfc3339
from templates_server.security.authorization import PrincipalKind
from templates_server.storage.tables import delivery_revisions, model_revisions, tribe_revisions

SERVICE_PREFIX = "svc_"


async def list_model_revisions(call: Call) -> ApiResult:
    """Return a page of the revisions of a Space's model, newest first."""
    return await _list(call, model_revisions, call.space_id)


async def list_tribe_revisions(call: Call) -> ApiResult:
    """Return a page of the revisions of a Space's tribes, newest first."""
    return await _list(call, tribe_revisions, call.space_id)


async def list_delivery_revisions(call: Call) -> ApiResult:
    """Return a page of the revisions of an environment's delivery, newest first."""
    return await _list(call, delivery_revisions, call.environment_id)


async def _list(call: Call, table: Table, owner_id: str) -> ApiResult:
    page = read_page_request(call)
    before = _revision_of(page.after) if page.after else None
    found = await call.database.read(
        lambda connection: store.list_revisions(connection, table, owner_id, before=before, limit=page.limit)
    )
    headers = next_link(call, page, [str(stored.revision) for stored in found])
    return ApiResult([_to_response(stored) for stored in found], "revision", headers=headers)


def _revision_of(cursor: str) -> int:
    revision = whole_number(cursor, most=LARGEST_REVISION)
    if revision is None:
        raise BadRequest("Invalid `cursor`. Use the one from the `Link` header of the previous page.")
    return revision


def _to_response(stored: store.StoredRevision) -> Revision:
    is_service = stored.author_id.startswith(SERVICE_PREFIX)
    kind = PrincipalKind.SERVICE if is_service else PrincipalKind.PERSON
    author = Author(kind.value, stored.author_id, stored.author_name)
    return Revision(stored.revision, to_rfc3339(stored.created), author, stored.note)
