"""How many events are kept of one person: as many as can be moved to a user at once without anybody waiting for it.

An event is one unit, and one more for each full KiB of its texts. `MOST_UNITS` is what moves within 0.1 s of processor
time on one core (measured with events of 1 KiB, on either database); 0.25 s is the most that others should wait.
Pure; who counts is in `store`.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from templates_server.features.events.parser import ParsedEvent

MOST_UNITS = 10_000
UNIT_BYTES = 1024
FEW_CHARACTERS = UNIT_BYTES // 4 - 1  # whose UTF-8 is less than a unit
RECENT_SECONDS = 60.0
MOST_REMEMBERED = 10_000
TOO_MANY = (
    f"This person has reached the maximum of {MOST_UNITS:,} stored events; each full KiB of an event counts as one "
    "more. New events are accepted again when older ones have expired."
)


def units_of(event: ParsedEvent) -> int:
    """What an event counts as."""
    texts = (
        event.event_id,
        event.name,
        event.session_id or "",
        event.entity or "",
        event.data or "",
        event.metadata or "",
    )
    if sum(map(len, texts)) <= FEW_CHARACTERS:
        return 1
    return 1 + len("".join(texts).encode()) // UNIT_BYTES


class RecentCounts:
    """How many units of events people had when their rows were counted, for a minute: it is at least what they have.

    Nothing but their expiry takes events away, so that whoever was counted as full is refused without counting again:
    to be refused must not cost others more than to be stored does.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._found: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()

    def note(self, key: tuple[str, str], units: int) -> None:
        """Remember what was counted of a person; the oldest count is forgotten where there are too many."""
        self._found.pop(key, None)
        self._found[key] = (self._clock(), units)
        if len(self._found) > MOST_REMEMBERED:
            self._found.popitem(last=False)

    def find(self, key: tuple[str, str]) -> int | None:
        """What was counted of a person within the last minute."""
        counted, units = self._found.get(key, (0.0, 0))
        return units if units and self._clock() - counted < RECENT_SECONDS else None
