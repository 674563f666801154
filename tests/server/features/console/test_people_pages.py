"""Users and visitors in the console: looked for, shown with all that is known of them, tagged, exported, erased."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

import httpx
import pytest

from templates_server.features.people import store
from templates_server.security.authorization import Role
from tests.server.features.auth.flows import Browser, Someone, signed_in_browser, someone, tokens_for
from tests.server.features.console.people import (
    colleague,
    deeds_of,
    new_space,
    put_user,
    put_visitor,
    submit,
    text_of,
)
from tests.servers import RunningServer

HOSTILE = '<script>alert("1")</script>/\u202e' + "W" * 200 + "\U0001f980"
PEOPLE_ON_A_PAGE = 50


@pytest.fixture
def person(server: RunningServer) -> Someone:
    return someone(server)


@pytest.fixture
def space(server: RunningServer, person: Someone) -> str:
    return new_space(server, person)


@pytest.fixture
def path(space: str) -> str:
    return f"/console/spaces/{space}/environments/staging"


@pytest.fixture
def browser(server: RunningServer, person: Someone) -> Browser:
    return signed_in_browser(server, person)


def app(server: RunningServer, browser: Browser, path: str) -> httpx.Client:
    """An app of the environment."""
    keys = f"{path}/keys"
    submit(browser, browser.get(keys), keys, name="Web")
    (key,) = re.findall(r"pk_[0-9A-Za-z]{32}", browser.get(keys).text)
    return server.client(Authorization=f"Bearer {key}")


def found(page: httpx.Response) -> set[str]:
    """The ids in a list of people."""
    return set(re.findall(r'<th scope="row"><a [^>]*><bdi>([^<]+)</bdi>', page.text))


def test_a_search_among_many_people_goes_on_by_itself_until_it_finds_somebody(
    server: RunningServer, space: str, browser: Browser, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_LOOKED_THROUGH", 3)
    for number in range(20):
        put_user(server, space, "staging", f"user-{number}", tags=["vip & co"] if number == 7 else [])
    page, pages = browser.get(f"{path}/users", tag="vip & co"), 1
    while refresh := re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text):
        assert "The search continues automatically." in page.text
        page, pages = browser.get(html.unescape(refresh[1])), pages + 1
    assert found(page) == {"user-7"}
    while following := re.search('rel="next" href="([^"]+)">Search more people', page.text):
        page, pages = browser.get(f"{path}/users{html.unescape(following[1])}"), pages + 1
        assert found(page) == set()
    assert "No more matches in staging." in page.text
    assert pages == 7
    assert 'http-equiv="refresh"' not in browser.get(f"{path}/visitors").text


def test_users_are_found_by_id_e_mail_tag_and_attribute(
    server: RunningServer, space: str, browser: Browser, path: str
) -> None:
    assert "No users yet" in browser.get(f"{path}/users").text
    put_user(server, space, "staging", "ada", email="ada@example.com", tags=["sports/football"], attributes={"n": 2})
    put_user(server, space, "staging", "bob", email="bob@example.org", tags=["sports"], attributes={"plan": "gold"})
    put_user(server, space, "production", "zoe")
    for query, ids in (
        ({}, {"ada", "bob"}),
        ({"search": "AD"}, {"ada"}),
        ({"search": "example.org"}, {"bob"}),
        ({"tag": "sports"}, {"ada", "bob"}),
        ({"tag": "sports/football"}, {"ada"}),
        ({"attribute": "n=2"}, {"ada"}),
        ({"attribute": " plan=gold ", "tag": "sports"}, {"bob"}),
        ({"search": "nobody"}, set()),
    ):
        assert found(browser.get(f"{path}/users", **query)) == ids, query
    assert "No user found" in browser.get(f"{path}/users", search="nobody").text


def test_a_search_that_breaks_a_rule_is_refused_beside_its_field(browser: Browser, path: str) -> None:
    for list_path in (f"{path}/users", f"{path}/visitors"):
        for name, wrong, said in (("tag", "Vip", "must be lowercase"), ("attribute", "x", "must be name=value")):
            page = browser.get(list_path, **{name: wrong})
            assert page.status_code == 422
            assert re.search(
                rf'id="{name}-problem" role="alert">[^<]*{said}[^<]*</p>\s*<label for="{name}">', page.text
            )
            assert f'value="{wrong}"' in page.text
        assert (
            "Invalid `cursor`. Use the one from the `Link` header of the previous page."
            in browser.get(list_path, cursor="?").text
        )


def test_a_long_list_is_read_page_by_page(server: RunningServer, space: str, browser: Browser, path: str) -> None:
    for number in range(PEOPLE_ON_A_PAGE + 2):
        put_user(server, space, "staging", f"user-{number}", tags=["t"])
    first = browser.get(f"{path}/users", tag="t")
    (query,) = re.findall(r'rel="next" href="\?([^"]+)"', first.text)
    assert query.startswith("tag=t&amp;cursor=")
    second = browser.get(f"{path}/users?{query.replace('&amp;', '&')}")
    assert (len(found(first)), len(found(second))) == (PEOPLE_ON_A_PAGE, 2)
    assert len(found(first) | found(second)) == PEOPLE_ON_A_PAGE + 2
    assert 'rel="next"' not in second.text


def test_a_page_tells_all_that_is_known_of_a_user(
    server: RunningServer, space: str, browser: Browser, path: str
) -> None:
    put_user(server, space, "staging", "ada", email="ada@example.com", attributes={"plan": "gold", "bio": "b" * 4000})
    with app(server, browser, path) as client:
        device = {"device_id": "tv-1", "os": "tvOS", "model": "M", "app_build": "7", "app_version": "1.2"}
        client.post("/api/client/devices", json={"external_id": "ada", **device}).raise_for_status()
        begun = {"anonymous_id": "phone", "external_id": "ada", "app": {"version": "2.5.1", "platform": "ios"}}
        client.post("/api/client/sessions", json=begun).raise_for_status()
        event = {"external_id": "ada", "metadata": [{"key": "title", "value": "Parasite"}], "data": {"price": [1, "<"]}}
        sent = [
            {**event, "name": f"video/n{number}", "timestamp": f"2026-01-{number:02}T00:00:00Z"} for number in (1, 2)
        ]
        client.post("/api/client/events", json=sent).raise_for_status()
    page = browser.get(f"{path}/users/ada")
    text = text_of(page)
    for told in ("ada@example.com", "plan gold", "4,000 characters", "tv-1 tvOS, M 1.2 build 7", "ios 2.5.1"):
        assert told in text, told
    assert re.search(r"video/n2 .* video/n1 ", text)
    assert 'title : Parasite Data of video/n2 {"price":[1,"<"]}' in text
    assert "Merged visitors phone merged just now" in text
    merged = browser.get(f"{path}/visitors/phone")
    assert (merged.status_code, merged.headers["location"]) == (303, f"{path}/users/ada")
    assert browser.get(f"{path}/users/bob").status_code == browser.get(f"{path}/visitors/nobody").status_code == 404


def test_a_page_tells_the_tribes_and_what_is_seen_and_why(
    server: RunningServer, person: Someone, space: str, browser: Browser, path: str
) -> None:
    put_user(server, space, "staging", "ada", attributes={"plan": "gold"})
    assert "this Space has no tribes yet" in browser.get(f"{path}/users/ada").text
    assert "the model of this Space has no collections yet" in browser.get(f"{path}/users/ada").text
    push_documents(server, person, space)
    text = text_of(browser.get(f"{path}/users/ada"))
    assert "Gold gold all of its filters must match; 1 of 1 does" in text
    assert 'attributes.plan equals "gold": it is "gold"; matches' in text
    assert "Not in 1 tribe, or unknown Anonymous anonymous the tribe is for visitors, and this is a user" in text
    assert "home.banner For gold the first targeted scenario that matches" in text
    assert "For gold shown : ada is in gold" in text


def push_documents(server: RunningServer, person: Someone, space: str) -> None:
    """A model with a banner, two tribes, and a scenario for one of them in staging."""
    gold = {"attribute": "attributes.plan", "operator": "equals", "value": "gold"}
    banner = {"default": {"enabled": True}, "targeted": [{"name": "For gold", "tribes": ["gold"], "enabled": True}]}
    documents: dict[str, dict[str, object]] = {
        "model": {
            "name": "Radio",
            "experiences": {"banner": {"name": "Banner", "properties": {"label": {"type": "text"}}}},
            "collections": {"home": {"name": "Home", "children": {"banner": {"experience": "banner"}}}},
        },
        "tribes": {
            "tribes": {
                "gold": {"name": "Gold", "audience": "users", "match": "all", "filters": [gold]},
                "anonymous": {"name": "Anonymous", "audience": "visitors", "match": "all", "filters": []},
            }
        },
        "environments/staging/delivery": {
            "environment": "staging",
            "published": ["home"],
            "scenarios": {"home.banner": banner},
        },
    }
    token = tokens_for(server, person)["access_token"]
    with server.client(Authorization=f"Bearer {token}") as client:
        for path, document in documents.items():
            answer = client.put(
                f"/v2/spaces/{space}/{path}", json={"space": space, **document}, headers={"If-Match": "*"}
            )
            assert answer.status_code == 200, answer.text


def test_a_tag_is_added_and_removed_and_the_audit_log_has_both(
    server: RunningServer, person: Someone, space: str, browser: Browser, path: str
) -> None:
    put_user(server, space, "staging", "ada")
    with app(server, browser, path) as client:
        client.post("/api/client/sessions", json={"anonymous_id": "phone"}).raise_for_status()
    for of, action in ((f"{path}/users/ada", "user"), (f"{path}/visitors/phone", "visitor")):
        added = submit(browser, browser.get(of), f"{of}/tags", tag=" sports/<b> ")
        assert (added.status_code, added.headers["location"]) == (303, of)
        page = browser.get(of)
        assert "Tag “sports/&lt;b&gt;” added." in page.text
        assert 'name="tag" value="sports/&lt;b&gt;"' in page.text
        submit(browser, page, f"{of}/tags", tag="news")
        removed = submit(browser, page, f"{of}/tags/remove", tag="sports/<b>")
        assert removed.headers["location"] == of
        page = browser.get(of)
        assert re.findall(r'name="tag" value="([^"]+)"', page.text) == ["news"]
        deeds = [deed for deed, who in deeds_of(server, person) if who == person.email and deed.startswith(action)]
        assert deeds == [f"{action}.tag", f"{action}.tag", f"{action}.untag"]
    assert found(browser.get(f"{path}/visitors", tag="news")) == {"phone"}


def test_a_tag_that_breaks_a_rule_is_refused_beside_its_field(
    server: RunningServer, space: str, browser: Browser, path: str
) -> None:
    put_user(server, space, "staging", "ada", tags=[f"t{number}" for number in range(256)])
    of = f"{path}/users/ada"
    for wrong, said in (
        ("Vip", "lowercase"),
        ("a//b", "empty"),
        ("a/b/c/d", "the maximum is 3"),
        ("one-more", "the maximum is 256"),
    ):
        page = submit(browser, browser.get(of), f"{of}/tags", tag=wrong)
        assert page.status_code == 422, wrong
        assert re.search(rf'id="tag-problem" role="alert">[^<]*{said}[^<]*</p>\s*<label for="tag">', page.text), wrong
        assert f'<input id="tag" name="tag" value="{wrong}"' in page.text


def test_who_was_signed_out_meanwhile_comes_back_to_the_tag(
    server: RunningServer, space: str, browser: Browser, path: str
) -> None:
    put_user(server, space, "staging", "a/b")
    answer = Browser(server).send("POST", f"{path}/users/a%2Fb/tags", fields={"form_token": "x", "tag": "vip"})
    back = f"{path}/users/a%2Fb?tag=vip"
    assert answer.headers["location"] == f"/sign-in?next={quote(back, safe='')}"
    assert '<input id="tag" name="tag" value="vip"' in browser.get(back).text


def test_everything_is_downloaded_as_the_api_gives_it(
    server: RunningServer, person: Someone, space: str, browser: Browser, path: str
) -> None:
    put_user(server, space, "staging", "../a b")
    file = browser.get(f"{path}/users/..%2Fa%20b/everything")
    assert file.headers["content-disposition"] == 'attachment; filename="user--a-b.json"'
    assert file.headers["content-type"] == "application/json"
    assert file.json()["data"][0]["user"]["user_id"] == "../a b"
    assert deeds_of(server, person) == [("user.export", person.email)]


def test_a_user_is_erased_once_the_id_is_typed_however_often_it_is_sent(
    server: RunningServer, person: Someone, space: str, browser: Browser, path: str
) -> None:
    put_user(server, space, "staging", "ada")
    with app(server, browser, path) as client:
        client.post("/api/client/events", json=[{"name": "a/b", "external_id": "ada"}] * 2).raise_for_status()
    of = f"{path}/users/ada"
    page = browser.get(of)
    refused = submit(browser, page, f"{of}/erase", confirmation="Ada")
    assert refused.status_code == 422
    assert re.search(r'<details class="confirm" open>.*id="confirmation-problem"', refused.text, re.DOTALL)
    assert 'value="Ada"' in refused.text
    for _ in range(2):
        gone = submit(browser, page, f"{of}/erase", confirmation="ada")
        assert (gone.status_code, gone.headers["location"]) == (303, f"{path}/users")
    assert (
        "User “ada” erased, along with 0 visitors, 0 devices, 0 sessions, 2 events."
        in browser.get(f"{path}/users").text
    )
    assert browser.get(of).status_code == 404
    assert [deed for deed, _ in deeds_of(server, person) if deed.startswith("user.")] == ["user.delete"]


def test_a_visitor_is_downloaded_and_erased_once_the_id_is_typed(
    server: RunningServer, person: Someone, space: str, browser: Browser, path: str
) -> None:
    put_visitor(server, space, "staging", "a/b")
    put_visitor(server, space, "staging", "c")
    of = f"{path}/visitors/a%2Fb"
    page = browser.get(of)
    assert "Erase the visitor" in page.text
    file = browser.get(f"{of}/everything")
    assert file.headers["content-disposition"] == 'attachment; filename="visitor-a-b.json"'
    assert file.json()["data"][0]["visitor"]["anonymous_id"] == "a/b"
    refused = submit(browser, page, f"{of}/erase", confirmation="a")
    assert refused.status_code == 422
    assert "Enter the ID of the visitor to confirm." in refused.text
    for _ in range(2):
        gone = submit(browser, page, f"{of}/erase", confirmation="a/b")
        assert (gone.status_code, gone.headers["location"]) == (303, f"{path}/visitors")
    listed = browser.get(f"{path}/visitors")
    assert "Visitor “a/b” erased, along with 0 devices, 0 sessions, 0 events." in listed.text
    assert found(listed) == {"c"}
    assert browser.get(of).status_code == 404
    assert deeds_of(server, person) == [("visitor.export", person.email), ("visitor.delete", person.email)]


def test_hostile_text_of_a_person_is_shown_as_text(
    server: RunningServer, space: str, browser: Browser, path: str
) -> None:
    put_user(server, space, "staging", HOSTILE, tags=["<i>"], attributes={"<b>": "<img src=x onerror=alert(1)>"})
    listed = browser.get(f"{path}/users")
    (url,) = re.findall(r'<a class="long" href="([^"]+)"', listed.text)
    assert url == f"{path}/users/{quote(HOSTILE, safe='')}"
    page = browser.get(url)
    for shown in (listed, page):
        assert "<script>alert" not in shown.text
        assert "<i>" not in shown.text
        assert HOSTILE in text_of(shown).replace(" /", "/")
    assert "&lt;img src=x onerror=alert(1)&gt;" in page.text
    assert submit(browser, page, f"{url}/tags", tag="vip").headers["location"] == url


def test_a_viewer_sees_nobody_and_is_told_why(server: RunningServer, person: Someone, space: str, path: str) -> None:
    put_user(server, space, "staging", "ada", email="ada@example.com", tags=["vip"])
    viewer = signed_in_browser(server, colleague(server, person, Role.VIEWER))
    for page in ("users", "users/ada", "users/ada/everything", "visitors", "user-tags"):
        answer = viewer.get(f"{path}/{page}")
        assert answer.status_code == 403
        assert "requires the scope users:read, which the role viewer does not have" in answer.text
        assert "ada@" not in answer.text
        assert "vip" not in answer.text
    assert re.findall(r'href="[^"]+/(?:users|user-tags)"', viewer.get(path).text) == []
