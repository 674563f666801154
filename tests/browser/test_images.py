"""Images in the console in a real browser: nothing is requested from another host before somebody asks for it."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.browser.test_console import DEVELOPER, HERE, sign_in
from tests.browser.watched_page import Demo, WatchedPage, wait_until

pytestmark = pytest.mark.slow

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
EDITOR = f"{HERE}/delivery/entities/homepage.body/scenario?scenario=default"
PREVIEW = f"{HERE}/delivery/preview?person=ada"
SHOWN = "[...document.querySelectorAll('.picture img')].filter((image) => image.naturalWidth === 1).length"
FIRST = ".picture >> nth=0"


def images_of(page: Any) -> list[Any]:
    """What the page asks other hosts for, from here on: they have an image at .gif, and nothing else."""
    asked: list[Any] = []

    def answer(route: Any) -> None:
        asked.append(route.request)
        if route.request.url.endswith(".jpg") or route.request.url.endswith(".gif"):
            route.fulfill(body=PIXEL, content_type="image/gif")
        else:
            route.fulfill(status=404, body="none", content_type="text/plain")

    page.route(lambda url: "example" in url, answer)
    return asked


@pytest.mark.parametrize(("path", "name"), [(EDITOR, "tonight"), (PREVIEW, "derby")], ids=["editor", "preview"])
def test_an_image_is_loaded_once_it_is_asked_for(shared_demo: Demo, watched: WatchedPage, path: str, name: str) -> None:
    page = watched.page
    asked = images_of(page)
    sign_in(page, shared_demo, DEVELOPER)
    page.goto(shared_demo.url + path)
    page.wait_for_load_state("networkidle")
    for details in page.query_selector_all("details.more"):
        details.evaluate("(at) => { at.open = true; }")
    assert asked == []
    assert not page.locator(f"{FIRST} >> a").is_visible()
    page.click(f"{FIRST} >> button")
    wait_until(page, f"{SHOWN} === 1")
    (request,) = asked
    assert request.url == f"https://images.example.com/{name}.jpg"
    assert "referer" not in request.headers
    assert page.get_attribute(f"{FIRST} >> img", "alt").endswith("the image at images.example.com")


def test_a_broken_image_says_so_and_what_is_no_address_is_not_asked_for(
    shared_demo: Demo, watched: WatchedPage
) -> None:
    page = watched.page
    asked = images_of(page)
    sign_in(page, shared_demo, DEVELOPER)
    page.goto(shared_demo.url + EDITOR)
    page.click(".scenarios > .card:nth-child(1) summary")
    field = page.locator("[name$='p.source']").first
    for wrong in ("javascript:alert(1)", "data:image/gif;base64,R0lGODlhAQABAA==", "", "images.example.com/a.gif"):
        field.fill(wrong)
        page.click(f"{FIRST} >> button")
        assert "must start with https://" in page.inner_text(f"{FIRST} >> [role=status]"), wrong
    assert asked == []
    watched.expect("404")
    field.fill("https://images.example.com/missing.png")
    page.click(f"{FIRST} >> button")
    wait_until(
        page, "document.querySelector('.picture [role=status]').innerText.startsWith('No image at this address')"
    )
    link = page.locator(f"{FIRST} >> [role=status] >> a")
    assert link.get_attribute("rel") == "noreferrer noopener"
    assert page.evaluate("document.querySelectorAll('.picture img').length") == 0
    field.fill("http://127.0.0.1.example/local.gif")
    page.click(f"{FIRST} >> button")
    wait_until(page, f"{SHOWN} === 1")
    assert [request.url for request in asked][1:] == ["http://127.0.0.1.example/local.gif"]


def test_without_javascript_a_link_opens_the_image(browser: Any, shared_demo: Demo) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    asked = images_of(page)
    sign_in(page, shared_demo, DEVELOPER)
    page.goto(shared_demo.url + PREVIEW)
    link = page.locator(".picture a").first
    assert link.is_visible()
    assert link.get_attribute("rel") == "noreferrer noopener"
    assert not page.locator(".picture button").first.is_visible()
    assert asked == []
    context.close()
