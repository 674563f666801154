"""A user who is removed is gone with all that was known of them, and stays gone whatever is restored."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, select

from templates_server.__main__ import main
from templates_server.features.people import erasure_store
from templates_server.features.people.erasure_log import (
    ErasureLog,
    UnreadableErasureLog,
    format_erasures,
    read_erasures,
)
from templates_server.features.people.erasure_store import ErasedPerson, erase_person
from templates_server.features.people.identity import ClaimedIdentity, PersonKind, make_person_ref
from templates_server.features.people.sighting_store import Sighting, record_sightings
from templates_server.features.people.store import upsert_users
from templates_server.settings import sqlite_url
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database
from templates_server.storage.tables import erasures, metadata, persons
from tests.server.features.people.changes import change
from tests.server.features.people.conftest import Place
from tests.unhandled_exceptions import UNHANDLED

ADA = make_person_ref(PersonKind.USER, "ada").person_id
VISITOR = make_person_ref(PersonKind.VISITOR, "v1").person_id


def use(app: httpx.Client) -> None:
    """Leave every kind of trace of ada, who was the visitor v1 before, and of bob."""
    app.post("/api/client/events", json=[{"name": "a/b", "anonymous_id": "v1", "id": "e1"}]).raise_for_status()
    app.post("/api/client/alias", json={"anonymous_id": "v1", "external_id": "ada"}).raise_for_status()
    for person in ("ada", "bob"):
        device = {
            "external_id": person,
            "device_id": "d",
            "os": "tvOS",
            "model": "x",
            "app_build": "1",
            "app_version": "1",
        }
        app.post("/api/client/devices", json=device).raise_for_status()
        app.post(
            "/api/client/sessions", json={"anonymous_id": f"of-{person}", "external_id": person}
        ).raise_for_status()
        events = [{"name": "video/completed", "external_id": person, "id": f"{person}-{number}"} for number in range(5)]
        app.post("/api/client/events", json=events).raise_for_status()


def rows_about(database: Database, person_ids: set[str]) -> list[tuple[str, Any]]:
    """Every row of any table that mentions one of these people, by the name of the table."""

    def read(connection: Connection) -> list[tuple[str, Any]]:
        return [
            (table.name, row)
            for table in metadata.sorted_tables
            for row in connection.execute(select(table))
            if any(str(value) in person_ids for value in row)
        ]

    return database.read_sync(read)


def test_a_removed_user_is_gone_from_every_table(place: Place) -> None:
    with place.app() as app:
        use(app)
    place.upsert({"user_id": "ada", "email": "ada@example.com", "tags": ["x"]}, {"user_id": "bob", "tags": ["x"]})
    answer = place.client.delete(place.url("users", "ada"))
    assert answer.status_code == 200
    assert answer.json() == {
        "data": [
            {"user_id": "ada", "removed": {"profile": 1, "visitors": 2, "devices": 1, "sessions": 1, "events": 6}}
        ],
        "dataType": "erasure",
        "errors": None,
    }
    ids = {ADA, VISITOR, make_person_ref(PersonKind.VISITOR, "of-ada").person_id}
    mine = [row for row in rows_about(place.server.database, ids) if place.environment_id in str(row)]
    assert sorted(table for table, _ in mine) == ["erasures"] * 3
    assert place.client.get(place.url("users", "ada")).status_code == 404
    assert place.tags() == {"x": 1}
    bob = place.client.get(place.url("users", "bob", "everything")).json()["data"][0]
    assert (len(bob["events"]), len(bob["devices"]), len(bob["sessions"]), len(bob["visitors"])) == (5, 1, 1, 1)


def test_who_is_not_there_cannot_be_removed(place: Place) -> None:
    assert place.client.delete(place.url("users", "nobody")).status_code == 404
    place.upsert({"user_id": "ada"})
    assert place.client.delete(place.url("users", "ada")).status_code == 200
    assert place.client.delete(place.url("users", "ada")).status_code == 404


def test_a_visitor_of_a_removed_user_is_somebody_new_afterwards(place: Place) -> None:
    with place.app() as app:
        use(app)
        place.client.delete(place.url("users", "ada"))
        app.post("/api/client/events", json=[{"name": "a/b", "anonymous_id": "v1"}]).raise_for_status()
    assert [one["anonymous_id"] for one in place.client.get(place.url("visitors")).json()["data"]] == ["v1"]
    assert place.client.get(place.url("users", "ada")).status_code == 404


def test_a_removed_visitor_is_gone_from_every_table(place: Place) -> None:
    with place.app() as app:
        app.post("/api/client/sessions", json={"anonymous_id": "v1"}).raise_for_status()
        events = [{"name": "video/completed", "anonymous_id": who, "id": f"{who}-1"} for who in ("v1", "v2")]
        app.post("/api/client/events", json=events).raise_for_status()
        for visitor in ("v1", "v2"):
            place.client.put(place.url("visitors", visitor, "tags", "x")).raise_for_status()
        answer = place.client.delete(place.url("visitors", "v1"))
        assert (answer.status_code, answer.json()) == (
            200,
            {
                "data": [
                    {"anonymous_id": "v1", "removed": {"profile": 1, "devices": 0, "sessions": 1, "events": 1}},
                ],
                "dataType": "erasure",
                "errors": None,
            },
        )
        mine = [row for row in rows_about(place.server.database, {VISITOR}) if place.environment_id in str(row)]
        assert [table for table, _ in mine] == ["erasures"]
        listed = read_erasures(place.server.settings.data_folder / "erasures.jsonl")
        assert (place.environment_id, VISITOR) in {(one.environment_id, one.person_id) for one in listed}
        told = place.client.get(place.url("user-tags")).json()["data"]
        assert told == [{"tag": "x", "users": 0, "visitors": 1}]
        assert place.client.get(place.url("visitors", "v2", "everything")).json()["data"][0]["events"]
        assert place.client.delete(place.url("visitors", "v1")).status_code == 404
        app.post("/api/client/events", json=[{"name": "a/b", "anonymous_id": "v1"}]).raise_for_status()
    assert place.client.get(place.url("visitors", "v1")).json()["data"][0]["tags"] == []


def test_a_visitor_of_many_events_is_removed_whole_and_counted(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure_store, "ROWS_A_STEP", 2)
    with place.app() as app:
        events = [{"name": "a/b", "anonymous_id": "v1", "id": str(number)} for number in range(7)]
        app.post("/api/client/events", json=events).raise_for_status()
    answer = place.client.delete(place.url("visitors", "v1"))
    assert answer.json()["data"][0]["removed"] == {"profile": 1, "devices": 0, "sessions": 0, "events": 7}


def test_who_is_a_user_is_not_removed_as_a_visitor_nor_the_other_way_round(place: Place) -> None:
    with place.app() as app:
        app.post("/api/client/identify", json={"anonymous_id": "v1"}).raise_for_status()
        app.post("/api/client/identify", json={"external_id": "ada"}).raise_for_status()
        for url in (place.url("visitors", ADA), place.url("visitors", "ada"), place.url("users", VISITOR)):
            assert {place.client.get(url).status_code, place.client.delete(url).status_code} == {404}
            assert place.client.get(f"{url}/everything").status_code == 404
        app.post("/api/client/alias", json={"anonymous_id": "v1", "external_id": "ada"}).raise_for_status()
    assert place.client.delete(place.url("visitors", "v1")).status_code == 404  # merged: the user's, who stays
    assert place.client.get(place.url("users", "ada", "everything")).json()["data"][0]["visitors"]


def test_an_erasure_is_listed_before_it_is_answered(place: Place) -> None:
    place.upsert({"user_id": "ada"})
    place.client.delete(place.url("users", "ada"))
    file = place.server.settings.data_folder / "erasures.jsonl"
    assert (place.environment_id, ADA) in {(one.environment_id, one.person_id) for one in read_erasures(file)}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


# The list


def person(number: int) -> ErasedPerson:
    """Somebody who was removed."""
    return ErasedPerson("env_1", f"per_{number}", 1_700_000_000_000 + number)


def test_what_is_listed_is_read_again(tmp_path: Path) -> None:
    listing = ErasureLog(tmp_path / "e")
    listing.add([person(1), person(2)])
    listing.add([person(3)])
    listing.complete([person(3), person(4)])
    assert read_erasures(tmp_path / "e") == [person(number) for number in (1, 2, 3, 4)]
    assert read_erasures(tmp_path / "none") == []


def test_a_line_that_broke_off_spoils_nothing(tmp_path: Path) -> None:
    whole = format_erasures([person(1), person(2)])
    for cut in range(len(whole)):
        (tmp_path / "e").write_bytes(whole[:cut])
        kept = list(read_erasures(tmp_path / "e"))
        assert kept == [person(1), person(2)][: whole[:cut].count(b"\n")]
        ErasureLog(tmp_path / "e").add([person(3)])
        assert read_erasures(tmp_path / "e") == [*kept, person(3)]


def test_a_line_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "e").write_bytes(format_erasures([person(1)]) + b"{}\n")
    with pytest.raises(UnreadableErasureLog, match="line 2"):
        read_erasures(tmp_path / "e")


def test_what_the_file_did_not_take_comes_with_the_next(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    listing = ErasureLog(tmp_path / "folder" / "e")
    listing.add([person(1)])  # there is no such folder
    assert "1 erasures are pending" in caplog.text
    assert ["1 erasures are pending" in traceback for traceback in UNHANDLED.take()] == [True]
    (tmp_path / "folder").mkdir()
    listing.add([person(2)])
    listing.add([person(3)])
    assert read_erasures(tmp_path / "folder" / "e") == [person(1), person(2), person(3)]


# Restoring


class Server:
    """A data folder with one environment, worked on by what the server works with."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self.folder = folder
        self.url = url or sqlite_url(folder)
        self.now = 1_000
        self.options = ["--data", str(folder), *(["--database", url] if url else [])]

    def made(self) -> Server:
        """The server, with an empty database."""
        assert main(["migrate", *self.options]) == 0
        return self

    def add(self, *user_ids: str) -> None:
        """Insert users."""
        changes = [change({"user_id": user_id, "tags": ["t"]}) for user_id in user_ids]
        self.write(lambda connection: upsert_users(connection, "env_1", changes, now=self.now))

    def erase(self, called: str, kind: PersonKind = PersonKind.USER) -> None:
        """Remove somebody, as the API does."""
        person_id = make_person_ref(kind, called).person_id
        erased = self.write(lambda connection: erase_person(connection, "env_1", person_id, now=self.now))
        ErasureLog(self.folder / "erasures.jsonl").add(erased.people)

    def write(self, work: Callable[[Connection], Any]) -> Any:
        """What the work returns, a second later than the last."""
        self.now += 1_000
        database = open_database(self.url)
        try:
            return database.write_sync(work)
        finally:
            database.close()

    def users(self) -> tuple[list[str], list[tuple[str, int]]]:
        """Who is there, and how often each tag is counted."""

        def read(connection: Any) -> Any:
            return (
                sorted(connection.exec_driver_sql("SELECT called FROM persons").scalars()),
                [tuple(row) for row in connection.exec_driver_sql("SELECT tag, users FROM user_tags")],
            )

        database = open_database(self.url)
        try:
            found: tuple[list[str], list[tuple[str, int]]] = database.read_sync(read)
        finally:
            database.close()
        return found

    def back_up(self, path: Path) -> Path:
        """A backup."""
        assert main(["backup", str(path), *self.options]) == 0
        return path


