"""The thread that parts are read in, away from the event loop and from whoever writes to the database."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from templates_server.imports.reading import PartRows, read_part, read_person_ids

SWITCH_SECONDS = 0.001  # Python's own 0.005 would hold up the writer five times as long after each of its statements


class PartReader:
    """Reads one part after the other: two at once would take turns anyway, and twice the memory."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(
            1, "import-reader", initializer=sys.setswitchinterval, initargs=(SWITCH_SECONDS,)
        )

    async def digest(self, body: bytes) -> bytes:
        """The SHA-256 of a part."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: hashlib.sha256(body).digest())

    async def read(self, body: bytes) -> PartRows:
        """The rows of a part; TooLarge when they are too many."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, read_part, body)

    async def person_ids(self, body: bytes) -> Sequence[str] | None:
        """The people of a part that was good when it was applied before, in order; None when one is there twice."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, read_person_ids, body)
