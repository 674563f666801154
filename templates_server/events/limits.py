"""How many events are kept of one person: as many as can be moved to a user at once without anybody waiting for it.

An event is one unit, and one more for each full KiB of its texts. `MOST_UNITS` is what moves within 0.1 s of processor
time on one core (measured with events of 1 KiB, on either database); 0.25 s is the most that others should wait.
Pure; who counts is in `store`.
"""

from __future__ import annotations

from templates_server.events.reading import Event

MOST_UNITS = 10_000
UNIT_BYTES = 1024
FEW_CHARACTERS = UNIT_BYTES // 4 - 1  # whose UTF-8 is less than a unit
TOO_MANY = (
    f"This person has the most events that are kept of one person: {MOST_UNITS:,}, where each full KiB of an event "
    "counts as one more. New events are accepted again when older ones have expired."
)


def units_of(event: Event) -> int:
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
