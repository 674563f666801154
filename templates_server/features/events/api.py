"""`POST /api/client/events`: store events, then respond."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Protocol

from starlette.responses import Response

from templates_server.errors import ErrorDetail, ValidationFailed
from templates_server.features.event_names.model_cache import ModelEvents
from templates_server.features.events import parser, store
from templates_server.http import request_body
from templates_server.http.context import Call
from templates_server.storage.write_batcher import WriteBatcher


class EventWriter(WriteBatcher[store.EventBatch, Sequence[ErrorDetail]]):
    """The queue of events to be stored."""


class EventServices(Protocol):
    """The services that the handlers here need."""

    @property
    def model_events(self) -> ModelEvents:
        """The events that models describe, cached."""

    @property
    def event_writer(self) -> EventWriter:
        """Stores events in batches."""


async def add_events(call: Call[EventServices]) -> Response:
    """Respond with 204 once all events are stored. If one is invalid, none is stored."""
    request_body.require_media_type(call.request, "application/json")
    now = call.now
    check = call.services.user_signatures.check_for(call.principal)
    events = parser.read_events(call.body, now, check=check, max_depth=call.settings.limits.max_depth)
    environment_id = call.app_environment_id
    modelled = await call.features.model_events.find(environment_id, call.principal.revisions[0])
    arrival = store.EventBatch(environment_id, now, events, modelled)
    problems = await call.features.event_writer.add(arrival, rows=len(events), sent_bytes=len(call.body))
    if problems:
        raise ValidationFailed(problems)
    return Response(status_code=HTTPStatus.NO_CONTENT)
