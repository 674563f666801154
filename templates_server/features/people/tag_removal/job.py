"""Takes the steps of removals: the first few in the request, all others in a thread, whichever process began them."""

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
"""Steps that a request takes before it leaves the rest to the thread."""
LOOK_AGAIN_SECONDS = 60.0
"""After so long the thread looks for removals that a process began which is no more."""
SHORTEST_PAUSE_SECONDS = 0.002


class TagRemovalJob:
    """Deletes tags while the server runs; what was begun before it started is taken up again."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tag removals", daemon=True)

    def start(self) -> None:
        """Begin with what is left from before."""
        self._woken.set()
        self._thread.start()

    async def finish(self) -> None:
        """Stop after the present step."""
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)

    async def advance(self, removal: store.TagRemovalState) -> store.TagRemovalState | None:
        """Take the first steps; None when it has ended, else the thread goes on."""
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
        """Take a step of each removal in turn, so that neither a long one nor many hold up another, until none is left.

        One that fails is left for the next time.
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
