"""A program that shows a code, and a person who enters it: the steps of the device flow as tests need them."""

from __future__ import annotations

from typing import Any

import httpx

from tests.server.features.auth.flows import Browser, ask_for_token
from tests.servers import RunningServer

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def ask_for_codes(server: RunningServer, **fields: str) -> httpx.Response:
    """A request to the device authorization endpoint by the command line."""
    with server.client() as client:
        return client.post("/oauth/device_authorization", data={"client_id": "mtribes-cli", **fields})


def codes(server: RunningServer, **fields: str) -> dict[str, Any]:
    """The codes of a sign-in that begins."""
    answer = ask_for_codes(server, **fields)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def poll(server: RunningServer, device_code: str, **fields: str) -> httpx.Response:
    """Ask whether somebody has decided."""
    return ask_for_token(server, **{"grant_type": DEVICE_GRANT, "device_code": device_code, **fields})


def enter(browser: Browser, user_code: str) -> httpx.Response:
    """Enter the code on its page: the question, or the form again."""
    return browser.submit("/device", browser.get("/device"), user_code=user_code)


def decide(browser: Browser, user_code: str, decision: str = "allow") -> httpx.Response:
    """Enter the code and answer the question."""
    question = enter(browser, user_code)
    assert question.status_code == 200, question.text
    return browser.submit("/device/decision", question, decision=decision)
