"""Keys of an environment in the console: created, revoked; signed ids required and rotated; a viewer only looks."""

from __future__ import annotations

import re

import pytest

from templates_server.security.authorization import Role
from tests.server.features.auth.flows import Browser, Someone, signed_in_browser, someone
from tests.server.features.console.people import colleague, deeds_of, forms_of, new_space, submit, text_of
from tests.servers import RunningServer

KEY = re.compile(r"pk_[0-9A-Za-z]{32}")


@pytest.fixture
def person(server: RunningServer) -> Someone:
    return someone(server)


@pytest.fixture
def path(server: RunningServer, person: Someone) -> str:
    return f"/console/spaces/{new_space(server, person)}/environments/staging/keys"


@pytest.fixture
def browser(server: RunningServer, person: Someone) -> Browser:
    return signed_in_browser(server, person)


def test_a_key_opens_the_client_api_until_it_is_revoked(
    server: RunningServer, person: Someone, browser: Browser, path: str
) -> None:
    made = submit(browser, browser.get(path), path, name="Web <shop>")
    assert (made.status_code, made.headers["location"]) == (303, path)
    page = browser.get(path)
    assert "Key “Web &lt;shop&gt;” created." in page.text
    (key,) = KEY.findall(page.text)

    def status() -> int:
        with server.client(Authorization=f"Bearer {key}") as client:
            return client.post("/api/client/sessions", json={"external_id": "ada"}).status_code

    assert status() == 200
    (revoke,) = (action for action in forms_of(page) if action.endswith("/revoke"))
    assert submit(browser, page, revoke).headers["location"] == path
    assert status() == 401
    assert "Revoked keys (1)" in text_of(browser.get(path))
    assert deeds_of(server, person) == [("key.create", person.email), ("key.revoke", person.email)]


def test_a_form_that_is_sent_twice_makes_one_key_and_an_edited_one_another(browser: Browser, path: str) -> None:
    page = browser.get(path)
    for name in ("Web", "Web", "TV"):
        assert submit(browser, page, path, name=name).status_code == 303
    assert len(KEY.findall(browser.get(path).text)) == 2


def test_what_is_wrong_with_a_name_stands_beside_it(browser: Browser, path: str) -> None:
    for name in (" ", "x" * 201):
        answer = submit(browser, browser.get(path), path, name=name)
        assert answer.status_code == 422
        assert re.search(r'id="name-problem" role="alert">[^<]+</p>\s*<label for="name">', answer.text)
        assert f'value="{name}"' in answer.text


def test_who_was_signed_out_meanwhile_comes_back_to_the_name(server: RunningServer, path: str) -> None:
    answer = Browser(server).send("POST", path, fields={"form_token": "x", "name": "A & B"})
    assert answer.status_code == 303
    assert answer.headers["location"].endswith("keys%3Fname%3DA%2B%2526%2BB")


def test_signed_ids_are_required_rotated_and_left_off(
    server: RunningServer, person: Someone, browser: Browser, path: str
) -> None:
    secrets = []
    for deed, said in (
        ("require", "must now be signed"),
        ("rotate", "rotated"),
        ("off", "no longer need to be signed"),
    ):
        page = browser.get(path)
        submit(browser, page, f"{path}/signed-ids", deed=deed)
        page = browser.get(path)
        assert said in page.text
        assert (">required<" in page.text) == (deed != "off")
        secrets.append(re.search(r"Show the secret</summary>\s*<p>.*?<code>([^<]+)</code>", page.text, re.DOTALL))
    first, second, third = (found[1] for found in secrets if found)
    assert first != second == third
    assert [action for action, _ in deeds_of(server, person)] == ["signing.change"] * 3


def test_a_viewer_sees_keys_and_no_secret_and_changes_nothing(
    server: RunningServer, person: Someone, browser: Browser, path: str
) -> None:
    mine = browser.get(path)
    submit(browser, mine, path, name="Web")
    viewer = signed_in_browser(server, colleague(server, person, Role.VIEWER))
    page = viewer.get(path)
    assert len(KEY.findall(page.text)) == 1
    assert "Signed user IDs" not in page.text
    assert [action for action in forms_of(page) if action != "/sign-out"] == []
    own_token = forms_of(viewer.get("/account/tokens"))["/account/tokens"][0]["form_token"]
    assert viewer.send("POST", path, fields={"form_token": own_token, "name": "TV"}).status_code == 403
