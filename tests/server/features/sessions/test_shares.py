"""A banner for a share of all people, over HTTP: to whom it is shown, who stays in it, what is told about it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from templates_server.primitives.timestamps import system_clock
from tests.people import add_organization, add_person, add_space
from tests.server.features.sessions.changes.subscribed_app import changes_of, read_stream
from tests.server.features.sessions.test_targeting import MODEL, TOP, scenario, targeted
from tests.server.features.tribes.oracle import bucket, share_number
from tests.servers import RunningServer

PEOPLE = [f"p{number}" for number in range(60)]
CONTEXTUAL = {"contextual": "fields.campaign", "operator": "equals", "value": "x"}


def share(to: float, *, starts: float = 0, salt: str = "spring") -> dict[str, Any]:
    return {"share": {"salt": salt, "from": starts, "to": to}}


@dataclass(frozen=True)
class Place:
    """An environment whose `home.top` has a scenario `Banner` for one tribe, and an app."""

    client: httpx.Client
    app: httpx.Client
    space: str

    @property
    def here(self) -> str:
        return f"{self.space}/environments/production"

    def show_to(self, *filters: dict[str, Any], audience: str = "all") -> None:
        """The banner is for those who match these filters from now on."""
        tribes = {"banner": {"audience": audience, "match": "all", "filters": list(filters)}}
        answer = self.client.put(f"{self.space}/tribes", json={"tribes": tribes}, headers={"If-Match": "*"})
        assert answer.is_success, answer.text
        document = targeted(scenario("Banner", "banner"))
        assert self.client.put(f"{self.here}/delivery", json=document, headers={"If-Match": "*"}).is_success

    def start(self, **said: Any) -> dict[str, Any]:
        answer = self.app.post("/api/client/sessions", json=said)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def sees(self, **said: Any) -> bool:
        """Whether a session that starts now has the banner."""
        return bool(self.start(**said)["states"][TOP]["scenario"] == "Banner")

    def tell(self, what: str, body: Any) -> None:
        answer = self.app.post(f"/api/client/{what}", json=body)
        assert answer.status_code == 204, answer.text
        ended = system_clock()
        while system_clock() == ended:
            pass

    def data(self, path: str, **query: str) -> Any:
        answer = self.client.get(f"{self.here}/{path}", params=query)
        assert answer.is_success, answer.text
        return answer.json()["data"]


@pytest.fixture
def place(server: RunningServer) -> Iterator[Place]:
    person = add_person(server.database, add_organization(server.database))
    space = f"/v2/spaces/{add_space(server, person)}"
    with person.client(server) as client:
        assert client.put(f"{space}/model", json=MODEL, headers={"If-Match": "*"}).is_success
        key = client.post(f"{space}/environments/production/keys", json={"name": "web"}).json()["data"][0]["key"]
        with server.client(Authorization=f"Bearer {key}") as app:
            yield Place(client, app, space)


def within(kind: str, names: Iterable[str], to: float, *, starts: float = 0, salt: str = "spring") -> set[str]:
    """Those in the share, by the plain reading."""
    return {name for name in names if starts <= bucket(salt, share_number(kind, name)) / 100 < to}


@pytest.mark.slow
def test_a_newcomer_sees_at_once_what_they_see_ever_after(place: Place) -> None:
    place.show_to(share(50))
    for id_of, kind in (("anonymous_id", "visitor"), ("external_id", "user")):
        half = within(kind, PEOPLE, 50)
        first = {name for name in PEOPLE if place.sees(**{id_of: name})}
        again = {name for name in PEOPLE if place.sees(**{id_of: name})}
        assert first == again == half
        assert 0.3 * len(PEOPLE) < len(half) < 0.7 * len(PEOPLE)


@pytest.mark.parametrize("before", ["known", "unknown"])
def test_who_signs_up_changes_no_group(place: Place, before: str) -> None:
    place.show_to(share(50))
    half = within("visitor", PEOPLE, 50)
    moved = within("user", [f"user of {name}" for name in PEOPLE], 50)
    assert moved != {f"user of {name}" for name in half}  # their own numbers would have changed it
    for name in PEOPLE:
        if before == "known":
            assert place.sees(anonymous_id=name) is (name in half)
        user_id = f"user of {name}"
        assert place.sees(anonymous_id=name, external_id=user_id) is (name in half)  # in the session that signs up
        assert place.sees(external_id=user_id) is (name in half)
        assert place.sees(anonymous_id=name) is (name in half)


def test_who_signs_in_takes_the_group_of_the_user_in_that_session(place: Place) -> None:
    place.show_to(share(50))
    visitors, users = within("visitor", PEOPLE, 50), within("user", PEOPLE, 50)
    assert visitors != users
    for name in PEOPLE:
        place.start(anonymous_id=name)
    assert place.client.post(f"{place.here}/users", json=[{"user_id": name} for name in PEOPLE]).status_code == 201
    for name in PEOPLE:
        assert place.sees(anonymous_id=name, external_id=name) is (name in users)
        assert place.sees(anonymous_id=name) is (name in users)


@pytest.mark.slow
def test_raising_to_moves_nobody_out_and_ranges_that_meet_overlap_nowhere(place: Place) -> None:
    found = []
    for to in (0.01, 10, 33.33, 50, 99.99, 100):
        place.show_to(share(to))
        found.append({name for name in PEOPLE if place.sees(anonymous_id=name)})
        assert found[-1] == within("visitor", PEOPLE, to)
    assert all(before <= after for before, after in itertools.pairwise(found))
    assert found[-1] == set(PEOPLE)
    place.show_to(share(100, starts=50))
    assert {name for name in PEOPLE if place.sees(anonymous_id=name)} == set(PEOPLE) - found[3]


@pytest.mark.slow
def test_a_share_narrows_what_other_filters_say_and_the_audience(place: Place) -> None:
    place.show_to({"attribute": "attributes.plan", "operator": "equals", "value": "gold"}, share(50), audience="users")
    half = within("user", PEOPLE, 50)
    for number, name in enumerate(PEOPLE):
        place.tell("identify", {"external_id": name, "data": {"plan": "gold" if number % 2 else "silver"}})
    gold = {name for number, name in enumerate(PEOPLE) if number % 2}
    assert {name for name in PEOPLE if place.sees(external_id=name)} == half & gold
    assert not any(place.sees(anonymous_id=name) for name in within("visitor", PEOPLE, 50))


def test_counts_lists_and_exports_have_the_same_people(place: Place) -> None:
    place.show_to(share(50, salt="日本's"))
    for name in PEOPLE:
        place.start(anonymous_id=name)
    assert place.client.post(f"{place.here}/users", json=[{"user_id": name} for name in PEOPLE]).status_code == 201
    place.start(anonymous_id="a visitor", external_id="signs up")
    users = within("user", PEOPLE, 50, salt="日本's")
    users |= {"signs up"} if within("visitor", ["a visitor"], 50, salt="日本's") else set()
    visitors = within("visitor", PEOPLE, 50, salt="日本's")
    [count] = place.data("tribes/banner/count")
    assert count == {"tribe": "banner", "count": len(users) + len(visitors)}
    assert {user["user_id"] for user in place.data("tribes/banner/users", limit="1000")} == users
    made = place.client.post(f"{place.here}/tribes/banner/exports", json={"format": "ndjson"})
    path = f"{place.here}/exports/{made.json()['data'][0]['export']}"
    while place.client.get(path).json()["data"][0]["state"] == "running":
        pass
    lines = place.client.get(f"{path}/content").content.splitlines()
    assert {json.loads(line)["user_id"] for line in lines} == users


def test_a_followed_session_is_told_when_its_person_is_another(server: RunningServer, place: Place) -> None:
    place.show_to(share(50))
    users, visitors = within("user", PEOPLE, 50), within("visitor", PEOPLE, 50)
    outside, inside = next(n for n in PEOPLE if n not in visitors), next(n for n in PEOPLE if n in users)
    place.tell("identify", {"external_id": inside})
    session = place.start(anonymous_id=outside)["session"]
    with (
        place.app.stream("GET", changes_of(session), headers={"Accept": "text/event-stream"}, timeout=60) as answer,
        read_stream(answer) as stream,
        server.client(Authorization=place.app.headers["Authorization"]) as other,
    ):
        first = len(stream.events())
        assert other.post("/api/client/alias", json={"anonymous_id": outside, "external_id": inside}).is_success
        told = stream.changes(first + 1)[-1]
    assert told["states"][TOP]["scenario"] == "Banner"


@pytest.mark.slow
def test_a_followed_session_whose_visitor_signs_up_is_told_nothing(place: Place) -> None:
    place.show_to(share(50))
    visitors = within("visitor", PEOPLE, 50)
    for name in (next(n for n in PEOPLE if n in visitors), next(n for n in PEOPLE if n not in visitors)):
        started = place.start(anonymous_id=name)
        other = [f"{name} as {number}" for number in range(40)]
        user_id = next(one for one in other if (one in within("user", other, 50)) is not (name in visitors))
        place.tell("alias", {"anonymous_id": name, "external_id": user_id})
        parameters: dict[str, str | int] = {"since": started["revision"], "wait": 1}
        answer = place.app.get(
            changes_of(started["session"]), params=parameters, headers={"Accept": "application/json"}
        )
        assert answer.status_code == 204, answer.text


def test_flags_of_openfeature_are_those_of_the_session(place: Place) -> None:
    place.show_to(share(50))
    asked = {name: place.app.post("/ofrep/v1/evaluate/flags/home.top", json=context(name)) for name in PEOPLE}
    before = {name for name, answer in asked.items() if answer.json()["variant"] == "Banner"}
    assert before == within("user", PEOPLE, 50)
    assert {name for name in PEOPLE if place.sees(external_id=name)} == before
    place.start(anonymous_id="a visitor", external_id="signs up")
    answer = place.app.post("/ofrep/v1/evaluate/flags/home.top", json=context("signs up"))
    assert (answer.json()["variant"] == "Banner") is bool(within("visitor", ["a visitor"], 50))


def context(user_id: str) -> dict[str, Any]:
    return {"context": {"targetingKey": user_id}}


def test_explanations_say_the_bucket_and_the_share(place: Place) -> None:
    place.show_to(share(12.5))
    place.start(external_id="ada")
    number = bucket("spring", share_number("user", "ada"))
    for to, place_of_it in ((number / 100 + 0.01, "within"), (number / 100, "not within")):
        place.show_to(share(round(to, 2)))
        words = f"bucket {number:,} of 10,000: {place_of_it} 0 to {round(to, 2):g}%"
        outcome = "matched" if place_of_it == "within" else "not_matched"
        [told] = place.data("tribes/banner/explanation", user="ada")
        [explained] = told["filters"]
        assert (explained["outcome"], explained["found"]) == (outcome, number)
        assert words in explained["why"]
        assert explained["filter"] == share(round(to, 2))
        answer = place.client.post(f"{place.here}/session-explanation", json={"user_id": "ada"})
        [session] = answer.json()["data"]
        [one] = next(each for each in session["entities"] if each["entity"] == TOP)["scenarios"]
        assert words in one["tribes"][0]["filters"][0]["why"]
        assert one["outcome"] == outcome


def test_a_share_is_known_where_what_an_app_says_is_not(place: Place) -> None:
    place.start(external_id="ada")
    number = bucket("spring", share_number("user", "ada"))
    ends = {"matched": round(number / 100 + 0.01, 2), "not_matched": 0.01}
    for outcome, to in ends.items():
        place.show_to(share(to), CONTEXTUAL)
        [told] = place.data("tribes/banner/explanation", user="ada")
        assert told["filters"][0]["outcome"] == outcome
        assert told["outcome"] == ("cannot_be_known_here" if outcome == "matched" else "not_matched")
