"""The four tribes of the demo pick the right people, whoever asks: told by plain Python.

At full scale (MTRIBES_FULL_SCALE=1) out of 100,000 users with 1,000,000 events, else out of 2,000 with 20,000.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

import templates_server.features.demo
from templates_server.features.people.identity import PersonKind
from templates_server.primitives.timestamps import DAY, system_clock, to_day, to_rfc3339
from tests.people import add_organization, add_person, add_space
from tests.servers import RunningServer, running_server

IS_FULL_SCALE = os.environ.get("MTRIBES_FULL_SCALE") == "1"
USERS, EVENTS, ASKED = (100_000, 1_000_000, 1_000) if IS_FULL_SCALE else (2_000, 20_000, 200)
VISITORS = USERS // 10
AT_ONCE = 1_000
DEMO = Path(templates_server.features.demo.__file__).parent
NOW = system_clock()
CHANCE = random.Random(1)  # noqa: S311 - the same people at every run
NAMES = ("video/completed", "video/completed", "video/started")
GENRES = ("Football", "Football", "football", "Drama", "")
TAGS = ("customers/active", "customers/in-trial", "sports/football", "sports/football/europe", "sports/rugby", "sport")
PLANS = ("gold", "Gold", "silver", "trial", 7, True)
CAMPAIGNS = ("spring", "Spring", None)


@dataclass(frozen=True)
class Happened:
    """An event as it is sent."""

    name: str
    genre: str
    at: int


@dataclass(frozen=True)
class Somebody:
    """A user, or a visitor, of whom nothing is known but events."""

    called: str
    kind: PersonKind
    profile: dict[str, Any]
    events: Sequence[Happened]

    @property
    def is_user(self) -> bool:
        """Whether it is a user."""
        return self.kind is PersonKind.USER

    def tribes(self, campaign: str | None) -> set[str]:
        """The tribes that this person is in, when an app says that campaign."""
        tags, attributes = self.profile.get("tags", []), self.profile.get("attributes", {})
        joined = self.profile.get("joined")
        found = {
            "gold-members": self.is_user and attributes.get("subscription") == "gold",
            "trial-ending": self.is_user and "customers/in-trial" in tags and joined is not None and _days(joined) > 10,
            "football-fans": any(tag == "sports/football" or tag.startswith("sports/football/") for tag in tags)
            or sum(map(_is_football_of_this_week, self.events)) > 2,
            "spring-campaign": campaign == "spring",
        }
        return {tribe for tribe, is_in in found.items() if is_in}

    def shown(self, campaign: str | None) -> dict[str, str]:
        """The scenarios that production shows them."""
        tribes = self.tribes(campaign)
        trial = "Save the trial" if "trial-ending" in tribes else "default"
        return {
            "homepage.header": "Gold header" if "gold-members" in tribes else "default",
            "homepage.body": "Football evening" if "football-fans" in tribes else "default",
            "onboarding.welcome": "Spring offer" if "spring-campaign" in tribes else trial,
        }


SEEN = Happened("a/b", "", NOW)


def _date(moment: int) -> datetime:
    return datetime.fromtimestamp(moment / 1000, UTC)


def _days(day: str) -> int:
    return (_date(NOW).date() - datetime.fromisoformat(day).date()).days


def _is_football_of_this_week(event: Happened) -> bool:
    days = (_date(NOW).date() - _date(event.at).date()).days
    return event.name == "video/completed" and event.genre == "Football" and 0 <= days < 7


def people(chance: random.Random) -> list[Somebody]:
    """Everybody, with few of the events each; some on the border of a day, some long ago."""
    last_week = NOW // DAY * DAY - 6 * DAY
    borders = (last_week - 1, last_week, NOW - 1)
    events: list[list[Happened]] = [[] for _ in range(USERS + VISITORS)]
    for _ in range(EVENTS):
        at = chance.choice(borders) if chance.random() < 0.2 else NOW - chance.randrange(10 * DAY)
        happened = Happened(chance.choice(NAMES), chance.choice(GENRES), at)
        events[min(int(chance.expovariate(3) * len(events)), len(events) - 1)].append(happened)
    users = [Somebody(f"user-{n}", PersonKind.USER, _profile(chance), events[n]) for n in range(USERS)]
    visitors = [Somebody(f"visitor-{n}", PersonKind.VISITOR, {}, events[USERS + n] or [SEEN]) for n in range(VISITORS)]
    return users + visitors


def _profile(chance: random.Random) -> dict[str, Any]:
    profile: dict[str, Any] = {"tags": sorted(chance.sample(TAGS, chance.randrange(3)))}
    if chance.random() < 0.8:
        profile["joined"] = to_day(NOW - chance.randrange(8, 14) * DAY)
    if chance.random() < 0.8:
        profile["attributes"] = {"subscription": chance.choice(PLANS)}
    return profile


@dataclass(frozen=True)
class Place:
    """A Space with the documents of the demo, whose production has all these people."""

    server: RunningServer
    client: httpx.Client
    app: httpx.Client
    path: str

    def ids_in(self, tribe: str) -> list[str]:
        """All users of a tribe, by pages."""
        found: list[str] = []
        url: str | None = f"{self.path}/environments/production/tribes/{tribe}/users?limit=1000"
        while url is not None:
            answer = self.client.get(url)
            assert answer.status_code == 200, answer.text
            found += [user["user_id"] for user in answer.json()["data"]]
            url = answer.links.get("next", {}).get("url")
        return found

    def count(self, tribe: str) -> int:
        """How many people it has, users and visitors."""
        (counted,) = self.client.get(f"{self.path}/environments/production/tribes/{tribe}/count").json()["data"]
        return int(counted["count"])

    def shown(self, somebody: Somebody, campaign: str | None) -> dict[str, str]:
        """The scenarios of a session."""
        id_name = "external_id" if somebody.is_user else "anonymous_id"
        answer = self.app.post(
            "/api/client/sessions", json={id_name: somebody.called, "fields": {"campaign": campaign}}
        )
        assert answer.status_code == 200, answer.text
        return {entity: state["scenario"] for entity, state in answer.json()["states"].items()}

    def fill(self, everybody: Sequence[Somebody]) -> None:
        """Bring everybody in, and tell what they did."""
        users = [{"user_id": one.called, **one.profile} for one in everybody if one.is_user]
        for start in range(0, len(users), AT_ONCE):
            sent = self.client.post(f"{self.path}/environments/production/users", json=users[start : start + AT_ONCE])
            assert sent.status_code == 201, sent.text
        events = [_as_sent(one, event) for one in everybody for event in one.events]
        CHANCE.shuffle(events)
        for start in range(0, len(events), AT_ONCE):
            answer = self.app.post("/api/client/events", json=events[start : start + AT_ONCE])
            assert answer.status_code == 204, answer.text


def _as_sent(somebody: Somebody, event: Happened) -> dict[str, Any]:
    id_name = "external_id" if somebody.is_user else "anonymous_id"
    sent: dict[str, Any] = {id_name: somebody.called, "name": event.name, "timestamp": to_rfc3339(event.at)}
    return {**sent, "metadata": [{"key": "genre", "value": event.genre}]} if event.genre else sent


@pytest.fixture
def place(fresh_database_url: str, tmp_path: Path) -> Iterator[Place]:
    with running_server(tmp_path, database_url=fresh_database_url, clock=lambda: NOW) as server:
        person = add_person(server.database, add_organization(server.database))
        space = add_space(server, person)
        with person.client(server) as client:
            path = f"/v2/spaces/{space}"
            put(client, f"{path}/model", "vod-space.yaml", space)
            put(client, f"{path}/tribes", "vod-tribes.yaml", space)
            put(client, f"{path}/environments/production/delivery", "vod-production.yaml", space)
            made = client.post(f"{path}/environments/production/keys", json={"name": "tv"})
            key = made.json()["data"][0]["key"]
            with server.client(Authorization=f"Bearer {key}") as app:
                yield Place(server, client, app, path)


def put(client: httpx.Client, path: str, file: str, space: str) -> None:
    text = (DEMO / file).read_text().replace("space: vod", f"space: {space}")
    answer = client.put(path, content=text, headers={"Content-Type": "application/yaml"})
    assert answer.is_success, answer.text


@pytest.mark.slow
def test_the_right_people_are_picked(place: Place) -> None:
    everybody = people(CHANCE)
    place.fill(everybody)
    for tribe in ("gold-members", "trial-ending", "football-fans"):
        expected = [one for one in everybody if tribe in one.tribes(None)]
        assert 0.05 * USERS < len(expected) < 0.8 * USERS
        assert sorted(place.ids_in(tribe)) == sorted(one.called for one in expected if one.is_user)
        assert place.count(tribe) == len(expected)
        assert (tribe == "football-fans") is any(not one.is_user for one in expected)
    asked = [(one, CHANCE.choice(CAMPAIGNS)) for one in CHANCE.sample(everybody, ASKED)]
    with ThreadPoolExecutor(8) as threads:
        shown = list(threads.map(lambda pair: place.shown(*pair), asked))
    assert shown == [one.shown(campaign) for one, campaign in asked]
