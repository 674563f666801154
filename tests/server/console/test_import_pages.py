"""Imports in the console: a file is sent, mapped, checked, imported; its rejects are fetched; nobody else sees it."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
import pytest

from templates_server.access import Role
from templates_server.console.imports import TOO_LARGE
from templates_server.imports.bringing import Bringing
from templates_server.imports.uploads import MAX_FILE_BYTES
from tests.server.console.people import colleague, deeds_of, forms_of, new_space, text_of
from tests.server.oauth.flows import Browser, Someone, signed_in_browser, someone
from tests.servers import RunningServer

GOOD = b"user_id,E-Mail,plan,n\nada,ada@example.com,gold,1\nbob,,silver,x\n"
OPTION = re.compile(r'<option value="([^"]*)" selected>')


@dataclass
class Importer:
    """Somebody at the imports page of an environment."""

    browser: Browser
    path: str

    def send(self, content: bytes, name: str = "users.csv") -> httpx.Response:
        """Send a file from a fresh page."""
        fields = forms_of(self.browser.get(self.path))[self.path][0]
        return self.browser.send_file(self.path, fields, name, content)

    def sent(self, content: bytes, name: str = "users.csv") -> str:
        """The path of the file that was sent."""
        answer = self.send(content, name)
        assert answer.status_code == 303, text_of(answer)
        return answer.headers["location"]

    def do(self, file: str, deed: str, **fields: str) -> httpx.Response:
        """Send a form of the file's page."""
        page = self.browser.get(file)
        action = f"{file}/{deed}"
        return self.browser.send("POST", action, fields={**forms_of(page)[action][0], **fields})

    def mapped(self, file: str, **changes: str) -> httpx.Response:
        """Send the columns as the page has them but for these changes, and open what comes of it."""
        answer = self.do(file, "columns", **{**selected(self.browser.get(file)), **changes})
        assert answer.status_code == 303, text_of(answer)
        return self.settled(file)

    def imported(self, file: str) -> httpx.Response:
        """Import the file that was checked, and open what comes of it."""
        assert self.do(file, "start").status_code == 303
        return self.settled(file)

    def settled(self, file: str) -> httpx.Response:
        """The page of a file once nothing goes on."""
        for _ in range(200):
            page = self.browser.get(file)
            if "data-running" not in page.text:
                return page
            time.sleep(0.05)
        raise AssertionError("it does not end")


def selected(page: httpx.Response) -> Mapping[str, str]:
    """What the selects of a page say."""
    found = {}
    for name, options in re.findall(r'<select id="[^"]+" name="([^"]+)"[^>]*>(.*?)</select>', page.text, re.DOTALL):
        (found[name],) = OPTION.findall(options)
    return found


@pytest.fixture
def person(server: RunningServer) -> Someone:
    return someone(server)


@pytest.fixture
def importer(server: RunningServer, person: Someone) -> Importer:
    path = f"/console/spaces/{new_space(server, person)}/environments/staging/imports"
    return Importer(signed_in_browser(server, person), path)


def test_a_file_is_mapped_checked_imported_and_its_rejects_fetched(
    server: RunningServer, person: Someone, importer: Importer
) -> None:
    file = importer.sent(GOOD)
    page = importer.browser.get(file)
    assert "Such as ada , bob" in text_of(page)
    assert selected(page) == {
        "becomes-0": "user_id", "type-0": "", "becomes-1": "attribute", "type-1": "",
        "becomes-2": "attribute", "type-2": "", "becomes-3": "attribute", "type-3": "",
    }  # fmt: skip
    assert "If “E-mail” is meant, choose it." in text_of(page)
    changes = {"becomes-1": "email", "type-3": "number", "named-2": "level"}
    page = importer.mapped(file, **changes)
    assert "2 rows read: 1 row will create or update users of staging , 1 row will be rejected." in text_of(page)
    assert "3 n: This is not a number, such as 12 or 0.5. bob,,silver,x" in text_of(page)
    assert deeds_of(server, person) == []
    page = importer.imported(file)
    assert "2 rows read = 1 created + 0 updated + 0 unchanged + 1 rejected." in text_of(page)
    rejects = importer.browser.get(f"{file}/rejects")
    assert rejects.headers["content-disposition"].endswith("filename*=UTF-8''users.rejects.csv")
    assert rejects.text == (
        'user_id,E-Mail,plan,n,_line,_error\nbob,,silver,x,3,"n: This is not a number, such as 12 or 0.5."\n'
    )
    assert [action for action, _ in deeds_of(server, person)] == ["import.open", "import.complete"]
    listed = text_of(importer.browser.get(importer.path))
    assert "1 read: 0 created" not in listed
    assert "1 created, 0 updated, 0 unchanged, 1 rejected complete" in listed
    assert "by Ada Lovelace" in listed
    user = text_of(importer.browser.get(importer.path.replace("/imports", "/users/ada")))
    assert "ada@example.com" in user
    assert "level" in user
