"""The same people give the same bytes from SQLite and PostgreSQL, whatever they are called; and no change is lost."""

from __future__ import annotations

import csv
import io
import json
import random
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, create_engine, select

from templates_server.features.exports import queries
from templates_server.features.exports.columns import ExportFormat, event_format, user_format
from templates_server.features.exports.file_store import Form, form_of
from templates_server.features.operations import retention_store
from templates_server.features.people.api import to_user
from templates_server.features.people.identity import PersonKind, make_person_ref
from templates_server.features.people.profile import COLUMNS, Profile, to_columns
from templates_server.features.people.store import StoredPerson
from templates_server.features.tribes.parser import read_tribe
from templates_server.features.tribes.store import EvaluationContext
from templates_server.settings import sqlite_file_url
from templates_server.storage import migrations
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database
from templates_server.storage.tables import events, persons
from tests.server.features.exports.export_client import EVERYBODY, ExportClient

HOSTILE = 300
MADE_OF = [
    *"=+-@\t\r\n,;\"'\\/%?{}[]<>$:*^|~ \x01\x08\x0c\x1f\x7f\x85\u00a0\u2028\u202e\ufeff\ufffdabcXYZ019äß漢🦄\U0010ffff"
]
ENVIRONMENT = "env_1"
NAMES = ["plan", 'odd "name", =1', "emoji 🦄", "a.b", "$", "%s", "?"]


def hostile_text(chance: random.Random) -> str:
    return "".join(chance.choices(MADE_OF, k=chance.randrange(1, 12)))


