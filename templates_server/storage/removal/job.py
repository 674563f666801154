"""Takes the steps of removals: the first few in the request, all others in a thread, whichever process began them."""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
import time
from collections.abc import Callable, Iterator

from templates_server.errors import Unavailable
from templates_server.primitives.timestamps import Clock
from templates_server.storage.database import Database
from templates_server.storage.removal import store

LOGGER = logging.getLogger("templates_server")
STEPS_AT_ONCE = 30
"""Steps that a request takes before it leaves the rest to the thread: those of a small Space, all of them."""
LOOK_AGAIN_SECONDS = 60.0
"""After so long the thread looks for what arrived late, and for removals that a process began which is no more."""
SHORTEST_PAUSE_SECONDS = 0.002


class SpaceRemovalJob:
    """Removes what deleted Spaces and organizations leave while the server runs.

    What was begun before it started is taken up again.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="space removals", daemon=True)

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

    async def advance(self) -> None:
        """Take the first steps of what waits; the thread goes on where that is not all."""
        if not await asyncio.to_thread(self._take_steps, STEPS_AT_ONCE):
            self._woken.set()

    def remove(self) -> None:
        """Take every step of what waits now, with pauses, unless the server stops meanwhile."""
        while not self._stopping.is_set():
            began = time.monotonic()
            if self._take_steps(1):
                return
            self._stopping.wait(max(SHORTEST_PAUSE_SECONDS, time.monotonic() - began))

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.wait(LOOK_AGAIN_SECONDS)
            self._woken.clear()
            try:
                self.remove()
            except Unavailable as error:  # the database does not answer now, which is no fault of this
                LOGGER.warning("postponed removing the data of deleted Spaces and organizations: %s", error)
            except Exception:
                LOGGER.exception("could not remove the data of deleted Spaces and organizations; retrying in a minute")

    def _take_steps(self, most: int) -> bool:
        """Take so many steps; whether nothing is left to be removed at present."""
        for number, step in enumerate(self._steps()):
            if number == most or self._stopping.is_set():
                return False
            step()
        return True

    def _steps(self) -> Iterator[Callable[[], None]]:
        """Yield the remaining steps; each must be taken before the next is requested."""
        for environment_id, created in self._database.read_sync(store.list_removals):
            while names := self._remaining(environment_id):
                for name in names:
                    yield functools.partial(self._step, environment_id, name)
            if created + store.KEPT_FOR <= self._clock():
                self._end(environment_id)
        while organization_ids := self._database.read_sync(store.list_removed_organizations):
            for organization_id in organization_ids:
                yield functools.partial(self._step_of_organization, organization_id)

    def _remaining(self, environment_id: str) -> list[str]:
        return list(self._database.read_sync(lambda connection: store.remaining(connection, environment_id)))

    def _step(self, environment_id: str, name: str) -> None:
        self._database.write_sync(lambda connection: store.take_step(connection, environment_id, name))

    def _step_of_organization(self, organization_id: str) -> None:
        self._database.write_sync(lambda connection: store.take_step_of_organization(connection, organization_id))

    def _end(self, environment_id: str) -> None:
        self._database.write_sync(lambda connection: store.end(connection, environment_id))
