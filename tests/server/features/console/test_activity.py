"""Charts on Home and of the sizes of tribes: they show what is stored, in tables too."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime

import pytest

from templates_server.features.console import activity
from templates_server.features.console.charts import HEIGHT, chart_of, every_day, full_day, short_day
from templates_server.features.operations.daily_counts import store
from templates_server.features.operations.daily_counts.store import DayCounts
from templates_server.primitives.timestamps import DAY, HOUR, system_clock
from templates_server.security.authorization import Role
from templates_server.storage import tables
from tests.server.features.auth.flows import Browser, Someone, signed_in_browser, someone
from tests.server.features.console.daily_count_rows import Numbers, add_days, add_sizes, days_ago, table_in
from tests.server.features.console.people import colleague, environment_id_of, new_space, put_visitor, text_of
from tests.server.features.console.test_home_page import card_of
from tests.server.features.console.tribes_site import HOSTILE, TribesSite, new_tribes_site
from tests.servers import RunningServer

FIGURE = re.compile(r"<dt>([^<]*)</dt><dd>(.*?)<svg", re.DOTALL)
BARS = re.compile(r'class="bars" d="([^"]*)"')
MONTH_DAY = "%-d %b"


@pytest.fixture
def person(server: RunningServer) -> Someone:
    return someone(server)


@pytest.fixture
def browser(server: RunningServer, person: Someone) -> Browser:
    return signed_in_browser(server, person)


def drawn_days(number: int, *, without: int = 0) -> dict[int, Numbers]:
    """Numbers of the last days, without one of them."""
    chance = random.Random(number)  # noqa: S311 - for a test
    return {day: [chance.randrange(1000) for _ in range(6)] for day in range(1, number + 1) if day != without}


def figures_in(card: str) -> dict[str, str]:
    """The figures of the whole period, as they are shown."""
    return {title: re.sub(r"<[^>]+>", "", said).strip() for title, said in FIGURE.findall(card)}


@pytest.mark.parametrize("days", [1, 7, 30, 90])
def test_figures_charts_and_tables_show_the_stored_numbers(
    server: RunningServer, person: Someone, browser: Browser, days: int
) -> None:
    space = new_space(server, person)
    stored = drawn_days(120)
    add_days(server, space, "production", stored)
    page = browser.get(f"/console?days={days}")
    card = card_of(page.text, space)
    shown = [stored[day] for day in range(1, days + 1)]
    expected = [(short_day(days_ago(day)), [one[0], one[4], one[5]]) for day, one in enumerate(shown, start=1)]
    assert table_in(card) == expected
    assert figures_in(card) == {
        "Active people": f"{stored[1][(1, 7, 30, 90).index(days)]:,}",
        "Sessions": f"{sum(one[4] or 0 for one in shown):,}",
        "Events": f"{sum(one[5] or 0 for one in shown):,}",
    }
    for place, path in zip((0, 4, 5), BARS.findall(card), strict=True):
        numbers = [(days_ago(day), stored[day][place]) for day in range(days, 0, -1)]
        assert path == chart_of("x", numbers).bars
    assert f'<a href="?environment=production&amp;days={days}" aria-current="true">' in page.text
    assert "style=" not in card


def test_another_environment_has_its_own_numbers(server: RunningServer, person: Someone, browser: Browser) -> None:
    space = new_space(server, person)
    add_days(server, space, "production", {1: [11] * 6})
    add_days(server, space, "staging", {1: [22] * 6})
    for address, number in (("", "11"), ("?environment=staging", "22"), ("?environment=nowhere&days=x", "11")):
        card = card_of(browser.get(f"/console{address}").text, space)
        assert set(figures_in(card).values()) == {number}


def test_a_day_that_is_not_known_is_a_gap_and_no_zero(server: RunningServer, person: Someone, browser: Browser) -> None:
    space = new_space(server, person)
    days = drawn_days(6, without=3)
    days[2] = [None, None, None, None, 5, None]
    add_days(server, space, "production", days)
    card = card_of(browser.get("/console?days=7").text, space)
    rows = dict(table_in(card))
    assert rows[short_day(days_ago(3))] == [None, None, None]
    assert rows[short_day(days_ago(2))] == [None, 5, None]
    assert len(rows) == 7  # with today, and without days from before the first one that is known
    assert next(iter(rows)) == "Today so far"
    assert card.count('class="gaps"') == 3
    assert "2 of them incomplete" in card


def test_today_is_counted_as_far_as_it_is_quick(
    server: RunningServer, person: Someone, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = new_space(server, person)
    put_visitor(server, space, "production", "phone")
    rows = [
        {"environment_id": environment_id_of(server, space, "production"), "person_id": "x", "session_id": str(number)}
        | {"started": at}
        for number, at in enumerate([days_ago(0), system_clock(), days_ago(0) - 1])
    ]
    server.database.write_sync(lambda connection: connection.execute(tables.sessions.insert(), rows))
    said = text_of(browser.get("/console"))
    assert "Today so far: 1 active, 2 sessions, 0 events" in said
    assert "Charts start with the first full day" in said
    monkeypatch.setattr(store, "MOST_SO_FAR", 2)
    assert "Today so far: 1 active, unknown sessions, 0 events" in text_of(browser.get("/console"))


def test_spaces_with_many_rows_do_not_keep_others_from_being_counted_today(
    server: RunningServer, person: Someone, browser: Browser
) -> None:
    busy, quiet = new_space(server, person), new_space(server, person)
    add_days(server, busy, "production", {1: [1, 1, 1, 1, 1, store.MOST_SO_FAR + 1]})
    page = browser.get("/console").text
    assert "Today so far" in card_of(page, quiet) or "No activity in" in card_of(page, quiet)
    assert "Today so far" not in card_of(page, busy)


def test_an_empty_space_says_what_would_be_there_and_where_to_begin(
    server: RunningServer, person: Someone, browser: Browser
) -> None:
    space = new_space(server, person)
    viewer = signed_in_browser(server, colleague(server, person, Role.VIEWER))
    live = f"/console/spaces/{space}/environments/production/live"
    card = card_of(browser.get("/console").text, space)
    assert "No activity in production yet." in card
    assert f'href="{live}"' in card
    seen_by_viewer = card_of(viewer.get("/console").text, space)
    assert "No activity in production yet." in seen_by_viewer
    assert live not in seen_by_viewer


def test_viewers_see_counts(server: RunningServer, person: Someone) -> None:
    space = new_space(server, person)
    add_days(server, space, "production", {1: [11] * 6})
    viewer = signed_in_browser(server, colleague(server, person, Role.VIEWER))
    assert set(figures_in(card_of(viewer.get("/console").text, space)).values()) == {"11"}


NOW = 1_795_000_000_000 // DAY * DAY + HOUR
CLOSED = {NOW - HOUR - number * DAY: DayCounts("e", 0, [1] * 4, 1, 1) for number in range(2, 5)}


def test_a_day_that_is_being_counted_is_no_gap_until_it_is_late() -> None:
    early = activity.activity_of(CLOSED, [0, 0, 0], days=30, now=NOW)
    late = activity.activity_of(CLOSED, [0, 0, 0], days=30, now=NOW + 12 * HOUR)
    assert (len(early.rows), early.unknown) == (3, 0)
    assert (len(late.rows), late.unknown) == (4, 1)
    assert early.figures[0].number == 1
    assert late.figures[0].number is None
    assert late.figures[1].number == 3


def test_bars_are_as_high_as_their_numbers() -> None:
    numbers = [(day * DAY, number) for day, number in enumerate([0, 50, None, 100, 1])]
    chart = chart_of("Sessions", numbers)
    assert chart.bars == "M10 100v-50h8V100zM30 100v-100h8V100zM40 100v-1h8V100z"
    assert chart.gaps == "M20 99h8"
    assert chart.view_box == f"0 0 50 {HEIGHT}"
    assert chart.label == "Sessions per day from 1 Jan 1970 to 5 Jan 1970: between 0 and 100"
    assert chart_of("x", [(0, None)]).label.endswith("unknown")
    assert chart_of("x", every_day({DAY: 1_000_000, 2 * DAY: 1}, 0, 2 * DAY)).bars.endswith("M20 100v-1h8V100z")


def test_days_are_written_as_people_do() -> None:
    for year, month, day in ((2026, 11, 30), (2024, 2, 29), (2027, 1, 1)):
        moment = datetime(year, month, day, tzinfo=UTC)
        assert full_day(int(moment.timestamp() * 1000)) == moment.strftime(f"{MONTH_DAY} %Y")


@pytest.fixture
def place(server: RunningServer) -> TribesSite:
    return new_tribes_site(server)


@pytest.mark.parametrize(("days", "first"), [(30, 30), (90, 90), (400, 399)])
def test_the_page_of_a_tribe_shows_its_size_over_time(place: TribesSite, days: int, first: int) -> None:
    sizes = {number: 1000 + number for number in range(1, 400) if number != 20}
    add_sizes(place.server, place.space, "staging", "fans", sizes)
    add_sizes(place.server, place.space, "production", "fans", {1: 7})
    add_sizes(place.server, place.space, "staging", "gold-members", {1: 7})
    page = place.browser.get(f"{place.path}/fans", days=str(days))
    shown = table_in(page.text)
    assert shown == [(full_day(days_ago(number)), [sizes.get(number)]) for number in range(1, first + 1)]
    assert "1,001<svg" in page.text
    assert 'class="gaps" d="M' in page.text
    assert f"at most {1000 + first:,}." in text_of(page)
    assert HOSTILE not in page.text
    assert "style=" not in page.text


def test_a_tribe_without_sizes_says_when_they_come_and_a_contextual_one_has_none(place: TribesSite) -> None:
    assert "No counts yet." in text_of(place.browser.get(f"{place.path}/fans"))
    assert "Size over time" not in text_of(place.browser.get(f"{place.path}/spring"))


def test_a_viewer_sees_how_large_a_tribe_was(place: TribesSite) -> None:
    add_sizes(place.server, place.space, "staging", "fans", {1: 1234})
    viewer = signed_in_browser(place.server, colleague(place.server, place.person, Role.VIEWER))
    assert table_in(viewer.get(f"{place.path}/fans").text) == [(full_day(days_ago(1)), [1234])]
