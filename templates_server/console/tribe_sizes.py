"""How many people a tribe had at the end of each day: a chart, and its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from templates_server.console.activity import Row
from templates_server.console.charts import Chart, chart_of, every_day, full_day
from templates_server.console.navigation import Link
from templates_server.console.visits import Visit
from templates_server.daily_counts import store
from templates_server.daily_counts.closing import KNOWN_FOR
from templates_server.daily_counts.store import KEPT_DAYS
from templates_server.times import DAY
from templates_server.tribes.rules import Tribe

PERIODS = (30, 90, KEPT_DAYS)
DEFAULT_PERIOD = 90
TITLE = "People"


@dataclass(frozen=True)
class Sizes:
    """The days that are known; `chart` is None where none is. `rows` begin with the last day."""

    chart: Chart | None
    rows: Sequence[Row]
    periods: Sequence[Link]


async def sizes_over_time(visit: Visit, tribe: Tribe) -> Sizes:
    """Return the sizes of a tribe in the environment of the page, in the period that `?days=` asks for."""
    asked = visit.call.query.get("days", "")
    days = next((each for each in PERIODS if str(each) == asked), DEFAULT_PERIOD)
    periods = [Link(f"{each} days", f"?days={each}#sizes", each == days) for each in PERIODS]
    environment_id, today = visit.call.environment_id, visit.call.now - visit.call.now % DAY
    found = await visit.call.database.read(
        lambda connection: store.list_sizes(connection, environment_id, tribe.key, first=today - days * DAY)
    )
    known: dict[int, int | None] = {day: people for day, people in found if day < today}
    if not known:
        return Sizes(None, (), periods)
    is_counted = today - DAY in known or visit.call.now >= today + KNOWN_FOR
    numbers = every_day(known, min(known), today - (DAY if is_counted else 2 * DAY))
    if not numbers:
        return Sizes(None, (), periods)
    rows = [Row(full_day(day), [number]) for day, number in reversed(numbers)]
    return Sizes(chart_of(TITLE, numbers), rows, periods)
