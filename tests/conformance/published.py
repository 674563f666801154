"""What a case has of the real server: an environment of its own, what that serves, and the events that it stored."""

from __future__ import annotations

import copy
import functools
import json
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from templates_server.features import demo
from templates_server.primitives.timestamps import system_clock
from templates_server.primitives.yaml_json import read_yaml
from templates_server.storage import tables
from tests.conformance.value_paths import put
from tests.environments import AppEnvironment, add_environment
from tests.server.features.codegen.reference_space import EVENTS_AND_FIELDS
from tests.servers import RunningServer

SPACE = Path(__file__).parent / "space"
MODEL = Path(demo.__file__).parent / "vod-space.yaml"


@functools.cache
def _document(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = read_yaml(path.read_bytes(), max_depth=32)
    return document


class PublishedSpace:
    """The reference Space with events and fields, and `space/delivery.yaml` published, in an environment of its own."""

    def __init__(self, server: RunningServer) -> None:
        self._database = server.database
        self._server = server
        self._delivery = _document(SPACE / "delivery.yaml")
        self._revision = 1
        model = {name: part for name, part in _document(MODEL).items() if name not in ("space", "name")}
        model |= EVENTS_AND_FIELDS
        self.environment: AppEnvironment = add_environment(
            server.database, model=model, delivery=self._delivery, tribes=_document(SPACE / "tribes.yaml")
        )

    @property
    def key(self) -> str:
        """The public key that opens it."""
        return self.environment.key

    def add_user(self, user_id: str, attributes: dict[str, Any]) -> None:
        """A user with attributes."""
        with self.environment.app(self._server) as app:
            app.post("/api/client/identify", json={"external_id": user_id, "data": attributes}).raise_for_status()

    def publish(self, values: dict[str, Any]) -> None:
        """Another revision, with other values in default scenarios: by `homepage.header.properties.sticky`."""
        delivery = copy.deepcopy(self._delivery)
        for place, value in values.items():
            collection, child, rest = place.split(".", maxsplit=2)
            put(delivery["scenarios"][f"{collection}.{child}"]["default"], rest, value)
        self._delivery, self._revision = delivery, self._revision + 1
        row = {"environment_id": self.environment.id, "document": json.dumps(delivery), "revision": self._revision}
        row |= {"created": system_clock(), "created_by": "test"}
        environments = tables.environments
        newest = update(environments).where(environments.c.id == self.environment.id).values(revision=self._revision)
        self._database.write_sync(
            lambda connection: (connection.execute(tables.delivery_revisions.insert(), row), connection.execute(newest))
        )

    def revoke(self) -> None:
        """End the life of the key."""
        keys = tables.environment_keys
        ended = update(keys).where(keys.c.key == self.key).values(revoked=system_clock())
        self._database.write_sync(lambda connection: connection.execute(ended))

    def stored_events(self) -> list[dict[str, Any]]:
        """All of its events: what each is called, whose, of which entity, with what."""
        events, persons = tables.events.c, tables.persons.c
        whose = (persons.environment_id == events.environment_id) & (persons.person_id == events.person_id)
        wanted = select(tables.events, persons.kind, persons.called).join(tables.persons, whose)
        ordered = wanted.where(events.environment_id == self.environment.id).order_by(events.happened, events.name)
        rows = self._database.read_sync(lambda connection: connection.execute(ordered).mappings().all())
        return [
            {
                "name": row["name"],
                row["kind"]: row["called"],
                "session": row["session_id"],
                "entity": row["entity"],
                "data": json.loads(row["data"] or "null"),
                "metadata": json.loads(row["metadata"] or "null"),
            }
            for row in rows
        ]
