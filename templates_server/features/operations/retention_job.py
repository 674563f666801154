"""Removal of data beyond its retention period in the background: in small steps, each followed by an equal pause."""

from __future__ import annotations

import asyncio
import logging
import threading
import time

from templates_server.errors import Unavailable
from templates_server.features.event_names.job import fold_changes
from templates_server.features.event_names.store import forget_expired, has_expired
from templates_server.features.events.stream.store import forget_old, has_old
from templates_server.features.operations import retention_store
from templates_server.primitives.timestamps import DAY, Clock
from templates_server.storage.database import Database

LOGGER = logging.getLogger("templates_server")
FEWEST_SESSION_DAYS = 31  # `sessions_30_days` counts them
ROWS_AT_ONCE = 1000
FIRST_AFTER_SECONDS = 60
EVERY_SECONDS = 3600
SHORTEST_PAUSE_SECONDS = 0.002


class RetentionJob:
    """A job that removes old events and sessions while the server runs, in its own thread."""

    def __init__(self, database: Database, clock: Clock, *, keep_events_days: int) -> None:
        self._database = database
        self._clock = clock
        self._keep_events_days = keep_events_days
        self._kept = (
            (retention_store.EVENTS, keep_events_days),
            (retention_store.SESSIONS, max(keep_events_days, FEWEST_SESSION_DAYS)),
        )
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="purge", daemon=True)

    def start(self) -> None:
        """Start: the first run is in a minute, then every hour."""
        self._thread.start()

    async def finish(self) -> None:
        """Stop after the current step."""
        self._stopping.set()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)

    def purge(self) -> int:
        """Remove all expired rows and return how many. Do nothing if another process is doing so."""
        with retention_store.hold_purge_lock(self._database) as is_alone:
            if not is_alone:
                return 0
            removed = sum(self._purge_table(aging, self._clock() - days * DAY) for aging, days in self._kept)
            self._forget_names()
            now = self._clock()
            if self._database.read_sync(lambda connection: has_old(connection, now=now)):
                self._database.write_sync(lambda connection: forget_old(connection, now=now))
            return removed

    def _forget_names(self) -> None:
        fold_changes(self._database, self._stopping)
        before = self._clock() - self._keep_events_days * DAY
        if self._database.read_sync(lambda connection: has_expired(connection, before=before)):
            self._database.write_sync(lambda connection: forget_expired(connection, before=before))

    def _run(self) -> None:
        pause_seconds = FIRST_AFTER_SECONDS
        while not self._stopping.wait(pause_seconds):
            pause_seconds = EVERY_SECONDS
            try:
                removed = self.purge()
            except Unavailable as error:  # the database does not answer now, which is no fault of this
                LOGGER.warning("postponed deleting expired data: %s", error)
            except Exception:
                LOGGER.exception("could not delete expired data; retrying in an hour")
            else:
                LOGGER.info("deleted %d expired events and sessions", removed)

    def _purge_table(self, aging: retention_store.RetainedTable, before: int) -> int:
        removed, start = 0, retention_store.BEGINNING
        while not self._stopping.is_set():
            stretch, count = self._purge_next(aging, start, before)
            removed += count
            if stretch.end is None:
                break
            start = stretch.end
        return removed

    def _purge_next(
        self, aging: retention_store.RetainedTable, start: retention_store.Key, before: int
    ) -> tuple[retention_store.RetentionRange, int]:
        began = time.monotonic()
        stretch = self._database.read_sync(
            lambda connection: retention_store.next_stretch(connection, aging, start=start, rows=ROWS_AT_ONCE)
        )
        has_older = self._database.read_sync(
            lambda connection: retention_store.has_older(connection, aging, stretch, before=before)
        )
        count = 0
        if has_older:
            count = self._database.write_sync(
                lambda connection: retention_store.remove_older(connection, aging, stretch, before=before)
            )
        self._stopping.wait(max(SHORTEST_PAUSE_SECONDS, time.monotonic() - began))
        return stretch, count
