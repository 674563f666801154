"""Every column that holds something of a person: moved by a merge, removed by an erasure, shown to the person, purged
when it is old, and carried by a backup; or it says below why not.

Tables and columns are taken from the schema: a new one is looked at without being added here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Table, insert, select
from sqlalchemy.engine import make_url

from templates_server.__main__ import main
from templates_server.database import Database
from templates_server.opening import open_database
from templates_server.persons.names import PersonKind, PersonName, named
from templates_server.persons.profiles import encode_dates
from templates_server.persons.versions import version_key, version_text
from templates_server.retention.purging import Purge
from templates_server.schema import metadata, persons
from templates_server.settings import sqlite_url
from templates_server.times import DAY, to_rfc3339
from tests.server.users.conftest import Place

ADA = named(PersonKind.USER, "ada")
ALIAS = named(PersonKind.VISITOR, "visitor of ada")
LONG_AGO = 1_000_000_000_000
NOW = LONG_AGO + 1_000 * DAY

WHOSE = ("environment_id", "person_id")
OF_PEOPLE = [table for table in metadata.sorted_tables if set(WHOSE) <= set(table.columns.keys())]
OF_NOBODY = {
    *("organizations", "accounts", "memberships", "invitations", "service_accounts"),
    *("browser_sessions", "failed_attempts", "authorization_codes", "device_codes", "device_guesses"),
    *("token_families", "tokens", "spaces", "model_revisions", "tribe_revisions", "environments"),
    *("delivery_revisions", "environment_keys", "code_renderings", "idempotent_answers"),
    *("user_tags", "tag_removals", "event_names", "event_name_changes"),  # counts
    *("daily_counts", "tribe_sizes"),  # counts of days, for 400 days
    "environment_removals",
    *("event_followers", "event_arrivals"),  # derived ids, for some minutes; an erasure forgets the second
    *("imports", "import_parts"),  # counts, and what was wrong, never the values
    "exports",  # whose files expire
    "audit_entries",  # which name people by their derived ids
}
VALUES: Mapping[str, Any] = {
    "persons.kind": "visitor",
    "persons.tags": "\na/b\nc\n",
    "persons.attributes": '{"kept":"2026-11-21"}',
    "persons.dates": encode_dates({"kept": "2026-11-21"}),
    "persons.timezone": "Europe/Berlin",
    "persons.locale": "pt-BR",
    "persons.device_os": "value of devices.os",
    "persons.device_model": "value of devices.model",
    "persons.first_seen": 1,
    "persons.last_seen": 9_000_000_000_000,  # later than any request
    "persons.share_number": 12345,
    "persons.app_platform": "roku",
    "persons.app_version": version_key("2.3.4.5"),
    "persons.os_version": version_key("17.6.5.4"),
    "devices.data": '{"more":"value of devices.data"}',
    "events.data": '{"more":"value of events.data"}',
    "events.metadata": '{"more":"value of events.metadata"}',
    "sessions.app_platform": "android",
    "sessions.unknown": '["value of sessions.unknown"]',
}
"""Of columns whose values have a form; the others get one that tells where it is from."""
VERSIONS = {VALUES["persons.app_version"], VALUES["persons.os_version"]}

NOT_MOVED: Mapping[str, str] = {
    "persons.kind": "the user is a user",
    "persons.called": "the user keeps their id; the visitor's stays in `merges`",
    "persons.created": "the user keeps theirs",
    "persons.updated": "when the merge changed the user",
    "persons.imported_by": "the profile is no longer what an import made it",
    "persons.share_number": "a user who existed keeps theirs",
}
NOT_SHOWN: Mapping[str, str] = {
    **{f"{table.name}.{name}": "which environment and person, by our own ids" for table in OF_PEOPLE for name in WHOSE},
    "persons.kind": "it is a user",
    "persons.dates": "made of the attributes",
    "persons.imported_by": "a mark of the program's own",
    "persons.device_seen": "of a device, which tells it itself",
    "persons.event_units": "a count of the program's own",
    "persons.share_number": "made of the id",
    "merges.user_person_id": "the user's own",
    "merges.user_called": "the user's own",
}
WITHOUT_PROFILE = {"merges", "erasures"}
KEPT_WITH_THE_PERSON = {"persons", "devices", "merges", "erasures"}


def path_of(column: Column[Any]) -> str:
    return f"{column.table.name}.{column.name}"


def value_of(column: Column[Any], number: int) -> Any:
    """A value that is found nowhere else."""
    is_number = column.type.python_type is int
    return VALUES.get(path_of(column), LONG_AGO + number * 1000 if is_number else f"value of {path_of(column)}")


def row_of(table: Table, environment_id: str, person: PersonName) -> dict[str, Any]:
    """A row of a person with a value in every column."""
    values = {column.name: value_of(column, number) for number, column in enumerate(table.columns)}
    row = values | {"environment_id": environment_id, "person_id": person.person_id}
    return row | ({"kind": person.kind.value, "called": person.called} if table is persons else {})


def fill(database: Database, environment_id: str, person: PersonName, *, but: Collection[str] = ()) -> None:
    """A row in every table of people but some."""
    for table in OF_PEOPLE:
        if table.name not in but:
            store(database, table, row_of(table, environment_id, person))


def store(database: Database, table: Table, row: Mapping[str, Any]) -> None:
    database.write_now(lambda connection: connection.execute(insert(table).values(dict(row))))


def rows_of(database: Database, table: Table, environment_id: str) -> list[dict[str, Any]]:
    query = select(table).where(table.c.environment_id == environment_id)
    return database.read_now(lambda connection: [dict(row) for row in connection.execute(query).mappings()])


def test_every_table_is_of_people_or_is_known_to_be_of_nobody() -> None:
    assert {table.name for table in OF_PEOPLE} | OF_NOBODY == set(metadata.tables)
    assert not {table.name for table in OF_PEOPLE} & OF_NOBODY
    columns = {path_of(column) for table in OF_PEOPLE for column in table.columns}
    assert {*VALUES, *NOT_MOVED, *NOT_SHOWN} <= columns


def test_a_merge_moves_every_column_of_the_visitor(place: Place) -> None:
    database, environment_id = place.server.database, place.environment_id
    fill(database, environment_id, ALIAS, but=WITHOUT_PROFILE)
    bare = {"environment_id": environment_id, "person_id": ADA.person_id, "kind": "user", "called": "ada"}
    store(database, persons, bare | {"created": NOW, "updated": NOW, "event_units": 0, "share_number": 7})
    with place.app() as app:
        app.post("/api/client/alias", json={"anonymous_id": ALIAS.called, "external_id": "ada"}).raise_for_status()
    lost = set()
    for table in (table for table in OF_PEOPLE if table.name not in WITHOUT_PROFILE):
        expected = row_of(table, environment_id, ALIAS) | {"person_id": ADA.person_id}
        [row] = rows_of(database, table, environment_id)
        lost |= {path_of(column) for column in table.columns if row[column.name] != expected[column.name]}
    assert lost == set(NOT_MOVED)


def test_an_erasure_leaves_no_row_of_the_user_or_their_visitor(place: Place) -> None:
    database, environment_id = place.server.database, place.environment_id
    fill(database, environment_id, ADA, but=WITHOUT_PROFILE)
    for table in (table for table in OF_PEOPLE if table.name not in {"persons", "erasures"}):
        row = row_of(table, environment_id, ALIAS)
        store(database, table, row | ({"user_person_id": ADA.person_id} if table.name == "merges" else {}))
    place.client.delete(place.url("users", "ada")).raise_for_status()
    left = {table.name for table in OF_PEOPLE if rows_of(database, table, environment_id)}
    assert left == {"erasures"}


def test_the_person_is_shown_every_column(place: Place) -> None:
    database, environment_id = place.server.database, place.environment_id
    fill(database, environment_id, ADA, but=WITHOUT_PROFILE)
    merged = row_of(metadata.tables["merges"], environment_id, ALIAS) | {"user_person_id": ADA.person_id}
    store(database, metadata.tables["merges"], merged)
    shown = place.client.get(place.url("users", "ada", "everything")).raise_for_status().text
    hidden = {
        path
        for table in OF_PEOPLE
        if table.name != "erasures"
        for column in table.columns
        if (path := path_of(column)) not in NOT_SHOWN
        if not is_in(shown, (merged if table.name == "merges" else row_of(table, environment_id, ADA))[column.name])
    }
    assert hidden == set()


def is_in(text: str, value: Any) -> bool:
    """Whether a stored value is told there, in the form that answers have."""
    if isinstance(value, int):
        return to_rfc3339(value) in text or to_rfc3339(value)[:10] in text
    if value in VERSIONS:
        return version_text(value) in text
    return all(part in text for part in str(value).strip("\n[]{}").split("\n"))


def test_what_people_did_is_purged_when_it_is_old(fresh_database_url: str, tmp_path: Path) -> None:
    assert main(["migrate", "--data", str(tmp_path), "--database", fresh_database_url]) == 0
    database = open_database(fresh_database_url)
    fill(database, "env_1", ADA)
    Purge(database, lambda: NOW, keep_events_days=30).purge()
    left = {table.name for table in OF_PEOPLE if rows_of(database, table, "env_1")}
    database.close()
    assert left == KEPT_WITH_THE_PERSON


@pytest.mark.parametrize("into", ["sqlite", "postgresql"])
def test_a_backup_carries_every_column(
    fresh_database_url: str, into: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    other = str(sqlite_url(tmp_path)) if into == "sqlite" else request.getfixturevalue("postgres_url")
    data, archive = tmp_path / "data", tmp_path / "backup.tar.zst"
    assert main(["migrate", "--data", str(data), "--database", fresh_database_url]) == 0
    database = open_database(make_url(fresh_database_url))
    fill(database, "env_1", ADA)
    database.close()
    assert main(["backup", str(archive), "--data", str(data), "--database", fresh_database_url]) == 0
    assert main(["restore", str(archive), "--data", str(tmp_path / "restored"), "--database", other]) == 0
    restored = open_database(make_url(other))
    for table in OF_PEOPLE:
        assert rows_of(restored, table, "env_1") == [row_of(table, "env_1", ADA)], table.name
    restored.close()
