"""`POST /api/client/sessions`: start a session, and say what the person is shown."""

from __future__ import annotations

from starlette.responses import Response

from templates_server import bodies
from templates_server.arrivals import Arrivals
from templates_server.endpoint import Call
from templates_server.identifiers import new_id
from templates_server.persons.names import PersonName
from templates_server.sessions import reading, store
from templates_server.sessions.states import States, StatesCache
from templates_server.signatures import UserSignatures


class SessionArrivals(Arrivals[store.Start, PersonName]):
    """The sessions that wait to be stored."""


async def start_session(call: Call) -> Response:
    """The state of every entity, once the session is stored."""
    bodies.require_media_type(call.request, "application/json")
    check = call.services.part(UserSignatures).check_for(call.principal)
    stated = reading.read_start(call.body, check=check, max_depth=call.settings.limits.max_depth)
    states = await call.services.part(StatesCache).states_of(call.app_environment_id)
    start = store.Start(call.app_environment_id, stated, new_id("ses"), call.now)
    await call.services.part(SessionArrivals).add(start)
    return Response(_answer(start.session_id, states), media_type="application/json")


def _answer(session_id: str, states: States) -> bytes:
    head = f'{{"session":"{session_id}","revision":"{states.revision}","states":'
    return head.encode() + states.encoded + b"}"
