"""Forms that are too long for an address come back after a sign-in: to their own browser, and for a while."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, select, update

from templates_server.features.console.saved_forms import store
from templates_server.features.console.saved_forms.store import LIFETIME_MILLISECONDS, MOST_KEPT, PLACES, SealedForm
from templates_server.features.pages.browser_session import cookie_name
from templates_server.features.pages.store import end_session
from templates_server.primitives.timestamps import system_clock
from templates_server.security.authorization import Role
from templates_server.storage.tables import idempotent_answers
from tests.server.features.auth.flows import Someone, signed_in_browser, someone
from tests.server.features.console.delivery_space import DeliverySpace, delivery_space, edit, fields_in
from tests.server.features.console.people import colleague
from tests.servers import RunningServer

LONG = "Typed & kept: ünïcode <b> " * 400  # of about 10,000 characters
DOCUMENT = "# Typed, and long\r\nname: Radio\r\n" + "".join(f"# line {number}, ü & <b>\r\n" for number in range(20_000))
Typed = Mapping[str, str | list[str]]


@pytest.fixture
def person(server: RunningServer) -> Someone:
    return someone(server)


@pytest.fixture
def space(server: RunningServer, person: Someone) -> DeliverySpace:
    return delivery_space(server, person)


def expire(space: DeliverySpace) -> None:
    """End the session while a page of it is open."""
    cookie = space.browser.cookies[cookie_name(space.server.settings)]
    space.server.database.write_sync(lambda connection: end_session(connection, cookie))


def sign_out(space: DeliverySpace) -> None:
    """Sign out in another tab: the browser has a new cookie then."""
    page = space.browser.get("/console")
    token = re.search(r'action="/sign-out">\s*<input type="hidden" name="form_token" value="([^"]+)"', page.text)
    assert token
    assert space.browser.send("POST", "/sign-out", fields={"form_token": token[1]}).status_code == 303


def back_of(answer: httpx.Response) -> str:
    """Where a sign-in leads back to."""
    location = httpx.URL(answer.headers["location"])
    assert (answer.status_code, location.path) == (303, "/sign-in")
    return location.params["next"]


def came_back(space: DeliverySpace, person: Someone, answer: httpx.Response) -> httpx.Response:
    """The page that shows after the sign-in that an answer asks for."""
    back = back_of(answer)
    assert len(back) < 1000
    signed_in = space.browser.sign_in(person, next=back)
    assert signed_in.headers["location"] == back
    page = space.browser.get(back)
    assert page.status_code == 200
    return page


def model_form(space: DeliverySpace) -> tuple[str, Typed]:
    path = f"/console/spaces/{space.key}/model"
    page = space.browser.get(f"{path}/edit")
    return path, {**fields_in(page, path), "document": DOCUMENT, "note": "Why", "deed": "save"}


def tribe_form(space: DeliverySpace) -> tuple[str, Typed]:
    path = f"{space.path().removesuffix('/delivery')}/tribes/gold/edit"
    page = space.browser.get(path, **{"as": "document"})
    return path, {**fields_in(page, path), "yaml": DOCUMENT, "act": "save"}


def new_tribe_form(space: DeliverySpace) -> tuple[str, Typed]:
    path = f"{space.path().removesuffix('/delivery')}/new-tribe"
    page = space.browser.get(path)
    return path, {**fields_in(page, path), "description": LONG, "name": "New", "act": "save"}


def scenario_form(space: DeliverySpace) -> tuple[str, Typed]:
    path = space.path("/entities/home.top/scenario")
    page = space.browser.get(path, scenario="Gold")
    return path, {**fields_in(page, path), "p.title": LONG, "tribes": ["gold", "night"], "deed": "review"}


def push_form(space: DeliverySpace) -> tuple[str, Typed]:
    page = space.browser.get(space.path("/entities/home.top/scenario"), scenario="Gold")
    review = edit(space, page, "home.top", p__title=LONG[:9000])
    path = space.path("/push")
    return path, {**fields_in(review, path), "note": "Why"}


FORMS: Mapping[str, tuple[Callable[[DeliverySpace], tuple[str, Typed]], Mapping[str, str]]] = {
    "model": (model_form, {"document": DOCUMENT, "note": "Why"}),
    "tribe": (tribe_form, {"yaml": DOCUMENT}),
    "new tribe": (new_tribe_form, {"description": LONG, "name": "New"}),
    "scenario": (scenario_form, {"p.title": LONG}),
    "push": (push_form, {"note": "Why"}),
}


@pytest.mark.parametrize(("kind", "leave"), [*((kind, expire) for kind in FORMS), ("scenario", sign_out)])
def test_every_long_form_comes_back_after_a_sign_in(
    space: DeliverySpace, person: Someone, kind: str, leave: Callable[[DeliverySpace], None]
) -> None:
    filled_in, expected = FORMS[kind]
    action, typed = filled_in(space)
    before = space.delivery()
    leave(space)
    sent: Any = dict(typed)
    page = came_back(space, person, space.browser.send("POST", action, fields=sent))
    found = fields_in(page, action)
    texts = {name: [text.replace("\r\r\n", "\r\n") for text in found[name]] for name in expected}
    assert texts == {name: [text] for name, text in expected.items()}
    assert found.get("tribes") == typed.get("tribes")
    assert found.get("change") == typed.get("change")
    assert space.delivery() == before


def test_a_push_that_came_back_is_made_when_it_is_pressed_again(space: DeliverySpace, person: Someone) -> None:
    action, typed = push_form(space)
    expire(space)
    sent: Any = dict(typed)
    page = came_back(space, person, space.browser.send("POST", action, fields=sent))
    assert space.push(page).status_code == 303
    assert space.delivery()["scenarios"]["home.top"]["targeted"][0]["properties"]["title"] == LONG[:9000]


def test_only_the_browser_that_sent_a_form_gets_it_back_and_where_it_was(
    space: DeliverySpace, person: Someone, server: RunningServer
) -> None:
    action, typed = scenario_form(space)
    expire(space)
    sent: Any = dict(typed)
    back = back_of(space.browser.send("POST", action, fields=sent))
    query = httpx.URL(back).query.decode()
    assert re.fullmatch("kept=[0-9a-f]{32}", query)
    for other in (
        signed_in_browser(server, person),
        signed_in_browser(server, colleague(server, person, Role.DEVELOPER)),
    ):
        assert "Typed &amp; kept" not in other.get(back).text
    space.browser.sign_in(person)
    assert "Typed &amp; kept" not in space.browser.get(f"{space.path('/entities/home.body/scenario')}?{query}").text
    assert "Typed &amp; kept" not in space.browser.get(f"{action}?kept={'0' * 32}").text
    assert "Typed &amp; kept" in space.browser.get(back).text


def test_what_no_page_of_ours_showed_is_not_kept(space: DeliverySpace, server: RunningServer) -> None:
    action, typed = scenario_form(space)
    expire(space)
    forget_all(server)
    for key in ("", "x" * 22, f"{'x' * 22}.{'0' * 32}", model_form_key(space)):
        sent: Any = {**typed, "key": key}
        assert back_of(space.browser.send("POST", action, fields=sent)) == action
    sent = dict(typed)
    elsewhere = space.browser.send("POST", action, fields=sent, origin="https://evil.example")
    assert back_of(elsewhere) == action
    assert rows(server) == []


def model_form_key(space: DeliverySpace) -> str:
    """The key of a form for another purpose."""
    browser = signed_in_browser(space.server, space.person)
    page = browser.get(f"/console/spaces/{space.key}/model/edit")
    found = re.search(r'name="key" value="([^"]+)"', page.text)
    assert found
    return found[1]


def test_a_form_is_kept_once_encrypted_and_for_a_while(
    space: DeliverySpace, person: Someone, server: RunningServer
) -> None:
    action, typed = scenario_form(space)
    expire(space)
    forget_all(server)
    sent: Any = dict(typed)
    backs = {back_of(space.browser.send("POST", action, fields=sent)) for _ in range(3)}
    assert len(backs) == 1
    (row,) = rows(server)
    assert b"Typed" not in row.answer
    space.browser.sign_in(person)
    (back,) = backs
    assert "Typed &amp; kept" in space.browser.get(back).text
    old = update(idempotent_answers).where(idempotent_answers.c.key_hash == row.key_hash)
    server.database.write_sync(
        lambda connection: connection.execute(old.values(created=row.created - LIFETIME_MILLISECONDS))
    )
    assert "Typed &amp; kept" not in space.browser.get(back).text


def test_the_forms_that_are_kept_are_bounded_by_number_and_by_bytes(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_all(server)
    now = system_clock()
    for number in range(MOST_KEPT + 5):
        keep(server, f"form {number}", b"x" * 10, now - MOST_KEPT + number)
    names = [bytes(row.request_hash) for row in rows(server)]
    assert len(names) == MOST_KEPT
    assert names[0] == b"form 5"
    monkeypatch.setattr(store, "MOST_KEPT_BYTES", 100)
    keep(server, "form big", b"x" * 60, now + 10)
    assert [bytes(row.request_hash) for row in rows(server)] == [
        *(f"form {number}".encode() for number in range(MOST_KEPT + 1, MOST_KEPT + 5)),
        b"form big",
    ]
    keep(server, "form late", b"x", now + LIFETIME_MILLISECONDS + 11)
    assert [bytes(row.request_hash) for row in rows(server)] == [b"form late"]
    forget_all(server)


def keep(server: RunningServer, name: str, content: bytes, now: int) -> None:
    form = SealedForm(name.encode(), content)
    assert server.database.write_sync(lambda connection: store.save_form(connection, form, now=now))


def rows(server: RunningServer) -> list[Any]:
    """What is kept, the oldest first."""
    columns = idempotent_answers.c
    query = select(idempotent_answers).where(columns.key_hash.in_(PLACES)).order_by(columns.created)
    return list(server.database.read_sync(lambda connection: connection.execute(query).all()))


def forget_all(server: RunningServer) -> None:
    kept = delete(idempotent_answers).where(idempotent_answers.c.key_hash.in_(PLACES))
    server.database.write_sync(lambda connection: connection.execute(kept))
