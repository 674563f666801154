"""The limit of stored events per person: the number that can be moved to a user at once without delaying others.

An event is one unit, plus one for each full KiB of its texts. `MOST_UNITS` is the number that moves within 0.1 s of
processor time on one core (measured with events of 1 KiB, on either database); others should wait 0.25 s at most.
Pure; the counting is in `store`.
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
    """Return the number of units of an event."""
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
    """A one-minute cache of the units counted per person: a lower bound of the current number.

    Events are only removed when they expire, so a person counted as full is rejected without counting again: a
    rejection must not cost others more than storing does.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._found: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()

    def note(self, key: tuple[str, str], units: int) -> None:
        """Record the count of a person, evicting the oldest count if there are too many."""
        self._found.pop(key, None)
        self._found[key] = (self._clock(), units)
        if len(self._found) > MOST_REMEMBERED:
            self._found.popitem(last=False)

    def find(self, key: tuple[str, str]) -> int | None:
        """Return the count of a person from the last minute."""
        counted, units = self._found.get(key, (0.0, 0))
        return units if units and self._clock() - counted < RECENT_SECONDS else None
