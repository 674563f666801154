"""What is asked of a database is written here alone: no text of a person gets into SQL, but as a parameter of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from templates_server.features.people.profile_parser import find_attribute_name_problem
from templates_server.features.tribes.compiler import compile_tribe
from templates_server.features.tribes.sql_fragments import DIALECTS
from tests.server.features.tribes.differential import DifferentialCase
from tests.server.features.tribes.hostile import HOSTILE
from tests.server.features.tribes.strategies import NOONS
from tests.server.features.tribes.test_hostile_values import rules

HARMLESS = ("gold", "ab", "żółw", "aé")  # of each kind: what may stand in a JSON path, and what may not


def texts(values: Iterable[str], dialect: str) -> Mapping[str, Any]:
    """The SQL of every rule with these texts in every place, by itself, and the parameters of one such rule."""
    found = {}
    for value in values:
        for rule in rules(value):
            tribe = DifferentialCase.from_document(
                {"audience": "all", "match": "all", "filters": [rule]}, NOONS[0], []
            ).tribe
            condition, parameters = compile_tribe(tribe, dialect, now=0, retention_ms=1, environment_id=value)
            found[condition] = (rule, parameters)
    return found


@pytest.mark.slow
def test_hostile_texts_are_asked_for_in_the_words_that_harmless_ones_are() -> None:
    assert {find_attribute_name_problem(value) for value in HARMLESS} == {None}
    for dialect in DIALECTS:
        harmless, hostile = texts(HARMLESS, dialect), texts(HOSTILE, dialect)
        assert [hostile[text] for text in hostile.keys() - harmless.keys()] == []
        assert len(hostile) > 5
