"""The editor of tribes without JavaScript: rows come and go, rules are counted, nothing typed or saved is lost."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from templates_server.security.authorization import Role
from tests.server.features.auth.flows import Browser, signed_in_browser
from tests.server.features.console.people import colleague, submit, text_of
from tests.server.features.console.tribes_site import GOLD, HOSTILE, TribesSite, new_tribes_site
from tests.servers import RunningServer

INPUT = re.compile(r'<input(?=[^>]* name="([^"]+)")(?=[^>]* value="([^"]*)")[^>]*>')
AREA = re.compile(r'<textarea[^>]* name="([^"]+)"[^>]*>\n(.*?)</textarea>', re.DOTALL)
SELECT = re.compile(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', re.DOTALL)
CHOSEN = re.compile(r'value="([^"]*)" selected')
FIRST = re.compile(r'value="([^"]*)"')


@pytest.fixture
def place(server: RunningServer) -> TribesSite:
    return new_tribes_site(server)


def filled_in(page: httpx.Response) -> dict[str, str]:
    """The fields of the editor's form, as a browser would send them."""
    form = page.text[page.text.index('aria-label="Tribe">') : page.text.rindex("</form>")]
    fields = {name: html.unescape(value) for name, value in (*INPUT.findall(form), *AREA.findall(form))}
    for name, options in SELECT.findall(form):
        fields[name] = (CHOSEN.search(options) or FIRST.search(options))[1]  # type: ignore[index]
    return fields


def press(place: TribesSite, page: httpx.Response, act: str, path: str = "", **changes: str) -> httpx.Response:
    """Change some fields, and press a button of the editor."""
    path = path or f"{place.path}/gold-members/edit"
    fields = {**filled_in(page), **{name.replace("_", "-", 1): value for name, value in changes.items()}, "act": act}
    return place.browser.send("POST", path, fields=fields)


def stored(place: TribesSite, key: str = "gold-members") -> dict[str, Any]:
    """A tribe as the API has it."""
    found: dict[str, Any] = place.api("GET", f"/tribes/{key}").json()["data"][0]
    return found


def opened(place: TribesSite, key: str = "gold-members", **query: str) -> httpx.Response:
    """The editor of a tribe."""
    page = place.browser.get(f"{place.path}/{key}/edit", **query)
    assert page.status_code == 200, page.text
    return page


def test_rows_come_and_go_by_buttons_and_are_saved_with_a_note(place: TribesSite) -> None:
    page = opened(place)
    for kind in ("event", "share", "tag", "behaviour"):
        page = press(place, page, "add", kind=kind)
        assert page.status_code == 200
    page = press(
        place, page, "remove-0", f1_event="video/completed", f1_often="more_than", f1_number="2", f2_salt="spring",
        f3_tag="sports/football", f4_value="3",
    )  # fmt: skip
    event = {"f0_meta1-key": "genre", "f0_meta1-value": "Drama", "f0_data2-path": "price.amount", "f0_data2-value": "5"}
    saved = press(place, page, "save", note="Who watches", **event, **{"f0_data2-operator": "less_than"})
    assert (saved.status_code, saved.headers["location"]) == (303, f"{place.path}/gold-members")
    assert "Tribe saved." in text_of(place.browser.get(saved.headers["location"]))
    assert stored(place)["filters"] == [
        {
            "event": "video/completed",
            "condition": "have_done",
            "frequency": {"more_than": 2},
            "timeframe": "any_time",
            "metadata": {"genre": "Drama"},
            "data": [{"path": ["price", "amount"], "operator": "less_than", "value": 5}],
        },
        {"share": {"salt": "spring", "from": 0, "to": 10}},
        {"tag": "sports/football"},
        {"behaviour": "sessions_30_days", "operator": "greater_or_equal", "value": 3},
    ]
    assert place.deeds()[-1] == "tribe.replace"
    assert place.api("GET", "/tribes/revisions").json()["data"][0]["note"] == "Who watches"


def test_the_rules_are_counted_before_they_are_saved(place: TribesSite) -> None:
    page = opened(place)
    counted = press(place, page, "count", f0_value="free")
    assert "1 person in staging, counted just now" in text_of(counted)
    assert filled_in(counted)["f0-value"] == "free"
    assert stored(place)["filters"][0]["value"] == "gold"
    refused = press(place, page, "count", f0_operator="greater_than")
    assert refused.status_code == 422
    assert "Correct the marked fields" in text_of(refused)


