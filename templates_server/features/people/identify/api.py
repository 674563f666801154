"""`POST /api/client/identify` and `/alias`: a person's data from an app, and merges. Stored before the response."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Protocol

from starlette.responses import Response

from templates_server.errors import ErrorDetail, ValidationFailed
from templates_server.features.people.identify import schemas, store
from templates_server.features.people.merge_store import VisitorMerge
from templates_server.http import request_body
from templates_server.http.context import Call
from templates_server.storage.write_batcher import WriteBatcher

Problems = Sequence[ErrorDetail]


class IdentityWriter(WriteBatcher[store.IdentifyCall, Problems]):
    """The queue of identify calls to be stored."""


class AliasWriter(WriteBatcher[VisitorMerge, Problems]):
    """The queue of merges to be made."""


class IdentifyServices(Protocol):
    """The services that the handlers here need."""

    @property
    def identity_writer(self) -> IdentityWriter:
        """Stores identify requests in batches."""

    @property
    def alias_writer(self) -> AliasWriter:
        """Stores alias requests in batches."""


async def identify(call: Call[IdentifyServices]) -> Response:
    """Respond with 204 once it is stored; a visitor stated together with a user is merged into them."""
    request_body.require_media_type(call.request, "application/json")
    check = call.services.user_signatures.check_for(call.principal)
    stated, change = schemas.read_identify(call.body, check=check, max_depth=call.settings.limits.max_depth)
    identified = store.IdentifyCall(call.app_environment_id, stated, change, call.now)
    problems = await call.features.identity_writer.add(identified, sent_bytes=len(call.body))
    if problems:
        raise ValidationFailed([ErrorDetail("data", problem.message) for problem in problems])
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def alias(call: Call[IdentifyServices]) -> Response:
    """Respond with 204 if the visitor is merged into the user, now or before; 422 if into another user."""
    request_body.require_media_type(call.request, "application/json")
    check = call.services.user_signatures.check_for(call.principal)
    visitor, user = schemas.read_alias(call.body, check=check, max_depth=call.settings.limits.max_depth)
    merge = VisitorMerge(call.app_environment_id, visitor, user, call.now)
    problems = await call.features.alias_writer.add(merge, sent_bytes=len(call.body))
    if problems:
        raise ValidationFailed(problems)
    return Response(status_code=HTTPStatus.NO_CONTENT)
