"""Delivery in the console: looked at, published, put in order, promoted, rolled back; two people at once; roles."""

from __future__ import annotations

import html
import json
import re

import httpx
import pytest

from templates_server.security.authorization import Role
from tests.server.features.auth.flows import Browser, Someone, signed_in_browser, someone
from tests.server.features.console.delivery_space import GOLD, LATER, SCENARIOS, DeliverySpace, delivery_space, edit
from tests.server.features.console.people import colleague, deeds_of, forms_of, text_of
from tests.servers import RunningServer

HOSTILE = '<script>alert("1")</script> \u202eevil'


@pytest.fixture
def person(server: RunningServer) -> Someone:
    return someone(server)


@pytest.fixture
def space(server: RunningServer, person: Someone) -> DeliverySpace:
    return delivery_space(server, person)


def last_deed(space: DeliverySpace) -> str:
    return deeds_of(space.server, space.person)[-1][0]


def names_of(space: DeliverySpace, entity: str = "home.top", environment: str = "staging") -> list[str]:
    return [scenario["name"] for scenario in space.delivery(environment)["scenarios"][entity].get("targeted", ())]


def test_the_overview_shows_entities_with_their_scenarios_in_order(space: DeliverySpace) -> None:
    page = text_of(space.browser.get(space.path()))
    assert "not published" in page
    assert "home.top banner experience Gold, Later default scenario" in page
    assert "home.body list section none default scenario" in page
    found = text_of(space.browser.get(f"{space.path()}?search=body"))
    assert "home.body" in found
    assert "home.top" not in found
    for words in ("later", "LATE banner"):
        assert "home.top" in text_of(space.browser.get(space.path(), search=words)), words
    assert "No entity matches “zzz”" in text_of(space.browser.get(f"{space.path()}?search=zzz"))


def test_a_model_without_collections_teaches_what_would_be_here(space: DeliverySpace) -> None:
    space.send("PUT", "/model", {"name": "Radio"})
    assert "mtribes space push" in text_of(space.browser.get(space.path()))
    assert space.browser.get(space.path("/entities/home.top")).status_code == 404


def test_a_collection_is_published_and_unpublished_after_a_review(space: DeliverySpace) -> None:
    for deed, published in (("publish", ["home"]), ("unpublish", [])):
        page = space.review(deed, collection="home")
        assert f"{deed}ed home Apps" in text_of(page)
        assert space.push(page, note="Spring").status_code == 303
        assert space.delivery()["published"] == published
        assert last_deed(space) == f"collection.{deed}"
        assert "already" in text_of(space.review(deed, collection="home"))
    assert "Spring" in text_of(space.browser.get(space.path("/history")))


def test_scenarios_change_places_and_go(space: DeliverySpace) -> None:
    page = space.review("up", entity="home.top", scenario="Later")
    assert "Later position 2 becomes → 1" in text_of(page)
    assert names_of(space) == ["Gold", "Later"]
    assert space.push(page).headers["location"] == space.path("/entities/home.top")
    assert names_of(space) == ["Later", "Gold"]
    space.push(space.review("down", entity="home.top", scenario="Later"))
    assert names_of(space) == ["Gold", "Later"]
    space.push(space.review("delete", entity="home.top", scenario="Gold"))
    assert names_of(space) == ["Later"]
    space.push(space.review("delete", entity="home.top", scenario="default"))
    assert "default" not in space.delivery()["scenarios"]["home.top"]
    assert "“Gold” no longer exists" in text_of(space.review("up", entity="home.top", scenario="Gold"))


def test_a_scenario_is_moved_to_a_place_after_the_same_review(space: DeliverySpace) -> None:
    third = {**LATER, "name": "Third"}
    space.deliver({"home.top": {"targeted": [GOLD, LATER, third]}})
    page = space.review("move", entity="home.top", scenario="Third", position="1")
    assert "Move “Third” to position 1 in home.top" in text_of(page)
    assert names_of(space) == ["Gold", "Later", "Third"]
    assert space.push(page).headers["location"] == space.path("/entities/home.top")
    assert names_of(space) == ["Third", "Gold", "Later"]
    space.push(space.review("move", entity="home.top", scenario="Third", position="2"))
    assert names_of(space) == ["Gold", "Third", "Later"]
    space.push(space.review("move", entity="home.top", scenario="Gold", position="100"))
    assert names_of(space) == ["Third", "Later", "Gold"]
    assert "already delivers this" in text_of(space.review("move", entity="home.top", scenario="Third", position="1"))
    for position in ("0", "-1", "x", "101", ""):
        answer = space.review("move", entity="home.top", scenario="Third", position=position)
        assert answer.status_code == 400, position


def test_a_push_that_is_sent_twice_is_made_once(space: DeliverySpace) -> None:
    for deed, fields in (("publish", {"collection": "home"}), ("down", {"entity": "home.top", "scenario": "Gold"})):
        page, before = space.review(deed, **fields), space.delivery()["revision"]
        assert [space.push(page).status_code for _ in range(2)] == [303, 303]
        assert space.delivery()["revision"] == before + 1


