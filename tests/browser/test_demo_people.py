"""/demo in a real browser: whom it shows what, and changes that arrive while the session runs."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser.test_demo_app import BLUE, GREEN, PURPLE, bar_colors, colors_in, new_session, open_app, wait_for
from tests.browser.watched_page import Demo, WatchedPage, wait_until

pytestmark = pytest.mark.slow

GOLD = "rgb(201, 162, 39)"


LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3


def least_contrast_in_bar(page: Any) -> float:
    """Of the text on either end of the gradient, seen through the veil."""
    style = "getComputedStyle(document.getElementById('bar'))"
    wait_until(page, "document.getElementById('bar').getAnimations().length === 0")
    ink = channels(page.evaluate(f"{style}.color"))
    veil, _, *ends = [channels(each) for each in colors_in(page.evaluate(f"{style}.backgroundImage"))]
    share = veil[3] if len(veil) > 3 else 1.0
    seen = [[v * share + c * (1 - share) for v, c in zip(veil[:3], end[:3], strict=True)] for end in ends]
    return min(contrast(ink[:3], end) for end in seen)


def channels(color: str) -> list[float]:
    return [float(number) for number in re.findall(r"[\d.]+", color)]


def contrast(one: list[float], other: list[float]) -> float:
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: list[float]) -> float:
    shares = [channel / 255 for channel in color]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def title_is(title: str) -> str:
    return f"document.querySelector('h1')?.textContent === '{title}'"


def welcome_begins(text: str) -> str:
    return f"document.getElementById('welcome').textContent.startsWith('{text}')"


def sign_in(watched: WatchedPage, user: str) -> None:
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


def test_a_gold_member_sees_the_gold_header_and_nobody_else_does(shared_demo: Demo, watched: WatchedPage) -> None:
    page = open_app(shared_demo, watched)
    assert bar_colors(page) == [PURPLE, BLUE]
    sign_in(watched, "bjork")
    assert bar_colors(page) == [GOLD, BLUE]
    assert least_contrast_in_bar(page) >= LEAST_CONTRAST
    sign_in(watched, "casey")
    assert bar_colors(page) == [PURPLE, BLUE]


def test_who_comes_by_the_spring_campaign_sees_the_spring_offer(shared_demo: Demo, watched: WatchedPage) -> None:
    page = open_app(shared_demo, watched)
    assert page.inner_text("#welcome strong") == "Welcome"
    page.fill("#campaign", "spring")
    page.press("#campaign", "Enter")
    wait_until(page, welcome_begins("Spring offer"))
    assert "20% off, until 30 April 2027" in page.inner_text("#welcome")
    page.fill("#campaign", "")
    page.press("#campaign", "Enter")
    wait_until(page, welcome_begins("Welcome"))


def test_three_football_videos_make_a_football_evening_of_the_next_session(demo: Demo, watched: WatchedPage) -> None:
    page = open_app(demo, watched)
    watch_football(page, times=2)
    new_session(watched, "served")
    assert page.inner_text("h1") == "Tonight"
    watch_football(page, times=1)
    assert page.inner_text("h1") == "Tonight"  # what was served stays for the session
    new_session(watched, "served")
    assert page.inner_text("h1") == "The derby, live"


def test_without_the_lock_changes_arrive_without_a_reload(demo: Demo, watched: WatchedPage) -> None:
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
