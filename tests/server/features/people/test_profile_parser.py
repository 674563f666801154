"""What may be sent of a user: every rule at its border, and whatever is sent is either good or refused by its path."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates_server.features.people.profile import NOTHING_KNOWN, apply_change, from_columns, to_columns
from templates_server.features.people.profile_parser import (
    FIELDS,
    LOCALE,
    find_tag_problem,
    find_timezone_problem,
    read_user,
)
from tests.server.features.people.strategies import good_users

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda values: st.lists(values, max_size=4) | st.dictionaries(st.text(), values, max_size=4),
)


@settings(max_examples=40, deadline=None)
@given(good_users())
def test_a_good_user_has_no_problem(sent: dict[str, Any]) -> None:
    user_id, _, problems = read_user(sent)
    assert problems == []
    assert user_id == sent["user_id"]


@settings(max_examples=60, deadline=None)
@given(st.one_of(ANYTHING, st.dictionaries(st.sampled_from(sorted(FIELDS)), ANYTHING)))
def test_whatever_is_sent_is_good_or_is_refused(sent: Any) -> None:
    _, change, problems = read_user(sent, "[7]")
    assert all(problem.path.startswith("[7]") and problem.message for problem in problems)
    if not problems:
        profile = apply_change(NOTHING_KNOWN, change)
        assert from_columns(to_columns(profile)) == profile


GOOD: list[dict[str, Any]] = [
    {"user_id": "x" * 256},
    {"user_id": "a/b"},
    {"user_id": "..."},
    {"user_id": "日本 🦊"},
    {"email": "x" * 250 + "@b.c"},
    {"phone": "x" * 64},
    {"timezone": "Asia/Kolkata"},
    {"locale": "sr-Latn-RS"},
    {"locale": "x-" + "a" * 8},
    {"joined": "2024-02-29"},
    {"joined": "2026-11-21T23:59:59.999+14:00"},
    {"tags": ["a/b/c", "x" * 64 + "/" + "y" * 64]},
    {"tags": [f"t{number}" for number in range(256)]},
    {"attributes": {"x" * 64: "y" * 4096}},
    {"attributes": {f"a{number}": number for number in range(200)}},
    {"attributes": {"line": "a\nb", "n": 2**63 - 1, "m": -(2**63) + 1}},
    {"created": "what an answer says", "last_seen": 5},
]
BAD: list[tuple[dict[str, Any], str]] = [
    ({"user_id": ""}, "user_id"),
    ({"user_id": "x" * 257}, "user_id"),
    ({"user_id": "a\nb"}, "user_id"),
    ({"user_id": "."}, "user_id"),
    ({"user_id": "per_0123456789ABCDEFGHIJKL"}, "user_id"),
    ({"user_id": 7}, "user_id"),
    ({"user_id": None}, "user_id"),
    ({"user_id": "\ud800"}, "user_id"),
    ({"email": ""}, "email"),
    ({"email": "x" * 251 + "@b.c"}, "email"),
    ({"email": "a@b"}, "email"),
    ({"email": "a@b@c.d"}, "email"),
    ({"email": "a b@c.d"}, "email"),
    ({"email": True}, "email"),
    ({"phone": ""}, "phone"),
    ({"phone": "x" * 65}, "phone"),
    ({"phone": "1\t2"}, "phone"),
    ({"timezone": "europe/berlin"}, "timezone"),
    ({"timezone": ""}, "timezone"),
    ({"locale": "en_US"}, "locale"),
    ({"locale": "english_language"}, "locale"),
    ({"locale": ""}, "locale"),
    ({"joined": "2026-02-29"}, "joined"),
    ({"joined": "21.11.2026"}, "joined"),
    ({"joined": 20261121}, "joined"),
    ({"tags": "a"}, "tags"),
    ({"tags": {"a": 1}}, "tags"),
    ({"tags": ["a", 7]}, "tags[1]"),
    ({"tags": ["a/b/c/d"]}, "tags[0]"),
    ({"tags": ["a//b"]}, "tags[0]"),
    ({"tags": ["a/ b"]}, "tags[0]"),
    ({"tags": ["Sports"]}, "tags[0]"),
    ({"tags": ["x" * 65]}, "tags[0]"),
    ({"tags": ["a\nb"]}, "tags[0]"),
    ({"tags": [""]}, "tags[0]"),
    ({"tags": [f"t{number}" for number in range(257)]}, "tags"),
    ({"add_tags": "", "remove_tags": []}, "add_tags"),
    ({"remove_tags": False}, "remove_tags"),
    ({"add_tags": ["a"], "remove_tags": ["a"]}, "remove_tags"),
    ({"attributes": []}, "attributes"),
    ({"attributes": {"": 1}}, 'attributes.""'),
    ({"attributes": {"x" * 65: 1}}, f"attributes.{'x' * 65}"),
    ({"attributes": {"a\nb": 1}}, 'attributes."a\\nb"'),
    ({"attributes": {"a": "y" * 4097}}, "attributes.a"),
    ({"attributes": {"a": "\0"}}, "attributes.a"),
    ({"attributes": {"a": [1]}}, "attributes.a"),
    ({"attributes": {"a": {}}}, "attributes.a"),
    ({"attributes": {"a": float("nan")}}, "attributes.a"),
    ({"attributes": {"a": 2**63}}, "attributes.a"),
    ({"attributes": {f"a{number}": number for number in range(201)}}, "attributes"),
    ({"nickname": "x"}, "nickname"),
    ({"userId": "x"}, "userId"),
]


@pytest.mark.parametrize("sent", GOOD, ids=range(len(GOOD)))
def test_what_keeps_the_rules_is_taken(sent: dict[str, Any]) -> None:
    assert read_user({"user_id": "u"} | sent)[2] == []


@pytest.mark.parametrize(("sent", "path"), BAD, ids=range(len(BAD)))
def test_what_breaks_a_rule_is_refused_by_its_path(sent: dict[str, Any], path: str) -> None:
    (problem,) = read_user({"user_id": "u"} | sent)[2]
    assert problem.path == path
    (problem,) = read_user({"user_id": "u"} | sent, "[12]")[2]
    assert problem.path == f"[12].{path}"


def test_everything_that_is_wrong_is_told_at_once() -> None:
    sent = {"email": "no", "tags": ["A", "b", "C"], "attributes": {"x": []}, "emial": "a@b.c"}
    assert [problem.path for problem in read_user(sent)[2]] == [
        "user_id",
        "emial",
        "email",
        "tags[0]",
        "tags[2]",
        "attributes.x",
    ]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("berlin", "Europe/Berlin"),
        ("america/new york", "America/New_York"),
        ("Asia/Berlin", "Europe/Berlin"),
        ("utc", "UTC"),
        ("Mars/Olympus", "such as Europe/Berlin"),
    ],
)
def test_a_time_zone_that_is_none_is_answered_by_what_may_be_meant(text: str, meant: str) -> None:
    assert meant in str(find_timezone_problem(text))


def test_a_tag_in_capitals_is_answered_by_its_lower_case() -> None:
    assert '"sports/football"' in str(find_tag_problem("Sports/Football"))


def test_many_wrong_fields_cost_no_search_each() -> None:
    problems = read_user({"user_id": "u"} | {f"emial{number}": 1 for number in range(2000)})[2]
    assert sum("did you mean" in problem.message for problem in problems) == 3
    assert len(problems) == 2000


@pytest.mark.parametrize("text", ["en-", "-en", "e", "en-a", "en-x", "abcdefghi", "en--US", "en-US-", "de-419-x"])
def test_what_is_no_language_tag_is_refused(text: str) -> None:
    assert LOCALE.fullmatch(text) is None
