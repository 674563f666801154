"""Tribes of the console in a real browser: counted while they are edited, and made without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.test_console import DEVELOPER, HERE, sign_in
from tests.browser.watched_page import Demo, WatchedPage, wait_until

pytestmark = pytest.mark.slow


def test_the_count_follows_what_is_typed(shared_demo: Demo, watched: WatchedPage) -> None:
    page = watched.page
    sign_in(page, shared_demo, DEVELOPER)
    page.goto(f"{shared_demo.url}{HERE}/new-tribe")
    page.fill("#f0-attribute", "attributes.subscription")
    page.fill("#f0-value", "gold")
    wait_until(page, "/^[1-9][0-9]* people in production/.test(document.querySelector('#count').innerText)")
    assert page.input_value("#f0-value") == "gold"
    watched.expect("422")
    page.select_option("#f0-operator", "greater_than")
    wait_until(page, "document.querySelector('#count').innerText.startsWith('Correct the marked fields')")


def test_counts_of_a_list_and_of_a_tribe_come_as_they_are_counted(shared_demo: Demo, watched: WatchedPage) -> None:
    page = watched.page
    sign_in(page, shared_demo, DEVELOPER)
    page.goto(f"{shared_demo.url}{HERE}/tribes")
    address = page.url
    page.click("#count-all")
    wait_until(page, "document.querySelectorAll('#counts td strong').length === 3")
    page.goto(f"{shared_demo.url}{HERE}/tribes/gold-members")
    wait_until(page, "!document.querySelector('.sizes').innerText.includes('not counted yet')")
    assert address.endswith("/tribes")


def test_without_javascript_a_tribe_is_made_counted_and_deleted(browser: Any, shared_demo: Demo) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 375, "height": 800})
    page = context.new_page()
    sign_in(page, shared_demo, DEVELOPER)
    page.goto(f"{shared_demo.url}{HERE}/new-tribe")
    page.fill("#name", "Plain people")
    page.click("fieldset button")
    page.select_option("#kind", "tag")
    page.click("button[value=add]")
    page.fill("#f0-tag", "sports/football")
    page.click(".counting button")
    assert "people in production" in page.inner_text("#count")
    page.click("button[value=save]")
    assert page.inner_text(".toast") == "Tribe created."
    page.click("summary:has-text('Delete')")
    page.click("button.danger")
    assert page.inner_text(".toast") == "Tribe plain-people deleted."
    context.close()
