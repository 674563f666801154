"""Next with Turbopack: a server component with a space for each request, and a client component that hydrates."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.browser.watched_page import WatchedPage, wait_until
from tests.servers import TLS
from tests.stacks.people_server import PeopleServer, people_server
from tests.stacks.projects import (
    HERE,
    PACKAGES,
    command_of,
    environment_of,
    require_stack_package,
    run_package,
    write_code,
)

pytestmark = pytest.mark.slow

PEOPLE = 20
REQUESTS = 200
OVERLAPPING = 40
START_TIMEOUT_SECONDS = 60
OPTIONS = {"import_extension": "none", "bindings": "react"}


@pytest.fixture(scope="module")
def people() -> Iterator[PeopleServer]:
    """One server for the module: where it is is built into the app."""
    with people_server() as running:
        yield running


@pytest.fixture(scope="module")
def built(people: PeopleServer) -> Iterator[Path]:
    """The app, built. It is beside its packages, because Turbopack follows no link that leads out of its root."""
    require_stack_package("next")
    with tempfile.TemporaryDirectory(dir=PACKAGES.parent, prefix=".next-app-") as folder:
        app = Path(folder)
        shutil.copytree(HERE / "next", app, dirs_exist_ok=True)
        write_code(app / "mtspace" / "vod", "typescript", OPTIONS | {"host": people.url})
        run_package("next/dist/bin/next", "build", "--turbopack", folder=app)
        yield app


@contextmanager
def running(app: Path, *arguments: str) -> Iterator[str]:
    """The URL of the app, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [*command_of("next/dist/bin/next"), *arguments, "--hostname", "127.0.0.1", "--port", str(port)]
    log = app / "next.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            command, cwd=app, env=environment_of(command[0]), stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url, log)
            yield url
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(url: str, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        try:
            httpx.get(url, params={"user": "first"}, timeout=30, trust_env=False, verify=TLS).raise_for_status()
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text())


def test_of_overlapping_requests_each_sees_its_own_and_its_events_are_its_own(
    built: Path, people: PeopleServer
) -> None:
    asked = [f"u{number % PEOPLE}" for number in range(REQUESTS)]
    with running(built, "start") as url, httpx.Client(base_url=url, timeout=60, trust_env=False, verify=TLS) as client:
        people.events.clear()
        with ThreadPoolExecutor(OVERLAPPING) as pool:
            pages = list(pool.map(lambda user: client.get("/", params={"user": user}).raise_for_status().text, asked))
    for user, page in zip(asked, pages, strict=True):
        assert re.findall(r"<h1>(.*?)</h1>", page) == [f"Hello {user}"]
        assert re.findall(r"<p [^>]*>(.*?)</p>", page) == [f"Hello {user}"]
        assert set(re.findall(r"Hello (\w+)", page)) == {user}
    filed = [(event["external_id"], event["metadata"][0]["value"]) for event in people.events]
    assert sorted(filed) == sorted((user, user) for user in asked)


def test_a_client_component_hydrates_from_the_snapshot_and_follows_changes(
    built: Path, people: PeopleServer, watched: WatchedPage
) -> None:
    with running(built, "start") as url:
        people.started.clear()
        watched.page.goto(f"{url}/?user=ada")
        wait_until(watched.page, "document.querySelector('p').dataset.ready === 'true'")
        assert watched.page.inner_text("p") == "Hello ada"
        assert watched.page.get_attribute("p", "data-status") == "served"
        people.greet_by("Good evening")
        wait_until(watched.page, "document.querySelector('p').textContent === 'Good evening ada'")
        assert watched.page.inner_text("h1") == "Hello ada"
        assert people.started == ["ada"]
        watched.page.goto("about:blank")  # before the server is gone


def test_development_tells_of_no_mismatch(built: Path, people: PeopleServer, watched: WatchedPage) -> None:
    people.greet_by("Hello")
    with running(built, "dev", "--turbopack") as url:
        people.started.clear()
        watched.page.goto(f"{url}/?user=ada")
        wait_until(watched.page, "document.querySelector('p').dataset.ready === 'true'")
        assert watched.page.inner_text("p") == "Hello ada"
        people.greet_by("Good night")
        wait_until(watched.page, "document.querySelector('p').textContent === 'Good night ada'")
        assert people.started == ["ada"]
        watched.page.goto("about:blank")
