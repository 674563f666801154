"""A real browser for tests: Chromium without a window, whose every complaint fails the test unless it was expected."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.watched_page import Demo, WatchedPage, demo_server
from tests.requirements import require

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TIMEOUT_MSEC = 15_000


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """A demo server of the test's own."""
    with demo_server(tmp_path / "data") as demo:
        yield demo


@pytest.fixture(scope="session")
def shared_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo server for tests that only look."""
    with demo_server(tmp_path_factory.mktemp("demo") / "data") as demo:
        yield demo


@contextlib.contextmanager
def launched(**options: Any) -> Iterator[Any]:
    """Chromium, until the block ends."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    require(importlib.util.find_spec("playwright") is not None, "Playwright", "pip install playwright")
    require(chromium, "Chromium", "your system's package `chromium`")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - not everybody has it

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS), **options)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium. Not for the whole run: while it is open, its event loop is in the way of others in this thread."""
    with launched() as browser:
        yield browser


@pytest.fixture
def watched(browser: Any) -> Iterator[WatchedPage]:
    """A page in a profile of its own; the test fails when the page complained of something unexpected."""
    context = browser.new_context()
    context.set_default_timeout(TIMEOUT_MSEC)
    watched = WatchedPage(context.new_page())
    watched.watch()
    yield watched
    context.close()
    assert watched.complaints == []
