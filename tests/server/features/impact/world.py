"""A Space for the tests of impact: entities, tribes of every kind of filter, and people who were seen or were not."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import select, update

from templates_server.features.people.identity import PersonKind, make_person_ref
from templates_server.primitives.shares import share_number
from templates_server.primitives.timestamps import DAY, system_clock
from templates_server.storage import tables
from tests.people import Organization, add_organization, add_person, add_space
from tests.servers import RunningServer

MODEL = {
    "experiences": {"hero": {"properties": {"title": {"type": "text"}}}},
    "sections": {"body": {"supports": ["hero"]}},
    "collections": {
        "home": {"children": {"top": {"experience": "hero"}, "list": {"section": "body"}}},
        "shop": {"children": {"top": {"experience": "hero"}}},
    },
}
ENTITIES = ("home.list", "home.top", "shop.top")
FILTERS: Sequence[dict[str, Any]] = (
    {"attribute": "attributes.plan", "operator": "equals", "value": "gold"},
    {"attribute": "attributes.age", "operator": "greater_than", "value": 30},
    {"attribute": "app.version", "operator": "version_at_least", "value": "2.0"},
    {"attribute": "app.platform", "operator": "equals", "value": "ios"},
    {"behaviour": "sessions_30_days", "operator": "greater_than", "value": 2},
    {"behaviour": "days_since_seen", "operator": "equals", "value": 0},
    {"event": "video/completed", "frequency": {"more_than": 1}},
    {"tag": "sports"},
    {"share": {"salt": "spring", "from": 0, "to": 50}},
    {"contextual": "fields.campaign", "operator": "equals", "value": "spring"},
)
NAMES = ("One", "Two", "<script>alert(1)</script>", "\N{RIGHT-TO-LEFT OVERRIDE}Four")


@dataclass(frozen=True)
class SpaceOfImpact:
    """A Space, somebody who may do everything in it, and an app of its production."""

    organization: Organization
    client: httpx.Client
    app: httpx.Client
    space: str
    environment_id: str

    @property
    def here(self) -> str:
        return f"{self.space}/environments/production"

    def impact(self, document: Any) -> httpx.Response:
        return self.client.post(f"{self.here}/delivery/impact", json={"document": document})

    def found(self, document: Any) -> dict[str, Any]:
        answer = self.impact(document)
        assert answer.status_code == 200, answer.text
        (found,) = answer.json()["data"]
        return dict(found)

    def found_of_tribes(self, document: Any) -> dict[str, dict[str, Any]]:
        answer = self.client.post(f"{self.space}/tribes/impact", json={"document": document})
        assert answer.status_code == 200, answer.text
        return {one["environment"]: one for one in answer.json()["data"]}

    def push(self, document: Any) -> None:
        answer = self.client.put(f"{self.here}/delivery", json=document, headers={"If-Match": "*"})
        assert answer.is_success, answer.text

    def push_tribes(self, document: Any) -> None:
        answer = self.client.put(f"{self.space}/tribes", json=document, headers={"If-Match": "*"})
        assert answer.is_success, answer.text

    def explain(self, kind: str, person: str) -> dict[str, tuple[bool, str | None]]:
        """By entity, whether its scenario is known, and its name."""
        name = {"user": "user_id", "visitor": "anonymous_id"}[kind]
        answer = self.client.post(f"{self.here}/session-explanation", json={name: person})
        assert answer.status_code == 200, answer.text
        return {one["entity"]: (one["known"], one["scenario"]) for one in answer.json()["data"][0]["entities"]}


@contextmanager
def space_of_impact(server: RunningServer) -> Iterator[SpaceOfImpact]:
    """A new Space without people, tribes or delivery."""
    person = add_person(server.database, add_organization(server.database))
    key = add_space(server, person)
    space = f"/v2/spaces/{key}"
    environments, spaces = tables.environments, tables.spaces
    query = select(environments.c.id).join_from(environments, spaces)
    query = query.where(spaces.c.key == key, environments.c.name == "production")
    environment_id = server.database.read_sync(lambda connection: connection.execute(query).scalar_one())
    with person.client(server) as client:
        assert client.put(f"{space}/model", json=MODEL, headers={"If-Match": "*"}).is_success
        key = client.post(f"{space}/environments/production/keys", json={"name": "web"}).json()["data"][0]["key"]
        with server.client(Authorization=f"Bearer {key}") as app:
            yield SpaceOfImpact(person.organization, client, app, space, environment_id)


def random_tribes(draw: random.Random) -> dict[str, Any]:
    """A document of tribes, each with one or two filters."""
    return {"tribes": {f"tribe-{number}": _random_tribe(draw) for number in range(6)}}


def _random_tribe(draw: random.Random) -> dict[str, Any]:
    filters = draw.sample(FILTERS, draw.choice((1, 1, 2)))
    match = "all" if any("share" in each for each in filters) else draw.choice(("any", "all"))
    return {"audience": draw.choice(("users", "visitors", "all", "all")), "match": match, "filters": filters}


def random_delivery(draw: random.Random, tribes: Sequence[str]) -> dict[str, Any]:
    """A delivery of all entities, now and then of a collection that is not published."""
    published = [key for key in ("home", "shop") if draw.random() < 0.8]
    return {"published": published, "scenarios": {entity: _scenarios(draw, entity, tribes) for entity in ENTITIES}}


def _scenarios(draw: random.Random, entity: str, tribes: Sequence[str]) -> dict[str, Any]:
    names = draw.sample(NAMES, draw.randrange(len(NAMES) + 1))
    found: dict[str, Any] = {"targeted": [_targeted(draw, name, entity, tribes) for name in names]}
    return {**found, **({"default": _state(draw, entity)} if draw.random() < 0.7 else {})}


def _targeted(draw: random.Random, name: str, entity: str, tribes: Sequence[str]) -> dict[str, Any]:
    times = draw.choice(({}, {}, {"starts": "2999-01-01T00:00:00Z"}, {"ends": "2999-01-01T00:00:00Z"}))
    named = sorted(draw.sample(tribes, draw.choice((1, 1, 2))))
    return {"name": name, "tribes": named, **times, **_state(draw, entity)}


def _state(draw: random.Random, entity: str) -> dict[str, Any]:
    enabled, title = draw.random() < 0.9, draw.choice(("Hello", "Bye"))
    if entity == "home.list":
        return {"enabled": enabled, "items": [{"id": "a", "experience": "hero", "properties": {"title": title}}]}
    return {"enabled": enabled, "properties": {"title": title}}


def add_people(space: SpaceOfImpact, server: RunningServer) -> Sequence[tuple[str, str]]:
    """Users and visitors, each by kind and id, who were seen; besides them some who were not, or long ago."""
    users = [f"user-{number}" for number in range(10)] + ["<b>bold</b>", "=1+1", "'; DROP TABLE persons; --"]
    rows = [
        {
            "user_id": user,
            "attributes": {"plan": ("gold", "free")[number % 2], "age": 20 + 3 * number},
            "tags": ["sports/football"] if number % 3 == 0 else [],
        }
        for number, user in enumerate([*users, "gone", "never-seen"])
    ]
    assert space.client.post(f"{space.here}/users", json=rows).is_success
    visitors = [f"phone-{number}" for number in range(8)]
    for number, user in enumerate([*users, "gone"]):
        _see(space, number, anonymous_id=f"device-of-{number}", external_id=user)
    for number, visitor in enumerate([*visitors, "gone-phone"]):
        _see(space, number, anonymous_id=visitor)
    gone = [make_person_ref(PersonKind.USER, "gone"), make_person_ref(PersonKind.VISITOR, "gone-phone")]
    persons = tables.persons
    long_ago = update(persons).where(
        persons.c.environment_id == space.environment_id, persons.c.person_id.in_([one.person_id for one in gone])
    )
    server.database.write_sync(
        lambda connection: connection.execute(long_ago.values(last_seen=system_clock() - 31 * DAY))
    )
    return [*(("user", user) for user in users), *(("visitor", visitor) for visitor in visitors)]


def _see(space: SpaceOfImpact, number: int, **who: str) -> None:
    """Sessions of somebody, one more for each number, and events for some."""
    app = {"version": f"{number % 4}.1", "platform": ("ios", "android")[number % 2]}
    for _ in range(1 + number % 4):
        assert space.app.post("/api/client/sessions", json={**who, "app": app}).status_code == 200
    events = [{**who, "name": "video/completed"} for _ in range(number % 4)]
    if events:
        assert space.app.post("/api/client/events", json=events).is_success


def insert_people(server: RunningServer, environment_id: str, number: int, *, every: int) -> None:
    """That many users who were seen now; every so manieth has the plan gold."""
    now = system_clock()
    rows: list[Mapping[str, Any]] = []
    for index in range(number):
        person = make_person_ref(PersonKind.USER, f"bulk-{index}")
        plan = "gold" if index % every == 0 else "free"
        rows.append(
            {
                "environment_id": environment_id,
                "person_id": person.person_id,
                "kind": "user",
                "called": person.called,
                "created": now,
                "first_seen": now,
                "last_seen": now,
                "updated": now,
                "attributes": f'{{"plan":"{plan}"}}',
                "share_number": share_number("user", person.called),
            }
        )
    server.database.write_sync(lambda connection: connection.execute(tables.persons.insert(), rows))
