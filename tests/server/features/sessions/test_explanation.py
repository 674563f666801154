"""Why somebody is shown what they are: the route, and that it says what a session then shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from templates_server.security.authorization import ALL_SCOPES, Role, Scope
from templates_server.storage import tables
from tests.people import Grant, Organization, add_organization, add_person, add_space
from tests.server.features.sessions.test_targeting import MODEL, TOP, attribute, scenario, tribe
from tests.servers import RunningServer

MODEL_OF_TWO = {
    **MODEL,
    "collections": {
        "home": {"children": {"top": {"experience": "hero"}, "plain": {"experience": "hero"}}},
        "hidden": {"children": {"top": {"experience": "hero"}}},
    },
}
TRIBES = {
    "gold": tribe(attribute("attributes.plan", "equals", "gold"), audience="users"),
    "spring": tribe({"contextual": "fields.campaign", "operator": "equals", "value": "spring"}),
    "every": tribe(),
    "first": tribe({"behaviour": "sessions_30_days", "operator": "equals", "value": 1}),
}
PAST, FUTURE = "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"


@dataclass(frozen=True)
class Place:
    """An environment whose `home.top` has scenarios, somebody who may ask, and an app."""

    organization: Organization
    client: httpx.Client
    app: httpx.Client
    path: str

    def explain(self, **asked: Any) -> httpx.Response:
        return self.client.post(f"{self.path}/session-explanation", json=asked)

    def explained(self, entity: str = TOP, **asked: Any) -> dict[str, Any]:
        answer = self.explain(**asked)
        assert answer.status_code == 200, answer.text
        assert answer.json()["dataType"] == "session_explanation"
        (found,) = answer.json()["data"]
        by_name = {one["entity"]: one for one in found["entities"]}
        return {**by_name[entity], "of": found}

    def deliver(self, *scenarios: dict[str, Any], **default: Any) -> None:
        entity = {"targeted": list(scenarios), **({"default": default} if default else {})}
        document = {"published": ["home"], "scenarios": {TOP: entity, "hidden.top": entity}}
        answer = self.client.put(f"{self.path}/delivery", json=document, headers={"If-Match": "*"})
        assert answer.is_success, answer.text

    def shown(self, **said: Any) -> str | None:
        answer = self.app.post("/api/client/sessions", json=said)
        found: str | None = answer.json()["states"][TOP]["scenario"]
        return found


@pytest.fixture(scope="module")
def place(server: RunningServer) -> Iterator[Place]:
    person = add_person(server.database, add_organization(server.database))
    space = f"/v2/spaces/{add_space(server, person)}"
    here = f"{space}/environments/production"
    with person.client(server) as client:
        assert client.put(f"{space}/model", json=MODEL_OF_TWO, headers={"If-Match": "*"}).is_success
        assert client.put(f"{space}/tribes", json={"tribes": TRIBES}, headers={"If-Match": "*"}).is_success
        people = [{"user_id": "ada", "attributes": {"plan": "gold"}}, {"user_id": "bob"}]
        assert client.post(f"{here}/users", json=people).status_code == 201
        key = client.post(f"{here}/keys", json={"name": "web"}).json()["data"][0]["key"]
        with server.client(Authorization=f"Bearer {key}") as app:
            yield Place(person.organization, client, app, here)


def test_the_scenario_that_is_shown_is_named_with_its_reason(place: Place) -> None:
    place.deliver(scenario("Gold", "gold"), scenario("Every", "every"), enabled=True)
    ada, bob = place.explained(user_id="ada"), place.explained(user_id="bob")
    assert (ada["scenario"], ada["enabled"], ada["known"], ada["published"]) == ("Gold", True, True, True)
    assert ada["why"] == "the first targeted scenario that matches"
    assert [(one["chosen"], one["outcome"], one["why"]) for one in ada["scenarios"]] == [
        (True, "matched", "ada is in gold"),
        (False, "matched", "ada is in every, but a scenario above it matches first"),
    ]
    assert [(one["chosen"], one["outcome"], one["why"]) for one in bob["scenarios"]] == [
        (False, "not_matched", "bob is not in gold"),
        (True, "matched", "bob is in every"),
    ]
    assert (ada["of"]["person"], ada["of"]["kind"], ada["of"]["merged_visitor"]) == ("ada", "user", None)
    (of_gold,) = ada["scenarios"][0]["tribes"]
    assert (of_gold["tribe"], of_gold["filters"][0]["found"]) == ("gold", "gold")


NO_MATCH = "no targeted scenario matches"


@pytest.mark.parametrize(
    ("default", "entity", "expected"),
    [
        ({"enabled": True}, TOP, ("default", True, f"{NO_MATCH}: the default scenario applies")),
        ({"enabled": False}, TOP, ("default", False, f"{NO_MATCH}: the default scenario applies, which disables it")),
        ({}, TOP, (None, True, f"{NO_MATCH}, and no default scenario: the model applies")),
        ({}, "home.plain", (None, True, "no targeted scenarios, and no default scenario: the model applies")),
        (
            {"enabled": True},
            "hidden.top",
            (
                "default",
                False,
                f"hidden is not published here, so it is disabled; otherwise: {NO_MATCH}: the default scenario applies",
            ),
        ),
    ],
)
def test_what_is_shown_where_no_targeted_scenario_matches(
    place: Place, default: dict[str, Any], entity: str, expected: tuple[object, ...]
) -> None:
    place.deliver(scenario("Gold", "gold"), **default)
    found = place.explained(entity, user_id="bob")
    assert (found["scenario"], found["enabled"], found["why"]) == expected


def test_a_scenario_out_of_time_says_since_or_until_when(place: Place) -> None:
    place.deliver(
        scenario("Over", "every", ends=PAST),
        scenario("To come", "every", starts=FUTURE),
        scenario("Now", "gold", "every", starts=PAST, ends=FUTURE),
    )
    over, to_come, now = place.explained(user_id="ada")["scenarios"]
    assert (over["in_time"], over["chosen"], over["why"]) == (False, False, f"ended at {PAST}")
    assert (to_come["in_time"], to_come["why"]) == (False, f"not shown before {FUTURE}")
    assert (now["in_time"], now["chosen"], now["why"]) == (True, True, "ada is in every and gold")
    assert (now["starts"], now["ends"]) == (PAST, FUTURE)


def test_what_a_session_at_another_time_would_show_is_told(place: Place) -> None:
    place.deliver(scenario("To come", "every", starts=FUTURE))
    assert place.explained(user_id="ada")["scenario"] is None
    for extreme in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        assert place.explain(user_id="ada", at=extreme).status_code == 200
    then = place.explained(user_id="ada", at=FUTURE)
    assert (then["scenario"], then["of"]["at"]) == ("To come", FUTURE)


def test_what_only_an_app_could_say_is_not_guessed(place: Place) -> None:
    place.deliver(scenario("Spring", "gold", "spring"), scenario("Every", "every"), enabled=True)
    found = place.explained(user_id="bob")
    assert (found["known"], found["scenario"], found["enabled"]) == (False, None, None)
    assert found["why"] == "depends on the fields that an app sends when a session starts"
    spring, every = found["scenarios"]
    told = "whether bob is in spring cannot be determined here: an app sends it when a session starts"
    assert (spring["outcome"], spring["why"]) == ("cannot_be_known_here", told)
    assert every["why"] == "bob is in every, but a scenario above it matches first where that matches"
    assert place.explained(user_id="bob", fields={})["scenario"] == "Every"
    assert place.explained(user_id="bob", fields={})["scenarios"][0]["why"] == "bob is in none of gold, spring"
    assert place.explained(user_id="bob", fields={"campaign": "spring"})["scenario"] == "Spring"
    assert place.explained(user_id="ada")["scenario"] == "Spring"  # gold is enough


def test_an_explanation_stores_nothing_and_says_what_the_next_session_shows(
    server: RunningServer, place: Place
) -> None:
    place.deliver(scenario("First", "first"), enabled=True)
    place.app.post("/api/client/identify", json={"anonymous_id": "v-1"})
    for expected in ("First", "default"):
        for _ in range(2):
            assert place.explained(anonymous_id="v-1")["scenario"] == expected
        assert place.shown(anonymous_id="v-1") == expected
    assert place.explain(anonymous_id="never-seen").status_code == 404
    called = tables.persons.c.called
    rows = server.database.read_sync(
        lambda connection: connection.execute(tables.persons.select().where(called == "never-seen")).all()
    )
    assert rows == []


def test_a_visitor_who_was_merged_is_explained_as_the_user(place: Place) -> None:
    place.deliver(scenario("Gold", "gold"))
    place.shown(anonymous_id="phone", external_id="ada")
    found = place.explained(anonymous_id="phone")
    assert found["scenario"] == "Gold"
    assert (found["of"]["person"], found["of"]["kind"], found["of"]["merged_visitor"]) == ("ada", "user", "phone")


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({}, "user_id"),
        ({"user_id": "ada", "anonymous_id": "v"}, "user_id"),
        ({"user_id": "ada", "fields": {"a": {}}}, "fields[...]"),
        ({"user_id": "ada", "fields": {"": 1}}, "fields"),
        ({"user_id": "ada", "field": {}}, ""),
        ({"user_id": "ada", "at": "Friday"}, "at"),
    ],
)
def test_it_takes_one_person_and_good_fields(place: Place, asked: dict[str, Any], path: str) -> None:
    answer = place.explain(**asked)
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == [path]


@pytest.mark.parametrize("missing", [Scope.USERS_READ, Scope.TRIBES_READ, Scope.SPACES_READ])
def test_it_takes_three_scopes(server: RunningServer, place: Place, missing: Scope) -> None:
    scopes = [scope for scope in ALL_SCOPES if scope is not missing]
    person = add_person(server.database, place.organization, grant=Grant(scopes))
    with person.client(server) as client:
        answer = client.post(f"{place.path}/session-explanation", json={"user_id": "ada"})
    assert answer.status_code == 403
    assert str(missing) in answer.json()["errors"][0]["message"]


def test_viewers_and_other_organizations_learn_nothing(server: RunningServer, place: Place) -> None:
    viewer = add_person(server.database, place.organization, role=Role.VIEWER)
    stranger = add_person(server.database, add_organization(server.database))
    asked = {"user_id": "ada"}
    for person, status in ((viewer, 403), (stranger, 404)):
        with person.client(server) as client:
            assert client.post(f"{place.path}/session-explanation", json=asked).status_code == status