def test_what_is_wrong_stands_beside_its_field_and_stays_typed(place: TribesSite) -> None:
    page = press(place, opened(place), "add", kind="event")
    answer = press(
        place, page, "save", name="x" * 201, f0_attribute="x.plan", f0_operator="in", f0_type="number",
        f0_value="1\r\nten", f1_event="mtribes/x", f1_often="exactly", f1_number="many", note="n" * 201,
    )  # fmt: skip
    assert answer.status_code == 422
    for field in ("f0-value", "f0-attribute", "f1-event"):
        assert f'id="{field}-problem"' in answer.text, field
    answer = press(place, answer, "save", f0_value="1\r\n2")
    for field in ("name", "f0-attribute", "f1-event", "f1-number"):
        assert f'id="{field}-problem"' in answer.text, field
        assert re.search(rf'name="{field}"[^>]* aria-describedby="{field}-problem"', answer.text), field
    assert filled_in(answer)["f0-value"].splitlines() == ["1", "2"]
    assert filled_in(answer)["f1-number"] == "many"
    answer = press(place, answer, "save", name="x", f0_attribute="attributes.plan", f1_event="a", f1_number="1")
    assert 'id="note-problem"' in answer.text
    assert stored(place)["name"] == "Gold members"


def test_an_attribute_of_ones_own_is_known_by_its_bare_name(place: TribesSite) -> None:
    page = press(place, opened(place), "count", f0_attribute=" plan ")
    assert "2 people in staging" in text_of(page)
    assert press(place, page, "save", f0_attribute="email", f0_value="ada@example.com").status_code == 303
    assert stored(place)["filters"][0]["attribute"] == "email"
    assert press(place, opened(place), "save", f0_attribute="plan").status_code == 303
    assert stored(place)["filters"][0]["attribute"] == "attributes.plan"


def test_an_attribute_that_nobody_has_is_pointed_out(place: TribesSite) -> None:
    page = press(place, opened(place), "count", f0_attribute="country", f0_value="Norway")
    assert "No people checked in staging have the attribute “attributes.country”" in text_of(page)
    assert "No people checked" not in text_of(opened(place))


def test_a_filter_that_was_added_and_a_count_are_where_the_browser_goes(place: TribesSite) -> None:
    page = opened(place)
    assert 'value="add" formaction="' in page.text
    assert '/gold-members/edit#filter-2"' in page.text
    assert '/gold-members/edit#count"' in page.text
    assert 'id="filter-2"' in press(place, page, "add", kind="tag").text


def test_a_new_tribe_has_a_key_of_its_name(place: TribesSite) -> None:
    path = f"{place.here}/new-tribe"
    page = place.browser.get(path)
    for name, problem in (
        ("", "Is required: enter a key"),
        ("日本", "Is required: enter a key"),
        ("Gold members", "A tribe with this key already exists"),
        ("Revisions", ".*is the history of all tribes"),
    ):
        answer = press(place, page, "save", path, name=name, f0_attribute="locale", f0_operator="exists")
        assert answer.status_code == 422
        assert re.search(rf'id="tribe-problem"[^>]*>{problem}', answer.text), name
    both = press(place, page, "save", path, name="", f0_attribute="non.sense")
    assert [name for name in ("tribe", "f0-attribute") if f'id="{name}-problem"' in both.text] == [
        "tribe",
        "f0-attribute",
    ]
    for _ in range(2):  # the second one is the same form, sent again
        made = press(place, page, "save", path, name="Ünder 30s!", f0_attribute="locale", f0_operator="exists")
        assert (made.status_code, made.headers["location"]) == (303, f"{place.path}/under-30s")
    assert stored(place, "under-30s")["name"] == "Ünder 30s!"
    assert place.deeds().count("tribe.replace") == 1


def test_who_was_overtaken_sees_both_versions_and_loses_nothing(place: TribesSite) -> None:
    page = opened(place)
    place.api("PUT", "/tribes/gold-members?note=Sooner", {**GOLD, "filters": [{"tag": "theirs"}]})
    answer = press(place, page, "save", f0_value="mine")
    assert answer.status_code == 422
    said = text_of(answer)
    assert "Someone else saved this tribe while you edited it" in said
    assert f"by {place.person.email}: “Sooner”" in said
    assert "Has the tag theirs or a tag below it" in said
    assert 'Attribute “plan” equals "mine"' in said
    assert stored(place)["filters"] == [{"tag": "theirs"}]
    assert filled_in(answer)["f0-value"] == "mine"
    assert press(place, answer, "save").status_code == 303
    assert stored(place)["filters"][0]["value"] == "mine"


