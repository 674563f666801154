"""What tests in the browser look at: a demo server, and a page whose complaints are noted."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Error as PlaywrightError

from tests.server_processes import ServerProcess, server_process


@dataclass
class Demo:
    """A demo server, and what its demo.json says."""

    server: ServerProcess
    facts: dict[str, Any]

    @property
    def url(self) -> str:
        """Where it is."""
        return self.server.url

    def client(self) -> httpx.Client:
        """A client of the Platform API that acts as the administrator."""
        return httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {self.facts['token']}"}, trust_env=False, timeout=30
        )

    def deliver_background(self, color: str, environment: str = "production") -> None:
        """Push a delivery in which the header begins with another colour."""
        path = f"/v2/spaces/vod/environments/{environment}/delivery"
        with self.client() as client:
            document = client.get(path).raise_for_status().json()["data"][0]
            document["scenarios"]["homepage.header"]["default"]["properties"]["background"]["value"] = color
            client.put(path, json=document, headers={"If-Match": "*"}).raise_for_status()


@dataclass
class WatchedPage:
    """A page of the browser; `complaints` are the errors and violations that it told of, less those expected."""

    page: Any
    expected: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Note what the page complains of, from here on."""
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.told.append(f"uncaught: {error}"))
        self.page.add_init_script(
            "addEventListener('securitypolicyviolation', (event) =>"
            " console.error('policy violated: ' + event.violatedDirective + ' ' + event.blockedURI));"
        )

    def expect(self, pattern: str) -> None:
        """From now on a complaint like this is no surprise."""
        self.expected.append(pattern)

    def _hear(self, message: Any) -> None:
        if message.type == "error":
            self.told.append(f"console: {message.text}")

    @property
    def complaints(self) -> list[str]:
        """What nobody expected."""
        return [text for text in self.told if not any(re.search(pattern, text) for pattern in self.expected)]


@contextlib.contextmanager
def demo_server(folder: Path) -> Iterator[Demo]:
    """A demo server until the block ends."""
    with server_process(folder, "--demo") as server:
        yield Demo(server, json.loads((server.folder / "demo.json").read_text()))


def wait_until(page: Any, expression: str, timeout_seconds: float = 15) -> None:
    """Come back once the page says so. Not Playwright's own way, which needs `eval`: our pages forbid that."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(PlaywrightError):  # in the middle of going to another page
            if page.evaluate(expression):
                return
        time.sleep(0.02)
    raise AssertionError(f"never true: {expression}")
