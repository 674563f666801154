"""`mtribes login --browser` against a real server, through the real pages, in a real browser."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.programs import command_line_environment, run_mtribes
from tests.browser.watching import Demo, Watched

pytestmark = pytest.mark.slow

URL = re.compile(r"https?://\S+/oauth/authorize\S*")


@contextlib.contextmanager
def login_program(demo: Demo, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The program that waits, and the address that it printed."""
    command = [sys.executable, "-m", "mtribes_cli", "login", "--browser", "--host", demo.url]
    environment = command_line_environment(tmp_path / "home")
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=pipe, stderr=pipe, text=True) as login:
        try:
            yield login, printed_address(login)
        finally:
            login.kill()


def printed_address(login: subprocess.Popen[str]) -> str:
    assert login.stderr is not None
    for line in login.stderr:
        if match := URL.search(line):
            return match[0]
    raise AssertionError("it printed no address")


def sign_in(watched: Watched, demo: Demo, url: str) -> None:
    person = demo.facts["people"][0]
    page = watched.page
    page.goto(url)
    page.fill("#email", person["email"])
    page.fill("#password", person["password"])
    page.keyboard.press("Enter")
    page.wait_for_selector("button[value=allow]")


def test_signing_in_and_allowing_ends_in_the_terminal(shared_demo: Demo, watched: Watched, tmp_path: Path) -> None:
    with login_program(shared_demo, tmp_path) as (login, url):
        sign_in(watched, shared_demo, url)
        watched.page.click("button[value=allow]")
        watched.page.wait_for_url("http://127.0.0.1:*/callback?*")
        assert watched.page.inner_text("h1") == "Return to your terminal"
        said, _ = login.communicate(timeout=30)
        assert login.returncode == 0
    email = shared_demo.facts["people"][0]["email"]
    assert email in said
    environment = command_line_environment(tmp_path / "home")
    whoami = run_mtribes("whoami", "--json", "--host", shared_demo.url, folder=tmp_path, environment=environment)
    assert json.loads(whoami.stdout)["data"]["email"] == email


def test_refusing_ends_in_the_terminal_too(shared_demo: Demo, watched: Watched, tmp_path: Path) -> None:
    with login_program(shared_demo, tmp_path) as (login, url):
        sign_in(watched, shared_demo, url)
        watched.page.click("button[value=cancel]")
        watched.page.wait_for_url("http://127.0.0.1:*/callback?*")
        assert watched.page.inner_text("h1") == "Not signed in"
        login.communicate(timeout=30)
        assert login.returncode == 4
