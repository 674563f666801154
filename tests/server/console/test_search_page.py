"""Search of the console: Spaces that are the visitor's, and what is in the Space that they search from."""

from __future__ import annotations

import pytest

from tests.server.console.people import forms_of, new_space, text_of
from tests.server.oauth.flows import Browser, Someone, signed_in_browser, someone
from tests.servers import RunningServer

SEARCH = "/console/search"


@pytest.fixture
def person(server: RunningServer) -> Someone:
    return someone(server)


@pytest.fixture
def browser(server: RunningServer, person: Someone) -> Browser:
    return signed_in_browser(server, person)


def test_spaces_are_found_by_a_part_of_key_or_name_and_those_of_others_are_not(
    server: RunningServer, person: Someone, browser: Browser
) -> None:
    mine, theirs = new_space(server, person, name="Blue <Radio>"), new_space(server, someone(server), name="Blue")
    for text in ("blue <RAD", mine[2:], "e <"):
        page = browser.get(SEARCH, q=text)
        assert f'<a href="/console/spaces/{mine}">Blue &lt;Radio&gt;</a>' in page.text
    assert theirs not in browser.get(SEARCH, q="blue").text
    assert "Nothing has “100%” in its key or name" in text_of(browser.get(SEARCH, q="100%"))
    assert browser.get(SEARCH, q="blue", space=theirs).status_code == 404
    assert "Nothing has" not in browser.get(SEARCH).text


def test_collections_experiences_and_tribes_are_found_from_their_space(
    server: RunningServer, person: Someone, browser: Browser
) -> None:
    key = new_space(server, person)
    model = {
        "experiences": {"hero-banner": {"name": "Große Bühne"}},
        "collections": {"home": {"children": {"hero": {"experience": "hero-banner"}}}},
    }
    with server.client(Authorization=f"Bearer {token_of(browser)}") as client:
        client.put(f"/v2/spaces/{key}/model", json=model, headers={"If-Match": "*"}).raise_for_status()
        tribes = {"tribes": {"gold": {"name": "Gold members", "filters": [{"tag": "gold"}]}}}
        client.put(f"/v2/spaces/{key}/tribes", json=tribes, headers={"If-Match": "*"}).raise_for_status()
    for text, said in (
        ("hero", "Experience Große Bühne hero-banner"),
        ("grosse", "Experience Große Bühne"),
        ("HOM", "Collection home home"),
        ("members", "Tribe Gold members gold"),
    ):
        assert said in text_of(browser.get(SEARCH, q=text, space=key))
        assert said not in text_of(browser.get(SEARCH, q=text))


def test_scenarios_of_production_are_found_by_their_name_and_what_they_show(
    server: RunningServer, person: Someone, browser: Browser
) -> None:
    key = new_space(server, person)
    model = {
        "experiences": {"banner": {}},
        "collections": {"home": {"children": {"top": {"experience": "banner"}}}},
    }
    spring = {"name": "Spring <offer>", "tribes": ["gold"]}
    with server.client(Authorization=f"Bearer {token_of(browser)}", **{"If-Match": "*"}) as client:
        client.put(f"/v2/spaces/{key}/model", json=model).raise_for_status()
        client.put(f"/v2/spaces/{key}/tribes", json={"tribes": {"gold": {"filters": [{"tag": "gold"}]}}})
        delivery = {"scenarios": {"home.top": {"targeted": [spring]}}}
        client.put(f"/v2/spaces/{key}/environments/production/delivery", json=delivery).raise_for_status()
    for text in ("spring", "banner SPRING", "offer top"):
        page = browser.get(SEARCH, q=text, space=key)
        assert "Scenario Spring <offer> home.top" in text_of(page), text
        assert f'/console/spaces/{key}/environments/production/delivery/entities/home.top"' in page.text
    assert "Scenario" not in text_of(browser.get(SEARCH, q="spring autumn", space=key))


def token_of(browser: Browser) -> str:
    """A personal access token, made on its page."""
    page = browser.get("/account/tokens")
    scopes = ["spaces:read", "spaces:write", "tribes:read", "tribes:write"]
    forms = forms_of(page)["/account/tokens"][0]
    fields = {**forms, "name": "CI", "days": "7", "scope": scopes}
    made = browser.send("POST", "/account/tokens", fields=fields)  # type: ignore[arg-type] # httpx takes lists
    return made.text.partition("<code>mtp_")[2].partition("<")[0].join(("mtp_", ""))
