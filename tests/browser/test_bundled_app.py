"""A page of somebody's own: TypeScript from `mtribes setup`, bundled by esbuild, served from another origin."""

from __future__ import annotations

import contextlib
import functools
import http.server
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.programs import command_line_environment, run_mtribes
from tests.browser.watching import Demo, Watched
from tests.requirements import require_npm_package

pytestmark = pytest.mark.slow

PAGE = "<!doctype html><title>An app</title><body><button>Again</button><script src='app.js'></script></body>"


class PageHandler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, quietly, under a policy that only lets the page ask its mtribes server."""

    server_url = ""

    def end_headers(self) -> None:
        self.send_header(
            "Content-Security-Policy", f"default-src 'none'; script-src 'self'; connect-src {self.server_url}"
        )
        super().end_headers()

    def log_message(self, *arguments: object) -> None:
        """Nothing."""


@contextlib.contextmanager
def served(folder: Path, server_url: str) -> Iterator[str]:
    """The address at which a folder is served."""
    handler = type("Handler", (PageHandler,), {"server_url": server_url})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def bundle(demo: Demo, tmp_path: Path) -> Path:
    """A folder with the page and its bundle."""
    esbuild = require_npm_package("esbuild") / "bin" / "esbuild"
    project, site = tmp_path / "project", tmp_path / "site"
    project.mkdir()
    site.mkdir()
    (site / "index.html").write_text(PAGE)
    environment = command_line_environment(tmp_path / "home", MTRIBES_TOKEN=demo.facts["token"])
    target = "typescript:mtspace/vod"
    choice = ("--organization", "acme", "--space", "vod", "--target", target, "--yes")
    run_mtribes("setup", "--host", demo.url, *choice, folder=project, environment=environment)
    shutil.copy(Path(__file__).with_name("app.ts"), project)
    key = f'--define:KEY="{demo.facts["spaces"]["vod"]["production"]}"'
    out = f"--outfile={site / 'app.js'}"
    subprocess.run([str(esbuild), "app.ts", "--bundle", "--log-level=warning", key, out], cwd=project, check=True)
    return site


def state(watched: Watched, status: str) -> tuple[str, str, str]:
    watched.page.wait_for_selector(f"body[data-status={status}]")
    shown = watched.page.evaluate("({...document.body.dataset})")
    return shown["from"], shown["to"], shown["items"]


def test_it_shows_production_then_what_was_pushed_then_what_is_built_in(
    demo: Demo, watched: Watched, bundle: Path
) -> None:
    items = "hero carousel banner"
    with served(bundle, demo.url) as site:
        watched.page.goto(site)
        assert state(watched, "served") == ("#6f58c4", "#2363ae", items)

        demo.deliver_background("#0e9f6e")
        watched.page.click("button")
        assert state(watched, "served") == ("#0e9f6e", "#2363ae", items)
        assert event_names(demo.server.folder) == {"header/clicked"}

        demo.server.stop()
        watched.expect("ERR_CONNECTION_REFUSED")
        watched.page.click("button")
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
