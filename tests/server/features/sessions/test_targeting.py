"""Whom a session shows what: targeted scenarios at a real server, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from templates_server.features.people.identity import PersonKind, make_person_ref
from templates_server.storage import tables
from tests.environments import AppEnvironment, add_environment, decide, deliver
from tests.servers import RunningServer

MODEL = {
    "experiences": {"hero": {"properties": {"title": {"type": "text"}, "count": {"type": "number", "default": 7}}}},
    "collections": {"home": {"children": {"top": {"experience": "hero"}}}},
}
TOP = "home.top"
DAY = timedelta(days=1)


def targeted(*scenarios: Any, published: bool = True) -> dict[str, Any]:
    """A delivery in which `home.top` has these targeted scenarios."""
    default = {"properties": {"title": "Anybody", "count": 1}}
    return {
        "published": ["home"] if published else [],
        "scenarios": {TOP: {"default": default, "targeted": list(scenarios)}},
    }


def scenario(name: str, *tribes: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "tribes": list(tribes), "properties": {"title": name}, **more}


def tribe(*filters: dict[str, Any], audience: str = "all", match: str = "all") -> dict[str, Any]:
    return {"name": "A tribe", "audience": audience, "match": match, "filters": list(filters)}


def attribute(name: str, operator: str, *value: Any) -> dict[str, Any]:
    return {"attribute": name, "operator": operator, **({"value": value[0]} if value else {})}


@dataclass(frozen=True)
class App:
    """An app of an environment in which `home.top` is for one tribe."""

    server: RunningServer
    environment: AppEnvironment
    client: httpx.Client

    def start(self, **said: Any) -> dict[str, Any]:
        answer = self.client.post("/api/client/sessions", json=said)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def shown(self, **said: Any) -> str:
        """The name of the scenario of `home.top`."""
        found: str = self.start(**said)["states"][TOP]["scenario"]
        return found

    def tell(self, what: str, body: Any) -> None:
        answer = self.client.post(f"/api/client/{what}", json=body)
        assert answer.status_code == 204, answer.text

    def rewrite(self, user: str, **columns: Any) -> None:
        """Change what is stored of a user, as time would."""
        persons, person_id = tables.persons, make_person_ref(PersonKind.USER, user).person_id
        theirs = (persons.c.environment_id == self.environment.id) & (persons.c.person_id == person_id)
        self.server.database.write_sync(
            lambda connection: connection.execute(update(persons).where(theirs).values(**columns))
        )


@pytest.fixture
def made(server: RunningServer) -> Iterator[Any]:
    """Makes apps whose environment shows `Theirs` to whom the filters are for."""
    clients = []

    def make(*filters: dict[str, Any], **rest: Any) -> App:
        tribes = {"theirs": tribe(*filters, **rest)}
        environment = add_environment(
            server.database, model=MODEL, delivery=targeted(scenario("Theirs", "theirs")), tribes=tribes
        )
        clients.append(environment.app(server))
        return App(server, environment, clients[-1])

    yield make
    for client in clients:
        client.close()


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def now() -> datetime:
    return datetime.now(UTC)


def test_a_user_with_the_attribute_sees_what_is_for_them(made: Any) -> None:
    app = made(attribute("attributes.plan", "equals", "gold"), audience="users")
    app.tell("identify", {"external_id": "ada", "data": {"plan": "gold"}})
    app.tell("identify", {"external_id": "bob", "data": {"plan": "silver"}})
    assert [app.shown(external_id=who) for who in ("ada", "bob", "nobody")] == ["Theirs", "default", "default"]
    assert app.start(external_id="ada")["states"][TOP]["properties"] == {"title": "Theirs", "count": 1}


def test_what_an_app_says_decides_and_counts_for_that_session_alone(made: Any) -> None:
    app = made({"contextual": "fields.campaign", "operator": "equals", "value": "spring"})
    assert app.shown(anonymous_id="v", fields={"campaign": "spring"}) == "Theirs"
    assert app.shown(anonymous_id="v", fields={"campaign": "autumn"}) == "default"
    assert app.shown(anonymous_id="v") == "default"


def test_an_event_that_was_acknowledged_counts_in_the_next_request(made: Any) -> None:
    watched = {"event": "video/completed", "frequency": {"more_than": 2}, "metadata": {"genre": "Football"}}
    app = made(watched)
    event = {"name": "video/completed", "anonymous_id": "v", "metadata": [{"key": "genre", "value": "Football"}]}
    seen = []
    for _ in range(4):
        seen.append(app.shown(anonymous_id="v"))
        app.tell("events", [event])
    assert seen == ["default", "default", "default", "Theirs"]


def test_a_new_delivery_and_new_tribes_count_in_the_next_request(server: RunningServer, made: Any) -> None:
    app = made(attribute("attributes.plan", "exists"))
    app.tell("identify", {"external_id": "ada", "data": {"plan": "gold"}})
    revisions = [app.start(external_id="ada")["revision"]]
    deliver(server.database, app.environment, targeted(scenario("Other", "theirs")))
    assert app.shown(external_id="ada") == "Other"
    revisions.append(app.start(external_id="ada")["revision"])
    decide(server.database, app.environment, {"theirs": tribe(attribute("email", "exists"))}, revision=2)
    assert app.shown(external_id="ada") == "default"
    revisions.append(app.start(external_id="ada")["revision"])
    assert revisions == ["1.1.1", "1.2.1", "1.2.2"]


# How a state is chosen


def choices(server: RunningServer, *scenarios: dict[str, Any], published: bool = True) -> httpx.Client:
    """An app of an environment with such scenarios; the tribes `a` and `b` are said, `none` is nobody's."""
    said = {key: tribe({"contextual": "fields.in", "operator": "contains", "value": key}) for key in ("a", "b")}
    tribes = {**said, "none": tribe({"tag": "no/body/has"}), "every": tribe()}
    delivery = targeted(*scenarios, published=published)
    return add_environment(server.database, model=MODEL, delivery=delivery, tribes=tribes).app(server)


