"""Imports over HTTP, of a real server, on both databases."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator

import pytest
import zstandard
from sqlalchemy import select

from templates_server.features.imports.parser import MAX_PART_BYTES, MOST_LINES, MOST_PROBLEMS_A_ROW, MOST_ROWS
from templates_server.features.people.identity import PersonKind, make_person_ref
from templates_server.features.people.profile import Profile
from templates_server.security.authorization import Scope
from templates_server.storage import tables
from tests.people import Grant, Organization, add_person
from tests.server.features.imports.importer import (
    Importer,
    digest_of,
    make_importer,
    ndjson,
    read_stored_people,
    read_stored_tags,
)
from tests.servers import RunningServer


@pytest.fixture
def sender(server: RunningServer) -> Iterator[Importer]:
    with make_importer(server) as made:
        yield made


def test_good_rows_are_applied_and_bad_ones_named_by_line(server: RunningServer, sender: Importer) -> None:
    view = sender.applied(
        1,
        [
            {"user_id": "ada", "email": "ada@example.com", "tags": ["vip"], "attributes": {"age": 36}},
            "",
            "{",
            {"user_id": "bob", "emial": "x", "phone": 7},
        ],
    )
    assert (view["part"], view["read"], view["created"], view["rejected"]) == (1, 3, 1, 2)
    assert [(error["line"], error["code"], error["path"]) for error in view["errors"]] == [
        (3, "BAD_REQUEST", ""),
        (4, "VALIDATION_ERROR", "emial"),
        (4, "VALIDATION_ERROR", "phone"),
    ]
    ada = Profile(email="ada@example.com", tags=("vip",), attributes={"age": 36})
    assert read_stored_people(server.database, sender.environment_id) == {"ada": ada}
    assert read_stored_tags(server.database, sender.environment_id) == {"vip": 1}


def test_a_part_that_is_sent_again_is_answered_and_not_applied_again(sender: Importer) -> None:
    first = sender.applied(1, [{"user_id": "ada"}])
    assert sender.applied(1, [{"user_id": "ada"}]) == first
    assert sender.put(1, [{"user_id": "bob"}]).status_code == 409
    assert sender.show().json()["data"][0]["totals"]["read"] == 1


def test_parts_come_in_order_and_completing_ends_them(sender: Importer) -> None:
    assert sender.show().status_code == 404
    assert "Part 1 comes next" in sender.put(2, [{"user_id": "ada"}]).text
    sender.applied(1, [{"user_id": "ada"}])
    assert "Part 2 comes next" in sender.put(3, [{"user_id": "ada"}]).text
    sender.applied(2, [{"user_id": "ada", "phone": "1"}, {"user_id": "ada", "phone": "1"}])
    assert sender.complete(3).status_code == 409
    done = sender.complete(2)
    assert done.json()["data"] == sender.complete(2).json()["data"] == sender.show().json()["data"]
    totals = {"read": 3, "created": 1, "updated": 1, "unchanged": 1, "rejected": 0}
    expected = {"import": "imp", "state": "complete", "parts": 2, "next_part": None, "totals": totals}
    assert done.json()["data"] == [expected]
    assert sender.put(3, [{"user_id": "bob"}]).status_code == 409


def test_two_imports_do_not_know_one_another(sender: Importer) -> None:
    sender.applied(1, [{"user_id": "ada"}], name="one")
    assert sender.applied(1, [{"user_id": "ada"}], name="two")["unchanged"] == 1
    assert sender.show(name="three").status_code == 404
    assert sender.complete(1, name="three").status_code == 404


def test_an_import_belongs_to_its_environment(sender: Importer) -> None:
    sender.applied(1, [{"user_id": "ada"}])
    elsewhere = sender.environment.replace("production", "staging")
    assert sender.client.get(f"{elsewhere}/imports/imp").status_code == 404


def test_a_part_that_was_the_last_is_still_answered_when_the_import_is_complete(sender: Importer) -> None:
    first = sender.applied(1, [{"user_id": "ada"}])
    sender.complete(1)
    assert sender.applied(1, [{"user_id": "ada"}]) == first
    refused = sender.complete(2)
    assert (refused.status_code, "1 part was applied, not 2." in refused.text) == (409, True)


@pytest.mark.parametrize("name", ["a" * 65, "a.b", "a%2Fb", "%C3%A4"])
def test_an_import_is_not_called_just_anything(sender: Importer, name: str) -> None:
    refused = sender.put(1, [{"user_id": "ada"}], name=name)
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "import")
    assert sender.show(name=name).status_code == 404


@pytest.mark.parametrize("number", ["0", "-1", "01", "1.0", "x", "1000001", "99999999999999999999"])
def test_parts_are_numbered_from_1(sender: Importer, number: str) -> None:
    path = f"{sender.environment}/imports/imp/parts/{number}"
    refused = sender.client.put(path, content=b"", headers={"Content-Type": "application/x-ndjson"})
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "part")


def test_a_part_may_be_compressed(sender: Importer) -> None:
    body = ndjson([{"user_id": "ada"}])
    assert sender.put(1, gzip.compress(body), **{"Content-Encoding": "gzip"}).status_code == 200
    assert sender.applied(1, body)["created"] == 1
    zstd = zstandard.ZstdCompressor().compress(ndjson([{"user_id": "bob"}]))
    assert sender.put(2, zstd, **{"Content-Encoding": "zstd"}).status_code == 200


def test_what_inflates_beyond_the_limit_is_cut_off(sender: Importer) -> None:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = squeezer.compress(b" " * (MAX_PART_BYTES * 8)) + squeezer.flush()
    assert len(bomb) < MAX_PART_BYTES // 100
    assert sender.put(1, bomb, **{"Content-Encoding": "gzip"}).status_code == 413
    assert sender.put(1, b" " * (MAX_PART_BYTES + 1)).status_code == 413
    assert sender.show().status_code == 404


def test_a_part_has_so_many_rows_at_most(sender: Importer) -> None:
    assert sender.put(1, b'{"user_id":"x"}\n' * (MOST_ROWS + 1)).status_code == 413
    assert sender.put(1, b"\n" * (MOST_LINES + 1)).status_code == 413
    assert sender.applied(1, b"{}\n" * MOST_ROWS)["rejected"] == MOST_ROWS


def test_a_row_that_is_wrong_all_over_does_not_make_a_book(sender: Importer) -> None:
    view = sender.applied(1, [{f"field{number}": 1 for number in range(500)}, {"user_id": ""}])
    assert len(view["errors"]) == MOST_PROBLEMS_A_ROW + 2
    counted = {
        "line": 1,
        "code": "VALIDATION_ERROR",
        "path": "",
        "message": "491 more problems in this row are not listed.",
    }
    assert view["errors"][MOST_PROBLEMS_A_ROW] == counted
    assert view["rejected"] == 2


def test_a_digest_that_is_given_must_be_right(sender: Importer) -> None:
    body = ndjson([{"user_id": "ada"}])
    for wrong in (digest_of(b"x"), "sha-256=:AAAA:", "sha-256=:?:", "sha-256=1", "sha-256", "md5=:x:, sha-256=:AAAA:"):
        refused = sender.put(1, body, **{"Content-Digest": wrong})
        assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "Content-Digest"), wrong
    assert sender.show().status_code == 404
    good = f"sha-512=:abc:, {digest_of(body)}"
    answer = sender.put(1, gzip.compress(body), **{"Content-Digest": good, "Content-Encoding": "gzip"})
    assert answer.status_code == 200
    assert sender.put(2, body, **{"Content-Digest": "sha-512=:abc:"}).status_code == 200


def test_another_media_type_is_refused(sender: Importer) -> None:
    assert sender.put(1, b"{}", **{"Content-Type": "application/json"}).status_code == 415


def test_who_opened_and_who_completed_is_remembered(server: RunningServer, sender: Importer) -> None:
    for part in (1, 2, 2):
        sender.applied(part, [{"user_id": "ada"}])
    sender.complete(2)
    sender.complete(2)
    entries = tables.audit_entries
    query = select(entries.c.action, entries.c.target, entries.c.environment, entries.c.details)
    query = query.where(entries.c.organization_id == sender.organization_id, entries.c.action.like("import.%"))
    rows = server.database.read_sync(lambda connection: connection.execute(query.order_by(entries.c.id)).all())
    assert [tuple(row[:3]) for row in rows] == [
        ("import.open", "imp", "production"),
        ("import.complete", "imp", "production"),
    ]
    assert json.loads(rows[1].details) == {
        "parts": 2,
        "read": 2,
        "created": 1,
        "updated": 0,
        "unchanged": 1,
        "rejected": 0,
    }


def test_importing_needs_its_scopes(server: RunningServer, sender: Importer) -> None:
    organization = Organization(sender.organization_id, "")
    for scope, statuses in ((Scope.USERS_READ, (403, 404, 403)), (Scope.USERS_WRITE, (200, 403, 200))):
        person = add_person(server.database, organization, grant=Grant([scope]))
        with person.client(server) as client:
            narrow = Importer(client, sender.environment, sender.environment_id, sender.organization_id)
            answers = narrow.put(1, [{"user_id": "ada"}]), narrow.show(), narrow.complete(1)
        assert tuple(answer.status_code for answer in answers) == statuses


def test_a_user_who_was_only_seen_is_updated_not_created(server: RunningServer, sender: Importer) -> None:
    seen = make_person_ref(PersonKind.USER, "ada")
    row: dict[str, object] = {"environment_id": sender.environment_id, "kind": seen.kind, "called": seen.called}
    row |= {"person_id": seen.person_id, "share_number": 5, "created": 5, "first_seen": 5, "last_seen": 5, "updated": 5}
    server.database.write_sync(lambda connection: connection.execute(tables.persons.insert(), row))
    assert sender.applied(1, [{"user_id": "ada"}])["unchanged"] == 1
    assert sender.applied(2, [{"user_id": "ada", "phone": "1"}])["updated"] == 1
    query = select(tables.persons).where(tables.persons.c.environment_id == sender.environment_id)
    (ada,) = server.database.read_sync(lambda connection: connection.execute(query).mappings().all())
    assert (ada["created"], ada["first_seen"], ada["phone"]) == (5, 5, "1")
    assert ada["updated"] > 5


def test_rows_whose_attributes_are_too_large_altogether_are_rejected(sender: Importer) -> None:
    some = {f"a{number:03}": "x" * 4096 for number in range(15)}
    assert sender.applied(1, [{"user_id": "u", "attributes": some}])["created"] == 1
    large = [
        {"user_id": "v", "attributes": {**some, "z": "x" * 4096}},
        {"user_id": "u", "attributes": {"z": "x" * 4096}},
        {"user_id": "w"},
    ]
    told = sender.applied(2, large)
    assert (told["rejected"], told["created"], told["updated"]) == (2, 1, 0)
    assert {error["path"] for error in told["errors"]} == {"attributes"}
