"""Times as the server takes them."""

from __future__ import annotations

from datetime import datetime, timezone

from .clock import now

_FIRST_YEAR = 2000


def timestamp() -> str | None:
    """Now; None where the clock was never set, and the time of arrival is nearer."""
    at = datetime.fromtimestamp(now() / 1000, timezone.utc)
    if at.year < _FIRST_YEAR:
        return None
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
