"""Positions in the sequence of arrivals, which a client sends back as `Last-Event-ID`. Pure.

SQLite has one writer: a position is a growing number. In PostgreSQL, transactions end in a different order than they
begin: a position is the snapshot of a transaction, and what follows it is what that transaction did not see.
"""

from __future__ import annotations

import re

from templates_server.primitives.integers import whole_number

MOST_CHARACTERS = 4000
LARGEST = 10**18
SNAPSHOT = re.compile(r"[0-9]{1,18}:[0-9]{1,18}:(?:[0-9]{1,18}(?:,[0-9]{1,18})*)?", re.ASCII)


def resume_position(last_event_id: str, present: str, dialect: str) -> str:
    """Return the position that a client sent, or the current one if it is not a position of this database."""
    if len(last_event_id) > MOST_CHARACTERS:
        return present
    end = _end_of(last_event_id, dialect)
    return present if end is None or end > (_end_of(present, dialect) or 0) else last_event_id


def _end_of(position: str, dialect: str) -> int | None:
    """Return the first number that is not before a position, or None if it is not a position."""
    if dialect == "sqlite":
        return whole_number(position, most=LARGEST)
    if SNAPSHOT.fullmatch(position) is None:
        return None
    first, end, *running = (whole_number(text, most=LARGEST) or 0 for text in re.split("[:,]", position.rstrip(":")))
    is_snapshot = 0 < first <= end and running == sorted(set(running)) and all(first <= one < end for one in running)
    return end if is_snapshot else None
