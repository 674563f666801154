"""The rule of user ids stands in the command line and on the server, and is the same."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mtribes_cli.ingest import ids
from templates_server.persons import names

SOME = st.text(st.sampled_from([*sorted(ids.BLANKS), "a", "é", "\t", "\0", ".", "_"]), max_size=4)


def test_the_characters_that_nobody_sees_are_the_same() -> None:
    assert ids.BLANKS == names.BLANKS


@given(st.text(st.characters(codec="utf-8"), max_size=300) | SOME)
@example("x" * 257)
@example("per_0123456789abcdefghijkl")
@example("..")
def test_both_say_the_same_of_an_id(text: str) -> None:
    assert ids.problem_of_user_id(text) == names.problem_of_user_id(text)


@pytest.mark.parametrize("character", sorted(ids.BLANKS))
def test_each_character_is_named_by_both(character: str) -> None:
    said = ids.problem_of_user_id(f"a{character}")
    assert said == names.problem_of_user_id(f"a{character}")
    assert f"U+{ord(character):04X}" in (said or "")
