"""Runs removal steps: the first few in the request, all others in a thread, whichever process began them."""

from __future__ import annotations

import asyncio
import logging
import threading
import time

from templates_server.errors import Unavailable
from templates_server.features.people.tag_removal import store
from templates_server.primitives.timestamps import Clock
from templates_server.storage.database import Database

LOGGER = logging.getLogger("templates_server")
STEPS_AT_ONCE = 4
"""The number of steps in a request before the thread continues."""
LOOK_AGAIN_SECONDS = 60.0
"""The interval at which the thread looks for removals of processes that have ended."""
SHORTEST_PAUSE_SECONDS = 0.002


class TagRemovalJob:
    """A job that deletes tags while the server runs; removals from before its start are resumed."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tag removals", daemon=True)

    def start(self) -> None:
        """Start with the removals left from earlier runs."""
        self._woken.set()
        self._thread.start()

    async def finish(self) -> None:
        """Stop after the current step."""
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)

    async def advance(self, removal: store.TagRemovalState) -> store.TagRemovalState | None:
        """Run the first steps; return None when it has ended, otherwise the thread continues."""
        current: store.TagRemovalState | None = removal
        for _ in range(STEPS_AT_ONCE):
            if current is None:
                return None
            current = await asyncio.to_thread(self._step, current)
        if current is not None:
            self._woken.set()
        return current

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.wait(LOOK_AGAIN_SECONDS)
            self._woken.clear()
            try:
                self._end_all()
            except Unavailable as error:  # the database does not answer now, which is no fault of this
                LOGGER.warning("postponed deleting tags: %s", error)
            except Exception:
                LOGGER.exception("could not delete tags; retrying in %.0f seconds", LOOK_AGAIN_SECONDS)

    def _end_all(self) -> None:
        """Run a step of each removal in turn until none remains, so that none delays the others.

        A removal that fails is retried next time.
        """
        failed: set[tuple[str, str, str]] = set()
        while removals := [one for one in self._database.read_sync(store.list_removals) if one.key not in failed]:
            for removal in removals:
                if self._stopping.is_set():
                    return
                try:
                    self._step_and_pause(removal)
                except Unavailable:
                    raise
                except Exception:
                    failed.add(removal.key)
                    LOGGER.exception("could not delete a tag; retrying in %.0f seconds", LOOK_AGAIN_SECONDS)

    def _step_and_pause(self, removal: store.TagRemovalState) -> None:
        began = time.monotonic()
        self._step(removal)
        self._stopping.wait(max(SHORTEST_PAUSE_SECONDS, time.monotonic() - began))

    def _step(self, removal: store.TagRemovalState) -> store.TagRemovalState | None:
        stretch = self._database.read_sync(lambda connection: store.next_stretch(connection, removal))
        return self._database.write_sync(
            lambda connection: store.take_step(connection, removal, stretch, now=self._clock())
        )
