"""The thread that parses parts, separate from the event loop and the database writer."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor

from templates_server.features.imports.parser import KnownPart, PartRows, read_known_part, read_part

SWITCH_SECONDS = 0.001  # Python's own 0.005 would hold up the writer five times as long after each of its statements


class PartParser:
    """A parser of one part at a time: two at once would be no faster and need twice the memory."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(
            1, "import-reader", initializer=sys.setswitchinterval, initargs=(SWITCH_SECONDS,)
        )

    async def digest(self, body: bytes) -> bytes:
        """Return the SHA-256 of a part."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: hashlib.sha256(body).digest())

    async def read(self, body: bytes) -> PartRows:
        """Return the rows of a part. Raise TooLarge when there are too many."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, read_part, body)

    async def read_known(self, body: bytes) -> KnownPart | None:
        """Return a part whose rows are all known to be valid; None when a person has several."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, read_known_part, body)
