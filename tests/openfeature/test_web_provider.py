"""OpenFeature in a browser: the web provider and React, bundled, on a page of another origin, against the demo."""

from __future__ import annotations

import functools
import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from templates_server.primitives.timestamps import MINUTE, system_clock
from tests import secret_scanner
from tests.browser.bundled_site import serve_site
from tests.browser.conftest import browser, watched  # noqa: F401 - fixtures
from tests.browser.watched_page import Demo, WatchedPage, demo_server, wait_until
from tests.openfeature.expectations import (
    PEOPLE,
    PROGRAMS,
    Flag,
    expect_for,
    flags_of,
    key_of,
    limited_demo,
    require_openfeature,
    value_of,
)
from tests.requirements import require_npm_package
from tests.server.features.openfeature.ofrep_app import make_app
from tests.servers import running_server

pytestmark = pytest.mark.slow
PAGE = "<!doctype html><title>An app</title><body><script src='app.js'></script></body>"
LABEL: Flag = ("home.top.label", "string", "none")
STICKY: Flag = ("homepage.header.sticky", "boolean", False)
CHANGED = "PROVIDER_CONFIGURATION_CHANGED"
PRODUCTION = "/v2/spaces/vod/environments/production"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    with demo_server(tmp_path / "data") as running:
        yield running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page and its bundle."""
    require_openfeature()
    esbuild = require_npm_package("esbuild") / "bin" / "esbuild"
    folder = tmp_path_factory.mktemp("site")
    (folder / "index.html").write_text(PAGE)
    options = ("--bundle", "--jsx=automatic", "--log-level=warning", '--define:process.env.NODE_ENV="development"')
    command = [str(esbuild), "web.jsx", *options, f"--outfile={folder / 'app.js'}"]
    subprocess.run(command, cwd=PROGRAMS, check=True)
    return folder


@dataclass
class App:
    """The page's `window.app`."""

    page: Any

    def start(self, demo: Demo, user_id: str, **options: Any) -> str:
        """Have the provider begin at a demo server; how that ended."""
        return self.start_at(demo.url, key_of(demo), user_id, **options)

    def start_at(self, url: str, key: str, user_id: str, **options: Any) -> str:
        """Have it begin at any server."""
        asked = json.dumps([url, key, {"targetingKey": user_id}, options])
        return str(self.page.evaluate(f"app.start(...{asked})"))

    def be(self, context: dict[str, str]) -> None:
        """Be somebody else, or say something else."""
        self.page.evaluate(f"app.be({json.dumps(context)})")

    def read(self, *flags: Flag) -> dict[str, Any]:
        """What flags are, from what the provider holds."""
        found: dict[str, Any] = self.page.evaluate(f"app.read({json.dumps(flags)})")
        return found

    def read_anew(self, *flags: Flag) -> dict[str, Any]:
        """The same, once the provider has asked: of somebody whom it knows it shows first what it had kept of them."""
        deadline, found = time.monotonic() + 10, self.read(*flags)
        while any(one["reason"] == "CACHED" for one in found.values()):
            assert time.monotonic() < deadline, found
            time.sleep(0.05)
            found = self.read(*flags)
        return found

    def told(self, event: str) -> list[Any]:
        """The events of a kind."""
        return [one for one in self.page.evaluate("app.told") if one["event"] == event]

    def wait_for(self, event: str, count: int = 1) -> None:
        """Until there were so many events of a kind."""
        wait_until(self.page, f"app.told.filter((one) => one.event === {json.dumps(event)}).length >= {count}")


@pytest.fixture
def app(watched: WatchedPage, site: Path, demo: Demo) -> Iterator[App]:  # noqa: F811 - the fixture
    with serve_site(site, demo.url) as address:
        watched.page.goto(f"{address}/index.html")
        yield App(watched.page)
        watched.page.goto("about:blank")


