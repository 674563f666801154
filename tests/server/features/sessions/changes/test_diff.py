"""What an app carries of what it was told, and what it is told next."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from templates_server.features.sessions.changes.diff import MOST_DIGESTS, NOTHING, change_of, find_known_states
from templates_server.features.sessions.compiled_states import (
    CompiledEntity,
    CompiledStates,
    RenderedState,
    StatesOutline,
    compute_digest,
)
from templates_server.features.sessions.evaluator import SessionEvaluation
from templates_server.features.sessions.store import SessionFacts
from templates_server.features.tribes.model import collect_queries

NAMES = ("a.a", "a.b", "b.a")


def shown(name: str, title: str) -> RenderedState:
    encoded = f'"{name}":{{"title":"{title}"}}'.encode()
    return RenderedState("default", True, encoded, compute_digest(encoded))  # noqa: FBT003 - a field


def decided(titles: Mapping[str, str | None], revision: str = "1.1.1") -> SessionEvaluation:
    states = [None if title is None else shown(name, title) for name, title in titles.items()]
    entities = tuple(CompiledEntity(name, True, shown(name, "")) for name in titles)  # noqa: FBT003 - a field
    question = SessionFacts(collect_queries([]), "sqlite")
    made = CompiledStates(StatesOutline(revision, tuple(titles), ""), entities, (), b"{}", question, is_targeted=True)
    return SessionEvaluation(made, states, None)


def with_revision(states: CompiledStates, revision: str) -> CompiledStates:
    return dataclasses.replace(states, outline=dataclasses.replace(states.outline, revision=revision))


titles_of_all = st.fixed_dictionaries({name: st.sampled_from(["x", "y", "z", None]) for name in NAMES})


@given(st.lists(st.tuples(titles_of_all, st.booleans()), min_size=1, max_size=8))
def test_an_app_that_carries_its_revision_has_all_that_is_known(
    looks: Sequence[tuple[Mapping[str, str | None], bool]],
) -> None:
    """Whoever is asked, with a memory or without: the app ends up with the last that was known of each entity."""
    revision, told = "", NOTHING
    known: dict[str, str] = {}
    has: dict[str, str] = {}
    for titles, forgets in looks:
        known |= {name: title for name, title in titles.items() if title is not None}
        now = decided({name: titles[name] for name in NAMES})
        if forgets:
            told = find_known_states(revision, now.states) or NOTHING
        change = change_of(now, told, revision=revision)
        if change is not None:
            revision, told = change.revision, change.told
            for name, title in titles.items():
                if title is not None and shown(name, title).encoded in change.encoded:
                    assert has.get(name) != title
                    has[name] = title
        assert has == known


def test_digests_of_another_model_say_nothing() -> None:
    before = change_of(decided(dict.fromkeys(NAMES, "x")), NOTHING, revision="")
    assert before is not None
    now = decided(dict.fromkeys(NAMES, "x"), "2.1.1")
    assert find_known_states(before.revision, now.states) == NOTHING
    assert find_known_states(before.revision, with_revision(now.states, "1.9.9")) == before.told


def test_a_revision_fits_into_an_address_however_many_entities_there_are() -> None:
    many = {f"a.{number}": "x" for number in range(MOST_DIGESTS + 1)}
    first = change_of(decided(many), NOTHING, revision="")
    assert first is not None
    assert len(first.revision) < 20
    told = find_known_states(first.revision, decided(many).states) or NOTHING
    assert change_of(decided(many), told, revision=first.revision) is None
    second = change_of(decided({**many, "a.7": "y"}), told, revision=first.revision)
    assert second is not None
    assert second.revision != first.revision
