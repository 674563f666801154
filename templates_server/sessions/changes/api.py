"""`GET /api/client/sessions/:session/changes`: as server-sent events (WHATWG HTML, 9.2), else a long poll."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from templates_server.description import EVENT_STREAM
from templates_server.endpoint import Call
from templates_server.errors import ApiError, Problem, Unauthenticated, ValidationFailed
from templates_server.http_protocol import WHEN_STOPPING
from templates_server.numbers import whole_number
from templates_server.places import Places
from templates_server.sessions.changes.following import Evaluations, FollowedSession
from templates_server.sessions.changes.memory import StartedSessions
from templates_server.sessions.changes.telling import Change
from templates_server.sessions.changes.watch import Follower, Watch

DEFAULT_WAIT_SECONDS = 25
MAX_WAIT_SECONDS = 60
HEARTBEAT_SECONDS = 15.0
HEARTBEAT = b": nothing has changed\n\n"
OPENING = b"retry: 2000\n\n"


async def follow_session(call: Call) -> Response:
    """A stream, where the app accepts one; else the next change, or 204 when there was none for `?wait=` seconds."""
    wait_seconds = _wait_seconds(call)
    principal = call.principal
    follower = Follower(principal.id, call.app_environment_id, "")
    revision = call.request.headers.get("last-event-id") or call.query.get("since", "")
    followed = FollowedSession(
        follower, call.parameters["session"], started=call.services.part(StartedSessions), revision=revision
    )
    evaluations = call.services.part(Evaluations)
    with contextlib.ExitStack() as held:
        held.enter_context(call.services.part(Places).taken(call.caller))
        await evaluations.find(followed)  # NotFound, before anything else is said
        follower.woken.set()
        held.enter_context(call.services.part(Watch).following(follower))
        if EVENT_STREAM in call.request.headers.get("accept", ""):
            return EventStream(followed, evaluations, held.pop_all())
        with _ending_with(call.request.scope, call.request.receive, follower):
            change = await followed.next_change(evaluations, seconds=wait_seconds)
    if not follower.is_key_live:
        raise Unauthenticated("The key was revoked.", challenge='Bearer error="invalid_token"')
    if change is None:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return Response(change.encoded, media_type="application/json")


def _wait_seconds(call: Call) -> int:
    seconds = whole_number(call.query.get("wait", str(DEFAULT_WAIT_SECONDS)), most=MAX_WAIT_SECONDS)
    if seconds is None:
        raise ValidationFailed([Problem("wait", f"This must be a whole number from 0 to {MAX_WAIT_SECONDS}.")])
    return seconds


class EventStream(Response):
    """The changes of a session, until its app goes, its key or its person is no more, or the server stops.

    Who reads slowly is told the last of what has changed, not all of it; who does not read is dropped by the
    connection's own limit.
    """

    def __init__(self, followed: FollowedSession, evaluations: Evaluations, held: contextlib.ExitStack) -> None:
        super().__init__(media_type=EVENT_STREAM)
        del self.headers["content-length"]
        self.headers["x-accel-buffering"] = "no"  # nginx would keep it back
        self._followed = followed
        self._evaluations = evaluations
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what changes, as it changes."""
        with self._held, _ending_with(scope, receive, self._followed.follower):
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await _send(send, OPENING)
            with contextlib.suppress(ApiError):  # the app comes back, and is told what is the matter
                await self._send_changes(send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_changes(self, send: Send) -> None:
        while not self._followed.follower.is_over:
            change = await self._followed.next_change(self._evaluations, seconds=HEARTBEAT_SECONDS)
            await _send(send, HEARTBEAT if change is None else _event(change))


async def _send(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


def _event(change: Change) -> bytes:
    return b"id: %b\nevent: states\ndata: %b\n\n" % (change.revision.encode(), change.encoded)


@contextlib.contextmanager
def _ending_with(scope: Scope, receive: Receive, follower: Follower) -> Iterator[None]:
    """Within the block the follower ends when its app goes, or when the server stops."""
    if WHEN_STOPPING in scope:
        scope[WHEN_STOPPING](follower.end)
    watching = asyncio.create_task(_end_when_gone(receive, follower))
    try:
        yield
    finally:
        watching.cancel()


async def _end_when_gone(receive: Receive, follower: Follower) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    follower.end()
