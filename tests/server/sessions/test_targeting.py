"""Whom a session shows what: targeted scenarios at a real server, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from templates_server import schema
from templates_server.persons.names import PersonKind, named
from tests.environments import AppEnvironment, add_environment, decide, deliver
from tests.servers import RunningServer

MODEL = {
    "experiences": {"hero": {"properties": {"title": {"type": "text"}, "count": {"type": "number", "default": 7}}}},
    "collections": {"home": {"children": {"top": {"experience": "hero"}}}},
}
TOP = "home.top"
DAY = timedelta(days=1)


def targeted(*scenarios: dict[str, Any], published: bool = True) -> dict[str, Any]:
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
        persons, person_id = schema.persons, named(PersonKind.USER, user).person_id
        theirs = (persons.c.environment_id == self.environment.id) & (persons.c.person_id == person_id)
        self.server.database.write_now(
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
