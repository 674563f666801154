"""Records events and sessions in environments with listeners, in the transaction that stores them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from templates_server.errors import ErrorDetail
from templates_server.features.events.store import EventBatch
from templates_server.features.events.stream import store
from templates_server.features.events.stream.filters import StreamFilter
from templates_server.features.events.stream.store import At, Entries, StreamKey
from templates_server.features.people.identity import ClaimedIdentity
from templates_server.primitives.timestamps import Clock
from templates_server.storage.write_batcher import Outcomes

LOOK_SECONDS = 1.0
"""How long the list of listeners is cached: the maximum delay until another process notices a stream."""
MOST_A_SECOND = 500
"""The limit of events, and of sessions, recorded per environment and process; an export has all of them."""
POSITIONS_A_MILLISECOND = 1000


class SessionStart(Protocol):
    """The recorded data of a started session."""

    @property
    def environment_id(self) -> str:
        """The environment."""

    @property
    def stated(self) -> ClaimedIdentity:
        """The stated person."""

    @property
    def session_id(self) -> str:
        """The session's id."""

    @property
    def started(self) -> int:
        """The start time, in milliseconds."""


SessionT = TypeVar("SessionT", bound=SessionStart)
StoreEvents = Callable[[Connection, Sequence[EventBatch]], Sequence[Sequence[ErrorDetail]]]
StoreSessions = Callable[[Connection, Sequence[SessionT]], Outcomes[Sequence[ErrorDetail]]]
Entry = tuple[str, str | None, ClaimedIdentity, str, int]
"""The environment, event name, person, id and time."""


class ArrivalRecorder:
    """A wrapper of storing. Without listeners it costs a look at the clock, and one query a second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._followed: Mapping[str, Sequence[StreamFilter]] = {}
        self._look_at = 0.0
        self._position = 0
        self._second = 0.0
        self._noted_in_second: dict[tuple[str, str], int] = {}

    def look_again(self) -> None:
        """Reload the listeners before anything else is stored."""
        self._look_at = 0.0

    def recording_events(self, store_events: StoreEvents) -> StoreEvents:
        """Return a function that stores events and records those that were stored."""

        def store_and_note(connection: Connection, arrivals: Sequence[EventBatch]) -> Sequence[Sequence[ErrorDetail]]:
            problems = store_events(connection, arrivals)
            if self._is_followed(connection):
                self._note(connection, "events", _events(arrivals, problems))
            return problems

        return store_and_note

    def recording_sessions(self, store_sessions: StoreSessions[SessionT]) -> StoreSessions[SessionT]:
        """Return a function that stores sessions and records those that were stored."""

        def store_and_note(connection: Connection, starts: Sequence[SessionT]) -> Outcomes[Sequence[ErrorDetail]]:
            outcomes = store_sessions(connection, starts)
            if self._is_followed(connection):
                self._note(connection, "sessions", _sessions(starts, outcomes))
            return outcomes

        return store_and_note

    def _is_followed(self, connection: Connection) -> bool:
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            self._followed = store.list_followed(connection, now=self._clock())
        return bool(self._followed)

    def _note(self, connection: Connection, kind: str, entries: Iterable[Entry]) -> None:
        wanted: dict[str, list[StreamKey]] = defaultdict(list)
        for environment_id, name, stated, identifier, at in entries:
            filters = self._followed.get(environment_id, ())
            if any(one.may_match(name, stated) for one in filters):
                wanted[environment_id].append(StreamKey(stated.person.person_id, identifier, at))
        for environment_id, keys in wanted.items():
            noted: dict[str, Any] = {kind: keys[: self._room(environment_id, kind, len(keys))]}
            store.note(connection, environment_id, Entries(**noted), len(keys), at=self._at())

    def _room(self, environment_id: str, kind: str, wanted: int) -> int:
        """Reserve up to that many places of this second; return how many were available."""
        second = time.monotonic() // 1
        if second != self._second:
            self._second, self._noted_in_second = second, {}
        noted = self._noted_in_second.get((environment_id, kind), 0)
        self._noted_in_second[environment_id, kind] = noted + wanted
        return max(0, MOST_A_SECOND - noted)

    def _at(self) -> At:
        now = self._clock()
        self._position = max(self._position + 1, now * POSITIONS_A_MILLISECOND)
        return At(now, self._position)


def _events(arrivals: Sequence[EventBatch], problems: Sequence[Sequence[ErrorDetail]]) -> Iterable[Entry]:
    for arrival, refused in zip(arrivals, problems, strict=True):
        if not refused:
            for event in arrival.events:
                yield arrival.environment_id, event.name, event.stated, event.event_id, arrival.received


def _sessions(starts: Sequence[SessionStart], outcomes: Outcomes[Sequence[ErrorDetail]]) -> Iterable[Entry]:
    for start, outcome in zip(starts, outcomes, strict=True):
        if outcome == ():
            yield start.environment_id, None, start.stated, start.session_id, start.started
