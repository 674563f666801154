"""Sending parts of imports, and looking at what is stored of them."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import select

from templates_server.features.people.profile import COLUMNS, from_columns
from templates_server.storage import tables
from templates_server.storage.database import Database
from tests.people import add_organization, add_person, add_space, unique
from tests.servers import RunningServer

NDJSON = {"Content-Type": "application/x-ndjson"}


@dataclass(frozen=True)
class Importer:
    """Somebody who imports into the production environment of a Space of their own."""

    client: httpx.Client
    environment: str
    environment_id: str
    organization_id: str

    def put(self, part: int, rows: Iterable[Any] | bytes, *, name: str = "imp", **headers: str) -> httpx.Response:
        """Send a part; of texts and objects, one a line."""
        body = rows if isinstance(rows, bytes) else ndjson(rows)
        path = f"{self.environment}/imports/{name}/parts/{part}"
        return self.client.put(path, content=body, headers={**NDJSON, **headers})

    def applied(self, part: int, rows: Iterable[Any] | bytes, *, name: str = "imp") -> dict[str, Any]:
        """The answer to a part that is good as such."""
        answer = self.put(part, rows, name=name)
        assert answer.status_code == 200, answer.text
        assert answer.json()["dataType"] == "import_part"
        (view,) = answer.json()["data"]
        assert view["read"] == view["created"] + view["updated"] + view["unchanged"] + view["rejected"]
        return dict(view)

    def show(self, *, name: str = "imp") -> httpx.Response:
        """How far the import is."""
        return self.client.get(f"{self.environment}/imports/{name}")

    def complete(self, parts: int, *, name: str = "imp") -> httpx.Response:
        """Say that there are no more."""
        return self.client.post(f"{self.environment}/imports/{name}/complete", json={"parts": parts})


@contextlib.contextmanager
def make_importer(server: RunningServer) -> Iterator[Importer]:
    """A new organization with a Space, and an administrator."""
    organization = add_organization(server.database)
    person = add_person(server.database, organization)
    space = add_space(server, person, key=unique("space"))
    query = (
        select(tables.environments.c.id)
        .join(tables.spaces)
        .where(tables.spaces.c.key == space, tables.environments.c.name == "production")
    )
    environment_id = server.database.read_sync(lambda connection: connection.execute(query).scalar_one())
    path = f"/v2/spaces/{space}/environments/production"
    with person.client(server) as client:
        yield Importer(client, path, environment_id, organization.id)


def ndjson(rows: Iterable[Any]) -> bytes:
    """Rows one a line; a text stands for itself."""
    return "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows).encode(
        errors="surrogatepass"
    )


def digest_of(body: bytes) -> str:
    """The field `Content-Digest` of a body."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def read_stored_people(database: Database, environment_id: str) -> Mapping[str, Any]:
    """The profiles of all users of an environment, by user id."""
    persons = tables.persons
    columns = [persons.c.called, *(persons.c[name] for name in COLUMNS)]
    query = select(*columns).where(persons.c.environment_id == environment_id, persons.c.kind == "user")
    rows = database.read_sync(lambda connection: connection.execute(query).all())
    return {row[0]: from_columns(row[1:]) for row in rows}


def read_stored_tags(database: Database, environment_id: str) -> Mapping[str, int]:
    """How many users have each tag."""
    tags = tables.user_tags
    query = select(tags.c.tag, tags.c.users).where(tags.c.environment_id == environment_id)
    return {row.tag: row.users for row in database.read_sync(lambda connection: connection.execute(query).all())}
