"""The rule of user ids stands in the command line and on the server, and is the same."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import Connection

from mtribes_cli.ingest import user_ids
from templates_server.features.people import identity
from templates_server.features.people.identity import PersonKind, make_person_ref
from templates_server.storage import tables
from tests.contract.ingest.world import Place

SOME = st.text(st.sampled_from([*sorted(user_ids.BLANKS), "a", "é", "\t", "\0", ".", "_"]), max_size=4)


def test_the_characters_that_nobody_sees_are_the_same() -> None:
    assert user_ids.BLANKS == identity.BLANKS


@given(st.text(st.characters(codec="utf-8"), max_size=300) | SOME)
@example("x" * 257)
@example("per_0123456789abcdefghijkl")
@example("..")
def test_both_say_the_same_of_an_id(text: str) -> None:
    assert user_ids.problem_of_user_id(text) == identity.find_user_id_problem(text)


@pytest.mark.parametrize("character", sorted(user_ids.BLANKS))
def test_each_character_is_named_by_both(character: str) -> None:
    said = user_ids.problem_of_user_id(f"a{character}")
    assert said == identity.find_user_id_problem(f"a{character}")
    assert f"U+{ord(character):04X}" in (said or "")


def test_a_user_with_an_old_id_is_shown_and_deleted(place: Place) -> None:
    (place.mtribes.home / "users.csv").write_text("user_id,plan\nold-of-cli,gold\n", encoding="utf-8")
    assert place.ingest("users.csv").exit_code == 0
    before, after = make_person_ref(PersonKind.USER, "old-of-cli"), make_person_ref(PersonKind.USER, " k\u00a0")
    is_old = tables.persons.c.person_id == before.person_id

    def work(connection: Connection) -> None:
        for row in connection.execute(tables.persons.select().where(is_old)).mappings().all():
            connection.execute(tables.persons.delete().where(is_old))
            new = {**row, "person_id": after.person_id, "called": after.called}
            connection.execute(tables.persons.insert(), new)

    place.server.database.write_sync(work)
    where = ("--space", place.space, "--environment", "production")
    shown = place.mtribes("user", "get", " k\u00a0", *where, "--json")
    assert shown.envelope["data"]["user_id"] == " k\u00a0"
    assert place.mtribes("user", "export", " k\u00a0", *where).exit_code == 0
    assert place.mtribes("user", "delete", " k\u00a0", *where, "--yes").exit_code == 0
    assert place.stored() == {}


def test_no_event_is_tracked_for_an_id_with_blank_edges(place: Place) -> None:
    where = ("--space", place.space, "--environment", "production")
    assert place.mtribes("env", "key", "create", "--name", "app", *where).exit_code == 0
    outcome = place.mtribes("event", "track", "video/completed", "--user", "k\u00a0", *where)
    assert outcome.exit_code == 2
    assert "This ends with U+00A0 (no-break space)" in outcome.err
    assert place.stored() == {}