def test_another_tribe_that_is_saved_meanwhile_is_no_conflict(place: TribesSite) -> None:
    page = opened(place)
    place.api("PUT", "/tribes/fans", {"filters": [{"tag": "vip"}]})
    for _ in range(2):  # the second one is the same form, sent again
        assert press(place, page, "save", f0_value="platinum").status_code == 303
    assert stored(place)["filters"][0]["value"] == "platinum"
    assert stored(place, "fans")["filters"] == [{"tag": "vip"}]


def test_a_tribe_that_was_deleted_meanwhile_can_be_saved_again(place: TribesSite) -> None:
    page = opened(place)
    place.api("DELETE", "/tribes/gold-members")
    answer = press(place, page, "save", f0_value="mine")
    assert "Someone else deleted this tribe while you edited it" in text_of(answer)
    assert press(place, answer, "save").status_code == 303
    assert stored(place)["filters"][0]["value"] == "mine"


def test_the_document_says_what_the_form_cannot(place: TribesSite) -> None:
    page = press(place, opened(place), "document", f0_value="silver")
    assert "value: silver" in filled_in(page)["yaml"]
    mixed = "name: Mixed\nfilters:\n  - {attribute: attributes.plan, operator: in, value: [gold, 1]}\n"
    refused = press(place, page, "save", yaml=f"{mixed}  - {{tag: ''}}\n")
    assert refused.status_code == 422
    assert "filters[1].tag" in text_of(refused)
    assert press(place, refused, "save", yaml="a: [").status_code == 422
    assert press(place, refused, "save", yaml=mixed).status_code == 303
    assert stored(place)["filters"][0]["value"] == ["gold", 1]
    form = opened(place)
    assert "Attribute “plan” is one of" in text_of(form)
    assert press(place, form, "save", category="Kept").status_code == 303
    assert stored(place)["filters"][0]["value"] == ["gold", 1]
    back = press(place, opened(place, **{"as": "document"}), "form")
    assert "Attribute “plan” is one of" in text_of(back)


def test_names_are_offered_from_what_arrives(place: TribesSite) -> None:
    key = place.api("POST", "/environments/staging/keys", {"name": "app"}).json()["data"][0]["key"]
    event = {"external_id": "ada", "name": "video/completed", "metadata": [{"key": "genre", "value": "Drama"}]}
    with place.server.client(Authorization=f"Bearer {key}") as app:
        assert app.post("/api/client/events", json=[event]).status_code == 204
    page = opened(place)
    for value in ("attributes.plan", "video/completed", "genre", "sports/football"):
        assert f'<option value="{value}"></option>' in page.text, value
    elsewhere = place.browser.get(f"{place.path.replace('staging', 'production')}/gold-members/edit")
    for value in ("attributes.plan", "video/completed", "genre", "sports/football"):
        assert f'<option value="{value}"></option>' not in elsewhere.text, value


def test_who_was_signed_out_meanwhile_comes_back_to_what_was_typed(place: TribesSite) -> None:
    fields = {**filled_in(opened(place)), "f0-value": 'a & "b"', "act": "save", "note": "Why"}
    stranger = Browser(place.server).send("POST", f"{place.path}/gold-members/edit", fields=fields)
    back = parse_qs(urlsplit(stranger.headers["location"]).query)["next"][0]
    again = filled_in(place.browser.get(back))
    assert {name: again[name] for name in ("f0-value", "note", "revision")} == {
        "f0-value": 'a & "b"',
        "note": "Why",
        "revision": fields["revision"],
    }


def test_hostile_text_is_text_in_the_editor(place: TribesSite) -> None:
    page = opened(place, "fans")
    assert filled_in(page)["name"] == HOSTILE
    assert "<script>alert" not in page.text
    assert press(place, page, "save", f"{place.path}/fans/edit", name="\u202e" * 150).status_code == 303


def test_a_viewer_edits_nothing(place: TribesSite) -> None:
    viewer = signed_in_browser(place.server, colleague(place.server, place.person, Role.VIEWER))
    for path in (f"{place.here}/new-tribe", f"{place.path}/gold-members/edit"):
        assert viewer.get(path).status_code == 403


def test_a_form_with_too_many_fields_is_refused(place: TribesSite) -> None:
    page = opened(place)
    many = {f"x{number}": "" for number in range(600)}
    assert submit(place.browser, page, f"{place.path}/gold-members/edit", **many).status_code == 400
