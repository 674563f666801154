"""`POST /api/client/sessions`: start a session, and say what the person is shown."""

from __future__ import annotations

from starlette.responses import Response

from templates_server import bodies
from templates_server.arrivals import Arrivals
from templates_server.endpoint import Call
from templates_server.persons.names import PersonName
from templates_server.sessions import reading, store
from templates_server.sessions.deciding import Decided, Deciding, Person
from templates_server.signatures import UserSignatures


class SessionArrivals(Arrivals[store.Start, PersonName]):
    """The sessions that wait to be stored."""


async def start_session(call: Call) -> Response:
    """The state of every entity for that person, once the session is stored."""
    bodies.require_media_type(call.request, "application/json")
    check = call.services.part(UserSignatures).check_for(call.principal)
    stated, said = reading.read_start(call.body, check=check, max_depth=call.settings.limits.max_depth)
    person = Person(call.app_environment_id, stated)
    start = store.Start(person.environment_id, stated, store.new_session_id(stated), call.now)
    arrivals = call.services.part(SessionArrivals)
    decided = await call.services.part(Deciding).begin(
        person, said, now=start.started, store_it=lambda: arrivals.add(start)
    )
    return Response(_answer(start.session_id, decided), media_type="application/json")


def _answer(session_id: str, decided: Decided) -> bytes:
    head = f'{{"session":"{session_id}","revision":"{decided.states.revision}","states":'
    return head.encode() + decided.encoded + b"}"
