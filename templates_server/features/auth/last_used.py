"""The last use of tokens: recorded in memory by the request, and stored in batches a little later.

A request neither waits for it nor fails because of it. A token's row is written at most once a minute, by whichever
process.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping

from templates_server.features.accounts import token_store
from templates_server.primitives.timestamps import LATEST_AHEAD
from templates_server.storage.database import Database

LOGGER = logging.getLogger("templates_server")
GATHERED_SECONDS = 1.0


class LastUsedTracker:
    """The token uses that are not stored yet."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: dict[str, int] = {}
        self._task: asyncio.Task[None] | None = None
        self._finishing = asyncio.Event()

    def record(self, token_id: str, *, used: int, before: int | None) -> None:
        """Record a use of a token at a time in milliseconds; do nothing if that minute is already recorded."""
        if before is not None and -LATEST_AHEAD <= used - before < token_store.USE_INTERVAL:
            return
        self._noted.setdefault(token_id, used)
        if self._task is None:
            self._task = asyncio.create_task(self._store_what_gathers())

    async def finish(self) -> None:
        """Wait until all recorded uses are stored, as the server stops."""
        self._finishing.set()
        if self._task is not None:
            await self._task

    async def _store_what_gathers(self) -> None:
        while self._noted:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._finishing.wait(), GATHERED_SECONDS)
            noted, self._noted = self._noted, {}
            await self._store(noted)
        self._task = None

    async def _store(self, noted: Mapping[str, int]) -> None:
        try:
            await self._database.write(lambda connection: token_store.record_uses(connection, noted))
        except Exception:  # requests go on without it; the next use is noted again
            LOGGER.exception("could not store when %d tokens were last used", len(noted))
