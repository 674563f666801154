"""Exports over HTTP, for tests: an environment with a tribe of everybody, exports that are waited for, and fetched."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import httpx

from templates_server.security.authorization import Role
from tests.people import Person, add_organization, add_person, add_space
from tests.servers import RunningServer

EVERYBODY = {"match": "all", "audience": "users", "filters": []}
GOLD = {"filters": [{"attribute": "attributes.plan", "operator": "equals", "value": "gold"}]}
SPRING = {"filters": [{"contextual": "fields.campaign", "operator": "equals", "value": "spring"}]}
TRIBES = {"tribes": {"everybody": EVERYBODY, "gold": GOLD, "spring": SPRING}}
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class ExportClient:
    """Somebody who exports from an environment."""

    server: RunningServer
    person: Person
    client: httpx.Client
    path: str

    def put(self, *users: dict[str, Any]) -> None:
        """Insert or update users."""
        for start in range(0, len(users), 1000):
            answer = self.client.post(f"{self.path}/users", json=users[start : start + 1000])
            assert answer.is_success, answer.text

    def ask(self, tribe: str = "everybody", **wanted: Any) -> httpx.Response:
        """Ask for an export of a tribe."""
        return self.client.post(f"{self.path}/tribes/{tribe}/exports", json=wanted)

    def ask_events(self, **wanted: Any) -> httpx.Response:
        """Ask for an export of events."""
        return self.client.post(f"{self.path}/events/exports", json=wanted)

    def wait_until_ended(self, answer: httpx.Response) -> dict[str, Any]:
        """The export that was asked for, once it is complete or has failed."""
        assert answer.status_code == 202, answer.text
        export: dict[str, Any] = answer.json()["data"][0]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while export["state"] == "running":
            assert time.monotonic() < deadline, export
            time.sleep(0.01)
            export = self.client.get(f"{self.path}/exports/{export['export']}").json()["data"][0]
        return export

    def fetch(self, export: dict[str, Any], **headers: str) -> httpx.Response:
        """What is in an export."""
        return self.client.get(f"{self.path}/exports/{export['export']}/content", headers=headers)

    def export_tribe(self, tribe: str = "everybody", **wanted: Any) -> bytes:
        """All of it, from asking to the last byte."""
        return self._content(self.wait_until_ended(self.ask(tribe, **wanted)))

    def export_events(self, **wanted: Any) -> bytes:
        """The same of events."""
        return self._content(self.wait_until_ended(self.ask_events(**wanted)))

    def _content(self, export: dict[str, Any]) -> bytes:
        assert export["state"] == "complete", export
        fetched = self.fetch(export)
        assert fetched.status_code == 200, fetched.text
        return fetched.content

    def app(self) -> httpx.Client:
        """An app of the environment."""
        answer = self.client.post(f"{self.path}/keys", json={"name": "app"})
        return self.server.client(Authorization=f"Bearer {answer.json()['data'][0]['key']}")


def make_export_client(server: RunningServer, client: httpx.Client, person: Person) -> ExportClient:
    """A new Space of theirs, with the tribes."""
    space = f"/v2/spaces/{add_space(server, person)}"
    stored = client.put(f"{space}/tribes", json=TRIBES)
    assert stored.is_success, stored.text
    return ExportClient(server, person, client, f"{space}/environments/production")


def somebody(server: RunningServer) -> Person:
    """A developer of a new organization."""
    return add_person(server.database, add_organization(server.database), role=Role.DEVELOPER)
