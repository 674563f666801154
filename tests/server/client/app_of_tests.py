"""An app for tests of the Client API: what it says, and what is stored of its people afterwards."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import Table, select

from templates_server.features.people.identity import PersonKind, make_person_ref
from templates_server.primitives.timestamps import system_clock
from templates_server.storage import tables as schema
from tests.environments import AppEnvironment
from tests.servers import RunningServer

DEVICE = {"device_id": "phone", "os": "iOS", "model": "iPhone15,2", "app_build": "127", "app_version": "4.2"}


@dataclass(frozen=True)
class App:
    """An app of one environment."""

    server: RunningServer
    environment: AppEnvironment
    client: httpx.Client

    def say(self, what: str, body: Any, **headers: str) -> httpx.Response:
        """Send something to the Client API."""
        return self.client.post(f"/api/client/{what}", json=body, headers=headers)

    def tell(self, what: str, body: Any) -> None:
        """The same, which must be taken. What is told after it comes in a later millisecond."""
        answer = self.say(what, body)
        assert answer.status_code in {200, 204}, answer.text
        ended = system_clock()
        while system_clock() == ended:
            time.sleep(0.0002)

    def send(self, *event_ids: str, **who: str) -> None:
        """Send events under these ids."""
        self.tell("events", [{"name": "video/completed", "id": event_id, **who} for event_id in event_ids])

    def rows(self, table: Table) -> list[Mapping[str, Any]]:
        """All that is stored in a table for the environment."""
        query = select(table).where(table.c.environment_id == self.environment.id)
        found = self.server.database.read_sync(lambda connection: connection.execute(query).mappings().all())
        return [dict(row) for row in found]

    def people(self) -> dict[tuple[str, str], Mapping[str, Any]]:
        """Everybody, by kind and by what they are called."""
        return {(row["kind"], row["called"]): row for row in self.rows(schema.persons)}

    def user(self, user_id: str) -> Mapping[str, Any]:
        """What is kept of a user."""
        return self.people()["user", user_id]

    def attributes(self, user_id: str) -> dict[str, Any]:
        """The attributes of a user."""
        found: dict[str, Any] = json.loads(self.user(user_id)["attributes"])
        return found

    def events_of(self, user_id: str) -> Collection[str]:
        """The ids of a user's events, in order."""
        return self._ids(schema.events, "event_id", make_person_ref(PersonKind.USER, user_id).person_id)

    def events_of_visitor(self, anonymous_id: str) -> Collection[str]:
        """The ids of a visitor's events, in order."""
        return self._ids(schema.events, "event_id", make_person_ref(PersonKind.VISITOR, anonymous_id).person_id)

    def sessions_of(self, user_id: str) -> Collection[str]:
        """The ids of a user's sessions, in order."""
        return self._ids(schema.sessions, "session_id", make_person_ref(PersonKind.USER, user_id).person_id)

    def devices_of(self, user_id: str) -> dict[str, Mapping[str, Any]]:
        """A user's devices by their ids."""
        person_id = make_person_ref(PersonKind.USER, user_id).person_id
        return {row["device_id"]: row for row in self.rows(schema.devices) if row["person_id"] == person_id}

    def start(self, **body: Any) -> str:
        """Start a session; its id."""
        answer = self.say("sessions", body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["session"])

    def everything(self) -> dict[str, list[Mapping[str, Any]]]:
        """All that is stored about people."""
        tables = (schema.persons, schema.events, schema.sessions, schema.devices, schema.merges)
        return {table.name: sorted(self.rows(table), key=str) for table in tables}

    def _ids(self, table: Table, column: str, person_id: str) -> Collection[str]:
        return sorted(row[column] for row in self.rows(table) if row["person_id"] == person_id)
