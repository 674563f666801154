"""The number of people in a tribe at the end of each day: a chart, and its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from templates_server.features.console.activity import ActivityDay
from templates_server.features.console.charts import Chart, chart_of, every_day, full_day
from templates_server.features.console.navigation import Link
from templates_server.features.console.visit import Visit
from templates_server.features.operations.daily_counts import store
from templates_server.features.operations.daily_counts.job import KNOWN_FOR
from templates_server.features.operations.daily_counts.store import KEPT_DAYS
from templates_server.features.tribes.model import TribeDefinition
from templates_server.primitives.timestamps import DAY

PERIODS = (30, 90, KEPT_DAYS)
DEFAULT_PERIOD = 90
TITLE = "People"


@dataclass(frozen=True)
class SizeHistory:
    """The days with a count; `chart` is None if there are none. `rows` begin with the last day."""

    chart: Chart | None
    rows: Sequence[ActivityDay]
    periods: Sequence[Link]


async def sizes_over_time(visit: Visit, tribe: TribeDefinition) -> SizeHistory:
    """Return the sizes of a tribe in the environment of the page, over the period in `?days=`."""
    asked = visit.call.query.get("days", "")
    days = next((each for each in PERIODS if str(each) == asked), DEFAULT_PERIOD)
    periods = [Link(f"{each} days", f"?days={each}#sizes", each == days) for each in PERIODS]
    environment_id, today = visit.call.environment_id, visit.call.now - visit.call.now % DAY
    found = await visit.call.database.read(
        lambda connection: store.list_sizes(connection, environment_id, tribe.key, first=today - days * DAY)
    )
    known: dict[int, int | None] = {day: people for day, people in found if day < today}
    if not known:
        return SizeHistory(None, (), periods)
    is_counted = today - DAY in known or visit.call.now >= today + KNOWN_FOR
    numbers = every_day(known, min(known), today - (DAY if is_counted else 2 * DAY))
    if not numbers:
        return SizeHistory(None, (), periods)
    rows = [ActivityDay(full_day(day), [number]) for day, number in reversed(numbers)]
    return SizeHistory(chart_of(TITLE, numbers), rows, periods)
