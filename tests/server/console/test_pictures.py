"""Images that properties name: pages lead to them, allow them where they have any, and load none by themselves."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from templates_server.identifiers import random_text
from templates_server.pages.browser import COOKIE_LENGTH
from templates_server.pages.store import start_session
from templates_server.times import system_clock
from tests.people import add_organization, add_person, add_space
from tests.server.console.delivery_space import MODEL, SCENARIOS, DeliverySpace, delivery_space, edit
from tests.server.console.people import put_user
from tests.server.oauth.flows import someone
from tests.servers import RunningServer, running_server

ADDRESS = "https://images.example.com/a.jpg"
HOSTILE = ("javascript:alert(1)", "data:image/png;base64,AAAA", "//images.example.com/a.png", 'https://x/"onerror=x')


@pytest.fixture
def space(server: RunningServer) -> DeliverySpace:
    space = delivery_space(server, someone(server))
    put_user(server, space.key, "staging", "ada")
    space.send("POST", "/environments/staging/publish", {"collections": ["home"]})
    return space


def allowed_images(page: httpx.Response) -> str:
    """From where the page may load images."""
    (found,) = re.findall(r"img-src ([^;]+);", page.headers["content-security-policy"])
    return str(found)


def links_to(page: httpx.Response, address: str) -> list[str]:
    """The rest of each link to an address."""
    return re.findall(f'<a href="{re.escape(address)}"([^>]*)>', page.text)


def editor(space: DeliverySpace, entity: str, scenario: str = "default") -> httpx.Response:
    return space.browser.get(space.path(f"/entities/{entity}/scenario"), scenario=scenario)


def preview(space: DeliverySpace) -> httpx.Response:
    return space.browser.get(space.path("/preview"), person="ada")


def test_the_editor_leads_to_an_image_and_loads_none(space: DeliverySpace) -> None:
    page = editor(space, "home.top")
    assert links_to(page, ADDRESS) == [' target="_blank" rel="noreferrer noopener"']
    assert "Show the image<span" in page.text
    assert set(re.findall(r'<img src="([^"]+)"', page.text)) == set(re.findall(r'"(/assets/mark[^"]+)"', page.text))
    assert "pictures." in page.text


def test_a_persons_preview_leads_to_their_images(space: DeliverySpace) -> None:
    page = preview(space)
    assert len(links_to(page, ADDRESS)) == 1
    item = {"id": "two", "experience": "banner", "properties": {"picture": "https://images.example.com/b.png"}}
    space.deliver({**SCENARIOS, "home.body": {"default": {"items": [item]}}})
    assert len(links_to(preview(space), "https://images.example.com/b.png")) == 1


def test_only_pages_with_images_may_load_them_from_elsewhere(space: DeliverySpace) -> None:
    for entity in ("home.top", "home.body"):
        assert allowed_images(editor(space, entity)) == "'self' https: http:", entity
    assert allowed_images(preview(space)) == "'self' https: http:"
    plain = {"home.top": {"default": {"properties": {"title": "No image"}}}}
    space.deliver(plain)
    for path in ("", "/entities/home.top", "/preview?person=ada", "/preview", "/history"):
        page = space.browser.get(space.path(path))
        assert page.status_code == 200
        assert allowed_images(page) == "'self'", path
        assert "pictures." not in page.text, path
    model = space.send("GET", "/model").json()["data"][0]
    del model["experiences"]["banner"]["properties"]["picture"]
    space.send("PUT", "/model", model)
    assert allowed_images(editor(space, "home.top")) == "'self'"


def test_a_page_over_https_allows_no_image_over_plain_http(tmp_path: Path) -> None:
    with running_server(tmp_path, public_url="https://mtribes.example.com") as server:
        person = add_person(server.database, add_organization(server.database))
        key = add_space(server, person)
        with person.client(server) as client:
            client.put(f"/v2/spaces/{key}/model", json=MODEL, headers={"If-Match": "*"}).raise_for_status()
        cookie, now = random_text(COOKIE_LENGTH), system_clock()
        server.database.write_now(lambda connection: start_session(connection, cookie, account_id=person.id, now=now))
        with server.client(Cookie=f"__Host-mtribes={cookie}") as browser:
            path = f"/console/spaces/{key}/environments/staging/delivery/entities/home.top/scenario?scenario=default"
            assert allowed_images(browser.get(path)) == "'self' https:"


def test_what_is_no_web_address_is_never_led_to(space: DeliverySpace) -> None:
    for address in HOSTILE:
        page = edit(space, editor(space, "home.top"), "home.top", p__picture=address)
        assert page.status_code == 422
        assert "Open the image in a new tab" not in page.text, address
    page = edit(space, editor(space, "home.top"), "home.top", p__picture=" https://x.example/n.png ", p__columns="x")
    assert len(links_to(page, "https://x.example/n.png")) == 1