def test_production_is_promoted_to_only_when_that_is_ticked(space: DeliverySpace) -> None:
    compared = space.browser.get(f"{space.path('/compare', 'production')}?to=staging")
    assert "added home.top · Gold" in text_of(compared)
    (link,) = re.findall(r'href="([^"]+deed=promote[^"]+)"', compared.text)
    page = space.browser.get(html.unescape(link))
    assert "This changes production" in page.text
    refused = space.push(page, "production", note="Go")
    assert refused.status_code == 422
    assert "Confirm first" in refused.text
    assert 'value="Go"' in refused.text
    assert space.delivery("production")["revision"] == 0
    assert space.push(refused, "production", sure="yes").status_code == 303
    assert space.delivery("production")["scenarios"] == space.delivery()["scenarios"]
    assert "No differences" in space.browser.get(f"{space.path('/compare', 'production')}?to=staging").text


def test_any_revision_is_delivered_again(space: DeliverySpace) -> None:
    space.deliver({"home.top": {"targeted": [LATER]}})
    page = space.browser.get(space.path("/history"))
    assert len(re.findall(r"deed=restore", page.text)) == 1
    review = space.review("restore", revision="1")
    assert "Roll staging back to revision 1" in text_of(review)
    assert space.push(review).headers["location"] == space.path("/history")
    assert (space.delivery()["revision"], names_of(space)) == (3, ["Gold", "Later"])
    assert last_deed(space) == "delivery.restore"


def test_what_the_space_no_longer_has_keeps_a_revision_from_coming_back(space: DeliverySpace) -> None:
    space.deliver({"home.top": {"targeted": [LATER]}})
    space.send("DELETE", "/tribes/gold")
    page = space.review("restore", revision="1")
    assert "This cannot be pushed" in text_of(page)
    assert space.path("/push") not in forms_of(page)


def test_parts_that_the_model_lost_are_told_and_left_out(space: DeliverySpace) -> None:
    model = space.send("GET", "/model").json()["data"][0]
    del model["experiences"]["banner"]["properties"]["tags"]
    space.send("PUT", "/model", model)
    page = space.review("up", entity="home.top", scenario="Later")
    assert "tags" in text_of(page).partition("These parts no longer exist")[2]
    assert space.push(page).status_code == 303
    assert "tags" not in space.delivery()["scenarios"]["home.top"]["default"]["properties"]


def test_a_model_that_changed_after_the_review_is_looked_at_again(space: DeliverySpace) -> None:
    page = space.review("up", entity="home.top", scenario="Later")
    model = space.send("GET", "/model").json()["data"][0]
    del model["experiences"]["banner"]["properties"]["tags"]
    space.send("PUT", "/model", model)
    answer = space.push(page)
    assert answer.status_code == 422
    assert "have changed since this review" in text_of(answer)
    assert names_of(space) == ["Gold", "Later"]


def test_two_people_who_edit_one_scenario_lose_nothing(space: DeliverySpace) -> None:
    editor = space.browser.get(space.path("/entities/home.top/scenario"), scenario="Gold")
    mine = edit(space, editor, "home.top", p__title="Mine", p__columns="7")
    theirs = {**GOLD, "tribes": ["gold", "night"], "properties": {"title": "Theirs", "sticky": True}}
    space.deliver({**SCENARIOS, "home.top": {**SCENARIOS["home.top"], "targeted": [theirs]}})
    conflict = space.push(mine, note="Why")
    assert conflict.status_code == 409
    assert space.delivery()["revision"] == 2
    said = text_of(conflict)
    assert "Someone else has changed the delivery in the meantime" in said
    assert f"by {space.person.email}" in said
    assert "home.top · Gold · properties.title For gold Theirs Mine" in said
    assert "removed home.top · Later" in said
    assert 'value="Why"' in conflict.text
    again = space.browser.send("POST", space.path("/entities/home.top/scenario"), fields=edit_again(space, conflict))
    assert "Mine</textarea>" in again.text
    assert space.push(conflict).status_code == 303
    (kept,) = space.delivery()["scenarios"]["home.top"]["targeted"]
    assert kept["properties"] == {"title": "Mine", "columns": 7, "sticky": True}
    assert kept["tribes"] == ["gold", "night"]


def edit_again(space: DeliverySpace, page: httpx.Response) -> dict[str, str]:
    """The fields of the way back to the editor."""
    return {**forms_of(page)[space.path("/entities/home.top/scenario")][0], "deed": "edit"}


def test_who_was_signed_out_meanwhile_comes_back_to_the_review(space: DeliverySpace) -> None:
    page = space.review("up", entity="home.top", scenario="Later")
    fields = {**forms_of(page)[space.path("/push")][0], "note": "A & B"}
    answer = Browser(space.server).send("POST", space.path("/push"), fields=fields)
    back = httpx.URL(answer.headers["location"]).params["next"]
    assert back.startswith(space.path("/review?"))
    assert httpx.URL(back).params["note"] == "A & B"
    reviewed = space.browser.get(back)
    assert 'value="A &amp; B"' in reviewed.text
    assert "position 2 becomes → 1" in text_of(reviewed)


