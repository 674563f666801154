"""Delivers arrivals stored by any process to the streams of this process, with one shared query.

A query runs shortly after this process has written, otherwise every half second; none runs without listeners.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from templates_server.errors import Unavailable
from templates_server.features.events.listing.schemas import event_view
from templates_server.features.events.stream import store
from templates_server.features.events.stream.filters import EVERYTHING, StreamFilter
from templates_server.features.events.stream.recorder import ArrivalRecorder
from templates_server.features.events.stream.schemas import ArrivedSession, Skipped
from templates_server.features.people.identity import PersonKind
from templates_server.primitives.timestamps import SECOND, Clock, to_rfc3339
from templates_server.storage.database import Database

LOGGER = logging.getLogger("templates_server")
LONGEST_REST_SECONDS = 0.5
SHORTEST_REST_SECONDS = 0.1
REST_PER_LOOK = 9  # a tenth of the time is spent on looking, at most
LONGEST_REST_AFTER_A_LOOK_SECONDS = 5.0
REST_AFTER_FAILURE_SECONDS = 5.0
RENEW_SECONDS = 20.0
FOLLOWED_FOR = 60 * SECOND  # what arrives is noted for so long after the last stream was there: it may come back
MOST_WAITING = 1000
"""The maximum number of messages queued for a slow reader; messages beyond that are skipped."""

Permitted = Callable[[], Awaitable[bool]]
PERMISSION_SECONDS = 5.0
"""How long the result of a token check is cached."""


@dataclass(eq=False)
class Listener:
    """One stream of an environment: its filter, its position and its unsent messages."""

    environment_id: str
    filter: StreamFilter
    position: str
    is_over: bool = False
    skipped: int = 0
    waiting: deque[bytes] = field(default_factory=deque)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _check_at: float = 0.0
    _is_new: bool = True

    def end(self) -> None:
        """Wake up all waiters."""
        self.is_over = True
        self._woken.set()

    def tell(self, messages: Sequence[bytes], skipped: int, position: str) -> None:
        """Queue messages, followed by the position after them."""
        room = max(0, MOST_WAITING - len(self.waiting))
        self.waiting.extend(messages[:room])
        self.skipped += skipped + len(messages[room:])
        self.position = position
        if messages or skipped:
            self._woken.set()

    async def next_messages(self, permitted: Permitted, seconds: float) -> bytes | None:
        """Return messages as soon as there are any; after that many seconds, the position alone.

        Return None once the stream has ended or is no longer permitted.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while not self.is_over:
            if loop.time() >= self._check_at:
                if not await permitted():
                    self.end()
                    break
                self._check_at = loop.time() + PERMISSION_SECONDS
            if self.waiting or self.skipped:
                return self._taken()
            if loop.time() >= until or self._is_new:
                self._is_new = False
                return position_message(self.position)
            await self._wait(min(until, self._check_at) - loop.time())
        return None

    def _taken(self) -> bytes:
        """Return the queued messages. The position comes last: a client cut off before it receives them again."""
        skipped = [_message("skipped", Skipped(self.skipped))] if self.skipped else []
        taken = b"".join([*self.waiting, *skipped, position_message(self.position)])
        self.waiting.clear()
        self.skipped = 0
        return taken

    async def _wait(self, seconds: float) -> None:
        self._woken.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()


