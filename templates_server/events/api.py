"""`POST /api/client/events`: take events in, and say so once they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from starlette.responses import Response

from templates_server import bodies
from templates_server.arrivals import Arrivals
from templates_server.endpoint import Call
from templates_server.errors import Problem, ValidationFailed
from templates_server.events import reading, store
from templates_server.events.model_events import ModelEvents
from templates_server.signatures import UserSignatures


class EventArrivals(Arrivals[store.Arrival, Sequence[Problem]]):
    """The events that wait to be stored."""


async def add_events(call: Call) -> Response:
    """204 once every event is stored; one bad one, and none is."""
    bodies.require_media_type(call.request, "application/json")
    now = call.now
    check = call.services.part(UserSignatures).check_for(call.principal)
    events = reading.read_events(call.body, now, check=check, max_depth=call.settings.limits.max_depth)
    environment_id = call.app_environment_id
    modelled = await call.services.part(ModelEvents).find(environment_id, call.principal.revisions[0])
    arrival = store.Arrival(environment_id, now, events, modelled)
    problems = await call.services.part(EventArrivals).add(arrival, rows=len(events), sent_bytes=len(call.body))
    if problems:
        raise ValidationFailed(problems)
    return Response(status_code=HTTPStatus.NO_CONTENT)
