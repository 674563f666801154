"""Folds name changes from any process in a background thread: when many are pending and once a minute."""

from __future__ import annotations

import asyncio
import logging
import threading

from templates_server.errors import Unavailable
from templates_server.features.event_names import store
from templates_server.storage.database import Database

LOGGER = logging.getLogger("templates_server")
MANY = 50_000
"""The number of events stored by this process after which the thread stops waiting."""
EVERY_SECONDS = 60.0


def fold_changes(database: Database, stopping: threading.Event) -> None:
    """Fold in all changes, one environment after another, with one transaction per step.

    A failure in one environment is logged and does not prevent the others from being counted.
    """
    for environment_id in database.read_sync(store.list_environments):
        try:
            while not stopping.is_set() and _fold_some(database, environment_id):
                pass
        except Unavailable:  # the database does not answer to the others either
            raise
        except Exception:
            LOGGER.exception("could not count event names in %s", environment_id)


def _fold_some(database: Database, environment_id: str) -> bool:
    return database.write_sync(lambda connection: store.fold_some(connection, environment_id))


class NameCountJob:
    """A job that counts stored events while the server runs. Changes persist, so an interruption loses nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted = 0
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="event names", daemon=True)

    def start(self) -> None:
        """Start with the changes left from earlier runs."""
        self._woken.set()
        self._thread.start()

    async def finish(self) -> None:
        """Stop after the current step."""
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)

    def record(self, events: int) -> None:
        """Record that a change for that number of events was written."""
        self._noted += events
        if self._noted >= MANY:
            self._woken.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.wait(EVERY_SECONDS)
            self._woken.clear()
            if self._stopping.is_set():  # what waits is stored, and folded in after the next start
                return
            try:
                self._noted = 0
                fold_changes(self._database, self._stopping)
            except Unavailable as error:  # the database does not answer now, which is no fault of this
                LOGGER.warning("postponed counting event names: %s", error)
            except Exception:
                LOGGER.exception("could not count event names; retrying in a minute")
