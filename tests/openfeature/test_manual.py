"""What the manual's page about OpenFeature says does what it says: each of its programs, and its tables."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import templates_server
from tests.browser.bundled_site import serve_site
from tests.browser.conftest import browser, watched  # noqa: F401 - fixtures
from tests.browser.watched_page import Demo, WatchedPage, demo_server, wait_until
from tests.openfeature.expectations import MODULES, key_of, require_openfeature, run_node
from tests.requirements import require, require_npm_package

pytestmark = pytest.mark.slow
MANUAL = (Path(templates_server.__file__).parent / "docs" / "guides" / "openfeature.md").read_text(encoding="utf-8")
SHOWN = "Spring offer"
MOUNT = """
import { createRoot } from "react-dom/client";
createRoot(document.body.appendChild(document.createElement("div"))).render(<App />);
"""
PAGE = "<!doctype html><title>An app</title><body><script type='module' src='app.js'></script></body>"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo_server(tmp_path_factory.mktemp("demo") / "data") as running:
        yield running


def program(kind: str, demo: Demo) -> str:
    """A program of the page, with a server and a key that are there."""
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```$", MANUAL, re.MULTILINE | re.DOTALL)
    text = str(found).replace("https://mtribes.example.com", demo.url).replace("pk_...", key_of(demo))
    assert demo.url in text or "MTRIBES_HOST" in text
    return text


def bundled(folder: Path, source: str) -> Path:
    """A folder with a page that runs the source."""
    require_openfeature()
    esbuild = require_npm_package("esbuild") / "bin" / "esbuild"
    (folder / "node_modules").symlink_to(MODULES)
    (folder / "app.jsx").write_text(source)
    (folder / "index.html").write_text(PAGE)
    options = ("--bundle", "--format=esm", "--jsx=automatic", "--log-level=warning")
    defined = '--define:process.env.NODE_ENV="production"'
    command = [str(esbuild), "app.jsx", *options, defined, "--outfile=app.js"]
    subprocess.run(command, cwd=folder, check=True)
    return folder


def test_the_program_for_browsers(demo: Demo, watched: WatchedPage, tmp_path: Path) -> None:  # noqa: F811 - the fixture
    said: list[str] = []
    watched.page.on("console", lambda message: said.append(message.text))
    with serve_site(bundled(tmp_path, program("js web", demo)), demo.url) as address:
        with watched.page.expect_console_message():
            watched.page.goto(f"{address}/index.html")
        assert said == [SHOWN]
        watched.page.goto("about:blank")


def test_the_program_for_react(demo: Demo, watched: WatchedPage, tmp_path: Path) -> None:  # noqa: F811 - the fixture
    source = program("jsx react", demo) + MOUNT
    with serve_site(bundled(tmp_path, source), demo.url) as address:
        watched.page.goto(f"{address}/index.html")
        wait_until(watched.page, f"document.querySelector('h1')?.textContent === '{SHOWN}'")
        watched.page.goto("about:blank")


def test_the_program_for_node(demo: Demo, tmp_path: Path) -> None:
    require_openfeature()
    (tmp_path / "node_modules").symlink_to(MODULES)
    (tmp_path / "app.mjs").write_text(program("js server", demo))
    assert run_node(tmp_path / "app.mjs") == f"{SHOWN}\n"


def test_the_program_for_python(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(program("python", demo), "openfeature.md", "exec"), {"__name__": "__main__"})  # noqa: S102 - the test
    assert said.getvalue() == f"{SHOWN}\n"


def test_the_request_by_hand(demo: Demo) -> None:
    require("curl", "curl", "your system's package curl")
    environment = {
        "PATH": os.environ["PATH"], "no_proxy": "127.0.0.1", "MTRIBES_HOST": demo.url, "MTRIBES_KEY": key_of(demo)
    }  # fmt: skip
    ran = subprocess.run(
        ["sh", "-euc", program("sh", demo)], env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert '"key":"homepage.header.background"' in ran.stdout
