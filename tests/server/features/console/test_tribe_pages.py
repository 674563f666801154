"""Tribes in the console: listed and counted, explained, downloaded, used, deleted; what viewers do not see."""

from __future__ import annotations

import json

import pytest

from templates_server.security.authorization import Role
from tests.server.features.auth.flows import signed_in_browser, someone
from tests.server.features.console.people import colleague, forms_of, new_space, submit, text_of
from tests.server.features.console.tribes_site import GOLD, TribesSite, new_tribes_site
from tests.servers import RunningServer


@pytest.fixture
def place(server: RunningServer) -> TribesSite:
    return new_tribes_site(server)


def test_the_list_is_by_category_and_counts_what_is_asked_for(place: TribesSite) -> None:
    page = place.browser.get(place.path)
    said = text_of(page)
    assert said.index("Subscription") < said.index("Without a category")
    assert page.text.count(">Count<") == 3  # who is in the one of a campaign only a session tells
    assert "evaluated when a session starts" in said
    counted = text_of(place.browser.get(place.path, count="gold-members"))
    assert "Gold members users 1 2 just now Count again Gold members" in counted
    assert "2 just now" in text_of(place.browser.get(place.path)), "it is shown as of when it was counted"


def test_a_count_is_of_the_rules_that_were_counted(place: TribesSite) -> None:
    place.browser.get(place.path, count="gold-members")
    free = {**GOLD, "filters": [{**GOLD["filters"][0], "value": "free"}]}  # type: ignore[dict-item]
    place.api("PUT", "/tribes/gold-members", free)
    assert "just now" not in text_of(place.browser.get(place.path))
    assert "Gold members users 1 1 just now" in text_of(place.browser.get(place.path, count="gold-members"))


def test_the_list_is_searched_and_has_pages(place: TribesSite) -> None:
    assert "Gold members" not in text_of(place.browser.get(place.path, search="CAMPAIGN"))
    assert "Gold members" in text_of(place.browser.get(place.path, search="scription"))
    assert "No matching tribes" in text_of(place.browser.get(place.path, search="nothing like that"))
    many = {f"tribe-{number:03}": {"category": f"Group {number // 40}"} for number in range(120)}
    place.api("PUT", "/tribes", {"tribes": many}, **{"If-Match": "*"})
    seen: list[str] = []
    query: dict[str, str] = {}
    for expected in (50, 50, 20):
        page = place.browser.get(place.path, **query)
        names = [word for word in text_of(page).split() if word in many]
        assert len(set(names)) == expected
        seen += dict.fromkeys(names)
        query = {"cursor": str(len(seen))}
    assert seen == sorted(many)


def test_names_are_text_on_every_page(place: TribesSite) -> None:
    for path in (place.path, f"{place.path}/fans", f"{place.path}/fans/edit", f"{place.here}/tribe-history"):
        page = place.browser.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text


def test_a_tribe_says_who_is_in_it_how_many_and_where_it_is_used(place: TribesSite) -> None:
    unused = place.browser.get(f"{place.path}/gold-members")
    assert "No scenario in any environment targets this tribe" in text_of(unused)
    assert f'href="{place.here}/delivery">open the delivery</a>' in unused.text
    place.use("gold-members")
    page = place.browser.get(f"{place.path}/gold-members")
    assert f'href="{place.here}/delivery/entities/home.hero">' in page.text
    said = text_of(page)
    assert 'Users who match this filter: Attribute “plan” equals "gold"' in said
    assert "staging home.hero in the scenario “Spring <b>”" in said
    assert said.count("not counted yet") == 3
    assert "ada@example.com" not in said
    counted = text_of(place.browser.get(f"{place.path}/gold-members", count="staging"))
    assert "staging 2 just now" in counted
    assert "production not counted yet" in counted
    people = text_of(place.browser.get(f"{place.path}/gold-members", people="some"))
    assert "ada@example.com" in people
    assert place.browser.get(f"{place.here}/users/ada").status_code == 200, "their page, which the list leads to"
    assert "bob@example.com" not in people


def test_why_a_person_is_in_it(place: TribesSite) -> None:
    path = f"{place.path}/gold-members/explanation"
    said = text_of(place.browser.get(path, kind="user", person="bob"))
    assert "The user bob is not in the tribe" in said
    assert 'No: Attribute “plan” equals "gold" It is "free"; does not match' in said
    nobody = place.browser.get(path, kind="visitor", person="<b>")
    assert nobody.status_code == 422
    assert "No visitor with that ID in staging." in text_of(nobody)
    assert 'value="&lt;b&gt;"' in nobody.text
    assert place.browser.get(path, kind="user", person="").status_code == 422
    spring = f"{place.path}/spring/explanation"
    assert "The user ada is not in the tribe" in text_of(place.browser.get(spring, kind="user", person="ada"))
    assert "The user ada is in the tribe" in text_of(place.browser.get(spring, person="ada", field1="spring"))


