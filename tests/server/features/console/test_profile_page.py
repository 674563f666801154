"""A person's own account in the console: another password, and signing out everywhere else."""

from __future__ import annotations

import pytest

from tests.server.features.auth.flows import PASSWORD, Browser, Someone, refresh, signed_in_browser, someone, tokens_for
from tests.server.features.console.people import deeds_of, submit, text_of
from tests.servers import RunningServer

PATH = "/account"
CHANGE = f"{PATH}/password"
NEW = "another horse battery"


@pytest.fixture
def person(server: RunningServer) -> Someone:
    return someone(server)


@pytest.fixture
def browser(server: RunningServer, person: Someone) -> Browser:
    return signed_in_browser(server, person)


def test_another_password_takes_the_place_of_the_present_one_and_ends_other_sessions(
    server: RunningServer, person: Someone, browser: Browser
) -> None:
    other = signed_in_browser(server, person)
    changed = submit(browser, browser.get(PATH), CHANGE, present=PASSWORD, password=NEW, repeated=NEW)
    assert (changed.status_code, changed.headers["location"]) == (303, PATH)
    assert "Password changed." in browser.get(PATH).text
    assert other.get(PATH).headers["location"].startswith("/sign-in")
    assert Browser(server).sign_in(person).status_code == 422
    assert Browser(server).sign_in(person, NEW).status_code == 303
    assert deeds_of(server, person) == [("account.change_password", person.email)]


def test_what_is_wrong_with_a_password_stands_beside_it_and_none_comes_back(browser: Browser, person: Someone) -> None:
    page = browser.get(PATH)
    answer = submit(browser, page, CHANGE, present="not the right one", password="short", repeated="other")
    assert answer.status_code == 422
    for field, said in (
        ("present", "Wrong current password."),
        ("password", "at least 10 characters"),
        ("repeated", "The passwords do not match."),
    ):
        assert f'id="{field}-problem"' in answer.text
        assert said in answer.text
    for typed in ("not the right one", "short", "other"):
        assert f'value="{typed}"' not in answer.text
    assert Browser(browser.server).sign_in(person).status_code == 303


def test_guesses_of_the_present_password_have_to_wait(browser: Browser) -> None:
    page = browser.get(PATH)
    statuses = [submit(browser, page, CHANGE, present=f"guess {number}").status_code for number in range(12)]
    assert statuses[0] == 422
    assert statuses[-1] == 429


def test_signing_out_everywhere_ends_other_browsers_and_programs(
    server: RunningServer, person: Someone, browser: Browser
) -> None:
    other, tokens = signed_in_browser(server, person), tokens_for(server, person)
    page = browser.get(PATH)
    assert text_of(page).count("Another browser") == 2
    submit(browser, page, f"{PATH}/sign-out-everywhere")
    page = browser.get(PATH)
    assert "You are signed out everywhere but here." in page.text
    assert "Another browser" not in page.text
    assert other.get(PATH).status_code == 303
    assert refresh(server, tokens["refresh_token"]).status_code == 400
    with server.client(Authorization=f"Bearer {tokens['access_token']}") as client:
        assert client.get("/v2/me").status_code == 401
    assert deeds_of(server, person) == [("account.sign_out_everywhere", person.email)]


def test_no_password_comes_back_to_who_was_signed_out_meanwhile(server: RunningServer) -> None:
    fields = {"form_token": "x", "present": PASSWORD, "password": NEW, "repeated": NEW}
    answer = Browser(server).send("POST", CHANGE, fields=fields)
    assert answer.headers["location"] == "/sign-in?next=%2Faccount"