@pytest.fixture
def live(tmp_path: Path) -> Server:
    """A server that is in use, on SQLite."""
    return Server(tmp_path / "live").made()


@pytest.fixture
def live_on_each(tmp_path: Path, fresh_database_url: str) -> Server:
    """A server that is in use, on each kind of database."""
    return Server(tmp_path / "live", fresh_database_url).made()


def restored(backup: Path, folder: Path, *options: str) -> Server:
    """A new server out of a backup, on SQLite."""
    assert main(["restore", str(backup), "--data", str(folder), *options]) == 0
    return Server(folder)


def test_a_backup_does_not_bring_back_who_was_erased_after_it(
    live_on_each: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live = live_on_each
    live.add("ada", "bob", "eve")
    backup = live.back_up(tmp_path / "b")
    live.erase("ada")
    live.erase("eve")
    capsys.readouterr()
    again = restored(backup, tmp_path / "new", "--erasures", str(live.folder / "erasures.jsonl"))
    assert "Erased 2 people again who had been erased after the backup." in capsys.readouterr().out
    assert again.users() == (["bob"], [("t", 1)])
    assert len(read_erasures(again.folder / "erasures.jsonl")) == 2  # for the next time


def test_without_a_list_a_backup_is_restored_as_it_is(live: Server, tmp_path: Path) -> None:
    live.add("ada", "bob")
    live.erase("ada")
    backup = live.back_up(tmp_path / "b")
    assert restored(backup, tmp_path / "new").users() == (["bob"], [("t", 1)])


def test_a_list_that_was_left_in_the_data_folder_is_heeded(live: Server, tmp_path: Path) -> None:
    live.add("ada", "bob")
    backup = live.back_up(tmp_path / "b")
    live.erase("ada")
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "erasures.jsonl").write_bytes((live.folder / "erasures.jsonl").read_bytes())
    assert restored(backup, folder).users() == (["bob"], [("t", 1)])


