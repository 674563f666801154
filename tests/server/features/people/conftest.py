"""An environment of its own for each test, and somebody who may do everything there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from templates_server.storage.tables import environments, spaces
from tests.people import Person, add_organization, add_person, add_space
from tests.servers import RunningServer


@dataclass(frozen=True)
class Place:
    """An environment of a new Space, and its administrator's client."""

    server: RunningServer
    person: Person
    space: str
    environment_id: str
    client: httpx.Client

    @property
    def path(self) -> str:
        """Where it is."""
        return f"/v2/spaces/{self.space}/environments/production"

    def url(self, *parts: str) -> str:
        """Something of it; parts are not escaped."""
        return "/".join((self.path, *parts))

    def upsert(self, *users: dict[str, Any]) -> list[str]:
        """What became of these users."""
        answer = self.client.post(self.url("users"), json=list(users))
        assert answer.is_success, answer.text
        return [one["result"] for one in answer.json()["data"]]

    def user(self, user_id: str) -> dict[str, Any]:
        """What is kept of a user."""
        answer = self.client.get(self.url("users", user_id))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["data"][0]
        return found

    def tags(self, **query: str) -> dict[str, int]:
        """The tags that somebody has, with their counts."""
        answer = self.client.get(self.url("user-tags"), params=query)
        return {one["tag"]: one["users"] for one in answer.json()["data"]}

    def app(self) -> httpx.Client:
        """An app of the environment."""
        answer = self.client.post(self.url("keys"), json={"name": "app"})
        return self.server.client(Authorization=f"Bearer {answer.json()['data'][0]['key']}")


@pytest.fixture
def place(server: RunningServer) -> Iterator[Place]:
    """A new environment with its administrator."""
    person = add_person(server.database, add_organization(server.database))
    space = add_space(server, person)
    query = (
        select(environments.c.id)
        .join_from(environments, spaces)
        .where(spaces.c.key == space, environments.c.name == "production")
    )
    environment_id = server.database.read_sync(lambda connection: connection.execute(query).scalar_one())
    with person.client(server) as client:
        yield Place(server, person, space, environment_id, client)
