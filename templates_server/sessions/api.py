"""`POST /api/client/sessions`: start a session, and say what the person is shown; explanations: why."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from templates_server import access, bodies
from templates_server.arrivals import Arrivals
from templates_server.endpoint import Answer, Call
from templates_server.errors import NotFound, Problem, ValidationFailed
from templates_server.persons.names import stated
from templates_server.sessions import reading, store
from templates_server.sessions.changes.memory import StartedSessions
from templates_server.sessions.deciding import Decided, Deciding, Person, Said
from templates_server.sessions.explaining import Occasion, explain_session
from templates_server.sessions.models import AskedExplanation
from templates_server.signatures import UserSignatures
from templates_server.times import parse_rfc3339

NO_TIME = "Give a time such as 2027-04-30T22:00:00Z (RFC 3339, with its offset)."


class SessionArrivals(Arrivals[store.Start, Sequence[Problem]]):
    """The sessions that wait to be stored."""


async def start_session(call: Call) -> Response:
    """The state of every entity for that person, once the session is stored."""
    bodies.require_media_type(call.request, "application/json")
    check = call.services.part(UserSignatures).check_for(call.principal)
    who, said, report = reading.read_start(call.body, check=check, max_depth=call.settings.limits.max_depth)
    person = Person(call.app_environment_id, who, store.revision_text(*call.principal.revisions))
    start = store.Start(person.environment_id, who, store.new_session_id(who), call.now, report)
    arrivals = call.services.part(SessionArrivals)

    async def store_it() -> None:
        problems = await arrivals.add(start, sent_bytes=len(call.body))
        if problems:
            raise ValidationFailed(problems)

    decided = await call.services.part(Deciding).begin(person, said, now=start.started, store_it=store_it)
    call.services.part(StartedSessions).remember(start.session_id, decided)
    return Response(_answer(start.session_id, decided), media_type="application/json")


def _answer(session_id: str, decided: Decided) -> bytes:
    head = f'{{"session":"{session_id}","revision":"{decided.states.revision}","states":'
    return head.encode() + decided.encoded + b"}"


# Why


async def explain(call: Call) -> Answer:
    """What a session of a person that starts now, or then, would show, and why; nothing is stored."""
    for scope in (access.Scope.SPACES_READ, access.Scope.TRIBES_READ):
        access.check_scope(call.principal, scope, call.place)
    asked: AskedExplanation = call.body
    who = stated(asked.anonymous_id, asked.user_id)
    if who is None or (who.user is not None and who.visitor is not None):
        raise ValidationFailed([Problem("user_id", "Give `user_id` or `anonymous_id`: one of them.")])
    problems = reading.problems_of_fields(asked.fields or {})
    if problems:
        raise ValidationFailed(problems)
    now = call.now if asked.at is None else _moment(asked.at)
    person = await call.services.part(Deciding).know(Person(call.environment_id, who), Said(asked.fields), now=now)
    if person is None:
        raise NotFound("Nobody of that id is known there.")
    merged = who.person.called if who.person.kind is not person.facts.kind else None
    return Answer([explain_session(Occasion(person, now, merged))], "session_explanation")


def _moment(text: str) -> int:
    try:
        return parse_rfc3339(text)
    except ValueError:
        raise ValidationFailed([Problem("at", NO_TIME)]) from None
