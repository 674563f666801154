"""The page of a person's tokens: made there and shown once, listed, revoked; nothing that was typed is lost."""

from __future__ import annotations

import html
import re

import httpx
import pytest
from sqlalchemy import select

from templates_server.security.authorization import Role
from templates_server.storage import tables
from tests.server.features.auth.flows import Browser, Someone, signed_in_browser, someone
from tests.servers import RunningServer

PAGE = "/account/tokens"
TOKEN = re.compile(r"mtp_[0-9A-Za-z]+")


@pytest.fixture
def person(server: RunningServer) -> Someone:
    return someone(server)


@pytest.fixture
def browser(server: RunningServer, person: Someone) -> Browser:
    return signed_in_browser(server, person)


def create(browser: Browser, *scopes: str, **fields: str) -> httpx.Response:
    page = browser.get(PAGE)
    token = re.search(r'name="form_token" value="([^"]+)">\s*(?:<p|<div)', page.text)
    assert token
    sent = {"form_token": token[1], "name": "CI", "days": "30", "scope": list(scopes), **fields}
    return browser.send("POST", PAGE, fields=sent)  # type: ignore[arg-type] # httpx takes lists


def test_a_token_is_shown_once_and_opens_what_was_chosen(server: RunningServer, browser: Browser) -> None:
    made = create(browser, "spaces:read", "code:read")
    assert made.status_code == 200
    (secret,) = TOKEN.findall(made.text)
    with server.client(Authorization=f"Bearer {secret}") as client:
        assert sorted(client.get("/v2/me").json()["data"][0]["scopes"]) == ["code:read", "spaces:read"]
    again = browser.get(PAGE)
    assert secret not in again.text
    assert "<h3" in again.text
    assert "CI" in again.text


def test_a_token_is_narrowed_to_organizations_and_spaces(
    server: RunningServer, person: Someone, browser: Browser
) -> None:
    (writing,) = TOKEN.findall(create(browser, "spaces:read", "spaces:write", organization=person.organization).text)
    spaces = [f"{person.organization}-{name}" for name in ("a", "b")]
    with server.client(Authorization=f"Bearer {writing}") as client:
        for key in spaces:
            path = f"/v2/organizations/{person.organization}/spaces"
            client.post(path, json={"key": key, "name": key}).raise_for_status()
    (secret,) = TOKEN.findall(create(browser, "spaces:read", spaces=f" {spaces[0]}, {spaces[0]} ").text)
    with server.client(Authorization=f"Bearer {secret}") as client:
        assert [client.get(f"/v2/spaces/{key}").status_code for key in spaces] == [200, 404]
    text = browser.get(PAGE).text
    assert f"Only {spaces[0]}." in text
    assert f"Only {person.organization}." in text


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(browser: Browser) -> None:
    answer = create(browser, "spaces:read", "no:scope", name=" ", spaces="nowhere <b>", organization="elsewhere")
    assert answer.status_code == 422
    text = html.unescape(answer.text)
    for field, said in (
        ("name", "must not be empty"),
        ("scopes", "is not a scope"),
        ("organizations", "not found, or you don't have access"),
        ("spaces", "not found, or you don't have access"),
    ):
        found = re.search(rf'<p class="problem" id="{field}-problem" role="alert">(.*?)</p>', text, re.DOTALL)
        assert found, field
        assert said in found[1]
    assert 'value="nowhere &lt;b&gt;"' in answer.text
    assert 'value="spaces:read" checked' in answer.text
    assert TOKEN.findall(answer.text) == []
    none = create(browser, name="Deploys")
    assert none.status_code == 422
    assert "choose at least one" in none.text
    assert 'value="Deploys"' in none.text


def test_more_spaces_than_a_token_may_name_are_refused_before_they_are_looked_for(browser: Browser) -> None:
    answer = create(browser, "spaces:read", spaces=" ".join(f"s{number}" for number in range(101)))
    assert answer.status_code == 422
    assert "the maximum is 100" in answer.text


def test_a_revoked_token_opens_nothing_and_stands_in_the_audit_log(
    server: RunningServer, person: Someone, browser: Browser
) -> None:
    (secret,) = TOKEN.findall(create(browser, "spaces:read").text)
    page = browser.get(PAGE)
    (path,) = re.findall(r'action="(/account/tokens/[^"]+/revoke)"', page.text)
    revoke = re.search(r'revoke">\s*<input type="hidden" name="form_token" value="([^"]+)"', page.text)
    assert revoke
    answer = browser.send("POST", path, fields={"form_token": revoke[1]})
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    with server.client(Authorization=f"Bearer {secret}") as client:
        assert client.get("/v2/me").status_code == 401
    entries = tables.audit_entries.c
    query = select(entries.action, entries.actor).where(entries.organization_id == person.organization_id)
    deeds = server.database.read_sync(lambda connection: connection.execute(query.order_by(entries.id)).all())
    assert [tuple(deed) for deed in deeds] == [("token.create", person.email), ("token.revoke", person.email)]


def test_nobody_ends_the_token_of_somebody_else(server: RunningServer, browser: Browser) -> None:
    (secret,) = TOKEN.findall(create(browser, "spaces:read").text)
    (path,) = re.findall(r'action="(/account/tokens/[^"]+/revoke)"', browser.get(PAGE).text)
    other = signed_in_browser(server, someone(server, role=Role.VIEWER))
    create(other, "spaces:read")
    page = other.get(PAGE)
    revoke = re.search(r'revoke">\s*<input type="hidden" name="form_token" value="([^"]+)"', page.text)
    assert revoke
    assert other.send("POST", path, fields={"form_token": revoke[1]}).status_code == 404
    with server.client(Authorization=f"Bearer {secret}") as client:
        assert client.get("/v2/me").status_code == 200


def test_who_is_not_signed_in_comes_back_to_what_they_typed(server: RunningServer, person: Someone) -> None:
    browser = Browser(server)
    asked = browser.send("POST", PAGE, fields={"form_token": "x", "name": "A & B"})
    assert asked.status_code == 303
    location = asked.headers["location"]
    assert location == "/sign-in?next=%2Faccount%2Ftokens%3Fname%3DA%2B%2526%2BB"
    page = browser.get(location)
    signed_in = browser.submit("/sign-in", page, email=person.email, password="correct horse battery")
    assert 'value="A &amp; B"' in browser.get(signed_in.headers["location"]).text
