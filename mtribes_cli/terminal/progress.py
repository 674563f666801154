"""Progress: one line at the bottom of a terminal that changes and is erased afterwards."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from mtribes_cli.numbers import counted
from mtribes_cli.terminal.sanitize import display_width, sanitize_line, shorten
from mtribes_cli.terminal.screen import Screen
from mtribes_cli.terminal.styles import Line, Role, Segment, rendered

REDRAW_SECONDS = 0.1
BAR_CELLS = 20
GAP = "  "
MAX_SHOWN_SECONDS = 100 * 3600
MEGABYTE = 1000 * 1000
_SPINNER, _ASCII_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\"
_REMEMBERED_STEPS = 20


class Look(NamedTuple):
    """How a line may look this time."""

    width: int
    has_unicode: bool
    frame: int = 0  # how often the line has been drawn anew; 0: it is drawn for the first time


Draw = Callable[[Look], Line]


class LiveLine:
    """The line, and a thread that redraws it. `write` is called by one thread at a time."""

    def __init__(self, screen: Screen, write: Callable[[str], None], draw: Draw) -> None:
        self._screen, self._write, self._draw_line = screen, write, draw
        self._width = 0  # of what is shown
        self._frame = 0
        self._lock = threading.RLock()
        self._is_hidden = False
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._redraw, name="live-line", daemon=True)

    def start(self) -> None:
        """Show the line."""
        self.draw()
        self._thread.start()

    def end(self) -> None:
        """Erase the line."""
        self._is_over.set()
        self._thread.join()
        with self._lock:
            self._write(self._wipe())

    def draw(self) -> None:
        """Draw the line as it is now."""
        with self._lock:
            if not self._is_hidden:
                self._write(self._wipe() + self._shown())

    def above(self, text: str) -> None:
        """Write lines that stay, above this one."""
        with self._lock:
            self._write(f"{self._wipe()}{text}{'' if self._is_hidden else self._shown()}")

    def hide(self, *, is_hidden: bool) -> None:
        """Hide the line for a question, or show it again."""
        with self._lock:
            self._is_hidden = is_hidden
            self._write(self._wipe() if is_hidden else self._shown())

    def _redraw(self) -> None:
        while not self._is_over.wait(REDRAW_SECONDS):
            self._frame += 1
            self.draw()

    def _wipe(self) -> str:
        width, self._width = self._width, 0
        return f"\r{' ' * width}\r" if width else ""

    def _shown(self) -> str:
        room = self._screen.width - 1  # a cursor behind the last column may be in the next line
        line = self._draw_line(Look(room, self._screen.speaks_unicode, self._frame))
        text = "".join(piece for piece, _ in line)
        if display_width(text) > room:
            line = [(shorten(text, room, self._screen.ellipsis), None)]
            text = line[0][0]
        self._width = display_width(text)
        return rendered(line, has_color=self._screen.has_color)


def waiting_line(text: str) -> Draw:
    """Return what draws a text with a spinner behind it."""
    safe = sanitize_line(text)

    def draw(look: Look) -> Line:
        return [(f"{safe} ...", None), *_spinner(look)]

    return draw


def _spinner(look: Look) -> Iterator[Segment]:
    if look.frame:
        frames = _SPINNER if look.has_unicode else _ASCII_SPINNER
        yield (f" {frames[look.frame % len(frames)]}", Role.BUSY)


class _Step(NamedTuple):
    """The progress at a moment."""

    seconds: float
    done: float  # in units, such as rows
    share: float


class Meter:
    """How far something is, how fast, and how long it will take: by what is done, and never by what was only begun.

    `share` is from 0 to 1, or None where the whole is not known; it never falls, and is 1 only after `finish`.
    """

    unit_name = ""

    def __init__(self, what: str, clock: Callable[[], float]) -> None:
        self._what, self._clock = what, clock
        self._steps: deque[_Step] = deque([_Step(clock(), 0, 0.0)], maxlen=_REMEMBERED_STEPS)
        self._share: float | None = None
        self._is_finished = False

    def note(self, done: float, share: float | None, *, is_from_before: bool = False) -> None:
        """Note the progress; what was done before this command counts for the share, but not for the rate."""
        self._share = None if share is None else max(share, self._share or 0.0)
        step = _Step(self._clock(), done, self._share or 0.0)
        if is_from_before:
            self._steps = deque([step], maxlen=_REMEMBERED_STEPS)  # another thread draws: there is always a step
        else:
            self._steps.append(step)

    def finish(self) -> None:
        """Note that all is done."""
        self._is_finished = True

    @property
    def percent(self) -> int | None:
        """Whole percents, rounded down; 100 only when it is finished. None if the total is unknown."""
        if self._share is None:
            return None
        return 100 if self._is_finished else min(int(self._share * 100), 99)

    @property
    def rate(self) -> float:
        """Units per second over the latest steps; it falls while nothing is done."""
        seconds = self._seconds()
        return (self._steps[-1].done - self._steps[0].done) / seconds if seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """The estimated seconds left at the rate of the latest steps; None if unknown."""
        gained = self._steps[-1].share - self._steps[0].share
        if self._share is None or self._is_finished or gained <= 0:
            return None
        left = (1 - self._share) * self._seconds() / gained
        since = 0.0 if self._is_late() else self._clock() - self._steps[-1].seconds
        return max(0.0, left - since)

    def _seconds(self) -> float:
        """Return the seconds of the latest steps, including the time without a step if one is overdue."""
        end = self._clock() if self._is_late() else self._steps[-1].seconds
        return end - self._steps[0].seconds

    def _is_late(self) -> bool:
        usual = (self._steps[-1].seconds - self._steps[0].seconds) / max(1, len(self._steps) - 1)
        return self._clock() - self._steps[-1].seconds > 2 * usual

    def draw(self, look: Look) -> Line:
        """Return the line: a bar, and the parts that fit."""
        if self._steps[-1].done == 0 and not self._is_finished:
            return waiting_line(self._what)(look)
        line = [*self._bar(look)]
        for part in self._parts():
            if sum(display_width(text) for text, _ in line) + len(GAP) + len(part) <= look.width:
                line.append(((GAP if line else "") + part, None))
        return [*line, *([] if self.percent is not None else _spinner(look))]

    def _parts(self) -> Iterator[str]:
        """Return the parts beside the bar, the most important first."""
        yield self._amount(self._steps[-1].done)
        if self.rate > 0:
            yield self._speed(self.rate)
        left = self.seconds_left
        if left is not None and left < MAX_SHOWN_SECONDS:
            yield f"{_clock_time(left)} left"

    def _amount(self, done: float) -> str:
        raise NotImplementedError

    def _speed(self, rate: float) -> str:
        raise NotImplementedError

    def _bar(self, look: Look) -> Iterator[Segment]:
        percent = self.percent
        if percent is None:
            return
        filled = percent * BAR_CELLS // 100
        full, hollow = ("━", "─") if look.has_unicode else ("#", "-")
        yield (full * filled, Role.SUCCESS if self._is_finished else Role.BUSY)
        yield (hollow * (BAR_CELLS - filled), Role.MUTED)
        yield (f" {percent:3}%", Role.HEADING)


class RowMeter(Meter):
    """A meter of rows, of which some may be rejected."""

    rejected = 0

    def _amount(self, done: float) -> str:
        return counted(round(done), "row")

    def _speed(self, rate: float) -> str:
        return f"{rate:,.0f} rows/s"

    def _parts(self) -> Iterator[str]:
        amount, *rest = super()._parts()
        yield amount
        yield f"{self.rejected:,} rejected"
        yield from rest


class ByteMeter(Meter):
    """A meter of bytes."""

    size = 0

    def _amount(self, done: float) -> str:
        return f"{done / MEGABYTE:.1f} of {self.size / MEGABYTE:.1f} MB"

    def _speed(self, rate: float) -> str:
        return f"{rate / MEGABYTE:.1f} MB/s"


def _clock_time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
