"""Waiting for a part's turn: parts may be sent and parsed while the previous one is being stored.

A client requests this by `Prefer: wait=SECONDS` (RFC 7240, 4.3); otherwise a part that arrives early is rejected.
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
    """Return the number of seconds to wait in `Prefer`, 0 by default."""
    match = WAIT.search(field or "")
    if match is None:
        return 0
    seconds = whole_number(match[1], most=LONGEST_SECONDS)
    return LONGEST_SECONDS if seconds is None else seconds


class PartSequencer:
    """A notifier that wakes waiters when a part of any import was applied."""

    def __init__(self) -> None:
        self.next = asyncio.Event()
        """Return an event set when the next part is applied. Get it before checking whose turn it is."""

    def advance(self) -> None:
        """Signal that a part was applied."""
        self.next.set()
        self.next = asyncio.Event()


async def wait_for_part(applied: asyncio.Event) -> None:
    """Wait until a part was applied here, or until it is time to check whether one was applied elsewhere."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOK_SECONDS):
            await applied.wait()