class EventFeed:
    """The streams of this process."""

    def __init__(self, database: Database, clock: Clock, recorder: ArrivalRecorder) -> None:
        self._database = database
        self._clock = clock
        self._recorder = recorder
        self._listeners: set[Listener] = set()
        self._expected: dict[str, tuple[StreamFilter, int]] = {}
        self._task: asyncio.Task[None] | None = None
        self._writes_seen = 0
        self._renew_at = math.inf

    async def open(self, environment_id: str, wanted: StreamFilter, last_event_id: str) -> Listener:
        """Return a listener that resumes after the last event it received, or starts now."""
        until = self._clock() + FOLLOWED_FOR
        self._expect(environment_id, wanted, until)
        filters = self._filters_of(environment_id)

        def begin(connection: Connection) -> str:
            store.follow(connection, environment_id, filters, until=until)
            return store.find_position(connection, last_event_id)

        position = await self._database.write(begin)
        self._recorder.look_again()
        return Listener(environment_id, wanted, position)

    @contextlib.contextmanager
    def listening(self, listener: Listener) -> Iterator[None]:
        """Deliver arrivals to the listener, within the block."""
        self._listeners.add(listener)
        self._writes_seen = -1
        self._renew_at = min(self._renew_at, time.monotonic() + RENEW_SECONDS)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look_until_nobody_listens())
        try:
            yield
        finally:
            self._listeners.discard(listener)

    async def finish(self) -> None:
        """Stop querying."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _filters_of(self, environment_id: str) -> Sequence[StreamFilter]:
        listening = [one.filter for one in self._listeners if one.environment_id == environment_id]
        expected = self._expected.get(environment_id)
        return [*listening, expected[0]] if expected else listening

    def _expect(self, environment_id: str, wanted: StreamFilter, until: int) -> None:
        """Have matching arrivals recorded until then, whoever else starts or stops: a client may resume."""
        now = self._clock()
        self._expected = {key: one for key, one in self._expected.items() if one[1] > now}
        before = self._expected.get(environment_id)
        self._expected[environment_id] = (wanted if before is None or before[0] == wanted else EVERYTHING, until)

    async def _look_until_nobody_listens(self) -> None:
        was_down = False
        while self._listeners:
            began = time.monotonic()
            try:
                await self._renew_when_due()
                await self._look()
                was_down = False
            except (SQLAlchemyError, Unavailable) as error:
                if not was_down:
                    LOGGER.warning("event streams are interrupted: %s", error)
                was_down = True
                await asyncio.sleep(REST_AFTER_FAILURE_SECONDS)
            await self._rest(time.monotonic() - began)

    async def _rest(self, looked_seconds: float) -> None:
        after_a_look = min(LONGEST_REST_AFTER_A_LOOK_SECONDS, REST_PER_LOOK * looked_seconds)
        shortest = max(SHORTEST_REST_SECONDS, after_a_look)
        until = time.monotonic() + max(shortest, LONGEST_REST_SECONDS)
        await asyncio.sleep(shortest)
        while time.monotonic() < until and self._database.ended_writes == self._writes_seen:  # noqa: ASYNC110 - as in `Watch`
            await asyncio.sleep(SHORTEST_REST_SECONDS)

    async def _renew_when_due(self) -> None:
        if time.monotonic() < self._renew_at:
            return
        now = self._clock()
        filters = {one.environment_id: self._filters_of(one.environment_id) for one in self._listeners}

        def renew(connection: Connection) -> None:
            for environment_id, wanted in sorted(filters.items()):
                store.follow(connection, environment_id, wanted, until=now + FOLLOWED_FOR)
            store.forget_old(connection, now=now)

        await self._database.write(renew)
        self._renew_at = time.monotonic() + RENEW_SECONDS

    async def _look(self) -> None:
        listeners, now = list(self._listeners), self._clock()
        self._writes_seen = self._database.ended_writes
        asked: dict[str, set[str]] = defaultdict(set)
        for one in listeners:
            asked[one.position].add(one.environment_id)
        position, arrived = await self._database.read_in_thread(
            lambda connection: store.list_arrived_since(connection, asked, now=now)
        )
        told = {key: _Told(one) for key, one in arrived.items()}
        for one in listeners:
            found = told.get((one.position, one.environment_id))
            messages = found.messages_for(one.filter) if found else ()
            one.tell(messages, found.skipped if found else 0, position)


class _Told:
    """The arrivals in an environment, encoded once for all listeners."""

    def __init__(self, arrived: store.Arrived) -> None:
        self._events = [(one, _message("event", event_view(one))) for one in arrived.events]
        self._sessions = [(one, _message("session", session_view(one))) for one in arrived.sessions]
        self.skipped = arrived.skipped

    def messages_for(self, wanted: StreamFilter) -> Sequence[bytes]:
        """Return the messages that match a filter."""
        sessions = [message for one, message in self._sessions if wanted.matches(None, one.person_id)]
        return [*sessions, *(message for one, message in self._events if wanted.matches(one.name, one.person_id))]


def session_view(stored: store.StoredSession) -> ArrivedSession:
    """Return the form of a session in streams."""
    return ArrivedSession(
        stored.session_id,
        stored.called if stored.kind == PersonKind.USER else None,
        stored.called if stored.kind == PersonKind.VISITOR else None,
        to_rfc3339(stored.started),
        stored.code_hash,
        stored.code_language,
        stored.app_version,
        stored.app_build,
        stored.app_platform,
        stored.os_version,
    )


def position_message(position: str) -> bytes:
    """Return a message that only makes a client store its position (WHATWG HTML, 9.2.6)."""
    return b"id: %b\n\n" % position.encode()


def _message(kind: str, data: msgspec.Struct) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), msgspec.json.encode(data))
