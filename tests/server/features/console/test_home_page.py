"""The first page of the console: the visitor's Spaces, what is live in production, what changed last and by whom."""

from __future__ import annotations

import html
import re

import pytest

from templates_server.security.authorization import Role
from templates_server.storage.dialect import as_text
from tests.server.features.auth.flows import Someone, signed_in_browser, someone, tokens_for
from tests.server.features.console.people import colleague, new_space, text_of
from tests.servers import RunningServer

MODEL = {
    "experiences": {"hero": {}},
    "collections": {name: {"children": {"hero": {"experience": "hero"}}} for name in ("home", "shop")},
}


@pytest.fixture
def person(server: RunningServer) -> Someone:
    return someone(server)


def deliver(server: RunningServer, person: Someone, key: str, environment: str, *published: str) -> None:
    """Push a model and publish in an environment, by the API."""
    with server.client(Authorization=f"Bearer {tokens_for(server, person)['access_token']}") as client:
        client.put(f"/v2/spaces/{key}/model", json=MODEL, headers={"If-Match": "*"}).raise_for_status()
        here = f"/v2/spaces/{key}/environments/{environment}"
        answer = client.put(f"{here}/delivery?note=For+<spring>", json={"published": published})
        answer.raise_for_status()


def card_of(page: str, key: str) -> str:
    """What the page has of a Space."""
    cards = re.findall(r'<li class="card">.*?</li>', page, re.DOTALL)
    return str(next(card for card in cards if f"<code>{key}</code>" in card))


def test_each_space_has_what_is_live_in_production_and_what_changed_last(
    server: RunningServer, person: Someone
) -> None:
    live, quiet, untouched = (new_space(server, person) for _ in range(3))
    deliver(server, person, live, "production", "shop", "home")
    deliver(server, person, quiet, "staging", "home")
    page = signed_in_browser(server, person).get("/console")
    assert "Live: <code>home</code> <code>shop</code>" in card_of(page.text, live)
    assert "Delivery of production changed <time" in card_of(page.text, live)
    assert f"by {person.email}: For &lt;spring&gt;" in card_of(page.text, live)
    assert "Nothing is published in production." in card_of(page.text, quiet)
    assert "Delivery of staging changed" in card_of(page.text, quiet)
    assert "Created <time" in card_of(page.text, untouched)


def test_a_viewer_sees_what_changed_and_not_by_whom(server: RunningServer, person: Someone) -> None:
    key = new_space(server, person)
    deliver(server, person, key, "production", "home")
    page = signed_in_browser(server, colleague(server, person, Role.VIEWER)).get("/console")
    assert "Live: <code>home</code>" in card_of(page.text, key)
    assert "spring" not in page.text
    assert f"by {person.email}" not in page.text


def test_more_spaces_than_a_page_has_are_on_the_next_one_and_none_of_others(
    server: RunningServer, person: Someone
) -> None:
    mine = {new_space(server, person) for _ in range(25)}
    theirs = new_space(server, someone(server))
    browser = signed_in_browser(server, person)
    for query in ("", "?days=7"):
        page = browser.get("/console" + query)
        (following,) = re.findall(r'rel="next" href="(\?[^"]*cursor=[^"]+)"', page.text)
        assert following.startswith(query or "?cursor=")
        shown = page.text + browser.get("/console" + html.unescape(following)).text
        assert {key for key in mine if shown.count(f"<code>{key}</code>") == 1} == mine
        assert theirs not in shown


def test_who_has_no_space_and_no_organization_is_told_what_to_do(server: RunningServer, person: Someone) -> None:
    browser = signed_in_browser(server, person)
    assert "No Spaces yet" in text_of(browser.get("/console"))
    remove = "DELETE FROM memberships WHERE account_id = ?"
    server.database.write_sync(
        lambda connection: connection.exec_driver_sql(as_text(connection, remove), (person.account_id,))
    )
    assert "You are not a member of any organization yet" in text_of(browser.get("/console"))
