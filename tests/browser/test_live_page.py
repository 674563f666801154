"""The console's page Live in a real browser: rows come as they arrive, wait while paused, and the end is told."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.browser.test_console import sign_in
from tests.browser.watched_page import Demo, WatchedPage, wait_until

pytestmark = pytest.mark.slow

HERE = "spaces/vod/environments/staging"
ROWS = "document.querySelectorAll('#arrivals tbody tr').length"
STATUS = "document.querySelector('#live-status').textContent"
HOSTILE = "<img src=x onerror=alert(1)>"


def app_of(demo: Demo) -> httpx.Client:
    """An app of staging."""
    with demo.client() as client:
        key = client.post(f"/v2/{HERE}/keys", json={"name": "Live"}).raise_for_status().json()["data"][0]["key"]
    return httpx.Client(base_url=demo.url, headers={"Authorization": f"Bearer {key}"}, trust_env=False)


def send(app: httpx.Client, *names: str, **event: Any) -> None:
    events = [{"name": name, "external_id": "ada", **event} for name in names]
    app.post("/api/client/events", json=events).raise_for_status()


def test_rows_come_as_they_arrive_wait_while_paused_and_the_end_is_told(
    shared_demo: Demo, watched: WatchedPage
) -> None:
    page = watched.page
    sign_in(page, shared_demo)
    page.goto(f"{shared_demo.url}/console/{HERE}/live")
    wait_until(page, f"{STATUS} === 'Connected.'")
    with app_of(shared_demo) as app:
        send(app, HOSTILE, metadata=[{"key": HOSTILE, "value": HOSTILE}])
        app.post("/api/client/sessions", json={"anonymous_id": "phone"}).raise_for_status()
        wait_until(page, f"{ROWS} === 2")
        assert page.locator("#arrivals tbody").inner_text().count(HOSTILE) == 3
        assert page.locator("#arrivals a", has_text="phone").get_attribute("href").endswith(f"{HERE}/visitors/phone")
        assert page.evaluate("document.querySelectorAll('#arrivals img, #nothing').length") == 0
        page.click("#pause")
        send(app, "held/one", "held/two")
        wait_until(page, "document.querySelector('#pause').textContent === 'Resume (2)'")
        assert page.evaluate(ROWS) == 2
        page.click("#pause")
        assert page.evaluate(ROWS) == 4
        send(app, *(f"many/{number}" for number in range(250)))
        wait_until(page, f"{ROWS} === 200 && {STATUS}.includes('254 arrivals')")
    other = page.context.new_page()
    other.goto(f"{shared_demo.url}/console")
    other.click("details.person summary")
    watched.expect("MIME type")
    other.click("details.person button")
    wait_until(page, f"{STATUS}.startsWith('The connection has ended.')")
    assert watched.complaints == []
