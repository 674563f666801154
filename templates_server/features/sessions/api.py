"""`POST /api/client/sessions`: start a session and return the person's states; explanations give the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from starlette.responses import Response

from templates_server.errors import ErrorDetail, NotFound, ValidationFailed
from templates_server.features.people.identity import claim_identity
from templates_server.features.sessions import parser, store
from templates_server.features.sessions.changes.start_cache import StartCache
from templates_server.features.sessions.evaluator import (
    ClientContext,
    EvaluatedPerson,
    SessionEvaluation,
    SessionEvaluator,
)
from templates_server.features.sessions.explanation import ExplanationContext, explain_session
from templates_server.features.sessions.schemas import AskedExplanation
from templates_server.http import request_body
from templates_server.http.context import Call
from templates_server.http.response import ApiResult
from templates_server.primitives.timestamps import parse_rfc3339
from templates_server.security import authorization
from templates_server.storage.write_batcher import WriteBatcher

NO_TIME = "Specify a time such as 2027-04-30T22:00:00Z (RFC 3339, with an offset)."


class SessionWriter(WriteBatcher[store.SessionStartRow, Sequence[ErrorDetail]]):
    """The queue of sessions to be stored."""


class SessionServices(Protocol):
    """The services that the handlers here need."""

    @property
    def session_writer(self) -> SessionWriter:
        """Stores sessions in batches."""

    @property
    def session_evaluator(self) -> SessionEvaluator:
        """Evaluates what a person is shown."""

    @property
    def start_cache(self) -> StartCache:
        """What was evaluated when sessions started."""


async def start_session(call: Call[SessionServices]) -> Response:
    """Return the state of every entity for that person, once the session is stored."""
    request_body.require_media_type(call.request, "application/json")
    check = call.services.user_signatures.check_for(call.principal)
    who, said, report = parser.read_start(call.body, check=check, max_depth=call.settings.limits.max_depth)
    person = EvaluatedPerson(call.app_environment_id, who, store.revision_text(*call.principal.revisions))
    start = store.SessionStartRow(person.environment_id, who, store.new_session_id(who), call.now, report)
    arrivals = call.features.session_writer

    async def store_it() -> None:
        problems = await arrivals.add(start, sent_bytes=len(call.body))
        if problems:
            raise ValidationFailed(problems)

    decided = await call.features.session_evaluator.start(person, said, now=start.started, store_it=store_it)
    call.features.start_cache.save(start.session_id, decided)
    return Response(_answer(start.session_id, decided), media_type="application/json")


def _answer(session_id: str, decided: SessionEvaluation) -> bytes:
    head = f'{{"session":"{session_id}","revision":"{decided.states.revision}","states":'
    return head.encode() + decided.encoded + b"}"


# Why


async def explain(call: Call[SessionServices]) -> ApiResult:
    """Explain what a session of a person would show now or at a given time; nothing is stored."""
    for scope in (authorization.Scope.SPACES_READ, authorization.Scope.TRIBES_READ):
        authorization.check_scope(call.principal, scope, call.place)
    asked: AskedExplanation = call.body
    who = claim_identity(asked.anonymous_id, asked.user_id)
    if who is None or (who.user is not None and who.visitor is not None):
        raise ValidationFailed([ErrorDetail("user_id", "Specify either `user_id` or `anonymous_id`.")])
    problems = parser.find_field_problems(asked.fields or {})
    if problems:
        raise ValidationFailed(problems)
    now = call.now if asked.at is None else _parse_time(asked.at)
    person = await call.features.session_evaluator.inspect(
        EvaluatedPerson(call.environment_id, who), ClientContext(asked.fields), now=now
    )
    if person is None:
        raise NotFound("No user or visitor with that ID in this environment.")
    merged = who.person.called if who.person.kind is not person.facts.kind else None
    return ApiResult([explain_session(ExplanationContext(person, now, merged))], "session_explanation")


def _parse_time(text: str) -> int:
    try:
        return parse_rfc3339(text)
    except ValueError:
        raise ValidationFailed([ErrorDetail("at", NO_TIME)]) from None
