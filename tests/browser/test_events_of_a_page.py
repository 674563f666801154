"""Events of a page in a browser: none is lost when it closes, crashes, is hidden, or shares storage with tabs."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error as PlaywrightError

from tests.browser.bundled_site import bundle, serve_site
from tests.browser.conftest import launched
from tests.browser.watched_page import Demo, wait_until

pytestmark = pytest.mark.slow

KEPT = "Object.keys(localStorage).filter((key) => key.includes('events')).length"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium as people have it, with the back/forward cache that it has in tests only when asked."""
    with launched(ignore_default_args=["--disable-back-forward-cache"]) as browser:
        yield browser


class Site:
    """A browser's profile on the site, and what the server has stored of it."""

    def __init__(self, context: Any, url: str, data: Path) -> None:
        self.context, self.url, self.database = context, url, data / "mtribes.db"
        self.complaints: list[str] = []
        """Uncaught errors, and what the page's policy forbids: it allows scripts of its own and its server."""

    def open(self) -> Any:
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda line: self.complaints.extend({line.text} if "Policy" in line.text else ()))
        page.goto(self.url)
        return page

    def stored(self) -> list[str]:
        uri = f"{self.database.as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
            return sorted(name for (name,) in connection.execute("SELECT name FROM events"))

    def expect_stored(self, *expected: tuple[str, int]) -> None:
        """Each exactly once, within some seconds."""
        names = sorted(f"{prefix}/{at}" for prefix, count in expected for at in range(count))
        deadline = time.monotonic() + 15
        while self.stored() != names and time.monotonic() < deadline:
            time.sleep(0.1)
        assert self.stored() == names


@pytest.fixture
def site(browser: Any, demo: Demo, tmp_path: Path) -> Iterator[Site]:
    context = browser.new_context()
    context.set_default_timeout(15_000)
    with serve_site(bundle("events_app.ts", demo, tmp_path), demo.url) as url:
        site = Site(context, url, demo.server.folder)
        yield site
    context.close()
    assert site.complaints == []


def test_a_thousand_events_of_a_page_that_closes_at_once_are_stored_once_after_the_next_visit(site: Site) -> None:
    page = site.open()
    page.evaluate("app.track('close', 1000)")
    page.close()
    site.open()
    site.expect_stored(("close", 1000))


def test_a_thousand_events_of_a_page_that_leaves_at_once_are_stored_once_after_the_next_visit(site: Site) -> None:
    page = site.open()
    page.evaluate("app.track('leave', 1000); location.href = 'about:blank'")
    page.wait_for_url("about:blank")
    page.close()
    site.open()
    site.expect_stored(("leave", 1000))


def test_events_of_a_page_that_crashes_are_stored_after_the_next_visit(site: Site) -> None:
    page = site.open()
    site.context.set_offline(True)
    page.evaluate("app.track('crash', 1000)")
    crash(page)
    site.context.set_offline(False)
    site.open()
    site.expect_stored(("crash", 1000))


def test_tabs_share_storage_without_losing_or_erasing_events(site: Site) -> None:
    tabs = [site.open() for _ in range(3)]
    site.context.set_offline(True)
    for turn in range(5):
        for at, tab in enumerate(tabs):
            tab.evaluate(f"app.track('tab{at}-{turn}', 20)")
    tabs[0].close()
    crash(tabs[1])
    site.context.set_offline(False)
    last = site.open()
    tabs[2].evaluate("app.flush()")
    site.expect_stored(*((f"tab{at}-{turn}", 20) for at in range(3) for turn in range(5)))
    wait_until(last, f"{KEPT} === 0")


def crash(page: Any) -> None:
    """The process of the page dies."""
    with contextlib.suppress(PlaywrightError):  # which is what it says
        page.goto("chrome://crash", timeout=3000)
    page.close()


STORAGES = {
    "full": "try { for (let size = 2 ** 22; size >= 1; ) { try { localStorage.setItem('x' + size + Math.random(), "
    "'x'.repeat(size)); } catch { size = Math.floor(size / 2); } } } catch {}",
    "throwing": "Object.defineProperty(window, 'localStorage', { get() { throw new Error('SecurityError'); } });",
    "absent": "delete window.localStorage; Object.defineProperty(window, 'localStorage', { value: undefined });",
}


@pytest.mark.parametrize("kind", STORAGES)
def test_without_room_in_storage_events_are_sent_from_memory(kind: str, site: Site) -> None:
    site.context.add_init_script(STORAGES[kind])
    page = site.open()
    page.evaluate("app.track('memory', 300); app.flush()")
    site.expect_stored(("memory", 300))


def test_a_page_that_comes_back_from_the_back_forward_cache_goes_on_and_loses_nothing(site: Site) -> None:
    page = site.open()
    page.evaluate("app.track('before', 700)")
    page.goto(f"{site.url}/app.js")
    page.evaluate("void setTimeout(() => history.back())")  # it ends what is evaluated
    wait_until(page, "app.shown() === 'again'")
    page.evaluate("app.track('after', 10)")
    site.expect_stored(("before", 700), ("after", 10))
    wait_until(page, f"{KEPT} === 0")
