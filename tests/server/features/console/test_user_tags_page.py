"""User tags in the console: in order, searched, counted, with who has them; deleted from everybody."""

from __future__ import annotations

import re

import pytest

from templates_server.features.people.tag_removal import store as removal_store
from tests.server.features.auth.flows import Browser, Someone, signed_in_browser, someone
from tests.server.features.console.people import deeds_of, new_space, put_user, submit, text_of
from tests.servers import RunningServer


@pytest.fixture
def person(server: RunningServer) -> Someone:
    return someone(server)


@pytest.fixture
def space(server: RunningServer, person: Someone) -> str:
    return new_space(server, person)


@pytest.fixture
def path(space: str) -> str:
    return f"/console/spaces/{space}/environments/staging/user-tags"


@pytest.fixture
def browser(server: RunningServer, person: Someone) -> Browser:
    return signed_in_browser(server, person)


def tags_of(browser: Browser, path: str, **query: str) -> list[str]:
    """The tags of the page, in its order."""
    return re.findall(r'<th scope="row" class="long"><bdi>([^<]*)</bdi></th>', browser.get(path, **query).text)


def test_tags_are_in_order_counted_and_lead_to_who_has_them(
    server: RunningServer, space: str, browser: Browser, path: str
) -> None:
    assert "No tags yet" in browser.get(path).text
    put_user(server, space, "staging", "ada", tags=["sports/football", "a&b", "<i>"])
    put_user(server, space, "staging", "bob", tags=["sports/football"])
    assert tags_of(browser, path) == ["&lt;i&gt;", "a&amp;b", "sports/football"]
    assert tags_of(browser, path, search="FOOT") == ["sports/football"]
    assert "No tag in use contains" in browser.get(path, search="<u>").text
    page = browser.get(path)
    assert "sports/football 2 users with the tag sports/football 0" in text_of(page)
    links = re.findall(r'<td class="number" data-label="Users"><a href="([^"]+)"', page.text)
    assert links[1].endswith("/users?tag=a%26b")
    assert "<bdi>ada</bdi>" in browser.get(links[1]).text


def test_a_tag_is_deleted_from_everybody_and_those_below_it_stay(
    server: RunningServer, person: Someone, space: str, browser: Browser, path: str
) -> None:
    put_user(server, space, "staging", "ada", tags=["sports", "sports/football"])
    put_user(server, space, "staging", "bob", tags=["sports"])
    page = browser.get(path)
    assert "2 people lose the tag" in text_of(page)
    for _ in range(2):
        gone = submit(browser, page, f"{path}/delete", tag="sports")
        assert (gone.status_code, gone.headers["location"]) == (303, path)
        assert "Tag “sports” deleted." in browser.get(path).text
    assert tags_of(browser, path) == ["sports/football"]
    assert deeds_of(server, person) == [("tag.delete", person.email)]


def test_a_deletion_that_takes_long_says_how_many_still_have_the_tag(
    server: RunningServer, space: str, browser: Browser, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal_store, "MOST_CHANGED", 1)
    for number in range(20):
        put_user(server, space, "staging", f"user-{number}", tags=["vip"])
    submit(browser, browser.get(path), f"{path}/delete", tag="vip")
    assert re.search(r"Deleting tag “vip”: \d+ people still have it\.", browser.get(path).text)


def test_what_is_no_tag_is_refused(browser: Browser, server: RunningServer, space: str, path: str) -> None:
    put_user(server, space, "staging", "ada", tags=["vip"])
    refused = submit(browser, browser.get(path), f"{path}/delete", tag="Vip//")
    assert refused.status_code == 422
    assert 'id="whole-problem" role="alert">This has a level that is empty' in refused.text
    assert (
        "Invalid `cursor`. Use the one from the `Link` header of the previous page."
        in browser.get(path, cursor="?").text
    )
