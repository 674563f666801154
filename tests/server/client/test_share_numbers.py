"""The number of a person, by which shares are drawn: who signs up keeps it, who existed keeps theirs, all have one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, select

from templates_server.features.people.identity import ClaimedIdentity, PersonKind, make_person_ref
from templates_server.features.people.sighting_store import Sighting, record_and_merge
from templates_server.settings import sqlite_file_url
from templates_server.storage import migrations, tables
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database
from tests.server.client.app_of_tests import DEVICE, App
from tests.server.features.imports.importer import Importer, make_importer
from tests.server.features.tribes.oracle import share_number
from tests.servers import PostgresServer, RunningServer

BOTH = {"anonymous_id": "v", "external_id": "u"}
MERGING = ("identify", "alias", "sessions")


def numbers(app: App) -> dict[tuple[str, str], int]:
    """The number of everybody, by kind and by what they are called."""
    return {key: row["share_number"] for key, row in app.people().items()}


def of_visitor(called: str) -> int:
    return share_number("visitor", called)


def of_user(called: str) -> int:
    return share_number("user", called)


# Who signs up


@pytest.mark.parametrize("what", MERGING)
@pytest.mark.parametrize("before", ["nothing", "sessions", "identify", "events", "devices"])
def test_a_user_whom_a_merge_creates_has_the_number_of_the_visitor(app: App, what: str, before: str) -> None:
    said = {"name": "a/b", **DEVICE, "anonymous_id": "v"}
    if before != "nothing":
        app.tell(before, [said] if before == "events" else said)
        assert numbers(app) == {("visitor", "v"): of_visitor("v")}
    app.tell(what, BOTH)
    assert numbers(app) == {("user", "u"): of_visitor("v")}


@pytest.mark.parametrize("what", MERGING)
@pytest.mark.parametrize("before", ["sessions", "identify", "events", "devices"])
def test_a_user_who_existed_keeps_their_number(app: App, what: str, before: str) -> None:
    said = {"name": "a/b", **DEVICE, "external_id": "u"}
    app.tell(before, [said] if before == "events" else said)
    app.tell("sessions", {"anonymous_id": "v"})
    app.tell(what, BOTH)
    assert numbers(app) == {("user", "u"): of_user("u")}


def test_the_first_visitor_counts_and_later_ones_change_nothing(app: App) -> None:
    for name in ("v", "w", "x"):
        app.tell("sessions", {"anonymous_id": name})
    for what, name in (("alias", "w"), ("identify", "v"), ("sessions", "x")):
        app.tell(what, {"anonymous_id": name, "external_id": "u"})
        assert numbers(app)["user", "u"] == of_visitor("w")


def test_a_visitor_who_was_merged_brings_their_number_to_no_second_user(app: App) -> None:
    app.tell("sessions", {"anonymous_id": "v", "external_id": "u"})
    app.tell("sessions", {"anonymous_id": "v", "external_id": "second"})
    app.tell("identify", {"anonymous_id": "v", "external_id": "third"})
    found = numbers(app)
    assert found == {("user", "u"): of_visitor("v"), **{("user", one): of_user(one) for one in ("second", "third")}}


def test_a_refused_alias_creates_nobody(app: App) -> None:
    app.tell("alias", {"anonymous_id": "v", "external_id": "u"})
    assert app.say("alias", {"anonymous_id": "v", "external_id": "other"}).status_code == 422
    assert numbers(app) == {("user", "u"): of_visitor("v")}


# Everybody who writes people


@pytest.fixture
def sender(server: RunningServer) -> Any:
    with make_importer(server) as sender:
        yield sender


def stored(server: RunningServer, sender: Importer) -> dict[str, int]:
    persons = tables.persons
    query = select(persons.c.called, persons.c.share_number).where(persons.c.environment_id == sender.environment_id)
    return {row[0]: row[1] for row in server.database.read_sync(lambda connection: connection.execute(query).all())}


def test_users_of_the_api_have_the_number_of_their_id(server: RunningServer, sender: Importer) -> None:
    path = f"{sender.environment}/users"
    assert sender.client.post(path, json={"user_id": "ada"}).status_code == 201
    many = [{"user_id": name} for name in ("ada", "bea", "cid", "日本")]
    assert sender.client.post(path, json=many).status_code == 201
    assert sender.client.patch(f"{path}/bea", json={"phone": "1"}).status_code == 200
    assert sender.client.put(f"{path}/bea/tags/news").is_success
    assert stored(server, sender) == {name: of_user(name) for name in ("ada", "bea", "cid", "日本")}


def test_imported_users_have_the_number_of_their_id(server: RunningServer, sender: Importer) -> None:
    plain = [{"user_id": f"user {number}", "attributes": {"plan": "gold"}} for number in range(400)]
    by_the_rules = [{"user_id": "tab\\u0009", "phone": "1"}, {"user_id": "s p", "joined": "2020-01-01T10:00:00+02:00"}]
    twice = [{"user_id": "twice", "phone": "1"}, {"user_id": "twice", "phone": "2"}]
    sender.applied(1, [*plain, *by_the_rules, *twice])
    some_new = [{"user_id": f"user {number}", "phone": "2"} for number in range(390, 410)]
    sender.applied(2, [*some_new, {"user_id": "again"}, {"user_id": "again", "phone": "1"}])
    names = [*(f"user {number}" for number in range(410)), "s p", "tab\\u0009", "twice", "again"]
    assert stored(server, sender) == {name: of_user(name) for name in names}


def test_an_import_and_an_upsert_leave_the_number_of_who_is_there(server: RunningServer, sender: Importer) -> None:
    key = sender.client.post(f"{sender.environment}/keys", json={"name": "web"}).json()["data"][0]["key"]
    with server.client(Authorization=f"Bearer {key}") as app:
        for name in ("u", "w"):
            app.post("/api/client/sessions", json={"anonymous_id": f"v of {name}", "external_id": name})
    kept = {name: of_visitor(f"v of {name}") for name in ("u", "w")}
    assert stored(server, sender) == kept
    rows = [{"user_id": "u", "phone": "1"}, {"user_id": "w"}]
    assert sender.applied(1, rows)["updated"] == 1
    assert sender.applied(2, [*rows, *rows])["unchanged"] == 4
    assert sender.applied(3, [*rows, {"user_id": "new"}])["created"] == 1
    assert sender.client.post(f"{sender.environment}/users", json=[{"user_id": "u", "phone": "3"}]).is_success
    assert stored(server, sender) == {**kept, "new": of_user("new")}


def test_who_was_erased_comes_back_as_who_they_are_then(server: RunningServer, sender: Importer) -> None:
    key = sender.client.post(f"{sender.environment}/keys", json={"name": "web"}).json()["data"][0]["key"]
    with server.client(Authorization=f"Bearer {key}") as app:
        for back, number in (({"external_id": "u"}, of_user("u")), (BOTH, of_visitor("v"))):
            app.post("/api/client/sessions", json=BOTH)
            assert stored(server, sender) == {"u": of_visitor("v")}
            assert sender.client.delete(f"{sender.environment}/users/u").is_success
            app.post("/api/client/identify", json=back)
            assert stored(server, sender) == {"u": number}
            assert sender.client.delete(f"{sender.environment}/users/u").is_success


WRITERS = {  # what inserts people, and the tests above for it
    "features/imports/postgresql_store.py": "imported",
    "features/imports/sqlite_store.py": "imported",
    "features/people/sighting_store.py": "merge creates, existed",
    "features/people/store.py": "users of the api",
}


def test_every_statement_that_inserts_people_is_in_the_list_above() -> None:
    root = Path(migrations.__file__).parents[2]
    words = ("INTO persons", "COPY persons", 'Insertion("persons"', "persons.insert", "insert(persons")
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if "migrations" not in path.parts and any(word in path.read_text() for word in words)
    }
    assert found == WRITERS.keys()


def test_nobody_in_this_database_is_without_a_number(app: App, server: RunningServer) -> None:
    """Of all that other tests have stored there; the column refuses it, too."""
    app.tell("sessions", BOTH)
    everybody = select(tables.persons.c.share_number)
    found = server.database.read_sync(lambda connection: connection.execute(everybody).scalars().all())
    assert found
    assert all(number is not None and 0 <= number < 2**31 - 1 for number in found)
    assert tables.persons.c.share_number.nullable is False


# Many at once


def as_one_after_the_other(said: Sequence[tuple[str | None, str | None]]) -> Mapping[tuple[str, str], int]:
    """The number of everybody, as the rules have it: a model of its own."""
    people: dict[tuple[str, str], int] = {}
    merged: dict[str, str] = {}
    for visitor, user in said:
        if user is None:
            assert visitor is not None
            if visitor not in merged:
                people.setdefault(("visitor", visitor), of_visitor(visitor))
        elif visitor is None or visitor in merged:
            people.setdefault(("user", user), of_user(user))
        else:
            people.setdefault(("user", user), of_visitor(visitor))
            people.pop(("visitor", visitor), None)
            merged[visitor] = user
    return people


ids = st.sampled_from(("a", "b", "c"))
statements = st.lists(st.tuples(st.none() | ids, st.none() | ids).filter(any), min_size=1, max_size=8)


def check_batches(database: Database, said: Sequence[tuple[str | None, str | None]], borders: set[int]) -> None:
    """Whichever of them arrive together, everybody has the number that they have when each comes by itself."""
    environment = hashlib.sha256(repr((said, sorted(borders))).encode()).hexdigest()
    presences = [
        Sighting(
            environment,
            ClaimedIdentity(
                None if visitor is None else make_person_ref(PersonKind.VISITOR, visitor),
                None if user is None else make_person_ref(PersonKind.USER, user),
            ),
            1,
        )
        for visitor, user in said
    ]
    ends = [*sorted(border for border in borders if border < len(said)), len(said)]

    def work(connection: Connection) -> Mapping[tuple[str, str], int]:
        for table in (tables.persons, tables.merges):
            connection.execute(delete(table).where(table.c.environment_id == environment))
        for start, end in zip([0, *ends], ends, strict=False):
            if start < end:
                record_and_merge(connection, presences[start:end])
        persons = tables.persons
        query = select(persons.c.kind, persons.c.called, persons.c.share_number)
        rows = connection.execute(query.where(persons.c.environment_id == environment))
        return {(kind, called): number for kind, called, number in rows}

    assert database.write_sync(work) == as_one_after_the_other(said)


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Any:
    database = open_database(str(sqlite_file_url(tmp_path_factory.mktemp("shares") / "people.db")))
    migrations.upgrade(database)
    yield database
    database.close()


@pytest.fixture(scope="module")
def postgresql(postgres: PostgresServer) -> Any:
    database = open_database(postgres.new_database_url())
    migrations.upgrade(database)
    yield database
    database.close()


@given(statements, st.sets(st.integers(1, 7)))
def test_a_batch_gives_the_numbers_of_one_after_the_other_on_sqlite(
    sqlite: Database, said: list[tuple[str | None, str | None]], borders: set[int]
) -> None:
    check_batches(sqlite, said, borders)


@given(statements, st.sets(st.integers(1, 7)))
def test_a_batch_gives_the_numbers_of_one_after_the_other_on_postgresql(
    postgresql: Database, said: list[tuple[str | None, str | None]], borders: set[int]
) -> None:
    check_batches(postgresql, said, borders)


def test_a_merge_that_has_to_wait_leaves_the_number_of_the_visitor(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("templates_server.features.people.sighting_store.MOST_MOVED_AT_ONCE", 0)
    merging = [
        Sighting(
            "env",
            ClaimedIdentity(
                make_person_ref(PersonKind.VISITOR, f"v{number}"), make_person_ref(PersonKind.USER, f"u{number}")
            ),
            1,
        )
        for number in range(3)
    ]
    waiting, _ = sqlite.write_sync(lambda connection: record_and_merge(connection, merging))
    monkeypatch.undo()
    assert None in waiting
    sqlite.write_sync(lambda connection: record_and_merge(connection, merging))
    persons = tables.persons
    query = select(persons.c.called, persons.c.share_number).where(persons.c.environment_id == "env")
    found = {row[0]: row[1] for row in sqlite.read_sync(lambda connection: connection.execute(query).all())}
    assert found == {f"u{number}": of_visitor(f"v{number}") for number in range(3)}
