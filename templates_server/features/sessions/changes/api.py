"""`GET /api/client/sessions/:session/changes`: server-sent events (WHATWG HTML, 9.2), otherwise a long poll."""

from __future__ import annotations

import contextlib
import functools
from http import HTTPStatus
from typing import Protocol

from starlette.responses import Response

from templates_server.errors import ErrorDetail, Unauthenticated, ValidationFailed
from templates_server.features.sessions.changes.notifier import ChangeNotifier, Subscriber
from templates_server.features.sessions.changes.start_cache import StartCache
from templates_server.features.sessions.changes.subscription import EvaluationLimiter, Subscription
from templates_server.http.context import Call
from templates_server.http.route_docs import EVENT_STREAM
from templates_server.http.server_sent_events import EventStream, end_with_stream
from templates_server.primitives.integers import whole_number

DEFAULT_WAIT_SECONDS = 25
MAX_WAIT_SECONDS = 60


class SessionChangeServices(Protocol):
    """The services that the handlers here need."""

    @property
    def start_cache(self) -> StartCache:
        """What was evaluated when sessions started."""

    @property
    def evaluation_limiter(self) -> EvaluationLimiter:
        """Evaluates followed sessions again, a bounded number at a time."""

    @property
    def change_notifier(self) -> ChangeNotifier:
        """Notifies subscribers of changes in an environment."""


async def follow_session(call: Call[SessionChangeServices]) -> Response:
    """Return a stream if the app accepts one; otherwise the next change, or 204 after `?wait=` seconds without one."""
    wait_seconds = _wait_seconds(call)
    principal = call.principal
    follower = Subscriber(principal.id, call.app_environment_id, "")
    revision = call.request.headers.get("last-event-id") or call.query.get("since", "")
    followed = Subscription(follower, call.parameters["session"], started=call.features.start_cache, revision=revision)
    evaluations = call.features.evaluation_limiter
    with contextlib.ExitStack() as held:
        held.enter_context(call.services.stream_limiter.acquire(call.caller))
        await evaluations.find(followed)  # NotFound, before anything else is said
        follower.woken.set()
        held.enter_context(call.features.change_notifier.subscribe(follower))
        if EVENT_STREAM in call.request.headers.get("accept", ""):
            return EventStream(follower, functools.partial(_next_event, followed, evaluations), held.pop_all())
        with end_with_stream(call.request.scope, call.request.receive, follower):
            change = await followed.next_change(evaluations, seconds=wait_seconds)
    if not follower.is_key_live:
        raise Unauthenticated("The key was revoked.", challenge='Bearer error="invalid_token"')
    if change is None:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return Response(change.encoded, media_type="application/json")


def _wait_seconds(call: Call) -> int:
    seconds = whole_number(call.query.get("wait", str(DEFAULT_WAIT_SECONDS)), most=MAX_WAIT_SECONDS)
    if seconds is None:
        raise ValidationFailed([ErrorDetail("wait", f"This must be a whole number from 0 to {MAX_WAIT_SECONDS}.")])
    return seconds


async def _next_event(followed: Subscription, evaluations: EvaluationLimiter, seconds: float) -> bytes | None:
    change = await followed.next_change(evaluations, seconds=seconds)
    if change is None:
        return None
    return b"id: %b\nevent: states\ndata: %b\n\n" % (change.revision.encode(), change.encoded)