def test_who_came_back_and_is_in_a_later_backup_stays(live_on_each: Server, tmp_path: Path) -> None:
    live = live_on_each
    live.add("ada", "bob")
    live.erase("ada")
    live.add("ada")
    backup = live.back_up(tmp_path / "b")
    listed = ["--erasures", str(live.folder / "erasures.jsonl")]
    assert restored(backup, tmp_path / "new", *listed).users() == (["ada", "bob"], [("t", 2)])


def test_who_came_back_and_was_erased_again_stays_gone(live: Server, tmp_path: Path) -> None:
    live.add("ada", "bob")
    live.erase("ada")
    live.add("ada")
    backup = live.back_up(tmp_path / "b")
    live.now -= 5_000  # another machine, whose clock is behind
    live.erase("ada")
    listed = ["--erasures", str(live.folder / "erasures.jsonl")]
    assert restored(backup, tmp_path / "new", *listed).users() == (["bob"], [("t", 1)])


@pytest.mark.slow
def test_a_backup_of_what_was_restored_keeps_the_list(live: Server, tmp_path: Path) -> None:
    live.add("ada", "bob")
    first = live.back_up(tmp_path / "1")
    live.erase("ada")
    second = restored(first, tmp_path / "new", "--erasures", str(live.folder / "erasures.jsonl"))
    third = restored(second.back_up(tmp_path / "2"), tmp_path / "third")
    assert third.users() == (["bob"], [("t", 1)])
    assert read_erasures(third.folder / "erasures.jsonl") == read_erasures(live.folder / "erasures.jsonl")