def test_a_change_that_the_console_does_not_make_is_refused(space: DeliverySpace) -> None:
    page = space.review("publish", collection="home")
    saved = [{"items": [1]}, {"items": [{"id": 1}]}, {"properties": []}, {"tribes": "gold"}, {"name": None}, []]
    odd = [json.dumps({"deed": "save", "entity": "home.top", "scenario": "Gold", "value": value}) for value in saved]
    for change in ("", "{", "[]", '{"deed":"drop"}', json.dumps({"deed": "publish"}), "[" * 5000, *odd):
        assert space.push(page, change=change).status_code == 400, change
    assert space.review("nothing").status_code == 400
    assert space.push(page, base="").status_code == 400
    assert space.push(page, base="99").status_code == 404
    assert "is not a collection" in text_of(space.review("publish", collection="nowhere"))


def test_a_note_that_is_too_long_comes_back_with_what_is_wrong(space: DeliverySpace) -> None:
    answer = space.push(space.review("publish", collection="home"), note="x" * 201)
    assert answer.status_code == 422
    assert re.search(r'id="note-problem" role="alert">has 201 characters', answer.text)


def test_a_preview_shows_what_a_person_sees_and_why(space: DeliverySpace) -> None:
    space.send("POST", "/environments/staging/users", {"user_id": "ada", "tags": ["gold"]})
    space.push(space.review("publish", collection="home"))
    page = text_of(space.browser.get(space.path("/preview"), person="ada"))
    assert "home.top shown Gold : the first targeted scenario that matches" in page
    assert "title For gold" in page
    assert "ada is in gold" in page
    nobody = space.browser.get(space.path("/preview"), person="nobody", kind="visitor")
    assert nobody.status_code == 422
    assert "No user or visitor with that ID" in nobody.text
    assert f'href="{space.path().removesuffix("/delivery")}/users?search=nobody"' in nobody.text


def test_a_preview_shows_what_is_scheduled_at_a_moment_of_any_zone(space: DeliverySpace) -> None:
    space.send("POST", "/environments/staging/users", {"user_id": "ada", "tags": ["gold"]})
    space.deliver({"home.top": {"targeted": [{**GOLD, "starts": "2099-12-03T23:00:00Z"}]}})
    space.push(space.review("publish", collection="home"))
    at = {"person": "ada", "at.zone": "Europe/Oslo"}
    now = text_of(space.browser.get(space.path("/preview"), **at))
    assert "not shown before" in now
    then = text_of(space.browser.get(space.path("/preview"), at="2099-12-04T00:00", **at))
    assert "user, Thu 3 Dec 2099, 23:00 UTC" in then
    assert "Gold : the first targeted scenario that matches" in then
    before = text_of(space.browser.get(space.path("/preview"), at="2099-12-03T23:59", **at))
    assert "not shown before" in before
    wrong = space.browser.get(space.path("/preview"), person="ada", at="2099-12-04T00:00", **{"at.zone": "Oslo"})
    assert wrong.status_code == 422
    assert "Unknown time zone “Oslo”" in text_of(wrong)


def test_times_are_told_with_the_day_of_the_week_and_as_they_are_stored(space: DeliverySpace) -> None:
    space.deliver({"home.top": {"targeted": [{**GOLD, "starts": "2099-12-03T23:00:00Z"}]}})
    page = space.browser.get(space.path("/entities/home.top"))
    assert "from Thu 3 Dec 2099, 23:00 UTC ." in text_of(page)
    assert 'title="2099-12-03T23:00:00Z"' in page.text
    compared = text_of(space.browser.get(f"{space.path('/compare')}?from=1&to=2"))
    assert "starts not set becomes → Thu 3 Dec 2099, 23:00 UTC" in compared


def test_names_from_people_are_text_everywhere(space: DeliverySpace) -> None:
    named = {**GOLD, "name": HOSTILE, "properties": {"title": HOSTILE}}
    space.deliver({"home.top": {"targeted": [named]}})
    pages = (
        space.browser.get(space.path()),
        space.browser.get(space.path("/entities/home.top")),
        space.browser.get(space.path("/entities/home.top/scenario"), scenario=HOSTILE),
        space.browser.get(f"{space.path('/compare', 'production')}?to=staging"),
        space.review("delete", entity="home.top", scenario=HOSTILE),
    )
    for page in pages:
        assert page.status_code == 200
        assert html.escape(HOSTILE, quote=True).replace("&quot;", "&#34;") in page.text
        assert "<script>alert" not in page.text


def test_a_viewer_looks_and_changes_nothing(space: DeliverySpace) -> None:
    viewer = signed_in_browser(space.server, colleague(space.server, space.person, Role.VIEWER))
    for path in ("", "/entities/home.top", "/compare?to=production"):
        page = viewer.get(space.path(path))
        assert page.status_code == 200
        assert "review?" not in page.text
        assert "/history" not in page.text
        assert "/preview" not in page.text
    refused = ("/entities/home.top/scenario", "/review?deed=publish&collection=home", "/history", "/preview")
    assert [viewer.get(space.path(path)).status_code for path in refused] == [403] * 4
