"""Conversion of days into times, for both evaluators. Days are UTC.

A number of days ago is the difference of two days: today is 0 days ago from its midnight on. A future time is never a
number of days ago. A date without a time is a whole day: `before` ends with its first moment, `after` begins when it is
over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from templates_server.features.tribes.model import (
    SESSION_DAYS,
    Comparison,
    DateInterval,
    Operator,
    Timeframe,
    TimeframeKind,
)
from templates_server.primitives.timestamps import DAY


class Window(msgspec.Struct, frozen=True, gc=False):
    """A time window from `starts` up to but excluding `ends`, in milliseconds; None: unbounded."""

    starts: int | None = None
    ends: int | None = None

    def holds(self, moment: int) -> bool:
        """Return whether a time is in the window."""
        return (self.starts is None or self.starts <= moment) and (self.ends is None or moment < self.ends)


def start_of_day(moment: int) -> int:
    """Return the first millisecond of its day."""
    return moment // DAY * DAY


def _more_days_ago(days: int, now: int) -> Window:
    return Window(None, start_of_day(now) - days * DAY)


def _fewer_days_ago(days: int, now: int) -> Window:
    tomorrow = start_of_day(now) + DAY
    return Window(tomorrow - days * DAY, tomorrow)


def _days_ago(days: int, now: int) -> Window:
    day = start_of_day(now) - days * DAY
    return Window(day, day + DAY)


def _before(moment: DateInterval) -> Window:
    return Window(None, moment.starts)


def _after(moment: DateInterval) -> Window:
    return Window(moment.ends, None)


def _on_day(moment: DateInterval) -> Window:
    return Window(start_of_day(moment.starts), start_of_day(moment.starts) + DAY)


WINDOWS: Mapping[Operator, Callable[[Comparison, int], Window]] = {
    Operator.BEFORE: lambda comparison, _: _before(comparison.moments[0]),
    Operator.AFTER: lambda comparison, _: _after(comparison.moments[0]),
    Operator.ON_DAY: lambda comparison, _: _on_day(comparison.moments[0]),
    Operator.BETWEEN: lambda comparison, _: Window(comparison.moments[0].starts, comparison.moments[1].ends),
    Operator.LESS_THAN_DAYS_AGO: lambda comparison, now: _fewer_days_ago(comparison.days, now),
    Operator.MORE_THAN_DAYS_AGO: lambda comparison, now: _more_days_ago(comparison.days, now),
}
"""The window of a comparison of dates, at a time."""

OF_DAYS: Mapping[TimeframeKind, Callable[[int, int], Window]] = {
    TimeframeKind.MORE_THAN: _more_days_ago,
    TimeframeKind.LESS_THAN: _fewer_days_ago,
    TimeframeKind.EXACTLY: _days_ago,
}
OF_DATES: Mapping[TimeframeKind, Callable[[DateInterval], Window]] = {
    TimeframeKind.AFTER: _after,
    TimeframeKind.ON_DAY: _on_day,
    TimeframeKind.BEFORE: _before,
}


def window_of_timeframe(timeframe: Timeframe, now: int, *, retention_ms: int) -> Window:
    """Return the window of events in that timeframe; times beyond the retention period are in no window.

    An event counts while it is younger than `retention_ms`, whether or not the purge has run.
    """
    asked = _event_window(timeframe, now)
    oldest = now - retention_ms + 1
    return Window(oldest if asked.starts is None else max(oldest, asked.starts), asked.ends)


def _event_window(timeframe: Timeframe, now: int) -> Window:
    if timeframe.kind in OF_DAYS:
        return OF_DAYS[timeframe.kind](timeframe.days, now)
    if timeframe.moment is not None:
        return OF_DATES[timeframe.kind](timeframe.moment)
    return Window()


def window_of_sessions(now: int) -> Window:
    """Return the window of the session starts counted in `sessions_30_days`."""
    return _fewer_days_ago(SESSION_DAYS, now)


def days_since(moment: int, now: int) -> int:
    """Return how many days ago a time was; 0 for today and for the future."""
    return max(0, (start_of_day(now) - start_of_day(moment)) // DAY)
