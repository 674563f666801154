"""A site of somebody's own: a page with TypeScript from `mtribes setup`, bundled by esbuild, on another origin."""

from __future__ import annotations

import contextlib
import functools
import http.server
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.browser.programs import command_line_environment, run_mtribes
from tests.browser.watched_page import Demo
from tests.requirements import require_npm_package

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
def serve_site(folder: Path, server_url: str) -> Iterator[str]:
    """The address at which a folder is served."""
    handler = type("Handler", (PageHandler,), {"server_url": server_url})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def bundle(app: str, demo: Demo, folder: Path) -> Path:
    """A folder with the page and the bundle of that app, a file beside this one."""
    esbuild = require_npm_package("esbuild") / "bin" / "esbuild"
    project, site = folder / "project", folder / "site"
    project.mkdir()
    site.mkdir()
    (site / "index.html").write_text(PAGE)
    environment = command_line_environment(folder / "home", MTRIBES_TOKEN=demo.facts["token"])
    target = "typescript:mtspace/vod"
    choice = ("--organization", "acme", "--space", "vod", "--target", target, "--yes")
    run_mtribes("setup", "--host", demo.url, *choice, folder=project, environment=environment)
    shutil.copy(Path(__file__).with_name(app), project)
    key = f'--define:KEY="{demo.facts["spaces"]["vod"]["production"]}"'
    out = f"--outfile={site / 'app.js'}"
    subprocess.run([str(esbuild), app, "--bundle", "--log-level=warning", key, out], cwd=project, check=True)
    return site