def test_it_reads_what_an_explanation_says_for_somebody_of_each_tribe(demo: Demo, app: App, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    assert app.start(demo, "nobody") == "ready"
    for somebody in PEOPLE:
        expected = expect_for(demo, somebody, home)
        app.be(somebody.context)
        told = app.read_anew(*flags_of(expected))
        for key, one in expected.items():
            wanted = {"value": value_of(one), "reason": one.reason, "variant": one.variant, "errorCode": None}
            assert told[key] == wanted, key
    assert app.read(("homepage.nothing", "string", "x"))["homepage.nothing"]["errorCode"] == "FLAG_NOT_FOUND"
    assert app.read(("homepage.header.sticky", "string", "x"))["homepage.header.sticky"]["errorCode"] == "TYPE_MISMATCH"


def test_what_is_published_arrives_and_react_shows_it(demo: Demo, app: App) -> None:
    background: Flag = ("homepage.header.background", "object", {})
    assert app.start(demo, "casey") == "ready"
    app.page.evaluate("app.render()")
    wait_until(app.page, "document.querySelector('#background')?.textContent === '#6f58c4'")
    for number, color in enumerate(("#112233", "#445566"), start=1):
        began = time.monotonic()
        demo.deliver_background(color)
        app.wait_for(CHANGED, number)
        wait_until(app.page, f"document.querySelector('#background').textContent === '{color}'")
        assert time.monotonic() - began < 5
        assert app.read(background)["homepage.header.background"]["value"]["value"] == color
    changed = app.told(CHANGED)
    assert all(set(one["flags"]) == {"homepage.header", "homepage.header.background"} for one in changed)
    renders = app.page.evaluate("app.renders()")
    with demo.client() as client:  # of other people alone: nothing is told, asked or drawn
        client.post(f"{PRODUCTION}/users", json={"user_id": "bjork", "attributes": {"subscription": "silver"}})
        time.sleep(1.5)
    assert len(app.told(CHANGED)) == 2
    assert app.page.evaluate("app.renders()") == renders


def test_what_becomes_of_the_person_arrives(demo: Demo, app: App) -> None:
    assert app.start(demo, "casey") == "ready"
    with demo.client() as client:
        changed = {"user_id": "casey", "attributes": {"subscription": "gold"}}
        client.post(f"{PRODUCTION}/users", json=changed).raise_for_status()
    app.wait_for(CHANGED)
    assert app.read(STICKY)["homepage.header.sticky"]["variant"] == "Gold header"


def test_flags_that_the_browser_kept_with_a_stream_of_the_past_come_to_the_present(
    watched: WatchedPage,  # noqa: F811 - the fixture
    site: Path,
    tmp_path: Path,
) -> None:
    """Its first question is whether the flags are the same; they are, but with that alone it had no stream any more."""
    watched.expect("401")
    now = [system_clock()]
    with (
        running_server(tmp_path, clock=functools.partial(now.__getitem__, 0)) as server,
        make_app(server) as kept,
        serve_site(site, server.url) as address,
    ):
        app = App(watched.page)
        watched.page.goto(f"{address}/index.html")
        assert app.start_at(server.url, kept.environment.key, "ada") == "ready"
        app.page.evaluate("app.close()")
        now[0] += 25 * MINUTE
        app.page.reload()
        assert app.page.evaluate("localStorage.length") > 0
        with app.page.expect_response(lambda one: "event-stream" in one.url and one.status == 200):
            assert app.start_at(server.url, kept.environment.key, "ada") == "ready"
        changes = len(app.told(CHANGED))
        kept.has("ada", plan="gold")
        app.wait_for(CHANGED, changes + 1)
        assert app.read(LABEL)["home.top.label"]["value"] == "Gold"
        watched.page.goto("about:blank")


def test_a_key_that_is_revoked_ends_it(demo: Demo, app: App, watched: WatchedPage) -> None:  # noqa: F811 - the fixture
    watched.expect("401|EventSource")
    assert app.start(demo, "casey") == "ready"
    with demo.client() as client:
        (key,) = [key for key in client.get(f"{PRODUCTION}/keys").json()["data"] if key["key"] == key_of(demo)]
        client.delete(f"{PRODUCTION}/keys/{key['id']}").raise_for_status()
    app.wait_for("PROVIDER_STALE")  # its stream has ended
    app.be({"targetingKey": "ada"})
    app.wait_for("PROVIDER_ERROR")
    assert "OFREPApiUnauthorizedError" in app.told("PROVIDER_ERROR")[0]["message"]
    app.page.reload()
    assert app.start(demo, "casey", cacheMode="disabled") == "ProviderFatalError: PROVIDER_FATAL"
    assert app.read(STICKY)["homepage.header.sticky"]["value"] is False


def test_too_many_requests_are_waited_out(app: App, watched: WatchedPage, site: Path, tmp_path: Path) -> None:  # noqa: F811
    watched.expect("429")
    with limited_demo(tmp_path) as limited, serve_site(site, limited.url) as address:
        app.page.goto(f"{address}/index.html")
        asked = 0

        def count(request: Any) -> None:
            nonlocal asked
            asked += request.method == "POST"

        assert app.start(limited, "casey", changeDetection="none") == "ready"
        app.page.on("request", count)
        for number in range(4):
            app.be({"targetingKey": f"user-{number}"})
        stale = app.told("PROVIDER_STALE")
        assert "rate limit exceeded, try again after" in stale[0]["message"]
        assert asked == 3  # the third is refused, and after that it does not ask any more
        app.page.goto("about:blank")


def test_the_url_of_the_stream_is_in_no_log_of_the_server(demo: Demo, app: App) -> None:
    urls: list[str] = []
    app.page.on("request", lambda request: urls.append(request.url) if "event-stream" in request.url else None)
    assert app.start(demo, "casey") == "ready"
    demo.deliver_background("#112233")
    app.wait_for(CHANGED)
    token = urls[0].partition("?token=")[2]
    assert len(token) > 100
    secret_scanner.SENT.add("token of a stream", token)  # it is looked for in all that this run leaves
    log = (demo.server.folder / "server.log").read_text() + demo.server.said()
    assert token not in log
    assert httpx.get(f"{urls[0]}&wait=0", trust_env=False).status_code == 200
