"""The same content again: people who are as it left them are not looked at; whoever changed meanwhile is put right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import update

from templates_server.features.imports import parse_worker
from templates_server.features.imports.parser import PartRows
from templates_server.features.people.identity import PersonKind, make_person_ref
from templates_server.storage import tables
from tests.server.features.imports.importer import Importer, make_importer, read_stored_people, read_stored_tags
from tests.servers import RunningServer

ROWS: list[dict[str, Any]] = [
    {"user_id": name, "email": f"{name}@example.com", "tags": ["vip"], "attributes": {"plan": "gold"}}
    for name in ("ada", "bob", "eve", "007", "\N{DUCK}")
]


@pytest.fixture
def sender(server: RunningServer) -> Iterator[Importer]:
    with make_importer(server) as made:
        assert made.applied(1, ROWS, name="first")["created"] == len(ROWS)
        yield made


def let_no_row_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_: bytes) -> PartRows:
        raise AssertionError("nobody is to be looked at")

    monkeypatch.setattr(parse_worker, "read_part", never)


def upsert(sender: Importer, **fields: Any) -> None:
    answer = sender.client.post(f"{sender.environment}/users", json={"user_id": "ada", **fields})
    assert answer.is_success, answer.text


def import_another(sender: Importer) -> None:
    sender.applied(1, [{"user_id": "ada", "email": "other@example.com"}], name="other")


def delete(sender: Importer) -> None:
    assert sender.client.delete(f"{sender.environment}/users/ada").is_success


def delete_and_bring_back(sender: Importer) -> None:
    delete(sender)
    upsert(sender)


def tell(sender: Importer, server: RunningServer, what: str, **body: Any) -> None:
    key = sender.client.post(f"{sender.environment}/keys", json={"name": f"app {what}"}).json()["data"][0]["key"]
    with server.client(Authorization=f"Bearer {key}") as app:
        assert app.post(f"/api/client/{what}", json=body).is_success


def merge(sender: Importer, server: RunningServer) -> None:
    tell(sender, server, "identify", anonymous_id="visitor", phone="1")
    tell(sender, server, "alias", anonymous_id="visitor", external_id="ada")


Act = Callable[[Importer, RunningServer], None]
CHANGES: dict[str, Act] = {
    "an upsert": lambda sender, _: upsert(sender, email="other@example.com"),
    "an upsert of an attribute": lambda sender, _: upsert(sender, attributes={"plan": "free"}),
    "fewer tags": lambda sender, _: upsert(sender, remove_tags=["vip"]),
    "an app": lambda sender, server: tell(sender, server, "identify", external_id="ada", data={"plan": "free"}),
    "another import": lambda sender, _: import_another(sender),
    "an erasure": lambda sender, _: delete(sender),
    "an erasure and a new one": lambda sender, _: delete_and_bring_back(sender),
}
UNHEARD: dict[str, Act] = {
    "a merge": merge,
    "an app that tells more": lambda sender, server: tell(sender, server, "identify", external_id="ada", phone="1"),
}


def test_people_whom_nobody_changed_are_not_looked_at(
    sender: Importer, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_no_row_be_read(monkeypatch)
    tell(sender, server, "sessions", external_id="ada")  # that somebody was seen changes nothing of a profile
    for name in ("second", "third"):
        view = sender.applied(1, ROWS, name=name)
        assert (view["read"], view["unchanged"]) == (len(ROWS), len(ROWS))


@pytest.mark.parametrize("by", CHANGES)
def test_whoever_was_changed_is_put_right(sender: Importer, server: RunningServer, by: str) -> None:
    before = read_stored_people(server.database, sender.environment_id)
    CHANGES[by](sender, server)
    assert read_stored_people(server.database, sender.environment_id) != before
    view = sender.applied(1, ROWS, name="second")
    assert (view["created"] + view["updated"], view["unchanged"]) == (1, len(ROWS) - 1)
    assert read_stored_people(server.database, sender.environment_id) == before
    assert read_stored_tags(server.database, sender.environment_id) == {"vip": len(ROWS)}


@pytest.mark.parametrize("by", [*CHANGES, *UNHEARD])
def test_whatever_changes_a_profile_takes_the_mark_of_the_import_away(
    sender: Importer, server: RunningServer, by: str
) -> None:
    def mark() -> int | None:
        query = tables.persons.select().where(
            tables.persons.c.environment_id == sender.environment_id,
            tables.persons.c.person_id == make_person_ref(PersonKind.USER, "ada").person_id,
        )
        found = server.database.read_sync(lambda connection: connection.execute(query).first())
        return None if found is None else found.imported_by

    before = mark()
    assert before is not None
    {**CHANGES, **UNHEARD}[by](sender, server)
    assert mark() != before


def test_who_was_put_right_is_known_the_next_time(sender: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    upsert(sender, email="other@example.com")
    assert sender.applied(1, ROWS, name="second")["updated"] == 1
    let_no_row_be_read(monkeypatch)
    assert sender.applied(1, ROWS, name="third")["unchanged"] == len(ROWS)


def test_a_change_within_the_same_millisecond_is_seen(sender: Importer, server: RunningServer) -> None:
    persons = tables.persons
    theirs = (persons.c.environment_id == sender.environment_id) & (persons.c.called == "ada")
    applied = server.database.read_sync(lambda connection: connection.execute(persons.select().where(theirs)).one())
    upsert(sender, email="other@example.com")
    at_once = update(persons).where(theirs).values(updated=applied.updated)
    server.database.write_sync(lambda connection: connection.execute(at_once))
    assert sender.applied(1, ROWS, name="second")["updated"] == 1


def test_when_many_were_changed_all_of_them_are_put_right(sender: Importer, server: RunningServer) -> None:
    before = read_stored_people(server.database, sender.environment_id)
    others = [{"user_id": row["user_id"], "email": "other@example.com"} for row in ROWS[1:]]
    assert sender.applied(1, others, name="other")["updated"] == len(others)
    assert sender.applied(1, ROWS, name="second")["updated"] == len(others)
    assert read_stored_people(server.database, sender.environment_id) == before


def test_lines_are_counted_with_the_blank_ones(sender: Importer, server: RunningServer) -> None:
    many = [{"user_id": f"user-{number}", "phone": "1"} for number in range(100)]
    spaced = ["", *many[:50], " ", "", *many[50:], ""]
    assert sender.applied(1, spaced, name="a")["created"] == len(many)
    for changed in (many[:1], many[60:62], many[99:]):
        first = changed[0]["user_id"]
        sender.applied(1, [{**row, "phone": "2"} for row in changed], name=f"change-{first}")
        view = sender.applied(1, spaced, name=f"again-{first}")
        assert (view["updated"], view["unchanged"]) == (len(changed), len(many) - len(changed))
    people = read_stored_people(server.database, sender.environment_id)
    assert {people[row["user_id"]].phone for row in many} == {"1"}


@pytest.mark.parametrize("blank", ["\x0c", "\x0b", "\t \r"])
def test_whatever_is_blank_is_no_row_the_second_time_either(sender: Importer, blank: str) -> None:
    for name, result in (("a", "created"), ("b", "unchanged")):
        assert sender.applied(1, [blank, {"user_id": "new"}, blank], name=name)[result] == 1


def test_people_of_another_environment_are_others(sender: Importer) -> None:
    elsewhere = sender.environment.replace("production", "staging")
    other = Importer(sender.client, elsewhere, sender.environment_id, sender.organization_id)
    assert other.applied(1, ROWS)["created"] == len(ROWS)


def test_one_who_is_in_a_part_twice_is_as_often_looked_at(sender: Importer) -> None:
    twice = [{"user_id": "ada", "phone": "1"}, {"user_id": "ada", "phone": "2"}]
    for name in ("a", "b"):
        assert sender.applied(1, twice, name=name)["updated"] == len(twice)


def test_parts_that_left_no_mark_are_read_again(sender: Importer, server: RunningServer) -> None:
    """As those have not that were applied before there were marks."""
    parts, persons = tables.import_parts, tables.persons
    of_parts = update(parts).where(parts.c.environment_id == sender.environment_id).values(mark=None)
    of_persons = update(persons).where(persons.c.environment_id == sender.environment_id).values(imported_by=None)
    server.database.write_sync(lambda connection: connection.execute(of_parts))
    server.database.write_sync(lambda connection: connection.execute(of_persons))
    assert sender.applied(1, ROWS, name="second")["unchanged"] == len(ROWS)
