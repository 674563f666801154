"""Pages that follow changes, in a browser: many tabs share a connection, hidden ones pause, offline starts heal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error as PlaywrightError

from tests.browser.bundled_site import bundle, serve_site
from tests.browser.conftest import launched
from tests.browser.relay import Relay, relay_before
from tests.browser.watched_page import Demo, wait_until

pytestmark = pytest.mark.slow

TABS = 7  # one more than the connections that a browser has to a host over HTTP/1.1
FIRST, SECOND, THIRD = "#6f58c4", "#0e9f6e", "#b02a37"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium as people have it, with the back/forward cache that it has in tests only when asked."""
    with launched(ignore_default_args=["--disable-back-forward-cache"]) as browser:
        yield browser


class Site:
    """A browser's profile on the site, and what it asks of the server."""

    def __init__(self, context: Any, url: str, demo: Demo, relay: Relay) -> None:
        self.context, self.url, self.demo, self.relay = context, url, demo, relay

    def open(self, more: str = "") -> Any:
        page = self.context.new_page()
        page.goto(f"{self.url}/?host={self.relay.url}{more}")
        return page

    def open_following(self) -> Any:
        page = self.open()
        wait_until(page, "document.body.dataset.status === 'served'")
        return page


@pytest.fixture
def site(browser: Any, demo: Demo, tmp_path: Path) -> Iterator[Site]:
    context = browser.new_context()
    context.set_default_timeout(15_000)
    pages = bundle("following_app.ts", demo, tmp_path)
    with relay_before(demo.url) as relay, serve_site(pages, relay.url) as url:
        yield Site(context, url, demo, relay)
        context.close()


def shows(page: Any, color: str, seconds: float = 10) -> None:
    wait_until(page, f"document.body.dataset.from === '{color}'", seconds)


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_seven_tabs_all_start_and_all_see_a_change_over_one_connection(site: Site) -> None:
    pages = [site.open_following() for _ in range(TABS)]
    assert {page.evaluate("document.body.dataset.failure") for page in pages} == {"null"}
    until(lambda: len(site.relay.long_polls) >= 1)
    for color in (SECOND, THIRD):
        site.demo.deliver_background(color)
        for page in pages:
            shows(page, color, 6)
    assert site.relay.most_long_polls_at_once() == 1
    assert len(site.relay.asked) < 200


def test_the_tab_at_its_turn_may_close_or_crash_or_freeze(site: Site) -> None:
    closes, crashes, freezes, last = (site.open_following() for _ in range(4))
    for page, go in [(closes, close), (crashes, crash), (freezes, freeze)]:
        until(lambda: any(poll.ended is None for poll in site.relay.long_polls))
        go(page)
    site.demo.deliver_background(SECOND)
    shows(last, SECOND, 6)
    assert freezes.evaluate("document.body.dataset.from") == FIRST
    freezes.evaluate("document.dispatchEvent(new Event('resume'))")
    shows(freezes, SECOND, 3)


def close(page: Any) -> None:
    page.close()


def crash(page: Any) -> None:
    with pytest.raises(PlaywrightError):
        page.goto("chrome://crash", timeout=5000)


def freeze(page: Any) -> None:
    """As far as the page hears of it: a browser freezes no page that a test sees."""
    page.evaluate("document.dispatchEvent(new Event('freeze'))")


def test_a_hidden_page_asks_for_nothing_and_at_once_when_it_is_shown(site: Site) -> None:
    page = site.open_following()
    until(lambda: len(site.relay.long_polls) == 1)
    become(page, "hidden")
    asked = len(site.relay.asked)
    site.demo.deliver_background(SECOND)
    time.sleep(4)
    assert len(site.relay.asked) == asked
    become(page, "visible")
    shows(page, SECOND, 3)


def become(page: Any, state: str) -> None:
    page.evaluate(
        "(state) => { Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        state,
    )


def test_a_page_of_the_back_forward_cache_goes_on_where_it_was(site: Site) -> None:
    page = site.open_following()
    until(lambda: len(site.relay.long_polls) == 1)
    page.goto("about:blank")
    site.demo.deliver_background(SECOND)
    page.evaluate("void setTimeout(() => history.back())")  # it ends what is evaluated
    wait_until(page, "app.shown() === 'again'")
    shows(page, SECOND, 3)
    site.demo.deliver_background(THIRD)
    shows(page, THIRD, 6)


def test_a_start_without_a_network_heals_as_soon_as_it_is_back(site: Site) -> None:
    page = site.open("&wait")
    site.context.set_offline(True)
    page.evaluate("app.start()")
    wait_until(page, "document.body.dataset.failure === 'network'")
    time.sleep(8)  # by then the pauses are longer than what is waited for below
    assert page.evaluate("document.body.dataset.status") == "fallback"
    site.context.set_offline(False)
    wait_until(page, "document.body.dataset.status === 'served'", 2)
    site.demo.deliver_background(SECOND)
    shows(page, SECOND, 6)
