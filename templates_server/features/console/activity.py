"""The activity of people in Spaces: figures and charts of the last days, and of today if it is quick to count."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from templates_server.features.console.charts import Chart, chart_of, every_day, full_day, short_day
from templates_server.features.console.visit import Visit
from templates_server.features.operations.daily_counts import store
from templates_server.features.operations.daily_counts.job import KNOWN_FOR
from templates_server.features.operations.daily_counts.store import ACTIVE_DAYS, DayCounts
from templates_server.primitives.timestamps import DAY

PERIODS = ACTIVE_DAYS
DEFAULT_PERIOD = 30
TITLES = ("Active people", "Sessions", "Events")


@dataclass(frozen=True)
class PeriodTotal:
    """A number for the whole period, and its days as a chart; None if unknown."""

    title: str
    number: int | None
    chart: Chart


@dataclass(frozen=True)
class ActivityDay:
    """A day, and its numbers in order of TITLES."""

    day: str
    numbers: Sequence[int | None]


@dataclass(frozen=True)
class Activity:
    """The activity in an environment over a period. Without a closed day there are no figures and no rows.

    `rows` begin with the last day; `unknown` of them were not counted. `today` is None if it is not quick to count.
    """

    figures: Sequence[PeriodTotal] = ()
    rows: Sequence[ActivityDay] = ()
    unknown: int = 0
    first: str = ""
    last: str = ""
    today: ActivityDay | None = None

    @property
    def is_empty(self) -> bool:
        """Return whether nobody was active on any of these days or today."""
        if self.today is None or None in self.today.numbers:
            return False
        return not any(number for row in (*self.rows, self.today) for number in row.numbers)


def period_of(visit: Visit) -> int:
    """Return the period requested for the page, in days."""
    asked = visit.call.query.get("days", "")
    return next((days for days in PERIODS if str(days) == asked), DEFAULT_PERIOD)


async def activities(visit: Visit, space_ids: Sequence[str], environment: str) -> Mapping[str, Activity]:
    """Return the activity in an environment of each Space, by the ID of the Space."""
    now, days = visit.call.now, period_of(visit)
    today = now - now % DAY

    def load(connection: Connection) -> tuple[Mapping[str, str], Sequence[DayCounts], Sequence[Mapping[str, int]]]:
        places = store.environments_of(connection, space_ids, environment)
        counts = store.list_days(connection, [*places.values()], first=today - (max(PERIODS) + 1) * DAY)
        few = _few(places.values(), counts)
        walks = (store.PEOPLE, store.SESSIONS, store.EVENTS)
        return places, counts, [store.count_so_far(connection, walk, few, since=today) or {} for walk in walks]

    places, counts, so_far = await visit.call.database.read_in_thread(load)
    closed: dict[str, dict[int, DayCounts]] = {environment_id: {} for environment_id in places.values()}
    for one in counts:
        if one.day < today:
            closed[one.environment_id][one.day] = one
    return {
        space_id: activity_of(closed[one], [found.get(one) for found in so_far], days=days, now=now)
        for space_id, one in places.items()
    }


def _few(environment_ids: Iterable[str], counts: Sequence[DayCounts]) -> Sequence[str]:
    """Return the environments with the fewest rows, as many as can be counted quickly, by the available counts."""
    sizes = dict.fromkeys(environment_ids, 0)
    for one in counts:
        sizes[one.environment_id] += (one.sessions or 0) + (one.events or 0)
    ordered = sorted(sizes, key=lambda environment_id: sizes[environment_id])
    together = itertools.accumulate(sizes[environment_id] for environment_id in ordered)
    return [one for one, sum_of_them in zip(ordered, together, strict=True) if sum_of_them <= store.MOST_SO_FAR]


def activity_of(closed: Mapping[int, DayCounts], so_far: Sequence[int | None], *, days: int, now: int) -> Activity:
    """Return the figures of the closed days, by their first moment, and of today."""
    today = now - now % DAY
    so_far_row = ActivityDay("Today so far", so_far) if any(number is not None for number in so_far) else None
    if not closed:
        return Activity(today=so_far_row)
    last = today - DAY
    if last not in closed and now < today + KNOWN_FOR:  # it is being counted
        last -= DAY
    first = max(last - (days - 1) * DAY, min(closed))
    if first > last:
        return Activity(today=so_far_row)
    shown = range(first, last + 1, DAY)
    numbers = {day: _numbers(closed.get(day)) for day in shown}
    wholes = (_active(closed.get(last), days), *(_sum(numbers, place) for place in (1, 2)))
    charts = [
        chart_of(title, every_day({day: found[place] for day, found in numbers.items()}, first, last))
        for place, title in enumerate(TITLES)
    ]
    return Activity(
        [PeriodTotal(*each) for each in zip(TITLES, wholes, charts, strict=True)],
        [ActivityDay(short_day(day), numbers[day]) for day in reversed(shown)],
        sum(None in found for found in numbers.values()),
        full_day(first),
        full_day(last),
        so_far_row,
    )


def _numbers(counts: DayCounts | None) -> Sequence[int | None]:
    """Return the numbers of a day in order of TITLES."""
    return (None, None, None) if counts is None else (counts.active[0], counts.sessions, counts.events)


def _active(counts: DayCounts | None, days: int) -> int | None:
    """Return how many people were active in a number of days up to a day's end."""
    return None if counts is None else counts.active[ACTIVE_DAYS.index(days)]


def _sum(numbers: Mapping[int, Sequence[int | None]], place: int) -> int | None:
    known = [number for found in numbers.values() if (number := found[place]) is not None]
    return sum(known) if known else None
