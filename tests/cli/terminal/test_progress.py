"""The line that says how far something is: by what is done, never ahead of it, never back, gone afterwards."""

from __future__ import annotations

import io
import re
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtribes_cli.ingest import input_stream
from mtribes_cli.ingest.input_stream import InputSource
from mtribes_cli.terminal.console import Console, Style
from mtribes_cli.terminal.progress import ByteMeter, Look, Meter, RowMeter, waiting_line
from mtribes_cli.terminal.sanitize import display_width
from mtribes_cli.terminal.styles import rendered


@dataclass
class ScriptedClock:
    """Seconds that pass when the test says so."""

    seconds: float = 100.0

    def __call__(self) -> float:
        return self.seconds


def line_of(meter: Meter, width: int = 79, *, has_unicode: bool = True) -> str:
    return rendered(meter.draw(Look(width, has_unicode, 1)), has_color=False)


STEPS = st.lists(st.tuples(st.floats(0, 60), st.integers(0, 50_000), st.floats(0, 1)), min_size=1, max_size=30)


@given(STEPS, st.integers(40, 120))
def test_a_bar_is_never_ahead_never_goes_back_and_is_full_only_at_the_end(
    steps: list[tuple[float, int, float]], width: int
) -> None:
    clock = ScriptedClock()
    meter = RowMeter("Importing", clock)
    done, before, furthest = 0, 0, 0.0
    for seconds, rows, share in steps:
        clock.seconds += seconds
        done, furthest = done + rows, max(furthest, share)
        meter.note(done, share)
        percent = meter.percent
        assert percent is not None
        assert before <= percent <= min(furthest * 100, 99)
        assert (meter.seconds_left or 0.0) >= 0
        assert display_width(line_of(meter, width)) <= width
        before = percent
    meter.finish()
    assert meter.percent == 100


def test_a_line_has_share_rows_rate_and_the_time_that_is_left() -> None:
    clock = ScriptedClock()
    meter = RowMeter("Importing users.csv", clock)
    assert line_of(meter).startswith("Importing users.csv ...")
    for part in range(1, 5):
        clock.seconds += 2
        meter.note(part * 1_000, part / 10)
    meter.rejected = 3
    assert line_of(meter) == "━━━━━━━━────────────  40%  4,000 rows  3 rejected  500 rows/s  0:12 left"
    assert line_of(meter, 40) == "━━━━━━━━────────────  40%  4,000 rows"
    assert line_of(meter, has_unicode=False).startswith("########------------  40%")
    clock.seconds += 3
    assert line_of(meter).endswith("0:09 left")


def test_the_rate_falls_while_nothing_is_done() -> None:
    clock = ScriptedClock()
    meter = RowMeter("Importing", clock)
    for part in range(1, 5):
        clock.seconds += 1
        meter.note(part * 100, part / 10)
    assert meter.rate == 100
    clock.seconds += 36
    assert meter.rate == 10
    assert meter.seconds_left == pytest.approx(60)


def test_what_was_done_before_counts_for_the_share_and_not_for_the_rate() -> None:
    clock = ScriptedClock()
    meter = RowMeter("Importing", clock)
    meter.note(50_000, 0.5, is_from_before=True)
    assert (meter.percent, meter.rate, meter.seconds_left) == (50, 0.0, None)
    clock.seconds += 10
    meter.note(51_000, 0.51)
    assert meter.rate == 100
    assert meter.seconds_left == pytest.approx(490)


def test_of_an_unknown_size_there_is_neither_a_share_nor_a_time_that_is_left() -> None:
    clock = ScriptedClock()
    meter = RowMeter("Importing", clock)
    clock.seconds += 2
    meter.note(1_000, None)
    assert line_of(meter).startswith("1,000 rows  0 rejected  500 rows/s ")
    assert "%" not in line_of(meter)
    assert "left" not in line_of(meter)


def test_bytes_are_told_in_megabytes_of_so_many() -> None:
    clock = ScriptedClock()
    meter = ByteMeter("Fetching", clock)
    meter.size = 200_000_000
    clock.seconds += 5
    meter.note(50_000_000, 0.25)
    assert line_of(meter).endswith(" 25%  50.0 of 200.0 MB  10.0 MB/s  0:15 left")


# How far a file is read


@pytest.mark.parametrize("chunk_bytes", [7, 64, 1000])
def test_what_stands_before_is_what_was_given_out_and_more_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk_bytes: int
) -> None:
    monkeypatch.setattr(input_stream, "CHUNK_BYTES", chunk_bytes)
    path = tmp_path / "users.csv"
    path.write_bytes(b"0123456789" * 10)
    with path.open("rb", buffering=0) as stream:
        source = InputSource("users.csv", path, 100)
        assert source.share_passed == 0
        given_out = 0
        for text in source.chunks(stream):
            assert source.share_passed == given_out / 100
            given_out += len(text)
    assert source.share_passed == 1


# The line at a terminal


class Screen(io.StringIO):
    """What a terminal was sent."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def console_at(screen: Screen, answer: str = "", style: Style | None = None) -> Console:
    answers = Screen(answer)
    return Console(style or Style(), {"NO_COLOR": "1"}, stdin=answers, stdout=Screen(), stderr=screen)


def seen_at_the_end(written: str) -> list[str]:
    """What a terminal shows of lines that go back to their beginning."""
    lines: list[str] = []
    for line in written.split("\n"):
        cells: list[str] = []
        at = 0
        for character in line:
            at = 0 if character == "\r" else at
            if character != "\r":
                cells[at : at + 1] = [character]
                at += 1
        lines.append("".join(cells).rstrip())
    return lines


def test_a_spinner_turns_beside_what_is_waited_for_and_leaves_nothing() -> None:
    screen = Screen()
    with console_at(screen).working("Asking"):
        deadline = time.monotonic() + 20
        while len(set(re.findall("Asking \\.\\.\\. ([⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏])", screen.getvalue()))) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert seen_at_the_end(screen.getvalue()) == [""]
    assert "\x1b" not in screen.getvalue()


def test_what_is_said_meanwhile_stays_above_and_a_question_has_its_own_line() -> None:
    screen = Screen()
    console = console_at(screen, "yes\n")
    with console.working("Asking"):
        console.warning("Slow.")
        assert console.confirm("Sure?", flag="--yes", default=False)
    assert seen_at_the_end(screen.getvalue().replace("[no]: ", "[no]: \n")) == [
        "warning: Slow.",
        "Sure? (yes/no) [no]:",
        "",
    ]


def test_no_line_changes_under_quiet_and_json() -> None:
    for style in (Style(quiet=True), Style(json=True)):
        screen = Screen()
        with console_at(screen, style=style).working("Asking"):
            time.sleep(0.15)
        assert screen.getvalue() == ""


def test_a_long_text_is_cut_so_that_the_line_can_be_taken_away() -> None:
    screen = Screen()
    with console_at(screen).progress(waiting_line("x" * 300)):
        pass
    assert max(map(len, screen.getvalue().split("\r"))) == 79