def state(client: httpx.Client, said: str) -> dict[str, Any]:
    with client:
        answer = client.post("/api/client/sessions", json={"anonymous_id": "v", "fields": {"in": said}})
    found: dict[str, Any] = answer.json()["states"][TOP]
    return found


@pytest.mark.parametrize(
    ("scenarios", "said", "expected"),
    [
        ([scenario("A", "a"), scenario("B", "b")], "ab", "A"),
        ([scenario("B", "b"), scenario("A", "a")], "ab", "B"),
        ([scenario("A", "a"), scenario("B", "b")], "b", "B"),
        ([scenario("A", "none", "a")], "a", "A"),
        ([scenario("A", "a", "b")], "", "default"),
        ([scenario("Every", "every")], "", "Every"),
        ([scenario("Gone", "gone"), scenario("A", "a")], "a", "A"),
        ([scenario("A", "gone", "a")], "a", "A"),
    ],
)
def test_the_first_targeted_scenario_any_of_whose_tribes_has_the_person_is_shown(
    server: RunningServer, scenarios: list[dict[str, Any]], said: str, expected: str
) -> None:
    assert state(choices(server, *scenarios), said)["scenario"] == expected


def test_a_scenario_is_shown_from_its_start_on_and_before_its_end(server: RunningServer) -> None:
    past, future = ((now() + days * DAY).isoformat() for days in (-1, 1))
    times = {"Over": {"ends": past}, "To come": {"starts": future}, "Now": {"starts": past, "ends": future}}
    scenarios = [scenario(name, "every", **time) for name, time in times.items()]
    assert state(choices(server, *scenarios), "")["scenario"] == "Now"


def test_a_collection_that_is_not_published_is_disabled_for_everybody(server: RunningServer) -> None:
    found = state(choices(server, scenario("Every", "every"), published=False), "")
    assert (found["scenario"], found["enabled"]) == ("Every", False)


