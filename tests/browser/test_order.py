"""Scenarios and items put in another order by dragging them, with a mouse and with a finger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.browser.test_console import DEVELOPER, HERE, sign_in
from tests.browser.watched_page import Demo, WatchedPage, wait_until

pytestmark = pytest.mark.slow

WELCOME = f"{HERE}/delivery/entities/onboarding.welcome"
BODY = f"{HERE}/delivery/entities/homepage.body/scenario?scenario=default"
HEADINGS = "[...document.querySelectorAll('.scenarios > .card h3')].map((at) => at.innerText.trim())"


def middle_of(page: Any, selector: str) -> tuple[float, float]:
    """Where something is in the window, scrolled to."""
    found = page.locator(selector)
    found.scroll_into_view_if_needed()
    box = found.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def card(number: int) -> str:
    """The card in that place, the first one being 1."""
    return f".scenarios > .card:nth-child({number})"


def drag_by_mouse(page: Any, number: int, *, below: int) -> None:
    """Take a card by its dots and let it go just below the middle of another."""
    page.mouse.move(*middle_of(page, f"{card(number)} .grip"))
    page.mouse.down()
    x, y = middle_of(page, card(below))
    page.mouse.move(x, y + 4, steps=5)
    page.mouse.up()


def test_a_dragged_scenario_leads_to_the_review_of_its_move(demo: Demo, watched: WatchedPage) -> None:
    page = watched.page
    sign_in(page, demo, DEVELOPER)
    page.goto(demo.url + WELCOME)
    before = page.evaluate(HEADINGS)
    assert before[0].startswith("1. Spring offer")
    drag_by_mouse(page, 1, below=2)
    page.wait_for_url("**/delivery/review?**position=2")
    assert page.inner_text("h1") == "Move “Spring offer” to position 2 in onboarding.welcome"
    page.go_back()
    assert page.evaluate(HEADINGS) == before
    page.go_forward()
    page.check("[name=sure]")
    page.click("button.danger")
    page.wait_for_selector(".toast")
    assert page.evaluate(HEADINGS)[1].startswith("2. Spring offer")


def test_what_is_dropped_in_its_own_place_or_given_up_stays(shared_demo: Demo, watched: WatchedPage) -> None:
    page = watched.page
    sign_in(page, shared_demo, DEVELOPER)
    page.goto(shared_demo.url + WELCOME)
    page.click(f"{card(1)} .grip")
    page.mouse.move(*middle_of(page, f"{card(1)} .grip"))
    page.mouse.down()
    x, y = middle_of(page, card(2))
    page.mouse.move(x, y + 4, steps=5)
    wait_until(page, "document.querySelectorAll('.drops-after').length === 1")
    page.keyboard.press("Escape")
    page.mouse.up()
    assert page.evaluate("document.querySelectorAll('.dragged, .drops-after').length") == 0
    assert page.url == shared_demo.url + WELCOME


def test_a_dragged_item_keeps_what_was_typed_into_the_form(shared_demo: Demo, watched: WatchedPage) -> None:
    page = watched.page
    sign_in(page, shared_demo, DEVELOPER)
    page.goto(shared_demo.url + BODY)
    page.click(f"{card(1)} summary")
    page.fill(f"{card(1)} [name$='p.title']", "Typed & kept")
    page.click(f"{card(1)} summary")
    drag_by_mouse(page, 1, below=3)
    page.wait_for_url("**/scenario#items")
    assert names_of(page) == ["new-this-week", "join", "tonight"]
    assert page.input_value(f"{card(3)} [name$='p.title']") == "Typed & kept"


def test_a_finger_drags_an_item_too(browser: Any, shared_demo: Demo) -> None:
    context = browser.new_context(viewport={"width": 375, "height": 900}, has_touch=True, is_mobile=True)
    page = context.new_page()
    sign_in(page, shared_demo, DEVELOPER)
    page.goto(shared_demo.url + BODY)
    x, y = middle_of(page, f"{card(3)} .grip")
    finger = context.new_cdp_session(page)
    touch(finger, "touchStart", x, y)
    _, top = middle_of(page, card(1))
    for step in range(1, 9):
        touch(finger, "touchMove", x, y + (top - 10 - y) * step / 8)
    wait_until(page, "document.querySelector('.drops-before') !== null")
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_url("**/scenario#items")
    assert names_of(page) == ["join", "tonight", "new-this-week"]
    context.close()


def test_without_javascript_there_is_nothing_to_drag(browser: Any, shared_demo: Demo) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, shared_demo, DEVELOPER)
    page.goto(shared_demo.url + BODY)
    assert not page.locator(f"{card(1)} .grip").is_visible()
    page.click(f"{card(1)} button:has-text('Down')")
    page.wait_for_url("**/scenario#items")
    assert names_of(page) == ["new-this-week", "tonight", "join"]
    context.close()


def touch(finger: Any, kind: str, x: float, y: float) -> None:
    """What a finger does at a place of the window."""
    finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})


def names_of(page: Any) -> Sequence[str]:
    """The ids of the items in their order."""
    return [text.split()[1] for text in page.evaluate(HEADINGS)]
