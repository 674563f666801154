"""Closes days: counts the data of a UTC day once it is over, in a background thread.

Sessions and events are counted from stored rows, so days that ended while no server ran are counted later, as far back
as both are retained. Active people and the number of people in a tribe are only known when the day has just ended: they
are omitted for a day that is closed later.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from templates_server.errors import NotFound, Unavailable
from templates_server.features.operations.daily_counts import store
from templates_server.features.operations.daily_counts.store import CountedEnvironment, DayCounts, EnvironmentDay
from templates_server.features.operations.retention_job import FEWEST_SESSION_DAYS
from templates_server.features.operations.retention_store import hold_purge_lock
from templates_server.features.tribes import store as tribes_store
from templates_server.features.tribes.parser import read_tribe
from templates_server.primitives.timestamps import DAY, HOUR, Clock
from templates_server.storage.database import DAYS_LOCK, Database

LOGGER = logging.getLogger("templates_server")
ROWS_AT_ONCE = 10_000
DAYS_AT_ONCE = 500
LOOK_AGAIN_SECONDS = 60.0
SHORTEST_PAUSE_SECONDS = 0.002
KNOWN_FOR = 6 * HOUR
"""How long after the end of a day people are counted for it, to allow for a restart or for very many tribes."""
NOBODY = [None] * len(store.ACTIVE_DAYS)

Result = TypeVar("Result")


class JobStopped(Exception):
    """An error raised when the server stops: the remaining counts are made after the next start."""


class DailyCountJob:
    """A job that closes each day once, in the first available process; failed or missed days are retried."""

    def __init__(self, database: Database, clock: Clock, *, keep_events_days: int) -> None:
        self._database = database
        self._clock = clock
        self._keep_days = {store.EVENTS: keep_events_days, store.SESSIONS: max(keep_events_days, FEWEST_SESSION_DAYS)}
        self._done: int | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="closing days", daemon=True)

    def start(self) -> None:
        """Start with the days that ended before the server started; then check once a minute."""
        self._thread.start()

    async def finish(self) -> None:
        """Stop after the current step."""
        self._stopping.set()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)

    def close(self) -> None:
        """Close the days that have ended. Do nothing if another process is doing so, or the server stops."""
        now = self._clock()
        today = now - now % DAY
        if self._done == today:
            return
        with hold_purge_lock(self._database, DAYS_LOCK) as is_alone:
            if not is_alone:
                return
            try:
                self._close_days(today, now)
                self._size_tribes(today)
                self._remove_old(today)
            except JobStopped:
                return
        self._done = today

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.close()
            except Unavailable as error:  # the database does not answer now, which is no fault of this
                LOGGER.warning("postponed the daily counts: %s", error)
            except Exception:
                LOGGER.exception("could not compute the daily counts; retrying in a minute")
            self._stopping.wait(LOOK_AGAIN_SECONDS)

    def _close_days(self, today: int, now: int) -> None:
        whole = {walk: -(-(now - days * DAY) // DAY) * DAY for walk, days in self._keep_days.items()}
        missing = self._missing(min(whole.values()), today, now)
        if not missing:
            return
        has_just_ended = now < today + KNOWN_FOR and any(day == today - DAY for _, day in missing)
        active = self._count_active(today) if has_just_ended else None
        first = min(day for _, day in missing)
        sessions, events = (self._count(walk, first, today) for walk in (store.SESSIONS, store.EVENTS))
        counts = [
            DayCounts(
                environment_id,
                day,
                NOBODY if active is None or day < today - DAY else active.get(environment_id, [0] * len(NOBODY)),
                sessions.get((environment_id, day), 0) if day >= whole[store.SESSIONS] else None,
                events.get((environment_id, day), 0) if day >= whole[store.EVENTS] else None,
            )
            for environment_id, day in missing
        ]
        for start in range(0, len(counts), DAYS_AT_ONCE):
            self._step(functools.partial(self._keep, counts[start : start + DAYS_AT_ONCE], now))

    def _missing(self, first: int, today: int, now: int) -> Sequence[EnvironmentDay]:
        """Return the unclosed days that have ended, from the first one on; none from before the first Space existed."""
        closed = self._database.read_sync(lambda connection: store.list_closed_days(connection, first, now=now))
        return [
            (one.id, day)
            for one in self._database.read_sync(store.list_environments)
            for day in range(max(first, one.created // DAY * DAY), today, DAY)
            if (one.id, day) not in closed
        ]

    def _keep(self, counts: Sequence[DayCounts], now: int) -> None:
        self._database.write_sync(lambda connection: store.close_days(connection, counts, now=now))

    def _count(self, walk: store.TableScan, first: int, end: int) -> Mapping[EnvironmentDay, int]:
        """Count the rows of a table by environment and day."""
        found: dict[EnvironmentDay, int] = defaultdict(int)

        def count(stretch: store.ScanRange) -> None:
            counts = self._database.read_sync(
                lambda connection: store.count_by_day(connection, stretch, first=first, end=end)
            )
            for key, number in counts.items():
                found[key] += number

        self._walk(walk, count)
        return found

    def _count_active(self, end: int) -> Mapping[str, Sequence[int]]:
        """Count the people who were active before a moment, by environment."""
        found: dict[str, Sequence[int]] = {}

        def count(stretch: store.ScanRange) -> None:
            counts = self._database.read_sync(lambda connection: store.count_active(connection, stretch, end=end))
            for environment_id, numbers in counts.items():
                before = found.get(environment_id, [0] * len(numbers))
                found[environment_id] = [one + other for one, other in zip(before, numbers, strict=True)]

        self._walk(store.PEOPLE, count)
        return found

    def _walk(self, walk: store.TableScan, count: Callable[[store.ScanRange], None]) -> None:
        start: store.Key | None = walk.beginning
        while start is not None:
            start = self._step(functools.partial(self._take, walk, start, count))

    def _take(
        self, walk: store.TableScan, start: store.Key, count: Callable[[store.ScanRange], None]
    ) -> store.Key | None:
        """Count the next stretch; return where the one after it begins."""
        stretch = self._database.read_sync(
            lambda connection: store.next_stretch(connection, walk, start=start, rows=ROWS_AT_ONCE)
        )
        count(stretch)
        return stretch.end

    def _step(self, work: Callable[[], Result]) -> Result:
        """Do a part of the work, then pause for the same time. Raise Stopped when the server stops."""
        if self._stopping.is_set():
            raise JobStopped
        began = time.monotonic()
        result = work()
        self._stopping.wait(max(SHORTEST_PAUSE_SECONDS, time.monotonic() - began))
        return result

    def _size_tribes(self, today: int) -> None:
        """Count the people of all tribes for the day that has just ended, one tribe after another."""
        day = today - DAY
        known = self._database.read_sync(lambda connection: store.list_sized_tribes(connection, day, now=self._clock()))
        there = [one for one in self._database.read_sync(store.list_environments) if one.created < today]
        for space_id, environments in itertools.groupby(there, lambda one: one.space_id):
            tribes = self._tribes(space_id)
            for environment, key in itertools.product(environments, tribes):
                if self._clock() >= today + KNOWN_FOR:
                    return
                if (environment.id, key) not in known:
                    self._step(functools.partial(self._size_tribe, environment, key, tribes[key], day))

    def _tribes(self, space_id: str) -> Mapping[str, Any]:
        try:
            stored = self._database.read_sync(lambda connection: tribes_store.load_tribes(connection, space_id))
        except NotFound:  # deleted meanwhile
            return {}
        tribes: Mapping[str, Any] = stored.value["tribes"]
        return tribes

    def _size_tribe(self, environment: CountedEnvironment, key: str, document: Any, day: int) -> None:
        """Count one tribe, unless it depends on session context; if that fails, omit its size."""
        now = self._clock()
        at = tribes_store.EvaluationContext(environment.id, now, self._keep_days[store.EVENTS] * DAY)
        try:
            tribe = read_tribe(document, key=key)
            if tribe.is_contextual:
                return
            people = self._database.read_sync(lambda connection: tribes_store.count_people(connection, at, tribe))
        except Unavailable:  # the database does not answer to the others either
            raise
        except Exception:
            LOGGER.exception("could not count the people of a tribe in %s", environment.id)
            return
        size = store.TribeSize(environment.id, key, day, people)
        self._database.write_sync(lambda connection: store.keep_size(connection, size, now=now))

    def _remove_old(self, today: int) -> None:
        """Remove the counts of days that are older than their retention period."""
        before = today - store.KEPT_DAYS * DAY
        while self._step(functools.partial(self._database.write_sync, lambda at: store.remove_some_old(at, before))):
            pass
