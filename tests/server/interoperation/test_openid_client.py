"""openid-client, the OAuth client of the JavaScript world, completes every flow."""

from __future__ import annotations

import json
import subprocess
from typing import IO, Any

import pytest

from templates_server.features.auth.device import grant
from tests.requirements import TOOLCHAINS, require_node, require_npm_package
from tests.server.features.auth.device_flow import decide
from tests.server.features.auth.flows import (
    REDIRECT,
    Browser,
    Someone,
    service_account,
    signed_in_browser,
    someone,
    status_with,
)
from tests.servers import RunningServer


def allowed(browser: Browser, asked: dict[str, Any]) -> str:
    """What comes of doing what the client asks its person for."""
    if "open" in asked:
        path = asked["open"].removeprefix(browser.server.url)
        return str(browser.submit(path, browser.get(path), decision="allow").headers["location"])
    assert asked["complete"] == f"{asked['at']}?user_code={asked['enter']}"
    return str(decide(browser, asked["enter"]).status_code)


def run_client(server: RunningServer, person: Someone) -> dict[str, Any]:
    """What the client got, in the end."""
    require_npm_package("openid-client")
    script = str(TOOLCHAINS / "openid_client.mjs")
    command = [require_node(), script, server.url, REDIRECT, *service_account(server)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        return conversation(signed_in_browser(server, person), process.stdin, process.stdout)


def conversation(browser: Browser, to_client: IO[str], from_client: IO[str]) -> dict[str, Any]:
    """Do what it asks until it says what it got."""
    for line in from_client:
        said = json.loads(line)
        if "got" in said:
            return dict(said["got"])
        to_client.write(allowed(browser, said) + "\n")
        to_client.flush()
    raise AssertionError("the client ended without a word")


def test_openid_client_completes_every_flow(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grant, "INTERVAL_SECONDS", 1)
    got = run_client(server, someone(server))
    assert (got["issuer"], got["s256"]) == (server.settings.public_url, True)
    assert (got["code"]["scope"], got["code"]["type"]) == ("code:read spaces:read", "bearer")
    assert got["refreshed"]["rotated"] is True
    assert got["afterRevocation"] == "invalid_grant"
    assert status_with(server, got["code"]["access"]) == status_with(server, got["refreshed"]["access"]) == 401
    assert [status_with(server, token) for token in got["services"]] == [200, 200]
    assert (got["device"]["scope"], got["device"]["refreshes"]) == ("spaces:read", True)
    assert status_with(server, got["device"]["access"]) == 200
    assert got["deviceTwice"] == "invalid_grant"
