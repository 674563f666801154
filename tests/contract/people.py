"""People of the real server who use the real command line: by their browser, or by a token."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from tests.cli.cli_runner import CliRunner
from tests.people import FULL, add_token
from tests.server.features.auth.flows import Browser, Someone, someone
from tests.servers import RunningServer


@dataclass(frozen=True)
class Signed:
    """Somebody with a token in the environment of their computer."""

    mtribes: CliRunner
    person: Someone

    @property
    def organization(self) -> str:
        """The key of their organization."""
        return self.person.organization


def signed_in(mtribes: CliRunner, server: RunningServer) -> Signed:
    """Somebody new, an administrator."""
    person = someone(server)
    mtribes.environment["MTRIBES_TOKEN"] = add_token(server.database, FULL, account_id=person.account_id)
    return Signed(mtribes, person)


def open_with(browser: Browser, url: str, decision: str) -> bool:
    """What the command line asks a browser for: show `url`; the person decides there."""
    path = url.removeprefix(browser.server.url)
    page = browser.send("GET", path)
    assert page.status_code == 200, page.text
    answer = browser.submit(path, page, decision=decision)
    assert answer.status_code == 303, answer.text
    location = answer.headers["location"]
    assert urlsplit(location).hostname == "127.0.0.1"
    return httpx.get(location, trust_env=False).is_success
