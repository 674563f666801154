"""`GET .../environments/:environment/events`, on both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from templates_server.access import Role, Scope
from templates_server.times import system_clock, to_rfc3339
from tests.people import FULL, Grant, Person, add_organization, add_person, add_space
from tests.servers import RunningServer


class Place:
    """The production of a Space: who reads it, and its app."""

    def __init__(self, server: RunningServer) -> None:
        self.person: Person = add_person(server.database, add_organization(server.database))
        self.path = f"/v2/spaces/{add_space(server, self.person)}/environments/production"
        self.reader: httpx.Client = self.person.client(server)
        key = self.reader.post(f"{self.path}/keys", json={"name": "tests"}).json()["data"][0]["key"]
        self.app = server.client(Authorization=f"Bearer {key}")

    def send(self, *events: dict[str, Any]) -> None:
        answer = self.app.post("/api/client/events", json=[{"name": "a/b", **event} for event in events])
        assert answer.status_code == 204, answer.text

    def all_pages(self, **query: Any) -> list[dict[str, Any]]:
        """Every event, by following the links."""
        found: list[dict[str, Any]] = []
        url: str | None = str(httpx.URL(f"{self.path}/events", params=query))
        while url is not None:
            answer = self.reader.get(url)
            assert answer.status_code == 200, answer.text
            found += answer.json()["data"]
            link = re.search(r"<(.*)>", answer.headers.get("link", ""))
            url = link[1] if link else None
        return found


@pytest.fixture
def place(server: RunningServer) -> Iterator[Place]:
    found = Place(server)
    yield found
    found.reader.close()
    found.app.close()


def test_an_event_is_told_as_it_was_sent(place: Place) -> None:
    moment = to_rfc3339(system_clock() - 3_600_000)
    sent = {"id": "e-1", "session": "ses_1", "entity": "home.header", "timestamp": moment}
    metadata = [{"key": "genre", "value": "Football"}]
    place.send({**sent, "external_id": "u/é", "data": {"x": [1]}, "metadata": metadata}, {"anonymous_id": "v"})
    answer = place.reader.get(f"{place.path}/events", params={"user": "u/é"})
    (event,) = answer.json()["data"]
    assert answer.json()["dataType"] == "event"
    received = event.pop("received")
    assert received > moment
    assert event == {
        **sent,
        "name": "a/b",
        "user_id": "u/é",
        "anonymous_id": None,
        "data": {"x": [1]},
        "metadata": {"genre": "Football"},
    }
    assert [event["anonymous_id"] for event in place.all_pages() if event["user_id"] is None] == ["v"]


def test_of_a_user_the_newest_comes_first_page_by_page(place: Place) -> None:
    now = system_clock()
    place.send(
        *(
            {"id": f"e-{number}", "external_id": "u", "timestamp": to_rfc3339(now - number // 3 * 1000)}
            for number in range(25)
        ),
        {"external_id": "other"},
    )
    pages = [[event["id"] for event in place.all_pages(user="u", limit=limit)] for limit in (4, 100)]
    times = [event["timestamp"] for event in place.all_pages(user="u", limit=4)]
    assert pages[0] == pages[1]
    assert sorted(pages[0]) == sorted(f"e-{number}" for number in range(25))
    assert times == sorted(times, reverse=True)


def test_all_events_come_once_in_a_stable_order(place: Place) -> None:
    place.send(*({"id": f"e-{number}", "anonymous_id": f"v-{number % 7}"} for number in range(40)))
    found = [event["id"] for event in place.all_pages(limit=6)]
    assert sorted(found) == sorted(f"e-{number}" for number in range(40))
    assert found == [event["id"] for event in place.all_pages()]


def test_events_of_a_name_are_found_wherever_they_are_each_once_the_newest_first(place: Place) -> None:
    now = system_clock()
    names = {number: "rare/one" if number % 3 == 1 else "a/b" for number in range(60)}
    times = {number: to_rfc3339(now - number % 4 * 1000) for number in names}
    place.send(
        *(
            {"id": f"e-{n}", "name": name, "anonymous_id": f"v-{n % 5}", "timestamp": times[n]}
            for n, name in names.items()
        )
    )
    place.send({"id": "e-u", "name": "rare/one", "external_id": "u"}, {"external_id": "u"})
    rare = sorted([*(f"e-{n}" for n, name in names.items() if name == "rare/one"), "e-u"])
    whole = place.all_pages(name="rare/one")
    assert sorted(event["id"] for event in whole) == rare
    for limit in (1, 2, 7):
        assert place.all_pages(name="rare/one", limit=limit) == whole
    moments = [event["timestamp"] for event in whole]
    assert moments == sorted(moments, reverse=True)
    assert len(set(moments)) > 3
    assert [event["id"] for event in place.all_pages(name="rare/one", user="u")] == ["e-u"]
    assert place.all_pages(name="never/sent", limit=2) == []


@pytest.mark.parametrize("name", ["Product Purchased", "100% & more?", "x" * 256, "观看"])
def test_events_are_found_by_any_name_that_can_be_sent(place: Place, name: str) -> None:
    place.send({"id": "e-1", "name": name, "external_id": "u"}, {"id": "e-2", "external_id": "u"})
    assert [event["name"] for event in place.all_pages(name=name)] == [name]
    assert [event["id"] for event in place.all_pages(name=name, user="u")] == ["e-1"]


def test_nobody_has_no_events(place: Place) -> None:
    assert place.all_pages(user="nobody") == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"cursor": "bm8"}, 400),
        ({"user": "u", "cursor": "eApl"}, 400),
        ({"user": "u", "cursor": "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTkKZQ"}, 400),
        ({"limit": 0}, 400),
        ({"user": ".."}, 422),
        ({"name": ""}, 422),
        ({"name": "a\0"}, 400),
        ({"name": "a\x01"}, 422),
        ({"name": "x" * 257}, 422),
        ({"name": "sdk/x"}, 422),
    ],
)
def test_what_cannot_be_asked_is_refused(place: Place, query: dict[str, Any], status: int) -> None:
    assert place.reader.get(f"{place.path}/events", params=query).status_code == status


def test_it_takes_the_scope_and_a_role_that_may_see_people(server: RunningServer, place: Place) -> None:
    others = (
        add_person(server.database, place.person.organization, role=Role.VIEWER),
        add_person(
            server.database,
            place.person.organization,
            grant=Grant(scopes=set(FULL.scopes) - {Scope.EVENTS_READ}),
        ),
    )
    for other in others:
        with other.client(server) as client:
            assert client.get(f"{place.path}/events").status_code == 403
    assert place.app.get(f"{place.path}/events").status_code == 403
    stranger = add_person(server.database, add_organization(server.database))
    with stranger.client(server) as client:
        assert client.get(f"{place.path}/events").status_code == 404