def test_users_are_downloaded_as_the_api_exports_them(place: TribesSite) -> None:
    path = f"{place.path}/gold-members"
    begun = submit(place.browser, place.browser.get(path), f"{path}/exports", format="ndjson")
    page = place.browser.get(begun.headers["location"])
    assert "2 users of staging" in text_of(page)
    content = place.browser.get(f"{begun.headers['location']}/content")
    export = begun.headers["location"].rpartition("/")[2]
    assert content.content == place.api("GET", f"/environments/staging/exports/{export}/content").content
    assert sorted(json.loads(line)["user_id"] for line in content.text.splitlines()) == ["ada", "kay"]
    elsewhere = place.browser.get(f"{place.path}/fans/exports/{export}/content")
    assert elsewhere.status_code == 404
    assert place.deeds()[-1] == "export.create"


def test_a_download_that_is_refused_says_so_beside_the_form(place: TribesSite) -> None:
    path = f"{place.path}/gold-members"
    refused = submit(place.browser, place.browser.get(path), f"{path}/exports", format="xls")
    assert refused.status_code == 422
    assert 'id="format-problem"' in refused.text


def test_a_tribe_is_deleted_once_no_scenario_is_for_it(place: TribesSite) -> None:
    place.use("gold-members")
    path = f"{place.path}/gold-members"
    refused = submit(place.browser, place.browser.get(path), f"{path}/delete")
    assert refused.status_code == 422
    assert 'gold-members by "Spring <b>" of home.hero in staging' in text_of(refused)
    path = f"{place.path}/fans"
    page = place.browser.get(path)
    for _ in range(2):  # the second one is the same form, sent again
        done = submit(place.browser, page, f"{path}/delete")
        assert (done.status_code, done.headers["location"]) == (303, place.path)
    assert "Tribe fans deleted." in text_of(place.browser.get(place.path))
    assert place.browser.get(path).status_code == 404
    assert place.deeds()[-1] == "tribe.delete"
    assert place.deeds().count("tribe.delete") == 1


def test_history_tells_who_and_what_differs(place: TribesSite) -> None:
    place.api("PUT", "/tribes/gold-members?note=Cheaper", {**GOLD, "filters": [{"tag": "vip"}]})
    place.api("DELETE", "/tribes/watchers")
    path = f"{place.here}/tribe-history"
    newest = text_of(place.browser.get(path))
    assert "watchers deleted" in newest
    assert f"{place.person.email} Cheaper" in newest
    one = place.browser.get(path, tribe="gold-members", **{"from": "1", "to": "3"})
    assert "- tag: vip" in text_of(one)
    assert "<del>-     value: gold\n</del>" in one.text
    assert "watchers deleted" not in text_of(one)
    assert "No differences in this tribe" in text_of(place.browser.get(path, tribe="fans"))
    for wrong in ({"to": "9"}, {"from": "9"}, {"from": "1", "to": "9999999"}):
        assert place.browser.get(path, **wrong).status_code == 404, wrong
    for wrong in ({"to": "x"}, {"from": "-1"}):
        answer = place.browser.get(path, **wrong)
        assert answer.status_code == 422
        assert "Enter two revision numbers" in text_of(answer)


def test_a_viewer_sees_rules_and_counts_and_nobody(place: TribesSite) -> None:
    place.use("gold-members")
    viewer = signed_in_browser(place.server, colleague(place.server, place.person, Role.VIEWER))
    page = viewer.get(f"{place.path}/gold-members", people="some", count="staging")
    said = text_of(page)
    assert "staging 2 just now" in said
    assert "can see the members" in said
    assert "ada@example.com" not in said
    assert [action for action in forms_of(page) if action != "/sign-out"] == []
    assert "Edit" not in said
    for path in ("/gold-members/explanation?kind=user&person=ada", "/gold-members/edit"):
        assert viewer.get(f"{place.path}{path}").status_code == 403
    assert viewer.get(f"{place.here}/tribe-history").status_code == 403


def test_an_empty_space_teaches(server: RunningServer) -> None:
    person = someone(server)
    path = f"/console/spaces/{new_space(server, person)}/environments/staging/tribes"
    said = text_of(signed_in_browser(server, person).get(path))
    assert "No tribes yet" in said
    assert "mtribes tribe push tribes.yaml" in said
