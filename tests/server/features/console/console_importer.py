"""Somebody who imports files in the console, without JavaScript."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from tests.server.features.auth.flows import Browser
from tests.server.features.console.people import forms_of, text_of

OPTION = re.compile(r'<option value="([^"]*)" selected>')


@dataclass
class ConsoleImporter:
    """Somebody at the imports page of an environment."""

    browser: Browser
    path: str

    def send(self, content: bytes, name: str = "users.csv") -> httpx.Response:
        """Send a file from a fresh page."""
        fields = forms_of(self.browser.get(self.path))[self.path][0]
        return self.browser.send_file(self.path, fields, name, content)

    def send_file(self, content: bytes, name: str = "users.csv") -> str:
        """The path of the file that was sent."""
        answer = self.send(content, name)
        assert answer.status_code == 303, text_of(answer)
        return answer.headers["location"]

    def do(self, file: str, deed: str, **fields: str) -> httpx.Response:
        """Send a form of the file's page."""
        page = self.browser.get(file)
        action = f"{file}/{deed}"
        return self.browser.send("POST", action, fields={**forms_of(page)[action][0], **fields})

    def try_to_map(self, file: str, **changes: str) -> httpx.Response:
        """Send the columns as the page has them but for these changes."""
        return self.do(file, "columns", **{**selected_options(self.browser.get(file)), **changes})

    def map_columns(self, file: str, **changes: str) -> httpx.Response:
        """The same, and open what comes of it."""
        answer = self.try_to_map(file, **changes)
        assert answer.status_code == 303, text_of(answer)
        return self.wait_until_settled(file)

    def import_file(self, file: str) -> httpx.Response:
        """Import the file that was checked, and open what comes of it."""
        assert self.do(file, "start").status_code == 303
        return self.wait_until_settled(file)

    def wait_until_settled(self, file: str) -> httpx.Response:
        """The page of a file once nothing goes on."""
        for _ in range(200):
            page = self.browser.get(file)
            if "data-running" not in page.text:
                return page
            time.sleep(0.05)
        raise AssertionError("it does not end")


def selected_options(page: httpx.Response) -> Mapping[str, str]:
    """What the selects of a page say."""
    found = {}
    for name, options in re.findall(r'<select id="[^"]+" name="([^"]+)"[^>]*>(.*?)</select>', page.text, re.DOTALL):
        (found[name],) = OPTION.findall(options)
    return found
