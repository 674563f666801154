"""Server-sent events (WHATWG HTML, 9.2): sent as they happen, with comments in between to keep the stream open."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from templates_server.errors import ApiError
from templates_server.http.protocol import WHEN_STOPPING
from templates_server.http.route_docs import EVENT_STREAM

HEARTBEAT_SECONDS = 15.0
HEARTBEAT = b": nothing has changed\n\n"
OPENING = b"retry: 2000\n\n"

NextEvent = Callable[[float], Awaitable[bytes | None]]
"""The next event, encoded, as soon as there is one; None when there was none for so many seconds, or all is over."""


class StreamSubject(Protocol):
    """The subject of a stream: it ends the stream, and ends with it."""

    is_over: bool

    def end(self) -> None:
        """End the stream."""


class EventStream(Response):
    """The events of a follower, until its app goes, its key or its person is no more, or the server stops.

    Who reads slowly is told the last of what has changed, not all of it; who does not read is dropped by the
    connection's own limit.
    """

    def __init__(self, follower: StreamSubject, next_event: NextEvent, held: contextlib.ExitStack) -> None:
        super().__init__(media_type=EVENT_STREAM)
        del self.headers["content-length"]
        self.headers["x-accel-buffering"] = "no"  # nginx would keep it back
        self._follower = follower
        self._next_event = next_event
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send changes as they happen."""
        with self._held, end_with_stream(scope, receive, self._follower):
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await _send(send, OPENING)
            with contextlib.suppress(ApiError):  # the app comes back, and is told what is the matter
                await self._send_events(send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_events(self, send: Send) -> None:
        while not self._follower.is_over:
            event = await self._next_event(HEARTBEAT_SECONDS)
            await _send(send, HEARTBEAT if event is None else event)


async def _send(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


@contextlib.contextmanager
def end_with_stream(scope: Scope, receive: Receive, follower: StreamSubject) -> Iterator[None]:
    """Within the block, end the follower when its app disconnects or the server stops."""
    if WHEN_STOPPING in scope:
        scope[WHEN_STOPPING](follower.end)
    watching = asyncio.create_task(_end_when_gone(receive, follower))
    try:
        yield
    finally:
        watching.cancel()


async def _end_when_gone(receive: Receive, follower: StreamSubject) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    follower.end()
