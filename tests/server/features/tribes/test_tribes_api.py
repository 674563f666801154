"""Tribes over HTTP: the document, one tribe, its people, explanations, on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, select, update

from templates_server.features.tribes import store
from templates_server.features.tribes.parser import RESERVED_KEYS
from templates_server.primitives.yaml_json import read_yaml, write_yaml
from templates_server.routes import ROUTES
from templates_server.security.authorization import ALL_SCOPES, Role, Scope
from templates_server.storage.tables import audit_entries, spaces, tribe_revisions
from tests.people import Grant, Person, add_organization, add_person, add_space
from tests.servers import RunningServer

GOLD = {"attribute": "attributes.plan", "operator": "equals", "value": "gold"}
FANS = {"event": "video/completed", "frequency": {"more_than": 1}, "metadata": {"genre": "Football"}}
TRIBES: dict[str, Any] = {
    "tribes": {
        "gold": {"name": "Gold", "category": "Plan", "audience": "users", "match": "all", "filters": [GOLD]},
        "fans": {"audience": "all", "match": "any", "filters": [{"tag": "sports/football"}, FANS]},
        "spring": {"filters": [{"contextual": "fields.campaign", "operator": "equals", "value": "spring"}]},
    }
}
MODEL = {
    "experiences": {"hero": {"properties": {"title": {"type": "text"}}}},
    "collections": {"home": {"children": {"top": {"experience": "hero"}}}},
}
FOR_GOLD = {"published": ["home"], "scenarios": {"home.top": {"targeted": [{"name": "Gold 1", "tribes": ["gold"]}]}}}


@pytest.fixture(scope="module")
def person(server: RunningServer) -> Person:
    return add_person(server.database, add_organization(server.database), role=Role.DEVELOPER)


@pytest.fixture
def client(server: RunningServer, person: Person) -> Iterator[httpx.Client]:
    with person.client(server) as client:
        yield client


@pytest.fixture
def space(server: RunningServer, person: Person, client: httpx.Client) -> str:
    path = f"/v2/spaces/{add_space(server, person)}"
    data(client.put(f"{path}/tribes", json=TRIBES))
    return path


@pytest.fixture
def here(space: str, server: RunningServer, client: httpx.Client) -> str:
    """An environment in which ada is gold, bea is a fan, and an anonymous visitor is a fan too."""
    here = f"{space}/environments/production"
    people = [
        {"user_id": "ada", "attributes": {"plan": "gold"}},
        {"user_id": "bea", "tags": ["sports/football/australia"], "attributes": {"plan": "silver"}},
        {"user_id": "cid"},
    ]
    assert client.post(f"{here}/users", json=people).status_code == 201
    key = data(client.post(f"{here}/keys", json={"name": "web"}))["key"]
    watched = {"anonymous_id": "v1", "name": "video/completed", "metadata": [{"key": "genre", "value": "Football"}]}
    with server.client(Authorization=f"Bearer {key}") as app:
        assert app.post("/api/client/events", json=[watched, watched]).status_code == 204
    return here


def data(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()["data"][0]


def users(answer: httpx.Response) -> list[str]:
    assert answer.is_success, answer.text
    return sorted(user["user_id"] for user in answer.json()["data"])


def test_a_space_has_no_tribes_at_first(server: RunningServer, person: Person, client: httpx.Client) -> None:
    path = f"/v2/spaces/{add_space(server, person)}/tribes"
    answer = client.get(path)
    assert (answer.headers["etag"], answer.json()["dataType"]) == ('"0"', "tribes")
    assert data(answer) == {"space": path.split("/")[3], "revision": 0, "tribes": {}}


def test_tribes_come_back_in_canonical_form_and_an_equal_document_changes_nothing(
    client: httpx.Client, space: str
) -> None:
    answer = client.get(f"{space}/tribes")
    found = data(answer)
    assert answer.headers["etag"] == '"1"'
    assert found["tribes"]["fans"] == {
        "name": "fans",
        "audience": "all",
        "match": "any",
        "filters": [
            {"tag": "sports/football"},
            {
                "event": "video/completed",
                "condition": "have_done",
                "frequency": {"more_than": 1},
                "timeframe": "any_time",
                "metadata": {"genre": "Football"},
            },
        ],
    }
    assert data(client.put(f"{space}/tribes", json=found)) == {"revision": 1, "changed": False}
    yaml = client.get(f"{space}/tribes", headers={"Accept": "application/yaml"})
    assert read_yaml(yaml.content, max_depth=32) == found
    sent = client.put(f"{space}/tribes", content=yaml.content, headers={"Content-Type": "application/yaml"})
    assert data(sent) == {"revision": 1, "changed": False}
    assert write_yaml(found) == yaml.text


def test_somebody_who_was_faster_is_not_overwritten_and_old_tribes_stay_readable(
    client: httpx.Client, space: str
) -> None:
    assert client.put(f"{space}/tribes", json={"revision": 0, "tribes": {}}).status_code == 412
    assert data(client.put(f"{space}/tribes", json={"tribes": {}}, headers={"If-Match": "*"}))["revision"] == 2
    assert set(data(client.get(f"{space}/tribes", params={"revision": "1"}))["tribes"]) == {"gold", "fans", "spring"}
    assert data(client.get(f"{space}/tribes/gold", params={"revision": "1"}))["name"] == "Gold"
    assert client.get(f"{space}/tribes/gold").status_code == 404
    assert client.get(f"{space}/tribes", headers={"If-None-Match": '"2"'}).status_code == 304


def test_every_problem_is_named_and_nothing_is_stored(client: httpx.Client, space: str) -> None:
    bad = {"revision": 1, "tribes": {"a": {"match": "some", "filters": [{"tag": "A"}, {"attribute": "x"}]}, "B": {}}}
    answer = client.put(f"{space}/tribes", json=bad)
    assert answer.status_code == 422
    assert {error["path"] for error in answer.json()["errors"]} == {
        "tribes.a.match", "tribes.a.filters[0].tag", "tribes.a.filters[1].attribute", "tribes.a.filters[1].operator",
        "tribes.B",
    }  # fmt: skip
    assert data(client.get(f"{space}/tribes"))["revision"] == 1


def test_one_tribe_is_shown_replaced_and_removed_each_in_a_new_revision(client: httpx.Client, space: str) -> None:
    shown = client.get(f"{space}/tribes/gold")
    assert (shown.headers["etag"], data(shown)["revision"], data(shown)["key"]) == ('"1"', 1, "gold")
    assert data(client.put(f"{space}/tribes/gold", json=data(shown))) == {"revision": 1, "changed": False}
    again = client.put(f"{space}/tribes/gold", json={**data(shown), "name": "Au"})
    assert (data(again), again.headers["etag"]) == ({"revision": 2, "changed": True}, '"2"')
    assert client.put(f"{space}/tribes/gold", json={**data(shown), "name": "Ag"}).status_code == 412  # made from 1
    assert data(client.put(f"{space}/tribes/new", json={"filters": [GOLD]}))["revision"] == 3
    assert client.delete(f"{space}/tribes/new", headers={"If-Match": '"2"'}).status_code == 412
    gone = client.delete(f"{space}/tribes/new", headers={"If-Match": '"3"'})
    assert (gone.status_code, gone.content, gone.headers["etag"]) == (204, b"", '"4"')
    assert client.delete(f"{space}/tribes/new").status_code == 404
    assert data(client.get(f"{space}/tribes/gold"))["name"] == "Au"
    assert list(data(client.get(f"{space}/tribes"))["tribes"]) == ["fans", "gold", "spring"]


def test_a_tribe_under_a_bad_key_or_another_ones_is_refused(client: httpx.Client, space: str) -> None:
    assert client.put(f"{space}/tribes/Bad", json={}).json()["errors"][0]["path"] == "key"
    assert client.put(f"{space}/tribes/gold", json={"key": "fans"}).json()["errors"][0]["path"] == "key"


def test_a_category_has_at_most_fifty_tribes(client: httpx.Client, space: str) -> None:
    full = {f"t{number}": {"category": "Full"} for number in range(50)}
    put = client.put(f"{space}/tribes", json={"tribes": full}, headers={"If-Match": "*"})
    assert put.status_code == 200
    one_more = client.put(f"{space}/tribes/t50", json={"category": "Full"})
    assert one_more.status_code == 422
    assert "Full" in one_more.json()["errors"][0]["message"]
    assert client.put(f"{space}/tribes/t50", json={"category": "Other"}).status_code == 200
    assert client.put(f"{space}/tribes/t49", json={"category": "Full", "name": "x"}).status_code == 200


def test_a_tribe_that_a_scenario_is_for_cannot_go_until_the_scenario_has(client: httpx.Client, space: str) -> None:
    assert client.put(f"{space}/model", json=MODEL).is_success
    staging = f"{space}/environments/staging/delivery"
    assert client.put(staging, json=FOR_GOLD).is_success
    for answer in (
        client.delete(f"{space}/tribes/gold"),
        client.put(f"{space}/tribes", json={"tribes": {}}, headers={"If-Match": "*"}),
    ):
        assert answer.status_code == 409
        message = answer.json()["errors"][0]["message"]
        assert all(word in message for word in ("gold", "Gold 1", "home.top", "staging")), message
    assert client.put(f"{space}/tribes/gold", json={"filters": []}).is_success  # it may change
    assert client.put(staging, json={"revision": 1, "published": ["home"]}).is_success  # no longer for gold
    assert client.delete(f"{space}/tribes/gold").status_code == 204


def test_a_delivery_never_names_a_tribe_that_goes_at_the_same_moment(client: httpx.Client, space: str) -> None:
    assert client.put(f"{space}/model", json=MODEL).is_success
    delivery, tribe = f"{space}/environments/production/delivery", f"{space}/tribes/gold"
    for _ in range(8):
        document = data(client.get(tribe))
        with ThreadPoolExecutor(2) as threads:
            stored = threads.submit(client.put, delivery, json=FOR_GOLD, headers={"If-Match": "*"})
            removed = threads.submit(client.delete, tribe)
        assert {(204, 409), (204, 422), (409, 200)} >= {(removed.result().status_code, stored.result().status_code)}
        client.put(delivery, json={}, headers={"If-Match": "*"})
        client.put(tribe, json={key: document[key] for key in ("name", "filters")})


def test_of_many_that_change_tribes_at_once_nothing_is_lost(client: httpx.Client, space: str) -> None:
    def put(number: int) -> int:
        return client.put(f"{space}/tribes/t{number}", json={"filters": [GOLD]}).status_code

    with ThreadPoolExecutor(6) as threads:
        assert set(threads.map(put, range(12))) == {200}
    found = data(client.get(f"{space}/tribes"))
    assert found["revision"] == 13
    assert {f"t{number}" for number in range(12)} < set(found["tribes"])


# Its people


def test_users_of_a_tribe_are_listed_and_everybody_in_it_is_counted(client: httpx.Client, here: str) -> None:
    assert users(client.get(f"{here}/tribes/gold/users")) == ["ada"]
    assert users(client.get(f"{here}/tribes/fans/users")) == ["bea"]
    answer = client.get(f"{here}/tribes/fans/count")
    assert (answer.json()["dataType"], answer.json()["data"]) == ("count", [{"tribe": "fans", "count": 2}])
    assert data(client.get(f"{here.replace('production', 'staging')}/tribes/fans/count"))["count"] == 0


def test_the_users_of_a_tribe_come_in_pages(client: httpx.Client, here: str) -> None:
    people = [{"user_id": f"u{number}", "attributes": {"plan": "gold"}} for number in range(7)]
    client.post(f"{here}/users", json=people)
    found, path = [], f"{here}/tribes/gold/users?limit=3"
    while path:
        answer = client.get(path)
        found += users(answer)
        path = str(answer.links.get("next", {}).get("url", "")).removeprefix(str(client.base_url).rstrip("/"))
    assert sorted(found) == ["ada", *(f"u{number}" for number in range(7))]


def test_of_a_tribe_few_people_are_looked_at_for_a_page(
    client: httpx.Client, here: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_LOOKED_THROUGH", 4)
    monkeypatch.setattr(store, "FEWEST_LOOKED_THROUGH", 2)
    plans = ("free", "free", "free", "gold")
    people = [{"user_id": f"u{number}", "attributes": {"plan": plans[number % 4]}} for number in range(24)]
    client.post(f"{here}/users", json=people)
    found, path, pages = [], f"{here}/tribes/gold/users?limit=3", 0
    while path:
        answer = client.get(path)
        found += users(answer)
        pages += 1
        assert len(users(answer)) <= 2
        path = str(answer.links.get("next", {}).get("url", "")).removeprefix(str(client.base_url).rstrip("/"))
    assert sorted(found) == sorted(["ada", *(f"u{number}" for number in range(3, 24, 4))])
    assert pages > 10


def test_a_tribe_is_true_in_the_request_after_the_event(client: httpx.Client, server: RunningServer, here: str) -> None:
    key = data(client.post(f"{here}/keys", json={"name": "tv"}))["key"]
    event = {"external_id": "cid", "name": "video/completed", "metadata": [{"key": "genre", "value": "Football"}]}
    with server.client(Authorization=f"Bearer {key}") as app:
        app.post("/api/client/events", json=[event])
        assert users(client.get(f"{here}/tribes/fans/users")) == ["bea"]
        app.post("/api/client/events", json=[event])
    assert users(client.get(f"{here}/tribes/fans/users")) == ["bea", "cid"]


@pytest.mark.parametrize("what", ["users", "count"])
def test_who_is_in_a_contextual_tribe_cannot_be_known_and_that_is_said(
    client: httpx.Client, here: str, what: str
) -> None:
    answer = client.get(f"{here}/tribes/spring/{what}")
    assert answer.status_code == 422
    assert "cannot be listed or counted" in answer.json()["errors"][0]["message"]
    assert client.get(f"{here}/tribes/nobody/{what}").status_code == 404


def test_people_of_a_tribe_need_both_scopes_and_a_count_only_one(
    server: RunningServer, person: Person, space: str, here: str
) -> None:
    for missing in (Scope.TRIBES_READ, Scope.USERS_READ):
        grant = Grant(scopes=ALL_SCOPES - {missing})
        with add_person(server.database, person.organization, grant=grant).client(server) as limited:
            for path in ("users", "explanation?user=ada"):
                answer = limited.get(f"{here}/tribes/gold/{path}")
                assert answer.status_code == 403
                assert missing in answer.json()["errors"][0]["message"]
    with add_person(server.database, person.organization, role=Role.VIEWER).client(server) as viewer:
        assert viewer.get(f"{here}/tribes/gold/count").is_success
        assert viewer.get(f"{here}/tribes/gold/users").status_code == 403
        assert viewer.put(f"{space}/tribes", json=TRIBES).status_code == 403


# Why


def test_an_explanation_says_what_was_found_and_what_came_of_it(client: httpx.Client, here: str) -> None:
    found = data(client.get(f"{here}/tribes/gold/explanation", params={"user": "bea"}))
    assert (found["outcome"], found["person"], found["kind"]) == ("not_matched", "bea", "user")
    assert found["filters"] == [
        {
            "filter": GOLD,
            "outcome": "not_matched",
            "asked": 'attributes.plan equals "gold"',
            "found": "silver",
            "why": 'attributes.plan equals "gold": it is "silver"; does not match',
        }
    ]


@pytest.mark.parametrize(("days", "words"), [(1, "1 day ago"), (2, "2 days ago")])
def test_an_explanation_counts_one_day_in_the_singular(
    server: RunningServer, person: Person, client: httpx.Client, days: int, words: str
) -> None:
    space = f"/v2/spaces/{add_space(server, person)}"
    new = {"attribute": "joined", "operator": "less_than_days_ago", "value": days}
    watched = {"event": "video/completed", "timeframe": {"less_than": days}}
    data(client.put(f"{space}/tribes", json={"tribes": {"new": {"match": "any", "filters": [new, watched]}}}))
    here = f"{space}/environments/production"
    assert client.post(f"{here}/users", json=[{"user_id": "ada"}]).status_code == 201
    found = data(client.get(f"{here}/tribes/new/explanation", params={"user": "ada"}))["filters"]
    assert [each["asked"].endswith(f"less than {words}") for each in found] == [True, True], found


def test_a_visitor_is_explained_too(client: httpx.Client, here: str) -> None:
    fan = data(client.get(f"{here}/tribes/fans/explanation", params={"anonymous_id": "v1"}))
    assert (fan["outcome"], [each["found"] for each in fan["filters"]]) == ("matched", [[], 2])
    gold = data(client.get(f"{here}/tribes/gold/explanation", params={"anonymous_id": "v1"}))
    assert (gold["outcome"], gold["in_audience"]) == ("not_matched", False)
    assert gold["why"] == "the tribe is for users, and this is a visitor"


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [(None, "cannot_be_known_here"), ({"campaign": "spring"}, "matched"), ({}, "not_matched")],
)
def test_what_an_app_would_say_decides_a_contextual_tribe(
    client: httpx.Client, here: str, fields: dict[str, str] | None, outcome: str
) -> None:
    params = {"user": "ada"} | ({} if fields is None else {"fields": json.dumps(fields)})
    assert data(client.get(f"{here}/tribes/spring/explanation", params=params))["outcome"] == outcome


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({}, 422),
        ({"user": "ada", "anonymous_id": "v1"}, 422),
        ({"user": "nobody"}, 404),
        ({"user": "ada", "fields": "{"}, 400),
        ({"user": "ada", "fields": '{"a": []}'}, 422),
        ({"user": "ada", "fields": "[]"}, 422),
    ],
)
def test_an_explanation_needs_somebody_and_an_object(
    client: httpx.Client, here: str, params: dict[str, str], status: int
) -> None:
    assert client.get(f"{here}/tribes/gold/explanation", params=params).status_code == status


def test_every_change_is_remembered(client: httpx.Client, server: RunningServer, space: str) -> None:
    client.put(f"{space}/tribes/new", json={"filters": [GOLD]})
    client.put(f"{space}/tribes/new", json={"filters": [GOLD]})  # changes nothing
    client.delete(f"{space}/tribes/new")
    query = audit_entries.select().where(audit_entries.c.space == space.split("/")[3])
    entries = server.database.read_sync(lambda connection: connection.execute(query).all())
    deeds = [(entry.action, json.loads(entry.details)["revision"]) for entry in entries if "tribe" in entry.action]
    assert set(deeds) == {("tribes.replace", 1), ("tribe.replace", 2), ("tribe.delete", 3)}
    assert len(deeds) == 3


def test_more_tribes_than_a_space_may_have_are_refused(space: str, client: httpx.Client) -> None:
    tribes = {f"t{number}": {"category": f"c{number % 50}", "filters": [GOLD]} for number in range(1001)}
    answer = client.put(f"{space}/tribes", json={"tribes": tribes})
    (problem,) = answer.json()["errors"]
    assert (answer.status_code, problem["path"]) == (422, "tribes")
    assert problem["message"].startswith("has 1001 entries; the maximum is 1000")
    most = {key: tribes[key] for key in list(tribes)[:1000]}
    assert client.put(f"{space}/tribes", json={"tribes": most}, headers={"If-Match": "*"}).status_code == 200
    answer = client.put(f"{space}/tribes/one-more", json={"filters": [GOLD]})
    (problem,) = answer.json()["errors"]
    assert (answer.status_code, problem["path"]) == (422, "tribes")
    assert problem["message"].startswith("has 1001 entries; the maximum is 1000")


@pytest.mark.parametrize(
    ("operator", "value", "users"),
    [
        ("less_than", 2, {"one"}),
        ("less_or_equal", 2, {"one", "two"}),
        ("greater_than", 2, {"three"}),
        ("greater_or_equal", 2, {"two", "three"}),
        ("between", [2, 3], {"two", "three"}),
        ("equals", 2, {"two"}),
    ],
)
def test_each_operator_of_numbers_finds_whom_it_names(
    space: str, client: httpx.Client, operator: str, value: Any, users: set[str]
) -> None:
    here = f"{space}/environments/production"
    people = [
        {"user_id": name, "attributes": {"seats": seats}} for seats, name in enumerate(("one", "two", "three"), 1)
    ]
    data(client.post(f"{here}/users", json=people))
    tribe = {"filters": [{"attribute": "attributes.seats", "operator": operator, "value": value}]}
    assert client.put(f"{space}/tribes/seats", json=tribe).is_success
    found = client.get(f"{here}/tribes/seats/users").json()["data"]
    assert {user["user_id"] for user in found} == users


@pytest.mark.parametrize("key", [{}, [], 1, "silver"])
def test_a_tribe_sent_to_another_key_is_refused(space: str, client: httpx.Client, key: Any) -> None:
    answer = client.put(f"{space}/tribes/gold", json={"key": key, "filters": [GOLD]})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "key")


def test_tribes_ask_so_many_different_things_of_events_and_no_more(space: str, client: httpx.Client) -> None:
    """Each may have to be counted whenever a session starts."""

    def asking(numbers: range) -> dict[str, object]:
        category = f"c{numbers.start}"
        return {
            "category": category,
            "filters": [{"event": f"video/{number}", "timeframe": {"less_than": 7}} for number in numbers],
        }

    most = {f"t{number}": asking(range(number * 10, number * 10 + 10)) for number in range(49)}
    most["last"] = asking(range(490, 500))
    for tribes, status in (({**most, "more": asking(range(499, 501))}, 422), (most, 200)):
        answer = client.put(f"{space}/tribes", json={"tribes": tribes}, headers={"If-Match": "*"})
        assert answer.status_code == status, answer.text
    answer = client.put(f"{space}/tribes/one-more", json=asking(range(499, 501)))
    (problem,) = answer.json()["errors"]
    assert (answer.status_code, problem["path"]) == (422, "tribes")
    assert problem["message"].startswith("have 501 different event filters; the maximum is 500")
    assert client.put(f"{space}/tribes/one-more", json=asking(range(495, 500))).is_success


@pytest.mark.parametrize("kind", ["event", "attribute", "contextual", "tag"])
def test_what_a_filter_is_about_may_not_be_null(space: str, client: httpx.Client, kind: str) -> None:
    answer = client.put(f"{space}/tribes/gold", json={"filters": [{kind: None}]})
    assert answer.status_code == 422
    assert f"filters[0].{kind}" in {error["path"] for error in answer.json()["errors"]}


# Keys that paths have a word for


def test_a_new_tribe_cannot_have_the_key_of_a_path_and_an_old_one_stays(
    server: RunningServer, client: httpx.Client, space: str
) -> None:
    document = data(client.get(f"{space}/tribes"))
    named = {**document, "tribes": {**document["tribes"], "revisions": {"filters": [{"tag": "x"}]}}}
    refused = client.put(f"{space}/tribes", json=named)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["path"] == "tribes.revisions"
    assert "is the history of all tribes" in refused.json()["errors"][0]["message"]
    put = client.put(f"{space}/tribes/revisions", json={"filters": [{"tag": "x"}]})
    assert (put.status_code, put.headers["Allow"]) == (405, "GET")
    add_reserved_tribe(server, space.rpartition("/")[2])
    stored = data(client.get(f"{space}/tribes"))
    assert "revisions" in stored["tribes"]
    stored["tribes"]["revisions"]["name"] = "Changed"
    assert data(client.put(f"{space}/tribes", json=stored))["changed"]
    assert client.get(f"{space}/tribes/revisions").json()["data"][0]["revision"] == stored["revision"] + 1
    assert data(client.put(f"{space}/tribes", json=document | {"revision": stored["revision"] + 1}))["changed"]


def add_reserved_tribe(server: RunningServer, space: str) -> None:
    """A tribe with a key that was possible in an earlier version."""
    columns = tribe_revisions.c
    newest = (
        select(columns.space_id, columns.revision, columns.document)
        .join(spaces, spaces.c.id == columns.space_id)
        .where(spaces.c.key == space)
        .order_by(columns.revision.desc())
        .limit(1)
    )

    def work(connection: Connection) -> None:
        row = connection.execute(newest).one()
        document = json.loads(row.document)
        document["tribes"]["revisions"] = document["tribes"]["gold"]
        is_newest = (columns.space_id == row.space_id) & (columns.revision == row.revision)
        connection.execute(update(tribe_revisions).where(is_newest).values(document=json.dumps(document)))

    server.database.write_sync(work)


def test_every_word_of_a_path_in_the_place_of_a_tribe_is_reserved() -> None:
    paths = [route.path for route in ROUTES]
    before = {path.partition("{tribe}")[0] for path in paths if "{tribe}" in path}
    rests = [path.removeprefix(start) for start in before for path in paths if path.startswith(start)]
    assert {rest.partition("/")[0] for rest in rests} - {"{tribe}"} == set(RESERVED_KEYS)
