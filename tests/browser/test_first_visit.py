"""A first visit is light: all that a browser with nothing in its cache is sent for the sign-in page and for Home."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.test_console import sign_in
from tests.browser.watched_page import Demo

pytestmark = pytest.mark.slow

MOST_BYTES = 60 * 1024


def test_a_first_visit_of_the_console_is_sent_less_than_60_kb_in_all(browser: Any, shared_demo: Demo) -> None:
    context = browser.new_context()
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    sent: dict[str, float] = {}
    types: dict[str, str] = {}
    network.on("Network.responseReceived", lambda it: types.update({it["requestId"]: it["response"]["url"]}))
    network.on("Network.loadingFinished", lambda it: sent.update({it["requestId"]: it["encodedDataLength"]}))
    sign_in(page, shared_demo)
    page.wait_for_load_state("networkidle")
    context.close()
    assert any("console." in url and url.endswith(".css") for url in types.values())
    assert any(url.endswith("/console") for url in types.values())
    assert 5 * 1024 < sum(sent.values()) < MOST_BYTES
