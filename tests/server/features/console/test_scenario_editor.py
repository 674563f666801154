"""The scenario editor: every type of property there and back, items, times with their zones, problems by field."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.server.features.auth.flows import Browser, someone
from tests.server.features.console.delivery_space import ALL_SET, DeliverySpace, delivery_space, edit, fields_in
from tests.server.features.console.people import forms_of, text_of
from tests.servers import RunningServer


@pytest.fixture
def space(server: RunningServer) -> DeliverySpace:
    return delivery_space(server, someone(server))


def editor(space: DeliverySpace, scenario: str = "default", entity: str = "home.top") -> httpx.Response:
    page = space.browser.get(space.path(f"/entities/{entity}/scenario"), scenario=scenario)
    assert page.status_code == 200
    return page


def default_of(space: DeliverySpace, entity: str = "home.top") -> Any:
    return space.delivery()["scenarios"][entity]["default"]


def test_what_nobody_touched_stays_as_it_was(space: DeliverySpace) -> None:
    for entity, scenario in (("home.top", "default"), ("home.top", "Gold"), ("home.body", "default")):
        page = edit(space, editor(space, scenario, entity), entity)
        assert page.status_code == 200
        assert "staging already delivers this" in text_of(page), entity
    awkward = {"title": "\r\nfirst", "background": {"value": None, "opacity": 0.25}, "tags": ["", "a\nb"]}
    space.deliver({"home.top": {"default": {"properties": awkward}}})
    assert "staging already delivers this" in text_of(edit(space, editor(space), "home.top"))


def test_every_type_of_property_is_set_and_unset(space: DeliverySpace) -> None:
    typed = {
        "p__title": "New & <b>",
        "p__columns": " -12 ",
        "p__sticky": "on",
        "p__background": "#FFCC00",
        "p__background__opacity": ".5",
        "p__ends-at": "2027-07-01T10:00",
        "p__ends-at__zone": "Europe/Oslo",
        "p__tags": "x\r\n\r\ny y\r\n",
        "p__layout": "=wide",
        "p__picture": " https://images.example.com/b.png ",
    }
    review = edit(space, editor(space), "home.top", **typed)
    assert space.push(review).status_code == 303
    assert default_of(space)["properties"] == {
        "title": "New & <b>",
        "columns": -12,
        "sticky": True,
        "background": {"value": "#ffcc00", "opacity": 0.5},
        "ends-at": "2027-07-01T08:00:00Z",
        "tags": ["x", "y y"],
        "layout": "wide",
        "picture": "https://images.example.com/b.png",
    }
    boxes: dict[str, Any] = {f"p__{key}__set": [] for key in ("title", "background", "tags")}
    rest: dict[str, Any] = dict.fromkeys(("p__columns", "p__sticky", "p__ends-at", "p__layout"), "")
    space.push(edit(space, editor(space), "home.top", p__picture="", **boxes, **rest))
    assert "properties" not in default_of(space)


def test_what_is_typed_beside_an_empty_box_counts_and_a_default_is_told(space: DeliverySpace) -> None:
    page = editor(space, "Later")
    assert "If not set: 0.5 from the default scenario." in text_of(page)
    assert "If not set: 5 from the model." in text_of(editor(space))
    space.push(edit(space, page, "home.top", p__tags="a"))
    (_, later) = space.delivery()["scenarios"]["home.top"]["targeted"]
    assert later["properties"] == {"title": "Late", "tags": ["a"]}
    space.push(edit(space, editor(space), "home.top", p__title="", p__title__set="yes"))
    assert default_of(space)["properties"]["title"] == ""


def test_a_targeted_scenario_is_created_renamed_and_timed(space: DeliverySpace) -> None:
    page = space.browser.get(space.path("/entities/home.top/scenario"))
    fields = {"name": "Spring", "starts": "2027-03-28T03:00", "starts__zone": "Europe/Oslo", "ends": "2027-04-01T00:00"}
    review = edit(space, page, "home.top", tribes=["gold", "night"], p__title="Spring!", **fields)
    assert "added home.top · Spring" in text_of(review)
    assert space.push(review).status_code == 303
    assert space.delivery()["scenarios"]["home.top"]["targeted"][-1] == {
        "name": "Spring",
        "tribes": ["gold", "night"],
        "starts": "2027-03-28T01:00:00Z",
        "ends": "2027-04-01T00:00:00Z",
        "enabled": True,
        "properties": {"title": "Spring!"},
    }
    space.push(edit(space, editor(space, "Spring"), "home.top", name="Summer", enabled=[]))
    renamed = space.delivery()["scenarios"]["home.top"]["targeted"][-1]
    assert (renamed["name"], renamed["enabled"], renamed["starts"]) == ("Summer", False, "2027-03-28T01:00:00Z")


def test_problems_stand_beside_their_fields_and_nothing_is_lost(space: DeliverySpace) -> None:
    page = space.browser.get(space.path("/entities/home.top/scenario"))
    typed = {"name": "Gold", "p__columns": "five", "p__picture": "ftp://x", "starts": "2027-03-28T02:30"}
    answer = edit(space, page, "home.top", **typed, starts__zone="Europe/Oslo")
    assert answer.status_code == 422
    assert "This time does not exist in Europe/Oslo" in answer.text
    assert 'id="p.columns-problem"' in answer.text
    for value in ('value="five"', 'value="ftp://x"', 'value="2027-03-28T02:30"', 'value="Europe/Oslo"'):
        assert value in answer.text
    answer = edit(
        space, page, "home.top", **{**typed, "p__columns": "5", "starts": "2027-05-01T00:00"}, ends="2027-01-01T00:00"
    )
    assert answer.status_code == 422
    for name in ("name", "tribes", "ends", "p.picture"):
        assert f'id="{name}-problem"' in answer.text, name
    assert "Not saved: 4 fields need correction" in answer.text
    for number in ("1e999", "nan", "1_000", "9" * 5000, "0,5", "٣"):
        assert 'id="p.columns-problem"' in edit(space, page, "home.top", p__columns=number).text
    zone = edit(space, page, "home.top", starts="2027-05-01T00:00", starts__zone="Mars/Base")
    assert "Unknown time zone “Mars/Base”" in zone.text
    assert space.delivery()["revision"] == 1


def test_items_are_added_put_in_order_and_removed_in_one_push(space: DeliverySpace) -> None:
    page = edit(space, editor(space, entity="home.body"), "home.body", "add", add="hero", i__0__p__title="First")
    assert "3. hero" in text_of(page)
    page = edit(space, page, "home.body", "up:2", i__2__p__title="New")
    page = edit(space, page, "home.body", "up:2")
    page = edit(space, page, "home.body", "down:0")
    page = edit(space, page, "home.body", "remove:1")
    assert space.delivery()["revision"] == 1
    space.push(edit(space, page, "home.body"))
    assert default_of(space, "home.body")["items"] == [
        {"id": "hero", "experience": "hero", "enabled": True, "properties": {"title": "New"}},
        {"id": "one", "experience": "hero", "enabled": True, "properties": {"title": "First"}},
    ]
    assert space.delivery()["revision"] == 2


def test_an_item_is_moved_to_a_place_with_all_that_was_typed(space: DeliverySpace) -> None:
    page = edit(space, editor(space, entity="home.body"), "home.body", "add", add="hero")
    page = edit(space, page, "home.body", "move:2:1", i__2__p__title="New")
    action = space.path("/entities/home.body/scenario")
    assert fields_in(page, action)["item"] == ["2", "0", "1"]
    assert fields_in(page, action)["i.2.p.title"] == ["New"]
    for deed, order in (("move:2:2", ["0", "2", "1"]), ("move:2:9", ["0", "1", "2"]), ("move:0:3", ["2", "1", "0"])):
        assert fields_in(edit(space, page, "home.body", deed), action)["item"] == order, deed
    for deed in ("move:2:0", "move:2:x", "move:2", "move:7:1", "move:2:501"):
        assert fields_in(edit(space, page, "home.body", deed), action)["item"] == ["2", "0", "1"], deed


def test_the_problems_of_an_item_stand_in_it_and_unfold_it(space: DeliverySpace) -> None:
    answer = edit(space, editor(space, entity="home.body"), "home.body", i__1__p__columns="x", i__0__id="a b")
    assert answer.status_code == 422
    assert 'id="i.1.p.columns-problem"' in answer.text
    answer = edit(space, editor(space, entity="home.body"), "home.body", i__0__id="two")
    assert 'id="i.1.id-problem"' in answer.text
    assert answer.text.count('<details class="more" open>') == 1


def test_a_review_goes_back_to_the_form_with_all_that_was_typed(space: DeliverySpace) -> None:
    review = edit(space, editor(space), "home.top", p__title="Typed")
    action = space.path("/entities/home.top/scenario")
    (fields, *_) = forms_of(review)[action]
    page = space.browser.send("POST", action, fields={**fields, "deed": "edit"})
    assert fields_in(page, action)["p.title"] == ["Typed"]
    space.push(edit(space, page, "home.top"))
    assert default_of(space)["properties"] == {**ALL_SET, "title": "Typed", "ends-at": "2027-04-30T22:00:00.500Z"}


def test_who_was_signed_out_meanwhile_comes_back_to_what_was_typed(space: DeliverySpace) -> None:
    action = space.path("/entities/home.top/scenario")
    sent: Any = {**fields_in(editor(space, "Gold"), action), "p.title": "Typed & kept", "deed": "review"}
    back = httpx.URL(Browser(space.server).send("POST", action, fields=sent).headers["location"]).params["next"]
    page = space.browser.get(back)
    assert fields_in(page, action)["p.title"] == ["Typed & kept"]
    assert fields_in(page, action)["scenario"] == ["Gold"]


def test_changes_of_no_form_of_ours_are_refused(space: DeliverySpace) -> None:
    action = space.path("/entities/home.top/scenario")
    (fields, *_) = forms_of(editor(space))[action]
    for change in ("{", json.dumps({"deed": "publish", "collection": "home"})):
        answer = space.browser.send("POST", action, fields={**fields, "deed": "edit", "change": change})
        assert answer.status_code == 400
    for path in ("/entities/home.none/scenario", "/entities/home.top/scenario?scenario=None"):
        assert space.browser.get(space.path(path)).status_code == 404


def test_a_value_of_a_type_that_a_property_no_longer_has_is_not_set(space: DeliverySpace) -> None:
    model = space.send("GET", "/model").json()["data"][0]
    properties = model["experiences"]["banner"]["properties"]
    for (key, old), kind in zip(sorted(properties.items()), ("list", "color", "text", "number", "date"), strict=False):
        assert old["type"] != kind, key
        properties[key] = {"type": kind}
    space.send("PUT", "/model", model)
    review = edit(space, editor(space), "home.top")
    assert "If not set" in text_of(editor(space))
    assert space.push(review).status_code == 303
    assert sorted(default_of(space)["properties"]) == ["ends-at", "sticky", "tags", "title"]
