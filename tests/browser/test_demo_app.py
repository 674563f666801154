"""/demo of a demo server in a real browser: what Space says, what it says next, and what is built in."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from typing import Any

import pytest

from tests.browser.watched_page import Demo, WatchedPage, wait_until

pytestmark = pytest.mark.slow

PURPLE, BLUE, GREEN = "rgb(111, 88, 196)", "rgb(35, 99, 174)", "rgb(14, 159, 110)"


def open_app(demo: Demo, watched: WatchedPage) -> Any:
    watched.page.goto(f"{demo.url}/demo")
    wait_for(watched, "served")
    return watched.page


def wait_for(watched: WatchedPage, status: str) -> None:
    watched.page.wait_for_selector(f'#store[data-ready=true] ~ #panel #status[data-status="{status}"]')


def bar_colors(page: Any) -> list[str]:
    painted = page.evaluate("getComputedStyle(document.getElementById('bar')).backgroundImage")
    return colors_in(painted)[-2:]  # before them the veil that keeps text readable


def colors_in(painted: str) -> list[str]:
    return re.findall(r"rgba?\([^)]*\)", painted)


def new_session(watched: WatchedPage, status: str) -> None:
    with_session = watched.page.locator("#new-session")
    with_session.click()
    watched.page.wait_for_selector("#new-session:not([aria-busy])")
    wait_for(watched, status)


def test_it_shows_production_then_what_was_pushed_then_what_is_built_in(demo: Demo, watched: WatchedPage) -> None:
    page = open_app(demo, watched)
    assert bar_colors(page) == [PURPLE, BLUE]
    assert page.inner_text("h1") == "Tonight"

    demo.deliver_background("#0e9f6e")
    assert bar_colors(page) == [PURPLE, BLUE]  # what was served stays for the session
    new_session(watched, "served")
    assert bar_colors(page) == [GREEN, BLUE]

    demo.server.stop()
    watched.expect("ERR_CONNECTION_REFUSED")
    new_session(watched, "fallback")
    assert bar_colors(page) == [GREEN, BLUE]  # the same person goes on with what was served
    assert "cannot be reached" in page.inner_text("#status")

    page.fill("#user", "casey")
    page.press("#user", "Enter")
    wait_until(page, "document.getElementById('who').textContent === 'casey'")
    page.wait_for_selector("#new-session:not([aria-busy])")
    assert bar_colors(page) == [PURPLE, BLUE]
    assert page.inner_text("h1") == "Tonight"


def test_its_buttons_switch_person_and_environment_and_track(demo: Demo, watched: WatchedPage) -> None:
    demo.deliver_background("#0e9f6e", "staging")
    page = open_app(demo, watched)

    page.fill("#user", "casey")
    page.press("#user", "Enter")
    wait_until(page, "document.getElementById('who').textContent === 'casey'")
    page.select_option("#environment", "staging")
    wait_until(page, "document.getElementById('where').textContent === 'staging'")
    page.wait_for_selector("#new-session:not([aria-busy])")
    wait_for(watched, "served")
    assert bar_colors(page) == [GREEN, BLUE]
    page.click("#track")
    page.click("text=Play")
    assert page.locator("#events li").count() == 2
    wait_for_events(demo, {("demo/clicked", None), ("video/started", "homepage.body")})

    page.click("#visitor")
    wait_until(page, "document.getElementById('who').textContent === 'a visitor'")
    page.wait_for_selector("#new-session:not([aria-busy])")
    kinds = query(demo, "SELECT DISTINCT kind FROM persons JOIN sessions USING (environment_id, person_id)")
    assert kinds == {("visitor",), ("user",)}


def wait_for_events(demo: Demo, expected: set[tuple[Any, ...]]) -> None:
    """Wait until these are stored: the page sends them in its own time."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and query(demo, "SELECT name, entity FROM events") != expected:
        time.sleep(0.1)
    assert query(demo, "SELECT name, entity FROM events") == expected


def query(demo: Demo, sql: str) -> set[tuple[Any, ...]]:
    connection = sqlite3.connect(f"{(demo.server.folder / 'mtribes.db').as_uri()}?mode=ro", uri=True)
    try:
        return set(connection.execute(sql))
    finally:
        connection.close()


def test_it_works_by_keyboard_alone(shared_demo: Demo, watched: WatchedPage) -> None:
    page = open_app(shared_demo, watched)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the session"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "new-session"
    started = page.inner_text("#since")
    page.wait_for_timeout(1100)
    page.keyboard.press("Enter")
    wait_until(page, f"document.getElementById('since').textContent !== {json.dumps(started)}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1360, 360])
def test_nothing_is_cut_off_and_words_can_be_read(
    shared_demo: Demo, watched: WatchedPage, scheme: str, width: int
) -> None:
    watched.page.emulate_media(color_scheme=scheme)
    watched.page.set_viewport_size({"width": width, "height": 900})
    page = open_app(shared_demo, watched)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(LEAST_CONTRAST) >= 4.5


LEAST_CONTRAST = """
() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const luminance = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (color.startsWith("rgb(")) return parse(color);
    }
    return [255, 255, 255];
  };
  const ratios = [...document.querySelectorAll("#panel p, #panel dt, #panel dd, #panel li, #panel button, .welcome p")]
    .filter((element) => element.textContent.trim() && getComputedStyle(element).color.startsWith("rgb("))
    .map((element) => {
      const [one, other] = [parse(getComputedStyle(element).color), paper(element)].map(luminance);
      return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    });
  return Math.min(...ratios);
}
"""