@pytest.mark.slow
def test_the_file_in_a_backup_knows_who_was_erased_from_a_space_that_is_gone(live: Server, tmp_path: Path) -> None:
    live.add("ada")
    first = live.back_up(tmp_path / "1")
    live.erase("ada")
    live.write(lambda connection: connection.execute(erasures.delete()))  # as with a Space
    second = restored(live.back_up(tmp_path / "2"), tmp_path / "new")
    listed = ["--erasures", str(second.folder / "erasures.jsonl")]
    assert restored(first, tmp_path / "third", *listed).users()[0] == []


def test_a_backup_does_not_bring_back_a_visitor_who_was_erased_after_it(live_on_each: Server, tmp_path: Path) -> None:
    live = live_on_each
    visitors = [ClaimedIdentity(make_person_ref(PersonKind.VISITOR, name), None) for name in ("v1", "v2")]
    live.write(lambda connection: record_sightings(connection, [Sighting("env_1", one, live.now) for one in visitors]))
    backup = live.back_up(tmp_path / "b")
    live.erase("v1", PersonKind.VISITOR)
    again = restored(backup, tmp_path / "new", "--erasures", str(live.folder / "erasures.jsonl"))
    assert again.users()[0] == ["v2"]


def test_a_visitor_whose_merge_came_after_the_backup_is_removed_too(live: Server, tmp_path: Path) -> None:
    listed = tmp_path / "list"
    ErasureLog(listed).add([ErasedPerson("env_1", ADA, 9), ErasedPerson("env_1", VISITOR, 9)])
    live.add("bob")
    row = {
        "environment_id": "env_1",
        "person_id": VISITOR,
        "kind": "visitor",
        "called": "v1",
        "created": 1,
        "updated": 1,
        "share_number": 1,
    }
    live.write(lambda connection: connection.execute(persons.insert(), row))
    backup = live.back_up(tmp_path / "b")
    assert restored(backup, tmp_path / "new", "--erasures", str(listed)).users()[0] == ["bob"]


def test_a_list_that_cannot_be_read_restores_nothing(
    live: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = live.back_up(tmp_path / "b")
    (tmp_path / "list").write_text("nonsense\n")
    for name in ("list", "none"):
        options = ["--data", str(tmp_path / "new"), "--erasures", str(tmp_path / name)]
        assert main(["restore", str(backup), *options]) == 2
        assert str(tmp_path / name) in capsys.readouterr().err
    assert not (tmp_path / "new" / "mtribes.db").exists()
