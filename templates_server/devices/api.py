"""`POST /api/client/devices`: keep a person's device, and say so once it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from starlette.responses import Response

from templates_server import bodies
from templates_server.arrivals import Arrivals
from templates_server.devices import reading, store
from templates_server.endpoint import Call
from templates_server.errors import Problem, ValidationFailed
from templates_server.signatures import UserSignatures


class DeviceArrivals(Arrivals[store.Arrival, Sequence[Problem]]):
    """The devices that wait to be stored."""


async def put_device(call: Call) -> Response:
    """204 once the device is stored, new or as it is now."""
    bodies.require_media_type(call.request, "application/json")
    check = call.services.part(UserSignatures).check_for(call.principal)
    device = reading.read_device(call.body, check=check, max_depth=call.settings.limits.max_depth)
    arrival = store.Arrival(call.app_environment_id, call.now, device)
    problems = await call.services.part(DeviceArrivals).add(arrival, sent_bytes=len(call.body))
    if problems:
        raise ValidationFailed(problems)
    return Response(status_code=HTTPStatus.NO_CONTENT)
