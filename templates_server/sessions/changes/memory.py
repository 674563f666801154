"""What only the process knows in which a session started: what the app said then, and what it was told."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from templates_server.sessions.deciding import Context, Decided
from templates_server.sessions.states import Shown, States

MOST_BYTES = 64 * 1024 * 1024
BYTES_OF_A_SESSION = 1000
BYTES_OF_A_STATE = 8
BYTES_OF_A_BYTE_SAID = 4  # what is said as JSON, as objects


class Started(msgspec.Struct, frozen=True, gc=False):
    """The start of a session. `states` and `shown` are what was told, `context` what was known."""

    states: States
    shown: Sequence[Shown | None]
    context: Context | None
    bytes: int


class StartedSessions:
    """The sessions that started last in this process, as many as memory is set aside for."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, Started] = OrderedDict()

    def remember(self, session_id: str, decided: Decided, *, said_bytes: int) -> None:
        """Keep what a session started with, that was told in so many bytes; the oldest are forgotten."""
        own_states = 0 if decided.shown is decided.states.untargeted else len(decided.shown)
        size = BYTES_OF_A_SESSION + BYTES_OF_A_STATE * own_states + BYTES_OF_A_BYTE_SAID * said_bytes
        self._kept[session_id] = Started(decided.states, decided.shown, decided.context, size)
        self._bytes += size
        while self._bytes > self._most_bytes:
            self._bytes -= self._kept.popitem(last=False)[1].bytes

    def find(self, session_id: str) -> Started | None:
        """What it started with; None where it started elsewhere, or long ago."""
        return self._kept.get(session_id)
