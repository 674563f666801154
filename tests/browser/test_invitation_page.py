"""The page of an invitation in a real browser: by keyboard alone, on narrow screens, its code told to nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.test_pages import CONTRASTS, LEAST_CONTRAST, NARROWEST_PIXELS
from tests.browser.watched_page import WatchedPage, wait_until
from tests.people import OF_A_SIGN_IN, add_token, unique
from tests.server.features.auth.flows import PASSWORD, Someone, someone
from tests.servers import RunningServer, running_server

pytestmark = pytest.mark.slow

NEW_PASSWORD = "a long enough one"


@pytest.fixture(scope="module")
def inviting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server where somebody may invite."""
    with running_server(tmp_path_factory.mktemp("inviting")) as server:
        yield server


def link_for(server: RunningServer, boss: Someone, email: str) -> str:
    """The link of a new invitation."""
    token = add_token(server.database, OF_A_SIGN_IN, account_id=boss.account_id)
    with server.client(Authorization=f"Bearer {token}") as client:
        path = f"/v2/organizations/{boss.organization}/members"
        answer = client.post(path, json={"email": email, "role": "administrator"})
    return str(answer.raise_for_status().json()["data"][0]["link"])


def fill_in(watched: WatchedPage, *, repeated: str = NEW_PASSWORD) -> None:
    """Name and password, by keyboard alone: the name has the focus."""
    keyboard = watched.page.keyboard
    wait_until(watched.page, "document.activeElement.id === 'name'")
    keyboard.type("Grace Hopper")
    for text in (NEW_PASSWORD, repeated):
        keyboard.press("Tab")
        keyboard.type(text)
    keyboard.press("Enter")


def sign_in(watched: WatchedPage, email: str) -> None:
    """By keyboard alone."""
    wait_until(watched.page, "document.activeElement.id === 'email'")
    watched.page.keyboard.type(email)
    watched.page.keyboard.press("Tab")
    watched.page.keyboard.type(PASSWORD)
    watched.page.keyboard.press("Enter")


def test_a_new_person_joins_by_keyboard_and_no_referer_tells_the_code(
    inviting: RunningServer, watched: WatchedPage
) -> None:
    page, link = watched.page, link_for(inviting, someone(inviting), f"{unique('grace')}@example.com")
    referers: list[str] = []
    page.on("request", lambda request: referers.append(request.all_headers().get("referer", "")))
    page.goto(link)
    fill_in(watched)
    page.wait_for_url(f"{inviting.url}/")
    assert page.inner_text("h1") == "Hello, Grace Hopper"
    assert "administrator" in page.inner_text("main")
    assert len(referers) >= 4  # two pages and what they load
    assert {referer.rstrip("/") for referer in referers} <= {"", inviting.url}
    watched.expect("status of 404")
    page.goto(link)
    assert page.inner_text("h1") == "This invitation is no longer valid"


def test_a_known_person_signs_in_and_joins_by_keyboard(inviting: RunningServer, watched: WatchedPage) -> None:
    page, known = watched.page, someone(inviting)
    page.goto(link_for(inviting, someone(inviting), known.email))
    page.click("a.primary")
    sign_in(watched, known.email)
    wait_until(page, "document.activeElement.innerText === 'Join'")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{inviting.url}/")
    assert page.locator(".rows li").count() == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_state_of_the_page_is_too_wide_or_hard_to_read(
    inviting: RunningServer, watched: WatchedPage, scheme: str, tmp_path: Path
) -> None:
    page, boss, known = watched.page, someone(inviting), someone(inviting)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": NARROWEST_PIXELS, "height": 640})
    watched.expect("status of 4(04|22)")

    def looks_right(name: str) -> None:
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST_PIXELS, name
        assert page.evaluate(CONTRASTS) >= LEAST_CONTRAST, name

    page.goto(f"{inviting.url}/invitation/x")
    looks_right("over")
    page.goto(link_for(inviting, boss, f"{unique('somebody-with-a-rather-long-address')}@mail.example.com"))
    looks_right("new")
    fill_in(watched, repeated="something else")
    page.wait_for_selector("[role=alert]")
    assert page.input_value("#name") == "Grace Hopper"
    looks_right("refused")
    link = link_for(inviting, boss, known.email)
    page.goto(link)
    looks_right("known")
    page.click("a.primary")
    sign_in(watched, known.email)
    page.wait_for_selector("text=You are signed in as")
    looks_right("join")
    page.goto(link_for(inviting, boss, f"{unique('grace')}@example.com"))
    looks_right("another")
    page.click("button")
    page.wait_for_selector("#name")