def test_documents_that_no_longer_fit_take_no_session_down(server: RunningServer) -> None:
    good = tribe({"contextual": "fields.in", "operator": "equals", "value": "a"})
    broken = {"bad": {"filters": [{"unheard": "of"}, 7]}, "worse": [], "good": good, "Not a key": good}
    environment = add_environment(
        server.database,
        model=MODEL,
        delivery=targeted(scenario("Bad", "bad", "worse"), {"name": 7, "tribes": 7}, 7, scenario("Good", "good")),
        tribes=broken,
    )
    assert state(environment.app(server), "a")["scenario"] == "Good"


# What counts of a person


@pytest.mark.parametrize(
    ("condition", "first", "second"),
    [
        (attribute("last_seen", "on_day", now().date().isoformat()), "Theirs", "default"),
        (attribute("last_seen", "more_than_days_ago", 3), "default", "Theirs"),
        ({"behaviour": "days_since_seen", "operator": "equals", "value": 5}, "default", "Theirs"),
        ({"behaviour": "days_since_seen", "operator": "equals", "value": 0}, "Theirs", "default"),
        ({"behaviour": "sessions_30_days", "operator": "equals", "value": 1}, "Theirs", "default"),
        ({"behaviour": "sessions_30_days", "operator": "equals", "value": 2}, "default", "Theirs"),
        (attribute("first_seen", "exists"), "Theirs", "Theirs"),
        (attribute("first_seen", "more_than_days_ago", 9), "default", "Theirs"),
        (attribute("created", "less_than_days_ago", 2), "Theirs", "default"),
        (attribute("joined", "not_exists"), "Theirs", "Theirs"),
        ({"event": "a/b", "condition": "have_not_done"}, "Theirs", "Theirs"),
        ({"event": "a/b", "frequency": {"exactly": 0}}, "Theirs", "Theirs"),
    ],
)
@pytest.mark.parametrize("ids", [{"external_id": "ada"}, {"external_id": "ada", "anonymous_id": "v"}])
def test_a_session_goes_by_the_time_before_it_and_counts_itself(
    made: Any, condition: dict[str, Any], first: str, second: str, ids: dict[str, str]
) -> None:
    app = made(condition)
    assert app.shown(**ids) == first
    five_days_ago, long_ago = (milliseconds(now() - days * DAY) for days in (5, 10))
    app.rewrite("ada", created=long_ago, first_seen=long_ago, last_seen=five_days_ago)
    assert app.shown(**ids) == second


def test_who_was_brought_in_and_never_seen_is_seen_for_the_first_time(made: Any) -> None:
    app = made(attribute("first_seen", "less_than_days_ago", 1), attribute("last_seen", "less_than_days_ago", 1))
    app.tell("identify", {"external_id": "ada", "email": "ada@example.com"})
    app.rewrite("ada", first_seen=None, last_seen=None)
    assert app.shown(external_id="ada") == "Theirs"


DEVICE = {"device_id": "phone", "os": "iOS", "model": "iPhone15,2", "app_build": "127", "app_version": "4.2"}


def test_the_device_of_the_session_wins_over_the_stored_one_and_is_not_stored(made: Any) -> None:
    app = made(attribute("device.os", "equals", "tvOS"), attribute("device.model", "equals", "iPhone15,2"))
    app.tell("devices", {"external_id": "ada", **DEVICE})
    assert app.shown(external_id="ada") == "default"
    assert app.shown(external_id="ada", device={"os": "tvOS", "version": 3}) == "Theirs"
    assert app.shown(external_id="ada") == "default"
    assert app.shown(anonymous_id="new", device={"os": "tvOS", "model": "iPhone15,2"}) == "Theirs"


# Visitors who are users


def watch(app: App, **who: str) -> None:
    app.tell("events", [{"name": "video/completed", **who}])


