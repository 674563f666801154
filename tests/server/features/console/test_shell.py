"""The frame of the console: who gets in, where they are, what the bar and the navigation lead to, messages once."""

from __future__ import annotations

import re

import pytest

from templates_server.features.pages.flash_messages import notice_cookie_name
from templates_server.security.authorization import Role
from tests.server.features.auth.flows import Browser, Someone, signed_in_browser, someone
from tests.server.features.console.people import new_space
from tests.servers import RunningServer


@pytest.fixture
def person(server: RunningServer) -> Someone:
    return someone(server)


def test_who_is_signed_out_signs_in_and_comes_back_with_the_query(server: RunningServer, person: Someone) -> None:
    browser = Browser(server)
    asked = browser.get("/console/spaces/nowhere?cursor=A%26B")
    assert asked.status_code == 303
    page = browser.get(asked.headers["location"])
    signed_in = browser.submit("/sign-in", page, email=person.email, password="correct horse battery")
    assert signed_in.headers["location"] == "/console/spaces/nowhere?cursor=A%26B"


def test_what_is_not_theirs_is_as_if_it_were_not_there(server: RunningServer, person: Someone) -> None:
    theirs = new_space(server, person)
    browser = signed_in_browser(server, someone(server))
    refusals = [browser.get(f"/console/spaces/{key}") for key in (theirs, "nowhere")]
    assert [refusal.status_code for refusal in refusals] == [404, 404]
    assert refusals[0].text == refusals[1].text
    assert signed_in_browser(server, person).get(f"/console/spaces/{theirs}").status_code == 200


def test_names_are_text_and_production_is_marked_in_words(server: RunningServer, person: Someone) -> None:
    key = new_space(server, person, name="<b>Radio</b>")
    browser = signed_in_browser(server, person)
    assert "&lt;b&gt;Radio&lt;/b&gt;" in browser.get("/console").text
    path = f"/console/spaces/{key}/environments"
    assert "<strong>Production.</strong>" in browser.get(f"{path}/production").text
    assert "<strong>Production.</strong>" not in browser.get(f"{path}/staging").text


def test_the_switchers_lead_to_every_environment_and_say_where_one_is(server: RunningServer, person: Someone) -> None:
    path = f"/console/spaces/{new_space(server, person)}/environments"
    page = signed_in_browser(server, person).get(f"{path}/staging").text
    for name in ("development", "staging", "production"):
        assert f'href="{path}/{name}"' in page
    assert f'href="{path}/staging" aria-current="true"' in page


@pytest.mark.parametrize("role", Role)
def test_the_role_is_told(server: RunningServer, role: Role) -> None:
    person = someone(server, role=role)
    page = signed_in_browser(server, person).get(f"/console/spaces/{new_space(server, person)}")
    assert f"{role} of Analytical Engines" in page.text


def test_scripts_of_ours_run_in_the_console_alone(server: RunningServer, person: Someone) -> None:
    browser = signed_in_browser(server, person)
    policy = browser.get("/console").headers["content-security-policy"]
    assert "script-src 'self'; connect-src 'self';" in policy
    assert "script-src" not in browser.get("/").headers["content-security-policy"]
    (script,) = re.findall(r'<script src="([^"]+)" defer></script>', browser.get("/console").text)
    asset = browser.get(script)
    assert asset.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in asset.headers["cache-control"]


def left_notice(server: RunningServer, browser: Browser) -> str:
    """The cookie with the message of a deed: a token was revoked."""
    page = browser.get("/account/tokens")
    browser.submit("/account/tokens", page, name="CI", scope="spaces:read", days="7")
    page = browser.get("/account/tokens")
    (path,) = re.findall(r'action="(/account/tokens/[^"]+/revoke)"', page.text)
    revoke = re.search(r'revoke">\s*<input type="hidden" name="form_token" value="([^"]+)"', page.text)
    assert revoke
    browser.send("POST", path, fields={"form_token": revoke[1]})
    return str(browser.cookies[notice_cookie_name(server.settings)])


def test_a_message_is_shown_once(server: RunningServer, person: Someone) -> None:
    browser = signed_in_browser(server, person)
    left_notice(server, browser)
    assert "Token revoked." in browser.get("/account/tokens").text
    assert "Token revoked." not in browser.get("/account/tokens").text


def test_a_message_of_somebody_else_or_of_long_ago_is_not_shown(server: RunningServer, person: Someone) -> None:
    browser = signed_in_browser(server, person)
    cookie = left_notice(server, browser)
    other = signed_in_browser(server, someone(server))
    expires, text, proof = cookie.split(".")
    for forged in (f"{int(expires) + 1}.{text}.{proof}", f"{expires}.{text}x.{proof}", "x", f"{expires}.{text}."):
        browser.cookies.set(notice_cookie_name(server.settings), forged)
        assert "Token revoked." not in browser.get("/account/tokens").text
    other.cookies.set(notice_cookie_name(server.settings), cookie)
    assert "Token revoked." not in other.get("/account/tokens").text
