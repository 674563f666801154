"""What was removed is overwritten in the file of SQLite, however the library was built."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from sqlite3 import dbapi2
from typing import Any

import pytest
from sqlalchemy import Connection

from templates_server.settings import sqlite_url
from templates_server.storage.factory import open_database
from tests.people import add_organization, add_person, add_space
from tests.servers import running_server

SECRETS = [f"confidential-{kind}-of-ada" for kind in ("attribute", "event", "device", "tag")]


@pytest.fixture
def built_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that overwrites nothing unless it is told to, as most are; Debian's does."""
    connect = dbapi2.connect

    def without(*args: Any, **settings: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **settings)
        connection.execute("PRAGMA secure_delete=OFF")
        return connection

    monkeypatch.setattr(dbapi2, "connect", without)


def found_in(folder: Path) -> set[str]:
    """The secrets that stand in the files of the database."""
    content = b"".join(file.read_bytes() for file in folder.glob("mtribes.db*"))
    return {secret for secret in SECRETS if secret.encode() in content}


def user(name: str, attribute: str, tag: str) -> dict[str, object]:
    return {"user_id": name, "email": f"{name}@example.com", "attributes": {"note": attribute}, "tags": [tag]}


@pytest.mark.usefixtures("built_without")
def test_nothing_of_a_removed_user_is_left_in_the_file(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        person = add_person(server.database, add_organization(server.database))
        path = f"/v2/spaces/{add_space(server, person)}/environments/production"
        with person.client(server) as client:
            key = client.post(f"{path}/keys", json={"name": "app"}).json()["data"][0]["key"]
            for name, (attribute, event, device, tag) in {"ada": SECRETS, "bob": ["of bob"] * 4}.items():
                client.post(f"{path}/users", json=[user(name, attribute, tag)]).raise_for_status()
                with server.client(Authorization=f"Bearer {key}") as app:
                    events = [{"name": "a/b", "external_id": name, "data": {"note": event}} for _ in range(50)]
                    app.post("/api/client/events", json=events).raise_for_status()
                    told = {
                        "external_id": name,
                        "device_id": "d",
                        "token": "t",
                        "os": "tvOS",
                        "model": device,
                        "app_build": "1",
                        "app_version": "1",
                    }
                    app.post("/api/client/devices", json=told).raise_for_status()
            assert found_in(tmp_path) == set(SECRETS)
            client.delete(f"{path}/users/ada").raise_for_status()
    assert not (tmp_path / "mtribes.db-wal").exists()  # all of it was written back when the server stopped
    assert found_in(tmp_path) == set()
    assert b"of bob" in (tmp_path / "mtribes.db").read_bytes()


@pytest.mark.usefixtures("built_without")
def test_every_connection_overwrites_what_it_removes(tmp_path: Path) -> None:
    def is_on(connection: Connection) -> int:
        return int(connection.exec_driver_sql("PRAGMA secure_delete").scalar_one())

    database = open_database(sqlite_url(tmp_path))
    assert (database.read_sync(is_on), database.write_sync(is_on)) == (1, 1)
    database.close()
