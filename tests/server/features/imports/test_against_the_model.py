"""Parts of any rows, against a plain Python model, on both databases and by each way into them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from templates_server.features.imports import parser, postgresql_store, sqlite_store
from templates_server.features.imports.parser import PartRows, read_known_part, read_part
from templates_server.features.imports.schemas import PartView
from templates_server.features.imports.service import AppliedPart, SentPart, apply_part
from templates_server.features.imports.store import ImportKey, find_marks
from templates_server.http.audit_event import AuditEvent
from templates_server.primitives.ids import new_id
from templates_server.storage import migrations
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database
from tests.people import add_organization
from tests.server.features.imports.importer import ndjson, read_stored_tags
from tests.server.features.imports.model import Model, as_text, stored

TAGS = st.lists(st.sampled_from(["a", "a/b", "a/b/c", "vip", "ü"]), max_size=3)
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(0, 2)
    | st.sampled_from(["", "x\\", "\u00fc\u2028", "2026-11-21", "\N{DUCK}"])
)
MANY = {f"m{number}": 1 for number in range(120)}, {f"n{number}": 1 for number in range(120)}
FIELDS = {
    "email": st.none() | st.sampled_from(["a@b.cd", "x\\y@b.cd"]),
    "phone": st.none() | st.sampled_from(["1", "\\N"]),
    "timezone": st.none() | st.just("Europe/Berlin"),
    "locale": st.none() | st.just("de"),
    "joined": st.none() | st.sampled_from(["1970-01-01", "2026-11-21"]),
    "tags": TAGS,
    "add_tags": TAGS,
    "attributes": st.dictionaries(st.sampled_from(["a", "b", "\u00fc"]), VALUES, max_size=3) | st.sampled_from(MANY),
}
PEOPLE = st.sampled_from(["ada", "bob", "\u00fcn\u00ef\\", "007", "x y", "eve", "\N{DUCK}", "0"])
ROWS = st.builds(
    lambda user_id, fields, gone: {"user_id": user_id, **fields, **({"remove_tags": gone} if gone else {})},
    PEOPLE,
    st.fixed_dictionaries({}, optional=FIELDS),
    st.lists(st.sampled_from(["zzz", "zz"]), max_size=1),
)
BAD = st.sampled_from(
    ["{", "7", "[]", '{"user_id":7}', '{"user_id":"x","nonsense":1}', '{"user_id":"ada","email":"x"}']
)
PARTS = st.lists(st.lists(ROWS | ROWS | ROWS | BAD, max_size=10), min_size=1, max_size=4)
COURSES = PARTS.flatmap(lambda parts: st.lists(st.sampled_from(parts), max_size=4).map(lambda again: parts + again))
"""Parts, and then some of them again."""
NOW = 1_795_000_000_000


@pytest.fixture(scope="module")
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url)
    migrations.upgrade(opened)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def organization_id(database: Database) -> str:
    return add_organization(database).id


@pytest.fixture(params=["few at once", "straight in first"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """So few rows a statement that parts have several; and what happens where a look at a few finds nobody."""
    monkeypatch.setattr(sqlite_store, "USERS_A_STATEMENT", 2)
    monkeypatch.setattr(postgresql_store, "ROWS_A_WRITE", 2)
    monkeypatch.setattr(postgresql_store, "ROWS_A_LOOK", 2)
    if request.param == "few at once":
        monkeypatch.setattr(parser, "MOST_READ_ALONE", 1)  # whoever was changed is read by themselves
    else:
        monkeypatch.setattr(postgresql_store, "_some_are_there", lambda *_: False)
    return str(request.param)


def apply(database: Database, place: ImportKey, number: int, rows: list[Any], organization_id: str) -> PartView:
    body = ndjson(rows)
    part = SentPart(place, number, hashlib.sha256(body).hexdigest())
    deed = AuditEvent(organization_id, NOW + number // 2, "person", "acc_1", "Ada", "import.open", place.import_id)

    def with_rows(rows: PartRows | AppliedPart) -> PartView:
        return database.write_sync(lambda connection: apply_part(connection, part, rows=rows, opening=deed))

    marks = database.read_sync(lambda connection: find_marks(connection, place.environment_id, part.digest))
    known = read_known_part(body) if marks else None
    return with_rows(AppliedPart(known, marks) if known is not None else read_part(body))


@pytest.mark.usefixtures("way")
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=COURSES)
@example(parts=[[{"user_id": "ada", "attributes": {"a": 1}}, {"user_id": "ada", "attributes": {"a": True}}]])
@example(parts=[[{"user_id": "ada", "attributes": MANY[0]}, {"user_id": "ada", "attributes": MANY[1]}]])
@example(parts=[[{"user_id": "ada"}], [{"user_id": "ada", "phone": "1"}], [{"user_id": "ada"}]])
@example(parts=[[{"user_id": "ada", "phone": "1"}], [{"user_id": "ada", "phone": "2"}]] * 2)
@example(parts=[[{"user_id": "ada", "phone": "1"}, {"user_id": "ada", "phone": "2"}]] * 2)
@example(
    parts=[[{"user_id": "ada", "tags": ["vip"]}], [{"user_id": "ada", "tags": []}, {"user_id": "ada", "tags": ["vip"]}]]
)
def test_the_database_equals_the_model(database: Database, organization_id: str, parts: list[list[Any]]) -> None:
    place, model = ImportKey(new_id("env"), "imp"), Model()
    for number, rows in enumerate(parts, 1):
        view = apply(database, place, number, rows, organization_id)
        counted = model.apply(rows, NOW + number // 2)  # two in the same millisecond
        told = {name: getattr(view, name) for name in ("read", "created", "updated", "unchanged", "rejected")}
        assert told == {name: counted[name] for name in told}
        assert {error.line for error in view.errors} >= {n for n, row in enumerate(rows, 1) if isinstance(row, str)}
        assert len({error.line for error in view.errors}) == view.rejected
    found = stored(database, place.environment_id)
    assert {name: as_text(person) for name, person in found.items()} == {
        name: as_text(person) for name, person in model.people.items()
    }
    assert {name: person["created"] for name, person in found.items()} == {
        name: person["created"] for name, person in model.people.items()
    }
    assert read_stored_tags(database, place.environment_id) == model.tags()


ODD = ["\\", "\\N", "\\.", "a\tb", "a\nb", "\b\f\r\v", "\x1e", "é😀", "", "2026-11-21"]


def test_people_who_are_as_they_were_are_neither_staged_nor_written_again(
    database: Database, organization_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("nothing is to be written")

    place = ImportKey(new_id("env"), "imp")
    rows = [{"user_id": f"\\user {n}", "tags": ["a\\b", "c"], "attributes": {"x": text}} for n, text in enumerate(ODD)]
    usual = [{"user_id": f"user-{n}", "email": f"a.{n}@b.cd", "joined": "1969-12-31"} for n in range(50)]
    assert apply(database, place, 1, rows + usual, organization_id).created == len(rows) + len(usual)
    monkeypatch.setattr(postgresql_store, "_stage", never)
    monkeypatch.setattr(sqlite_store, "CHANGE", "nothing is to be written")
    others = [*usual, *rows]  # in other lines, so that they have to be read
    assert apply(database, place, 2, others, organization_id).unchanged == len(rows) + len(usual)
