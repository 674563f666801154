from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates_server.features.codegen.identifiers import identifiers
from templates_server.features.codegen.naming import name_model, name_scope, slug
from templates_server.features.codegen.renderer import LANGUAGES
from templates_server.features.codegen.typescript.names import file_stem, member
from tests.server.features.codegen.reference_space import vod

HOSTILE = [entry["name"] for entry in json.loads(Path(__file__).with_name("hostile_names.json").read_text("utf-8"))]
KEYS = st.from_regex(r"\A[a-z][a-z0-9]{0,3}(-[a-z0-9]{1,3}){0,2}\Z")
QUICKLY = settings(max_examples=50, deadline=None)
ANY_TEXT = st.one_of(KEYS, st.sampled_from(HOSTILE), st.text(max_size=100))


def folded(key: str) -> str:
    return "".join(slug(key))


def camel(*keys: str) -> dict[str, str]:
    return {key: name.camel for key, name in name_scope(keys).items()}


def test_kebab_case_becomes_the_case_of_the_language() -> None:
    name = name_scope(["title-ids"])["title-ids"]
    assert (name.camel, name.pascal, name.snake) == ("titleIds", "TitleIds", "title_ids")


def test_names_that_look_the_same_all_get_a_hash_of_their_key() -> None:
    names = camel("foo-1", "foo1", "bar")
    assert names["bar"] == "bar"
    assert re.fullmatch(r"foo1_[0-9a-f]{8}", names["foo-1"])
    assert re.fullmatch(r"foo1_[0-9a-f]{8}", names["foo1"])
    assert names["foo1"] != names["foo-1"]


def test_names_that_differ_in_case_or_word_borders_look_the_same() -> None:
    assert "_" in camel("home-page", "homepage")["homepage"]


@QUICKLY
@given(st.sets(ANY_TEXT, max_size=30))
def test_no_two_identifiers_of_a_scope_are_equal_when_case_is_ignored(keys: set[str]) -> None:
    for form in ("camel", "pascal", "snake"):
        written = [str(getattr(name, form)).lower() for name in name_scope(keys).values()]
        assert len(set(written)) == len(written)


@QUICKLY
@given(st.sets(ANY_TEXT, max_size=30))
def test_every_text_becomes_an_ascii_identifier(keys: set[str]) -> None:
    for name in name_scope(keys).values():
        assert re.fullmatch(r"[a-z][A-Za-z0-9]*(_[0-9a-f]{8})?", name.camel)
        assert len(name.camel) <= 100


@QUICKLY
@given(st.sets(KEYS, max_size=20), KEYS)
def test_adding_a_key_renames_none_that_does_not_look_like_it(keys: set[str], added: str) -> None:
    before, after = camel(*keys), camel(*keys, added)
    assert {key: name for key, name in before.items() if folded(key) != folded(added)} == {
        key: name for key, name in after.items() if folded(key) != folded(added)
    }


@QUICKLY
@given(st.sets(KEYS, max_size=20), KEYS)
def test_adding_a_key_to_names_that_were_kept_apart_renames_none(keys: set[str], added: str) -> None:
    before, after = camel(*keys), camel(*keys, added)
    apart = {key: name for key, name in before.items() if "_" in name}
    assert apart.items() <= after.items()


@QUICKLY
@given(st.lists(ANY_TEXT, unique=True, max_size=20), st.randoms(use_true_random=False))
def test_names_do_not_depend_on_the_order_of_keys(keys: list[str], random: object) -> None:
    shuffled = sorted(keys, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert camel(*shuffled) == camel(*keys)


@pytest.mark.parametrize("key", ["constructor", "then", "to-string", "has-own-property", "value-of"])
def test_members_that_javascript_asks_for_are_not_taken(key: str) -> None:
    assert member(name_scope([key])[key]).text.endswith("_")


@pytest.mark.parametrize("key", ["aux", "con", "nul", "com1", "lpt9", "index"])
def test_files_are_not_called_as_devices_or_folders_are(key: str) -> None:
    assert file_stem(name_scope([key])[key]).text == f"{key}_"


WRITTEN = {
    "typescript": ("titleIds", "homepageBody", "hero"),
    "java": ("titleIds", "HomepageBodySection", "Hero"),
    "kotlin": ("titleIds", "HomepageBodySection", "Hero"),
    "python": ("title_ids", "HomepageBody", "Hero"),
}
"""A property of two words, a section and an experience, as languages with a case of their own write them."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_identifiers_are_listed_by_path_for_those_who_compare_models(language: str) -> None:
    listed = identifiers(name_model(vod().model), language)
    expected = WRITTEN.get(language, WRITTEN["typescript"])
    paths = ("experiences.carousel.properties.title-ids", "sections.homepage-body", "experiences.hero")
    assert tuple(listed[path] for path in paths) == expected
    assert listed["collections.homepage.children.header"] == "header"
    assert listed["collections.onboarding"] == "onboarding"
