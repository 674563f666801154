"""Waiting for one's turn: parts may be sent, and read, while the one before them is being stored.

Whoever sends it says so by `Prefer: wait=SECONDS` (RFC 7240, 4.3); without that a part that comes too early is refused.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress

from templates_server.http.route_docs import ParameterDocs
from templates_server.primitives.integers import whole_number

WAIT = re.compile(r"(?:^|,)[ \t]*wait[ \t]*=[ \t]*([0-9]{1,9})(?=[ \t;,]|$)", re.IGNORECASE)
LONGEST_SECONDS = 60
MOST_AHEAD = 2  # parts after the one that comes next
LOOK_SECONDS = 0.25  # the part before it may be another process's
PREFER = ParameterDocs(
    "Prefer",
    str,
    f"`wait=SECONDS` (RFC 7240, at most {LONGEST_SECONDS}): how long a part waits for the parts before it.",
    place="header",
)


def read_wait_preference(field: str | None) -> int:
    """What `Prefer` says of waiting; 0 where it says nothing."""
    match = WAIT.search(field or "")
    if match is None:
        return 0
    seconds = whole_number(match[1], most=LONGEST_SECONDS)
    return LONGEST_SECONDS if seconds is None else seconds


class PartSequencer:
    """Tells who waits that a part was applied, of whichever import."""

    def __init__(self) -> None:
        self.next = asyncio.Event()
        """Set when the next part is applied. To be taken before one looks whether it is one's turn already."""

    def advance(self) -> None:
        """A part was applied."""
        self.next.set()
        self.next = asyncio.Event()


async def wait_for_part(applied: asyncio.Event) -> None:
    """Wait until a part was applied here, or until it is time to look whether one was elsewhere."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOK_SECONDS):
            await applied.wait()
