"""Numbers of days as bars: what a drawing has in it, in units of its own. Pure: templates draw, stores count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from templates_server.times import DAY, EPOCH

HEIGHT = 100
SLOT, BAR = 10, 8
"""How wide the place of a day is, and its bar."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Numbers = Sequence[tuple[int, int | None]]
"""The first moment of each day, one after another, and its number; None where that is not known."""


@dataclass(frozen=True)
class Chart:
    """Bars of one number a day: the paths of the bars, and of marks where nothing is known; `most` is the highest."""

    label: str
    width: int
    bars: str
    gaps: str
    most: int

    @property
    def view_box(self) -> str:
        """The units of the paths."""
        return f"0 0 {self.width} {HEIGHT}"


def chart_of(what: str, numbers: Numbers) -> Chart:
    """Return the bars of numbers, of which there is one at least."""
    known = [number for _, number in numbers if number is not None]
    most = max(known, default=0)
    bars = [
        f"M{place * SLOT} {HEIGHT}v-{max(1, round(number * HEIGHT / most))}h{BAR}V{HEIGHT}z"
        for place, (_, number) in enumerate(numbers)
        if number
    ]
    gaps = [f"M{place * SLOT} {HEIGHT - 1}h{BAR}" for place, (_, number) in enumerate(numbers) if number is None]
    days = f"from {full_day(numbers[0][0])} to {full_day(numbers[-1][0])}"
    told = f"between {min(known):,} and {most:,}" if known else "not known"
    return Chart(f"{what} a day {days}: {told}", len(numbers) * SLOT, "".join(bars), "".join(gaps), most)


def every_day(found: Mapping[int, int | None], first: int, last: int) -> Numbers:
    """Return the number of each day from the first to the last."""
    return [(day, found.get(day)) for day in range(first, last + 1, DAY)]


def short_day(day: int) -> str:
    """Return a day of the last year as people write it: `30 Nov`."""
    date = EPOCH + timedelta(milliseconds=day)
    return f"{date.day} {MONTHS[date.month - 1]}"


def full_day(day: int) -> str:
    """Return a day as people write it: `30 Nov 2026`."""
    return f"{short_day(day)} {(EPOCH + timedelta(milliseconds=day)).year}"
