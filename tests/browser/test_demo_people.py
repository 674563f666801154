"""/demo in a real browser: whom it shows what, and changes that arrive while the session runs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.test_demo_app import BLUE, GREEN, PURPLE, bar_colors, new_session, open_app, wait_for
from tests.browser.watching import Demo, Watched, wait_until

pytestmark = pytest.mark.slow

GOLD = "rgb(201, 162, 39)"


def title_is(title: str) -> str:
    return f"document.querySelector('h1')?.textContent === '{title}'"


def welcome_begins(text: str) -> str:
    return f"document.getElementById('welcome').textContent.startsWith('{text}')"


def sign_in(watched: Watched, user: str) -> None:
    watched.page.fill("#user", user)
    watched.page.press("#user", "Enter")
    wait_until(watched.page, f"document.getElementById('who').textContent === '{user}'")
    watched.page.wait_for_selector("#new-session:not([aria-busy])")
    wait_for(watched, "served")


def watch_football(page: Any, *, times: int) -> None:
    for _ in range(times):
        with page.expect_response(lambda answer: answer.url.endswith("/api/client/events")) as stored:
            page.click("#football")
        assert stored.value.status == 204


def test_a_gold_member_sees_the_gold_header_and_nobody_else_does(shared_demo: Demo, watched: Watched) -> None:
    page = open_app(shared_demo, watched)
    assert bar_colors(page) == [PURPLE, BLUE]
    sign_in(watched, "bjork")
    assert bar_colors(page) == [GOLD, BLUE]
    sign_in(watched, "casey")
    assert bar_colors(page) == [PURPLE, BLUE]


def test_who_comes_by_the_spring_campaign_sees_the_spring_offer(shared_demo: Demo, watched: Watched) -> None:
    page = open_app(shared_demo, watched)
    assert page.inner_text("#welcome strong") == "Welcome"
    page.fill("#campaign", "spring")
    page.press("#campaign", "Enter")
    wait_until(page, welcome_begins("Spring offer"))
    assert "20% off, until 30 April 2027" in page.inner_text("#welcome")
    page.fill("#campaign", "")
    page.press("#campaign", "Enter")
    wait_until(page, welcome_begins("Welcome"))


def test_three_football_videos_make_a_football_evening_of_the_next_session(demo: Demo, watched: Watched) -> None:
    page = open_app(demo, watched)
    watch_football(page, times=2)
    new_session(watched, "served")
    assert page.inner_text("h1") == "Tonight"
    watch_football(page, times=1)
    assert page.inner_text("h1") == "Tonight"  # what was served stays for the session
    new_session(watched, "served")
    assert page.inner_text("h1") == "The derby, live"


def test_without_the_lock_changes_arrive_without_a_reload(demo: Demo, watched: Watched) -> None:
    page = open_app(demo, watched)
    page.evaluate("window.stillHere = true")
    page.uncheck("#lock")
    watch_football(page, times=3)
    wait_until(page, title_is("The derby, live"))
    demo.deliver_background("#0e9f6e")
    wait_until(page, f"getComputedStyle(document.getElementById('bar')).backgroundImage.includes('{GREEN}')")
    page.check("#lock")
    demo.deliver_background("#6f58c4")
    page.wait_for_timeout(2500)
    assert bar_colors(page) == [GREEN, BLUE]
    assert page.evaluate("window.stillHere")
