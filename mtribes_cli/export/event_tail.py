"""Follows the events of an environment, shown as they arrive, over streams that are resumed when they break off."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from mtribes_cli.api.event_stream import EventStreamReader, Message
from mtribes_cli.api.models.events import SkippedMessages, StreamEvent, StreamSession
from mtribes_cli.errors import AnswerError, NetworkError, UnavailableError
from mtribes_cli.terminal.sanitize import columns, shorten

if TYPE_CHECKING:
    from mtribes_cli.api.response import ApiResponse
    from mtribes_cli.context import Context

PATIENCE_SECONDS = 600.0  # without a stream, once there was one
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.5, 30.0
NAME_WIDTH, WHO_WIDTH = 28, 20
TIME = slice(11, 19)  # of an RFC 3339 time
_WIDEST = ("0" * 8, "0" * NAME_WIDTH, "0" * WHO_WIDTH, "")


class _IsEnough(Exception):
    """Raised in the middle of a stream to end it."""


class EventTail:
    """The query for events of an environment, and its progress."""

    def __init__(
        self, context: Context, place: tuple[str, str], query: Mapping[str, object], limit: int | None
    ) -> None:
        self._context, self._place, self._query = context, place, query
        self._left = limit
        self._reader = EventStreamReader()
        self._streams = 0

    def follow(self) -> None:
        """Show arriving events until enough were shown or nobody reads. Raises if the first stream fails."""
        pause, clock = FIRST_PAUSE_SECONDS, self._context.clock
        last_seen = clock.elapsed_seconds()
        while True:
            before = self._streams
            failure: NetworkError | UnavailableError | None = None
            try:
                self._context.client.stream_events(
                    *self._place, query=self._query, last_event_id=self._reader.last_id, take=self._take
                )
            except _IsEnough:
                return
            except (UnavailableError, NetworkError) as error:
                failure = error
            if self._streams > before:
                pause, last_seen = FIRST_PAUSE_SECONDS, clock.elapsed_seconds()
            waits = getattr(failure, "retry_after_seconds", None) or pause
            if failure and (not self._streams or clock.elapsed_seconds() + waits > last_seen + PATIENCE_SECONDS):
                raise failure
            self._context.console.trace(f"The stream ended. Reconnecting in {waits:.1f} s.")
            clock.sleep(waits)
            pause = min(pause * 2, MAX_PAUSE_SECONDS)

    def _take(self, answer: ApiResponse, pieces: Iterator[bytes]) -> None:
        if answer.headers.get("content-type", "").partition(";")[0] != "text/event-stream":
            raise AnswerError(f"{answer.url} responded, but not with an event stream.", "Check the host.")
        if not self._streams:
            space, environment = self._place
            self._context.console.notice(f"Waiting for events in {environment} of {space}. Press Ctrl-C to stop.")
        self._streams += 1
        self._reader.begin()
        for piece in pieces:
            for message in self._reader.messages(piece):
                self._show(message)

    def _show(self, message: Message) -> None:
        """Show a message on a line of its own; unknown kinds are for later versions."""
        if message.kind not in {"event", "session", "skipped"}:
            return
        value, console = _json(message), self._context.console
        if message.kind == "skipped":
            skipped = SkippedMessages.read(value, "skipped").skipped
            console.notice(f"{skipped:,} more arrived than were shown. `mtribes event export` includes all events.")
        line = _line(message.kind, value)
        if console.style.json:
            console.json_line({"kind": message.kind, **value})
        elif line:
            console.line(line)
        if message.kind != "skipped" and self._left is not None:
            self._left -= 1
        if self._left == 0 or not console.is_read:
            raise _IsEnough


def _json(message: Message) -> Mapping[str, object]:
    try:
        value = json.loads(message.data)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise AnswerError(f"The server sent a `{message.kind}` message that is not JSON.", "Check the host.")
    return value


def _line(kind: str, value: object) -> str:
    """Return a message as a line for people; "" for one that is shown in another way."""
    if kind == "event":
        return _event_line(StreamEvent.read(value, "event"))
    return _session_line(StreamSession.read(value, "session")) if kind == "session" else ""


def _event_line(event: StreamEvent) -> str:
    pairs = [f"{key}={value}" for key, value in event.metadata.items()]
    return _in_columns(event.timestamp, event.name, event.user_id, event.anonymous_id, pairs)


def _session_line(session: StreamSession) -> str:
    app = [text for text in (session.app_platform, session.app_version) if text]
    return _in_columns(session.started, "(session)", session.user_id, session.anonymous_id, app)


def _in_columns(at: str, name: str, user: str | None, visitor: str | None, more: list[str]) -> str:
    who = user if user is not None else f"visitor {visitor or ''}"
    cells = (at[TIME], shorten(name, NAME_WIDTH), shorten(who, WHO_WIDTH), " ".join(more))
    return columns([_WIDEST, cells])[1]
