"""Ids with what nobody sees at their edges: refused wherever one is written, read and deleted where they exist."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import Connection, update

from templates_server.features.people.identity import (
    BLANKS,
    PersonKind,
    find_anonymous_id_problem,
    find_queried_user_id_problem,
    find_user_id_problem,
    have_edges,
    make_person_ref,
)
from templates_server.storage import tables
from tests.server.client.app_of_tests import DEVICE
from tests.server.features.imports.importer import Importer, make_importer
from tests.servers import RunningServer

BAD = {
    "   ": "This is blank: it contains only U+0020 (space).",
    "\u3000": "This is blank: it contains only U+3000 (ideographic space).",
    " k": "This begins with U+0020 (space): remove the invisible characters.",
    "k\u00a0": "This ends with U+00A0 (no-break space): remove the invisible characters.",
    "k\u200b": "This ends with U+200B (zero width space): remove the invisible characters.",
    "\ufeffk": "This begins with U+FEFF (zero width no-break space): remove the invisible characters.",
    "k\u2060": "This ends with U+2060 (word joiner): remove the invisible characters.",
    "k\u00ad": "This ends with U+00AD (soft hyphen): remove the invisible characters.",
    "\u200fk\u202c": (
        "This begins with U+200F (right-to-left mark) and ends with U+202C (pop directional "
        "formatting): remove the invisible characters."
    ),
    "\u3164": "This is blank: it contains only U+3164 (hangul filler).",
    "k\t": "This must not contain control characters.",
    "\nk": "This must not contain control characters.",
}
VISIBLE = ["k", "a b", "a\u00a0b", "a\u200bb", "e\u0301", "\u2764\ufe0f", "#", "\u0627\u200c\u0628", "0"]


@pytest.mark.parametrize("text", BAD)
def test_an_id_says_what_stands_at_its_edge(text: str) -> None:
    said = f"This {find_user_id_problem(text)}."
    assert said == BAD[text] == f"This {find_anonymous_id_problem(text)}."
    assert said.isascii()


@pytest.mark.parametrize("text", VISIBLE)
def test_an_id_keeps_what_stands_between(text: str) -> None:
    assert (find_user_id_problem(text), find_anonymous_id_problem(text), have_edges([text])) == (None, None, False)


def test_a_blank_id_names_three_characters_at_most() -> None:
    assert find_user_id_problem("\u2000\u2001\u2002\u2003\u2000") == (
        "is blank: it contains only U+2000 (en quad), U+2001 (em quad), U+2002 (en space), 1 other"
    )


def test_every_blank_and_format_character_is_known() -> None:
    """Format characters that are seen, such as the Arabic number signs, and the controls of hieroglyphs are not."""
    seen = {chr(code) for code in [*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD]}
    seen |= {chr(code) for code in range(0x13430, 0x13440)}
    of_unicode = {
        character
        for character in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(character) in {"Cf", "Zs", "Zl", "Zp"}
    }
    assert of_unicode - seen <= BLANKS


@pytest.fixture
def sender(server: RunningServer) -> Iterator[Importer]:
    with make_importer(server) as made:
        yield made


def app_key(sender: Importer) -> str:
    return str(sender.client.post(f"{sender.environment}/keys", json={"name": "app"}).json()["data"][0]["key"])


SAID: dict[str, tuple[str, Any]] = {
    "identify a user": ("identify", {"external_id": "?"}),
    "identify a visitor": ("identify", {"anonymous_id": "?"}),
    "alias a visitor": ("alias", {"anonymous_id": "?", "external_id": "u"}),
    "alias to a user": ("alias", {"anonymous_id": "v", "external_id": "?"}),
    "a device of a user": ("devices", {**DEVICE, "external_id": "?"}),
    "a device of a visitor": ("devices", {**DEVICE, "anonymous_id": "?"}),
    "an event of a user": ("events", [{"name": "video/completed", "external_id": "?"}]),
    "an event of a visitor": ("events", [{"name": "video/completed", "anonymous_id": "?"}]),
    "a session of a user": ("sessions", {"external_id": "?"}),
    "a session of a visitor": ("sessions", {"anonymous_id": "?"}),
}


def filled(body: Any, text: str) -> Any:
    """The body with the id in place of `?`."""
    if isinstance(body, list):
        return [filled(item, text) for item in body]
    return {key: text if value == "?" else value for key, value in body.items()}


def called(server: RunningServer, sender: Importer) -> set[str]:
    query = tables.persons.select().where(tables.persons.c.environment_id == sender.environment_id)
    return {row.called for row in server.database.read_sync(lambda connection: connection.execute(query).all())}


@pytest.mark.parametrize("door", SAID)
def test_an_app_cannot_write_an_id_with_blank_edges(server: RunningServer, sender: Importer, door: str) -> None:
    what, body = SAID[door]
    with server.client(Authorization=f"Bearer {app_key(sender)}") as app:
        for text, message in BAD.items():
            answer = app.post(f"/api/client/{what}", json=filled(body, text))
            assert answer.status_code == 422, (text, answer.text)
            assert message in [error["message"] for error in answer.json()["errors"]]
        assert called(server, sender) == set()
        assert app.post(f"/api/client/{what}", json=filled(body, "a b")).is_success


@pytest.mark.parametrize("text", BAD)
def test_an_upsert_and_an_import_refuse_blank_edges(server: RunningServer, sender: Importer, text: str) -> None:
    answer = sender.client.post(f"{sender.environment}/users", json=[{"user_id": "good"}, {"user_id": text}])
    assert answer.status_code == 422
    assert [(error["path"], error["message"]) for error in answer.json()["errors"]] == [("[1].user_id", BAD[text])]
    view = sender.applied(1, [{"user_id": "good"}, {"user_id": text, "email": "a@b.cd"}])
    assert (view["created"], view["rejected"]) == (1, 1)
    assert [(error["line"], error["path"], error["message"]) for error in view["errors"]] == [(2, "user_id", BAD[text])]
    assert called(server, sender) == {"good"}


def rename(server: RunningServer, sender: Importer, before: str, after: str) -> None:
    """Make a user of before the rule: the one called `before` is called `after`."""
    old, new = make_person_ref(PersonKind.USER, before), make_person_ref(PersonKind.USER, after)
    here = tables.persons.c.environment_id == sender.environment_id
    is_old = here & (tables.persons.c.person_id == old.person_id)

    def work(connection: Connection) -> None:
        row = dict(connection.execute(tables.persons.select().where(is_old)).mappings().one())
        connection.execute(tables.persons.delete().where(is_old))
        connection.execute(tables.persons.insert(), {**row, "person_id": new.person_id, "called": after})

    server.database.write_sync(work)


@pytest.mark.parametrize("text", [" k", "k\u00a0", "   ", "\u200b"])
def test_an_old_id_with_blank_edges_can_be_read_and_deleted(server: RunningServer, sender: Importer, text: str) -> None:
    sender.applied(1, [{"user_id": "old", "attributes": {"plan": "gold"}}])
    rename(server, sender, "old", text)
    path = f"{sender.environment}/users/{quote(text, safe='')}"
    assert sender.client.get(path).json()["data"][0]["user_id"] == text
    assert sender.client.get(f"{path}/everything").is_success
    assert sender.client.get(f"{sender.environment}/events", params={"user": text}).is_success
    assert sender.client.post(f"{sender.environment}/events/exports", json={"format": "json", "user": text}).is_success
    assert sender.client.patch(path, json={"attributes": {"plan": "silver"}}).is_success
    assert sender.client.delete(path).json()["data"][0]["user_id"] == text
    assert called(server, sender) == set()


def test_a_part_of_before_the_rule_brings_nobody_back(server: RunningServer, sender: Importer) -> None:
    """The same content was applied when such ids were taken: it is read by the rules of today, and told."""
    rows = [{"user_id": "good"}, {"user_id": "k "}]
    body = sender.applied(1, rows, name="first")
    assert body["rejected"] == 1
    change = update(tables.import_parts).where(tables.import_parts.c.rejected == 1).values(rejected=0)
    server.database.write_sync(lambda connection: connection.execute(change))
    again = sender.applied(1, rows, name="second")
    assert (again["read"], again["unchanged"], again["rejected"]) == (2, 1, 1)
    assert called(server, sender) == {"good"}


def test_an_asked_id_may_have_blank_edges_and_no_other_fault() -> None:
    assert find_queried_user_id_problem(" k\u00a0") is None
    assert [find_queried_user_id_problem(text) for text in ("", "..", "a\0")] == [
        "must have 1 to 256 characters",
        "is reserved: it has another meaning in paths",
        "must not contain control characters",
    ]
