"""`POST /api/client/devices`: store a person's device, then respond."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Protocol

from starlette.responses import Response

from templates_server.errors import ErrorDetail, ValidationFailed
from templates_server.features.people.devices import schemas, store
from templates_server.http import request_body
from templates_server.http.context import Call
from templates_server.storage.write_batcher import WriteBatcher


class DeviceWriter(WriteBatcher[store.DeviceReport, Sequence[ErrorDetail]]):
    """The queue of devices to be stored."""


class DeviceServices(Protocol):
    """The services that the handlers here need."""

    @property
    def device_writer(self) -> DeviceWriter:
        """Stores devices in batches."""


async def put_device(call: Call[DeviceServices]) -> Response:
    """Respond with 204 once the device is inserted or updated."""
    request_body.require_media_type(call.request, "application/json")
    check = call.services.user_signatures.check_for(call.principal)
    device = schemas.read_device(call.body, check=check, max_depth=call.settings.limits.max_depth)
    arrival = store.DeviceReport(call.app_environment_id, call.now, device)
    problems = await call.features.device_writer.add(arrival, sent_bytes=len(call.body))
    if problems:
        raise ValidationFailed(problems)
    return Response(status_code=HTTPStatus.NO_CONTENT)
