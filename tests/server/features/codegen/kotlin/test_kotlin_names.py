"""What Kotlin's names and literals are, without its compiler."""

from __future__ import annotations

import pytest

from templates_server.features.codegen.kotlin.literals import documentation, number, string
from templates_server.features.codegen.kotlin.modules import package_of
from templates_server.features.codegen.kotlin.names import class_name, entry_name, function, member, package_segment
from templates_server.features.codegen.naming import Name, name_scope
from templates_server.features.codegen.renderer import render
from templates_server.features.spaces.model import GenerationInput, ModelEntityState
from tests.server.features.codegen.reference_space import HOST, tracked_vod, vod


def name(key: str) -> Name:
    return name_scope([key])[key]


@pytest.mark.parametrize(
    ("key", "expected"),
    [("title-ids", "titleIds"), ("in", "`in`"), ("typeof", "`typeof`"), ("class", "class_"), ("get-class", "getClass")],
)
def test_members_are_in_camel_case_and_quoted_where_they_are_reserved(key: str, expected: str) -> None:
    assert member(name(key)).text == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("hero-banner", "HeroBanner"),
        ("string", "String_"),
        ("session", "Session_"),
        ("start-options", "StartOptions_"),
        ("price-section", "PriceSection_"),
        ("collection", "Collection_"),
        ("con", "Con_"),
        ("properties", "Properties_"),
    ],
)
def test_classes_take_no_name_that_is_taken(key: str, expected: str) -> None:
    assert class_name(name(key)).text == expected


@pytest.mark.parametrize("key", ["get/class", "hash/code", "notify/all", "to/string"])
def test_events_take_no_function_that_every_object_has(key: str) -> None:
    assert function(name(key)).text.endswith("_")


def test_options_are_entries_in_upper_case_and_none_is_the_unset_one() -> None:
    assert [entry_name(name(option)).text for option in ("full-width", "16:9", "unset")] == [
        "FULL_WIDTH",
        "N16_9",
        "UNSET_",
    ]


@pytest.mark.parametrize(
    ("space", "options", "expected"),
    [
        ("vod", {}, "mtspace.vod"),
        ("my-space", {}, "mtspace.myspace"),
        ("object", {}, "mtspace.object_"),
        ("switch", {}, "mtspace.switch_"),
        ("vod", {"package": "com.example.app"}, "com.example.app"),
    ],
)
def test_the_package_is_that_of_the_space_or_the_one_that_is_given(
    space: str, options: dict[str, str], expected: str
) -> None:
    assert package_of(space, options).text == expected
    assert package_segment(name(space)).text == expected.rpartition(".")[2] or "package" in options


def test_the_package_stands_in_every_file() -> None:
    files = render(vod(), "kotlin", {"package": "com.example.app"})
    packages = {path: text.split("\n\n")[1] for path, text in files.items() if path.endswith(".kt")}
    assert {text for path, text in packages.items() if not path.startswith("runtime/")} == {"package com.example.app"}
    assert {text for path, text in packages.items() if path.startswith("runtime/")} == {
        "package com.example.app.runtime"
    }
    assert all("mtribes.runtime" not in text for text in files.values())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$a ${b}", '"\\$a \\${b}"'),
        ('"\\', '"\\"\\\\"'),
        ("\n\u2028\x00", '"\\n\\u2028\\u0000"'),
        ("\U000e0001", '"\\udb40\\udc01"'),
        ("it's Ünïcode", '"it\'s Ünïcode"'),
    ],
)
def test_texts_are_literals_in_which_nothing_is_evaluated(text: str, expected: str) -> None:
    assert string(text).text == expected


def test_numbers_are_doubles() -> None:
    assert [number(value).text for value in (5, -0.5, 1e21, 10**17)] == ["5.0", "-0.5", "1e+21", "100000000000000000.0"]
    with pytest.raises(ValueError, match="finite"):
        number(float("inf"))


def test_comments_neither_end_nor_nest_nor_begin_a_tag() -> None:
    comment = documentation("*/ /* @evil", "/*/ \u202e")
    assert comment is not None
    assert comment.text == "/** *&#47; /&#42; &#64;evil: /*&#47; */".replace("/*&#47; */", "/&#42;&#47; */")


def test_the_code_hash_and_the_fallbacks_change_their_own_file_alone() -> None:
    before = vod()
    states = dict(before.fallbacks) | {"onboarding.welcome": ModelEntityState(enabled=False, properties={})}
    old, new = render(before, "kotlin", {}), render(GenerationInput(before.model, states), "kotlin", {})
    assert {path for path in old if old[path] != new[path]} == {"Fallbacks.kt"}


def test_events_and_fields_add_their_own_files_alone() -> None:
    without, rendered = render(vod(), "kotlin", {"host": HOST}), render(tracked_vod(), "kotlin", {"host": HOST})
    assert {path for path, text in rendered.items() if without.get(path) != text} == {
        "Events.kt",
        "Fallbacks.kt",
        "Fields.kt",
    }
