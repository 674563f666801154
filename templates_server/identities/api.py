"""`POST /api/client/identify` and `/alias`: what an app says of a person; that two are one. Stored before answered."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from starlette.responses import Response

from templates_server import bodies
from templates_server.arrivals import Arrivals
from templates_server.endpoint import Call
from templates_server.errors import Problem, ValidationFailed
from templates_server.identities import reading, store
from templates_server.merges.store import Merge
from templates_server.signatures import UserSignatures

Problems = Sequence[Problem]


class IdentityArrivals(Arrivals[store.Identified, Problems]):
    """What was said of people and waits to be stored."""


class AliasArrivals(Arrivals[Merge, Problems]):
    """The merges that were asked for and wait to be made."""


async def identify(call: Call) -> Response:
    """204 once it is stored; a visitor who is stated together with a user is merged into them."""
    bodies.require_media_type(call.request, "application/json")
    check = call.services.part(UserSignatures).check_for(call.principal)
    stated, change = reading.read_identify(call.body, check=check, max_depth=call.settings.limits.max_depth)
    identified = store.Identified(call.app_environment_id, stated, change, call.now)
    problems = await call.services.part(IdentityArrivals).add(identified, sent_bytes=len(call.body))
    if problems:
        raise ValidationFailed([Problem("data", problem.message) for problem in problems])
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def alias(call: Call) -> Response:
    """204 once the visitor is merged into the user, or was so before; 422 when it was into another."""
    bodies.require_media_type(call.request, "application/json")
    check = call.services.part(UserSignatures).check_for(call.principal)
    visitor, user = reading.read_alias(call.body, check=check, max_depth=call.settings.limits.max_depth)
    merge = Merge(call.app_environment_id, visitor, user, call.now)
    problems = await call.services.part(AliasArrivals).add(merge, sent_bytes=len(call.body))
    if problems:
        raise ValidationFailed(problems)
    return Response(status_code=HTTPStatus.NO_CONTENT)
