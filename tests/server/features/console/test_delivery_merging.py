"""Two changes of one scenario become one: nothing that only one of them changed is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_server.features.console.delivery.merge import merge_scenarios

BASE: dict[str, Any] = {
    "enabled": True,
    "tribes": ["gold"],
    "items": [{"id": "a", "experience": "hero", "properties": {"title": "A"}}, {"id": "b", "experience": "hero"}],
}
A, B = BASE["items"]
C = {"id": "c", "experience": "hero"}
D = {"id": "d", "experience": "hero"}
SCENARIOS = st.fixed_dictionaries(
    {"enabled": st.booleans()},
    optional={
        "properties": st.dictionaries(st.sampled_from("xyz"), st.integers(0, 2), min_size=1),
        "items": st.permutations([A, B, C, D]).map(lambda items: items[:3]),
    },
)


@pytest.mark.parametrize(
    ("mine", "theirs", "merged"),
    [
        ([A, B, C], [A, B, D], [A, B, C, D]),
        ([B, A], [A, B, D], [B, A, D]),
        ([A], [A, B, D], [A, D]),
        ([A, B, C], [A], [A, C]),
        ([{**A, "enabled": False}, B], [B], [{**A, "enabled": False}, B]),
        (
            [{**A, "enabled": False}, B],
            [{**A, "properties": {"title": "Z"}}, B],
            [{**A, "properties": {"title": "Z"}, "enabled": False}, B],
        ),
        ([], [A, B, D], [D]),
    ],
)
def test_items_of_both_are_kept(mine: list[Any], theirs: list[Any], merged: list[Any]) -> None:
    assert merge_scenarios(BASE, {**BASE, "items": mine}, {**BASE, "items": theirs})["items"] == merged


def test_values_of_both_are_kept_and_mine_wins() -> None:
    base = {"enabled": True, "properties": {"x": 1, "y": 1, "z": 1}, "starts": "S"}
    mine = {"enabled": True, "properties": {"x": 2, "y": 2}, "starts": "S"}
    theirs = {"enabled": False, "properties": {"x": 3, "y": 1, "z": 1, "w": 1}}
    assert merge_scenarios(base, mine, theirs) == {"enabled": False, "properties": {"x": 2, "y": 2, "w": 1}}


@given(SCENARIOS, SCENARIOS)
def test_who_changed_alone_gets_what_they_wrote(base: dict[str, Any], changed: dict[str, Any]) -> None:
    assert merge_scenarios(base, changed, base) == changed
    assert merge_scenarios(base, base, changed) == changed
    assert merge_scenarios(base, changed, changed) == changed
