"""Times for people: how long ago or in how long, and exactly when."""

from __future__ import annotations

import pytest

from templates_server.features.pages.time_elements import exact, relative, time_element
from templates_server.primitives.timestamps import DAY, HOUR, MINUTE, SECOND, parse_rfc3339

NOW = parse_rfc3339("2026-11-30T11:38:59Z")


@pytest.mark.parametrize(
    ("distance", "said"),
    [
        (0, "just now"),
        (-9 * SECOND, "just now"),
        (-10 * SECOND, "10 seconds ago"),
        (-MINUTE, "1 minute ago"),
        (-2 * HOUR + 1, "1 hour ago"),
        (-2 * DAY, "2 days ago"),
        (-59 * DAY, "1 month ago"),
        (-800 * DAY, "2 years ago"),
        (7 * DAY - SECOND, "in 7 days"),
        (90 * SECOND, "in 2 minutes"),
        (365 * DAY, "in 1 year"),
    ],
)
def test_a_time_is_told_from_now(distance: int, said: str) -> None:
    assert relative(NOW + distance, NOW) == said


def test_the_exact_time_is_there_for_who_points_at_it() -> None:
    assert exact(NOW) == "30 Nov 2026, 11:38:59 UTC"
    element = time_element("2026-11-30T11:36:59Z", NOW)
    assert 'datetime="2026-11-30T11:36:59Z" title="30 Nov 2026, 11:36:59 UTC"' in element
    assert ">2 minutes ago</time>" in element
