"""Numbers of days as bars: the content of a drawing in its own units. Pure: templates draw, stores count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from templates_server.primitives.timestamps import DAY, EPOCH

HEIGHT = 100
SLOT, BAR = 10, 8
"""The width of a day's slot, and of its bar."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Numbers = Sequence[tuple[int, int | None]]
"""The first moment of each day, in order, and its number; None if unknown."""


@dataclass(frozen=True)
class Chart:
    """A bar chart with one number per day: paths of the bars and of marks for unknown days; `most` is the maximum."""

    label: str
    width: int
    bars: str
    gaps: str
    most: int

    @property
    def view_box(self) -> str:
        """The view box in the units of the paths."""
        return f"0 0 {self.width} {HEIGHT}"


def chart_of(what: str, numbers: Numbers) -> Chart:
    """Return the bars of one or more numbers."""
    known = [number for _, number in numbers if number is not None]
    most = max(known, default=0)
    bars = [
        f"M{place * SLOT} {HEIGHT}v-{max(1, round(number * HEIGHT / most))}h{BAR}V{HEIGHT}z"
        for place, (_, number) in enumerate(numbers)
        if number
    ]
    gaps = [f"M{place * SLOT} {HEIGHT - 1}h{BAR}" for place, (_, number) in enumerate(numbers) if number is None]
    days = f"from {full_day(numbers[0][0])} to {full_day(numbers[-1][0])}"
    told = f"between {min(known):,} and {most:,}" if known else "unknown"
    return Chart(f"{what} per day {days}: {told}", len(numbers) * SLOT, "".join(bars), "".join(gaps), most)


def every_day(found: Mapping[int, int | None], first: int, last: int) -> Numbers:
    """Return the number of each day from the first to the last."""
    return [(day, found.get(day)) for day in range(first, last + 1, DAY)]


def short_day(day: int) -> str:
    """Return a day of the last year in the form `30 Nov`."""
    date = EPOCH + timedelta(milliseconds=day)
    return f"{date.day} {MONTHS[date.month - 1]}"


def full_day(day: int) -> str:
    """Return a day in the form `30 Nov 2026`."""
    return f"{short_day(day)} {(EPOCH + timedelta(milliseconds=day)).year}"
