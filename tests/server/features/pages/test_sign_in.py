"""Signing in and out with a browser: cookies, forms, and where one goes on to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import func, select

from templates_server.features.pages.store import IDLE_MILLISECONDS, LIFETIME_MILLISECONDS
from templates_server.primitives.timestamps import system_clock
from templates_server.security.secrets import hash_secret
from templates_server.storage.tables import browser_sessions
from tests.server.features.auth.flows import PASSWORD, Browser, hidden_fields, signed_in_browser, someone
from tests.servers import RunningServer, running_server


class Clock:
    def __init__(self) -> None:
        self.now = system_clock()

    def __call__(self) -> int:
        return self.now


def session_of(browser: Browser) -> Any:
    """The cookie of the session; another says that the browser is known."""
    (cookie,) = (cookie for cookie in browser.cookies.jar if not cookie.name.endswith("_known"))
    return cookie


def cookie_of(browser: Browser) -> str:
    return str(session_of(browser).value)


def is_signed_in(browser: Browser) -> bool:
    return "You are signed in as" in browser.get("/").text


def test_the_right_password_signs_in_however_the_address_is_spelled(server: RunningServer) -> None:
    person = someone(server)
    browser = Browser(server)
    page = browser.get("/sign-in")
    answer = browser.submit("/sign-in", page, email=f"  {person.email.upper()} ", password=PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert person.email in browser.get("/").text


def test_a_wrong_password_and_an_unknown_address_look_the_same_and_keep_what_was_typed(server: RunningServer) -> None:
    person = someone(server)
    shown = []
    for email in (person.email, "nobody@example.com"):
        browser = Browser(server)
        answer = browser.submit("/sign-in", browser.get("/sign-in"), email=email, password="not the password")
        assert answer.status_code == 422
        assert f'value="{email}"' in answer.text
        assert "not the password" not in answer.text
        assert not is_signed_in(browser)
        shown.append(re.sub(r'value="[^"]*"', "", answer.text))
    assert shown[0] == shown[1]


@pytest.mark.parametrize(
    ("email", "password"),
    [("", ""), ("a" * 5000, "b" * 5000), ("é\u202e<script>alert(1)</script>", "x"), ("\n", "\t"), ("' OR 1=1 --", "x")],
)
def test_whatever_is_typed_is_shown_as_text_and_refused(server: RunningServer, email: str, password: str) -> None:
    browser = Browser(server)
    answer = browser.submit("/sign-in", browser.get("/sign-in"), email=email, password=password)
    assert answer.status_code == 422
    assert "<script>" not in answer.text


def test_signing_in_renews_the_cookie_so_that_a_planted_one_is_worth_nothing(server: RunningServer) -> None:
    person = someone(server)
    browser = Browser(server)
    browser.get("/sign-in")
    planted = cookie_of(browser)
    browser.sign_in(person)
    assert cookie_of(browser) != planted
    attacker = Browser(server)
    attacker.get("/")
    session_of(attacker).value = planted
    assert not is_signed_in(attacker)


def test_signing_out_ends_the_session_for_whoever_kept_the_cookie(server: RunningServer) -> None:
    browser = signed_in_browser(server, someone(server))
    kept = cookie_of(browser)
    answer = browser.submit("/sign-out", browser.get("/"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/signed-out")
    assert "You are signed out" in browser.get("/signed-out").text
    session_of(browser).value = kept
    assert not is_signed_in(browser)


def test_a_session_is_stored_by_its_sha_256(server: RunningServer) -> None:
    person = someone(server)
    browser = signed_in_browser(server, person)
    query = select(browser_sessions.c.id_hash).where(browser_sessions.c.account_id == person.account_id)
    stored = server.database.read_sync(lambda connection: connection.execute(query).scalars().all())
    assert [bytes(value) for value in stored] == [hash_secret(cookie_of(browser))]


def test_a_session_ends_when_idle_and_after_two_weeks_and_leaves_no_row(tmp_path: Path) -> None:
    clock = Clock()
    with running_server(tmp_path, clock=clock) as server:
        person = someone(server)
        browser = signed_in_browser(server, person)
        began = clock.now
        while clock.now + IDLE_MILLISECONDS // 2 < began + LIFETIME_MILLISECONDS:
            clock.now += IDLE_MILLISECONDS // 2
            assert is_signed_in(browser)
        clock.now += IDLE_MILLISECONDS // 2
        assert not is_signed_in(browser)
        idle = signed_in_browser(server, person)
        clock.now += IDLE_MILLISECONDS
        assert not is_signed_in(idle)
        signed_in_browser(server, person)
        query = select(func.count()).select_from(browser_sessions)
        assert server.database.read_sync(lambda connection: connection.execute(query).scalar_one()) == 1


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a_form_from_another_site_is_refused(server: RunningServer, path: str, origin: str) -> None:
    browser = signed_in_browser(server, someone(server)) if path == "/sign-out" else Browser(server)
    page = browser.get("/" if path == "/sign-out" else "/sign-in")
    answer = browser.send(
        "POST", path, fields={**hidden_fields(page.text), "email": "a", "password": "b"}, origin=origin
    )
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("form_token", ["", "0" * 64, "é"])
def test_a_form_without_its_token_is_refused(server: RunningServer, form_token: str) -> None:
    person = someone(server)
    browser = Browser(server)
    browser.get("/sign-in")
    fields = {"form_token": form_token, "email": person.email, "password": PASSWORD}
    assert browser.send("POST", "/sign-in", fields=fields).status_code == 403
    assert not is_signed_in(browser)


def test_a_form_token_serves_one_purpose_and_one_browser(server: RunningServer) -> None:
    browser = signed_in_browser(server, someone(server))
    other_browser = signed_in_browser(server, someone(server))
    assert browser.submit("/sign-out", other_browser.get("/")).status_code == 403
    assert browser.submit("/sign-in", browser.get("/"), email="a", password="b").status_code == 403
    assert is_signed_in(browser)


GOOD_NEXT = ["/", "/signed-out", "/oauth/authorize?client_id=a&state=%2F%2Fb", "/demo#part"]
BAD_NEXT = [
    "",
    "//evil.example",
    "//evil.example/%2F..",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n//evil.example",
    " /evil",
    "https://evil.example",
    "javascript:alert(1)",
    "evil.example",
    "/é",
]


def test_one_goes_on_to_paths_of_this_server_and_nowhere_else(server: RunningServer) -> None:
    person = someone(server)
    browser = signed_in_browser(server, person)
    for wanted in GOOD_NEXT:
        assert browser.get("/sign-in", next=wanted).headers["location"] == wanted
    for wanted in BAD_NEXT:
        assert browser.get("/sign-in", next=wanted).headers["location"] == "/", wanted
    page = Browser(server).get("/sign-in", next="//evil.example")
    assert hidden_fields(page.text)["next"] == "/"
    fresh = Browser(server)
    fields = {**hidden_fields(fresh.get("/sign-in").text), "next": "//evil.example"}
    fields |= {"email": person.email, "password": PASSWORD}
    assert fresh.send("POST", "/sign-in", fields=fields).headers["location"] == "/"


def test_below_a_path_one_stays_below_it(tmp_path: Path) -> None:
    with running_server(tmp_path, public_url="https://apps.example.com/mtribes") as server, server.client() as client:
        for wanted in ("/other", "/mtribes", "/mtribes/../other", "/mtribes/%2e%2E/other", "/mtribesx/"):
            page = client.get("/mtribes/sign-in", params={"next": wanted})
            assert hidden_fields(page.text)["next"] == "/mtribes/", wanted
        inside = "/mtribes/oauth/authorize?a=b"
        page = client.get("/mtribes/sign-in", params={"next": inside})
        assert hidden_fields(page.text)["next"] == inside
        assert 'action="/mtribes/sign-in"' in page.text
        stylesheet = re.search(r'href="(/mtribes/assets/style[^"]+)"', page.text)
        assert stylesheet
        assert client.get(stylesheet[1]).status_code == 200


def test_the_cookie_is_bound_to_the_host_where_there_is_https(tmp_path: Path) -> None:
    with running_server(tmp_path, public_url="https://mtribes.example.com") as server, server.client() as client:
        cookie = client.get("/sign-in").headers["set-cookie"]
    name, _, rest = cookie.partition("=")
    assert name == "__Host-mtribes"
    assert {part.strip().lower() for part in rest.split(";")[1:]} == {"httponly", "path=/", "samesite=lax", "secure"}


def test_without_https_the_cookie_is_of_this_port_and_out_of_reach_of_scripts(server: RunningServer) -> None:
    with server.client() as client:
        cookie = client.get("/sign-in").headers["set-cookie"]
    assert cookie.startswith(f"mtribes_{httpx.URL(server.url).port}=")
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {"httponly", "path=/", "samesite=lax"}


def test_a_form_that_is_no_form_is_refused_with_a_page(server: RunningServer) -> None:
    with server.client() as client:
        for content, media_type, status in (
            (b"{}", "application/json", 415),
            (b"email=%FF", "application/x-www-form-urlencoded", 400),
            (urlencode({"email": "x" * 20_000}).encode(), "application/x-www-form-urlencoded", 413),
        ):
            answer = client.post("/sign-in", content=content, headers={"Content-Type": media_type})
            assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
