"""Environments for tests of the Client API: a Space with what it delivers, straight in the database."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import update

from templates_server.primitives.ids import new_id
from templates_server.primitives.timestamps import system_clock
from templates_server.storage import tables
from templates_server.storage.database import Database
from tests.people import add_organization, unique
from tests.servers import RunningServer

MODEL: dict[str, Any] = {
    "experiences": {
        "header": {"properties": {"background": {"type": "color"}, "sticky": {"type": "toggle", "default": True}}},
        "banner": {"properties": {"label": {"type": "text", "default": "Join now"}, "ends-at": {"type": "date"}}},
    },
    "sections": {"body": {"supports": ["banner"]}},
    "collections": {
        "home": {"children": {"header": {"experience": "header"}, "body": {"section": "body"}}},
        "hidden": {"children": {"banner": {"experience": "banner"}}},
    },
}
DELIVERY: dict[str, Any] = {
    "published": ["home"],
    "scenarios": {
        "home.header": {
            "default": {"enabled": True, "properties": {"background": {"value": "#6f58c4", "opacity": 1}}},
            "targeted": [{"name": "Gold", "tribes": ["gold"], "enabled": False}],
        },
        "home.body": {
            "default": {"items": [{"id": "join", "experience": "banner", "properties": {"label": "Join"}}]},
        },
    },
}


@dataclass(frozen=True)
class AppEnvironment:
    """An environment and a key that opens it."""

    id: str
    space_id: str
    key: str

    def app(self, server: RunningServer, **headers: str) -> httpx.Client:
        """A client that acts as an app of it."""
        return server.client(Authorization=f"Bearer {self.key}", **headers)


def add_environment(
    database: Database,
    *,
    model: dict[str, Any] | None = None,
    delivery: dict[str, Any] | None = None,
    tribes: dict[str, Any] | None = None,
) -> AppEnvironment:
    """A new Space with one environment, its model and delivery at revision 1, and its tribes where there are any."""
    organization = add_organization(database)
    space_id, environment_id, key = new_id("spc"), new_id("env"), new_id("pk")
    now, name = system_clock(), unique("space")
    document = {"created": now, "created_by": "test", "revision": 1}
    rows = (
        (
            tables.spaces,
            {"id": space_id, "organization_id": organization.id, "key": name, "name": name, "revision": 1}
            | {"created": now, "updated": now},
        ),
        (tables.model_revisions, {"space_id": space_id, "document": json.dumps(model or MODEL), **document}),
        (tables.environments, {"id": environment_id, "space_id": space_id, "name": "production", "revision": 1}),
        (
            tables.delivery_revisions,
            {"environment_id": environment_id, "document": json.dumps(delivery or DELIVERY), **document},
        ),
        (
            tables.environment_keys,
            {"id": new_id("key"), "environment_id": environment_id, "key": key, "name": "tests", "created": now},
        ),
    )
    database.write_sync(lambda connection: [connection.execute(table.insert(), row) for table, row in rows])
    environment = AppEnvironment(environment_id, space_id, key)
    if tribes is not None:
        decide(database, environment, tribes)
    return environment


def deliver(database: Database, environment: AppEnvironment, delivery: dict[str, Any], revision: int = 2) -> None:
    """Another delivery, at that revision."""
    row = {"environment_id": environment.id, "document": json.dumps(delivery), "revision": revision}
    row |= {"created": system_clock(), "created_by": "test"}
    environments = tables.environments
    database.write_sync(
        lambda connection: (
            connection.execute(tables.delivery_revisions.insert(), row),
            connection.execute(
                update(environments).where(environments.c.id == environment.id).values(revision=revision)
            ),
        )
    )


def remodel(database: Database, environment: AppEnvironment, model: dict[str, Any]) -> None:
    """Another model of its Space, at revision 2."""
    row = {"space_id": environment.space_id, "document": json.dumps(model), "revision": 2}
    row |= {"created": system_clock(), "created_by": "test"}
    spaces = tables.spaces
    present = update(spaces).where(spaces.c.id == environment.space_id).values(revision=2)
    database.write_sync(
        lambda connection: (connection.execute(tables.model_revisions.insert(), row), connection.execute(present))
    )


def decide(database: Database, environment: AppEnvironment, tribes: dict[str, Any], *, revision: int = 1) -> None:
    """The tribes of its Space, by their keys, at that revision."""
    row = {"space_id": environment.space_id, "document": json.dumps({"tribes": tribes}), "revision": revision}
    row |= {"created": system_clock(), "created_by": "test"}
    spaces = tables.spaces
    present = update(spaces).where(spaces.c.id == environment.space_id).values(tribes_revision=revision)
    database.write_sync(
        lambda connection: (connection.execute(tables.tribe_revisions.insert(), row), connection.execute(present))
    )


def revoke(database: Database, environment: AppEnvironment) -> None:
    """End the life of its key."""
    keys = tables.environment_keys
    ended = update(keys).where(keys.c.key == environment.key).values(revoked=system_clock())
    database.write_sync(lambda connection: connection.execute(ended))
