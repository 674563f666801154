"""Imports over HTTP, of a real server, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from templates_server.persons.profiles import Profile
from tests.server.imports.sending import Importer, importer, stored_people, stored_tags
from tests.servers import RunningServer


@pytest.fixture
def sender(server: RunningServer) -> Iterator[Importer]:
    with importer(server) as made:
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
    assert stored_people(server.database, sender.environment_id) == {"ada": ada}
    assert stored_tags(server.database, sender.environment_id) == {"vip": 1}


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
