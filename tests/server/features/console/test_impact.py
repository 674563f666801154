"""The impact of a push in the console: before a change, a restore, a promotion, a saved tribe. Nothing is stored."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.server.features.auth.flows import Someone, someone
from tests.server.features.console.delivery_space import DeliverySpace, delivery_space
from tests.server.features.console.people import deeds_of, forms_of, submit, text_of
from tests.servers import RunningServer

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def space(server: RunningServer) -> DeliverySpace:
    person: Someone = someone(server)
    made = delivery_space(server, person)
    for environment in ("staging", "production"):
        people = [{"user_id": user, "tags": ["gold"]} for user in ("ada", HOSTILE)] + [{"user_id": "bob", "tags": []}]
        made.send("POST", f"/environments/{environment}/users", people)
        key = made.send("POST", f"/environments/{environment}/keys", {"name": "web"}).json()["data"][0]["key"]
        with server.client(Authorization=f"Bearer {key}") as app:
            for one in people:
                start = {"anonymous_id": f"phone of {one['user_id']}", "external_id": one["user_id"]}
                assert app.post("/api/client/sessions", json=start).is_success
    return made


def show_impact(space: DeliverySpace, page: httpx.Response, environment: str = "staging") -> httpx.Response:
    return space.push(page, environment, act="impact")


def revisions(space: DeliverySpace) -> tuple[int, int, int]:
    return (
        space.delivery("staging")["revision"],
        space.delivery("production")["revision"],
        len(deeds_of(space.server, space.person)),
    )


def test_the_review_of_a_change_shows_who_it_affects_and_pushes_nothing(space: DeliverySpace) -> None:
    before = revisions(space)
    page = space.review("delete", entity="home.top", scenario="Gold")
    assert "Show who is affected" in text_of(page)
    shown = show_impact(space, page)
    assert shown.status_code == 200
    assert "Evaluated 3 people seen in staging in the last 30 days. Nothing was pushed." in text_of(shown)
    assert "2 (66.67%) would get another scenario" in text_of(shown)
    assert re.search(r"Gold 0 \(0.00%\) 2 \(66.67%\) Lose: [^.]*ada", text_of(shown))
    assert HOSTILE not in shown.text
    assert "preview?kind=user&amp;person=ada" in shown.text
    assert revisions(space) == before
    assert space.push(shown).status_code == 303  # the form is there as it was


def test_a_restore_and_a_promotion_show_who_they_affect(space: DeliverySpace) -> None:
    space.deliver({})
    before = revisions(space)
    restored = show_impact(space, space.review("restore", revision="1"))
    assert "Gold 2 (66.67%) 0 (0.00%) Gain:" in text_of(restored)
    space.deliver({"home.top": {"targeted": [{"name": "Gold", "tribes": ["gold"]}]}})
    promotion = space.browser.get(f"{space.path('/review', 'production')}?deed=promote&environment=staging")
    shown = show_impact(space, promotion, "production")  # whether one is sure is not asked for that
    assert shown.status_code == 200
    assert "seen in production" in text_of(shown)
    assert "Gold 2 (66.67%)" in text_of(shown)
    assert revisions(space)[1] == before[1]


def test_a_busy_server_is_told_on_the_page(space: DeliverySpace, server: RunningServer) -> None:
    slots = server.app.features.impact_slots
    page = space.review("delete", entity="home.top", scenario="Gold")
    with slots.acquire(["one"], "one"), slots.acquire(["two"], "two"):
        shown = show_impact(space, page)
    assert "Retry in a few seconds" in text_of(shown)
    assert shown.status_code == 200


def test_what_cannot_be_pushed_has_no_impact(space: DeliverySpace) -> None:
    space.send("PUT", "/model", {"name": "Radio"})
    assert "Show who is affected" not in text_of(space.review("restore", revision="1"))


def test_the_editor_of_a_tribe_shows_who_the_change_affects(space: DeliverySpace) -> None:
    path = f"/console/spaces/{space.key}/environments/staging/tribes/gold/edit"
    before = revisions(space)
    page = space.browser.get(path)
    assert path in forms_of(page)
    fields = {"f0-tag": "nothing", "act": "impact"}
    shown = submit(space.browser, page, path, **fields)
    assert shown.status_code == 200
    text = text_of(shown)
    assert "Evaluated 3 people seen in staging" in text
    assert "Evaluated 3 people seen in production" in text
    assert re.search(r"Gold 0 \(0.00%\) 2 \(66.67%\) Lose:", text)
    assert "development" in text
    assert revisions(space) == before
    refused = submit(space.browser, page, path, **{"f0-tag": "", "act": "impact"})
    assert refused.status_code == 422