def test_who_signs_in_is_shown_what_the_visitors_events_and_the_users_together_say(made: Any) -> None:
    app = made({"event": "video/completed", "frequency": {"exactly": 2}}, audience="users")
    watch(app, anonymous_id="v")
    watch(app, external_id="ada")
    assert app.shown(anonymous_id="v") == "default"
    assert app.shown(external_id="ada") == "default"
    assert app.shown(anonymous_id="v", external_id="ada") == "Theirs"
    assert app.shown(anonymous_id="v", external_id="ada") == "Theirs"
    assert app.shown(anonymous_id="v") == "Theirs"


def test_a_new_user_is_shown_what_the_visitor_before_them_says(made: Any) -> None:
    app = made({"event": "video/completed"}, {"behaviour": "sessions_30_days", "operator": "equals", "value": 2})
    watch(app, anonymous_id="v")
    assert app.shown(anonymous_id="v") == "default"
    assert app.shown(anonymous_id="v", external_id="new") == "Theirs"


def test_a_visitor_of_another_user_brings_nothing_along(made: Any) -> None:
    app = made({"event": "video/completed"})
    watch(app, anonymous_id="v")
    assert app.shown(anonymous_id="v", external_id="ada") == "Theirs"
    assert app.shown(anonymous_id="v", external_id="bob") == "default"
    assert app.shown(anonymous_id="v", external_id="bob") == "default"


def test_the_later_of_when_visitor_and_user_were_seen_is_when_they_were_seen_before(made: Any) -> None:
    app = made({"behaviour": "days_since_seen", "operator": "equals", "value": 0})
    app.tell("identify", {"external_id": "ada"})
    app.rewrite("ada", last_seen=milliseconds(now() - 5 * DAY))
    app.tell("identify", {"anonymous_id": "v"})
    assert app.shown(anonymous_id="v", external_id="ada") == "Theirs"


def test_a_merge_keeps_when_the_user_was_seen_before(made: Any) -> None:
    app = made({"behaviour": "days_since_seen", "operator": "equals", "value": 5})
    app.tell("identify", {"external_id": "ada"})
    app.rewrite("ada", last_seen=milliseconds(now() - 5 * DAY))
    assert app.shown(anonymous_id="new", external_id="ada") == "Theirs"
    assert app.shown(anonymous_id="new", external_id="ada") == "default"


def test_several_questions_of_events_are_each_decided_by_what_they_ask(made: Any) -> None:
    bought = {"event": "Product Purchased", "metadata": {"shop": "web"}, "timeframe": {"less_than": 7}}
    large = {"path": ["price", "amount"], "operator": "greater_or_equal", "value": 10}
    no_coupon = {"path": ["coupon"], "operator": "not_exists"}
    app = made(
        {"behaviour": "sessions_30_days", "operator": "greater_than", "value": 1},
        {**bought, "frequency": {"exactly": 1}, "data": [large, no_coupon]},
        {**bought, "frequency": {"more_than": 1}, "data": [{"path": ["gift"], "operator": "equals", "value": True}]},
        {**bought, "frequency": {"exactly": 1}, "data": [{"path": ["gift"], "operator": "equals", "value": 1}]},
        {"event": "Product Purchased", "condition": "have_not_done", "data": [{**large, "value": 100}]},
    )
    event = {"name": "Product Purchased", "external_id": "ada", "metadata": [{"key": "shop", "value": "web"}]}
    bought_by_ada = [
        {"price": {"amount": 25}, "gift": True},
        {"price": {"amount": 9}, "gift": True},
        {"price": {"amount": 30}, "coupon": "X", "gift": 1},
        {"price": {"amount": 110}, "coupon": "X"},
    ]
    seen = [app.shown(external_id="ada")]
    for each in bought_by_ada:
        app.tell("events", [{**event, "data": each}])
        seen.append(app.shown(external_id="ada"))
    assert seen == ["default", "default", "default", "Theirs", "default"]