def hostile_profiles() -> list[tuple[str, Profile]]:
    chance = random.Random(7)  # noqa: S311 - the same people in every run
    scalars: list[Any] = [0, -1, 2**53, 0.1, 1e300, -2.5e-7, True, False, "", "-5", "true", "null"]
    people = []
    for number in range(HOSTILE):
        attributes = {
            name: hostile_text(chance) if chance.random() < 0.6 else chance.choice(scalars)
            for name in chance.sample(NAMES, 4)
        }
        tags = tuple(sorted({text for text in ('a "b"', "c\\n", "-x", "ü/ö", "=1", ",") if chance.random() < 0.4}))
        joined = chance.choice([None, -62135596800000, 0, 1_700_000_000_000 // 86_400_000 * 86_400_000])
        email, phone, timezone, locale = (chance.choice([None, hostile_text(chance)]) for _ in range(4))
        people.append(
            (
                f"{number}{hostile_text(chance)}",
                Profile(email, phone, timezone, locale, joined, tags, dict(sorted(attributes.items()))),
            )
        )
    return people


def fill(database: Database) -> list[StoredPerson]:
    """Everybody, in order of person id, with an event each."""
    stored = []
    for number, (called, profile) in enumerate(hostile_profiles()):
        person_id = make_person_ref(PersonKind.USER, called).person_id
        times = (
            1_700_000_000_000 + number,
            1_700_000_000_000 + 7 * number,
            None if number % 3 else number * 1000,
            number,
        )
        stored.append(StoredPerson(person_id, called, *times, to_columns(profile)))
    rows = [
        {"environment_id": ENVIRONMENT, "person_id": one.person_id, "kind": "user", "called": one.called}
        | {"share_number": 1}
        | {"created": one.created, "updated": one.updated, "first_seen": one.first_seen, "last_seen": one.last_seen}
        | dict(zip(COLUMNS, one.columns, strict=True))
        for one in stored
    ]
    happened = [
        {"environment_id": ENVIRONMENT, "person_id": one.person_id, "event_id": one.called, "name": one.called}
        | {"session_id": None, "entity": one.called, "data": one.columns[6], "metadata": None}
        | {"happened": one.created, "received": one.created}
        for one in stored
    ]

    def add(connection: Connection) -> None:
        connection.execute(persons.insert(), rows)
        connection.execute(events.insert(), happened)

    database.write_sync(add)
    return sorted(stored, key=lambda one: one.person_id)


def content_of(database: Database, kind: str, shape: ExportFormat, *, of_events: bool = False) -> bytes:
    """What the file of an export holds."""
    form: Form = form_of(kind, shape.header)
    tribe = read_tribe(EVERYBODY, key="everybody")
    at = EvaluationContext(ENVIRONMENT, 1_800_000_000_000, 10**12)

    def work(connection: Connection) -> bytes:
        batches = (
            queries.query_event_lines(connection, queries.Events(ENVIRONMENT), shape)
            if of_events
            else queries.query_user_lines(connection, at, tribe, shape, since=None)
        )
        texts = [rows.text for rows in batches]
        return form.head + form.between.join(texts) + form.end + form.tail

    return database.read_sync(work)


@pytest.fixture
def databases(tmp_path: Path, postgres_url: str) -> list[Database]:
    """One of each kind, with the same people."""
    both = [open_database(sqlite_file_url(tmp_path / "mtribes.db")), open_database(postgres_url)]
    for database in both:
        migrations.upgrade(database)
    return both


def test_both_databases_give_the_same_bytes_and_they_mean_what_was_stored(databases: list[Database]) -> None:
    people, _ = [fill(database) for database in databases]
    cells = [*(name for name in user_format("csv", None, raw=True).columns), *(f"attributes.{name}" for name in NAMES)]
    contents = []
    for database in databases:
        contents.append(
            [
                content_of(database, "ndjson", user_format("ndjson", None, raw=False)),
                content_of(database, "csv", user_format("csv", cells, raw=True)),
                content_of(database, "csv", user_format("csv", cells, raw=False)),
                content_of(database, "ndjson", event_format("ndjson", None, raw=False), of_events=True),
                content_of(database, "csv", event_format("csv", None, raw=False), of_events=True),
            ]
        )
        database.close()
    assert contents[0] == contents[1]
    as_json, raw, safe, happened, _ = contents[0]
    assert [json.loads(line) for line in as_json.decode().split("\n")[:-1]] == [_as_json(one) for one in people]
    assert [json.loads(line)["entity"] for line in happened.decode().split("\n")[:-1]] == [one.called for one in people]
    rows = list(csv.reader(io.StringIO(raw.decode(), newline=""), strict=True))
    assert rows == [cells, *(_cells(one) for one in people)]
    defused = list(csv.reader(io.StringIO(safe.decode(), newline=""), strict=True))
    for row, plain in zip(defused[1:], rows[1:], strict=True):
        for name, cell, before in zip(cells, row, plain, strict=True):
            assert cell in (before, f"'{before}")
            is_number = name.startswith("attributes.") and _is_number(before)
            assert is_number or not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _as_json(person: StoredPerson) -> dict[str, Any]:
    user = to_user(person)
    return {
        name: list(value) if name == "tags" else value
        for name in user.__struct_fields__
        for value in [getattr(user, name)]
    }


def _cells(person: StoredPerson) -> list[str]:
    user = _as_json(person)
    attributes = user.pop("attributes")
    user["tags"] = ";".join(user["tags"])
    shown = [
        value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for value in (attributes.get(name, "") for name in NAMES)
    ]
    return [*(value or "" for value in user.values()), *shown]


# What changed since


def test_only_who_changed_or_was_seen_since_is_exported(place: ExportClient) -> None:
    place.put({"user_id": "ada"}, {"user_id": "bea"}, {"user_id": "cid"})
    database = place.server.database
    mine = select(persons.c.environment_id).where(
        persons.c.person_id == make_person_ref(PersonKind.USER, "ada").person_id
    )
    newest = mine.order_by(persons.c.created.desc()).limit(1)
    environment_id = database.read_sync(lambda connection: connection.execute(newest).scalar_one())
    here = persons.c.environment_id == environment_id
    long_ago = persons.update().where(here).values(updated=1, last_seen=None)
    database.write_sync(lambda connection: connection.execute(long_ago))
    cursor = place.wait_until_ended(place.ask(format="csv"))["cursor"]
    place.put({"user_id": "bea", "email": "bea@example.com"})
    with place.app() as app:
        seen = app.post("/api/client/events", json=[{"name": "video/completed", "external_id": "cid"}])
        assert seen.status_code == 204
    found = place.export_tribe(format="csv", columns=["user_id"], since=cursor).decode().split("\r\n")
    assert sorted(found) == ["", "bea", "cid", "user_id"]


def test_a_change_whose_transaction_is_open_at_the_snapshot_is_in_the_next_export(postgres_url: str) -> None:
    database = open_database(postgres_url)
    migrations.upgrade(database)
    now = 1_700_000_000_000
    other = create_engine(postgres_url)
    with other.connect() as connection, connection.begin():
        connection.exec_driver_sql("SELECT pg_sleep(0.3)")
        horizon = database.read_sync(lambda reader: queries.find_horizon(reader, now, margin_ms=0))
    assert horizon <= now - 300
    after = database.read_sync(lambda reader: queries.find_horizon(reader, now, margin_ms=0))
    assert after > horizon
    other.dispose()
    database.close()


def test_a_purge_that_takes_hours_moves_no_cursor_back(postgres_url: str) -> None:
    database, other = open_database(postgres_url), open_database(postgres_url)
    migrations.upgrade(database)
    now = 1_700_000_000_000
    with retention_store.hold_purge_lock(other) as is_alone:
        assert is_alone
        time.sleep(0.3)
        assert database.read_sync(lambda reader: queries.find_horizon(reader, now, margin_ms=0)) > now - 300
    database.close()
    other.close()


def test_a_cursor_leaves_time_for_changes_that_are_on_their_way(fresh_database_url: str) -> None:
    database = open_database(fresh_database_url)
    assert database.read_sync(lambda reader: queries.find_horizon(reader, 1_000_000, margin_ms=300_000)) <= 700_000
    database.close()
