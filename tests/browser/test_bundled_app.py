"""A page of somebody's own: TypeScript from `mtribes setup`, bundled by esbuild, served from another origin."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from pathlib import Path

import pytest

from tests.browser.bundled_site import bundle, serve_site
from tests.browser.watched_page import Demo, WatchedPage

pytestmark = pytest.mark.slow


@pytest.fixture
def bundled(demo: Demo, tmp_path: Path) -> Path:
    """A folder with the page and its bundle."""
    return bundle("app.ts", demo, tmp_path)


def state(watched: WatchedPage, status: str) -> tuple[str, str, str]:
    watched.page.wait_for_selector(f"body[data-status={status}]")
    shown = watched.page.evaluate("({...document.body.dataset})")
    return shown["from"], shown["to"], shown["items"]


def test_it_shows_production_then_what_was_pushed_then_what_is_built_in(
    demo: Demo, watched: WatchedPage, bundled: Path
) -> None:
    items = "hero carousel banner"
    with serve_site(bundled, demo.url) as site:
        watched.page.goto(site)
        assert state(watched, "served") == ("#6f58c4", "#2363ae", items)

        demo.deliver_background("#0e9f6e")
        watched.page.click("button")
        assert state(watched, "served") == ("#0e9f6e", "#2363ae", items)
        assert event_names(demo.server.folder) == {"header/clicked"}

        demo.server.stop()
        watched.expect("ERR_CONNECTION_REFUSED")
        watched.page.click("button")
        assert state(watched, "fallback") == ("#0e9f6e", "#2363ae", items)  # the same person goes on
        watched.page.reload()
        assert state(watched, "fallback") == ("#6f58c4", "#2363ae", items)


def event_names(folder: Path) -> set[str]:
    """The names of the stored events, once there are some."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.closing(sqlite3.connect(f"{(folder / 'mtribes.db').as_uri()}?mode=ro", uri=True)) as connection:
            names = {name for (name,) in connection.execute("SELECT name FROM events")}
        if names:
            return names
        time.sleep(0.1)
    return set()
