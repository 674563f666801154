"""What is kept of a person: merging obeys a plain model of its rules, columns hold all of it, in one form."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates_server.features.people.profile import (
    COLUMNS,
    NOTHING_KNOWN,
    Profile,
    ProfileChange,
    apply_change,
    canonical_scalar,
    dates_of,
    decode_tags,
    encode_tags,
    format_joined,
    from_columns,
    parse_moment,
    to_columns,
)
from templates_server.features.people.profile_parser import find_profile_problems, find_tag_problem, read_user
from tests.server.features.people.strategies import ATTRIBUTES, FEW_TAGS, SCALARS, TAGS, good_users


def applied(users: list[dict[str, Any]]) -> Profile:
    """The profile after these were sent, one after the other."""
    profile = NOTHING_KNOWN
    for sent in users:
        _, change, problems = read_user(sent)
        assert problems == []
        profile = apply_change(profile, change)
    return profile


def in_plain_words(users: list[dict[str, Any]]) -> dict[str, Any]:
    """The same, told without any of the program's own code."""
    kept: dict[str, Any] = dict.fromkeys(("email", "phone", "timezone", "locale", "joined"))
    tags: set[str] = set()
    attributes: dict[str, Any] = {}
    for sent in users:
        kept |= {name: value for name, value in sent.items() if name in kept}
        if "tags" in sent:
            tags = set(sent["tags"] or [])
        tags = (tags | set(sent.get("add_tags") or [])) - set(sent.get("remove_tags") or [])
        for name, value in (sent.get("attributes") or {}).items():
            attributes.pop(name, None)
            if value is not None:
                attributes[name] = value
    if kept["joined"] is not None and "T" in kept["joined"]:
        kept["joined"] = datetime.fromisoformat(kept["joined"]).astimezone(UTC).date().isoformat()
    return {**kept, "tags": sorted(tags), "attributes": attributes}


@settings(max_examples=25, deadline=None)
@given(st.lists(good_users(), max_size=6))
def test_merging_is_what_the_rules_say(users: list[dict[str, Any]]) -> None:
    profile, plain = applied(users), in_plain_words(users)
    assert [profile.email, profile.phone, profile.timezone, profile.locale] == [
        plain[name] for name in ("email", "phone", "timezone", "locale")
    ]
    assert format_joined(profile.joined) == plain["joined"]
    assert list(profile.tags) == plain["tags"]
    assert dict(profile.attributes) == plain["attributes"]
    kinds = {name: isinstance(value, bool) for name, value in plain["attributes"].items()}
    assert {name: isinstance(value, bool) for name, value in profile.attributes.items()} == kinds


@settings(max_examples=25, deadline=None)
@given(st.lists(good_users(), max_size=4))
def test_columns_hold_all_of_a_profile_and_nothing_else(users: list[dict[str, Any]]) -> None:
    profile = applied(users)
    columns = to_columns(profile)
    assert from_columns(columns) == profile
    assert to_columns(from_columns(columns)) == columns
    assert len(columns) == len(COLUMNS)


@settings(max_examples=25, deadline=None)
@given(st.lists(good_users(), min_size=1, max_size=4))
def test_the_same_again_changes_no_column(users: list[dict[str, Any]]) -> None:
    once = applied(users)
    _, change, _ = read_user(users[-1])
    assert to_columns(apply_change(once, change)) == to_columns(once)


@given(ATTRIBUTES, st.randoms())
def test_the_order_in_which_attributes_come_makes_no_difference(attributes: dict[str, Any], random: Any) -> None:
    names = list(attributes)
    random.shuffle(names)
    one = apply_change(NOTHING_KNOWN, ProfileChange(attributes=attributes))
    other = apply_change(NOTHING_KNOWN, ProfileChange(attributes={name: attributes[name] for name in names}))
    assert to_columns(one) == to_columns(other)


@given(st.lists(TAGS, unique=True, max_size=8), FEW_TAGS)
def test_a_stored_tag_is_found_by_its_whole_text_and_by_what_is_above_it(tags: list[str], wanted: str) -> None:
    text = encode_tags(sorted(tags))
    assert list(decode_tags(text)) == sorted(tags)
    assert (f"\n{wanted}\n" in text) == (wanted in tags)
    assert (f"\n{wanted}/" in text) == any(tag.startswith(f"{wanted}/") for tag in tags)


@given(SCALARS)
def test_a_value_is_kept_as_it_was_meant(value: Any) -> None:
    _, change, problems = read_user({"user_id": "u", "attributes": {"x": value}})
    assert problems == []
    kept = from_columns(to_columns(apply_change(NOTHING_KNOWN, change))).attributes["x"]
    assert kept == value
    assert isinstance(kept, bool) == isinstance(value, bool)
    assert isinstance(kept, str) == isinstance(value, str)


@pytest.mark.parametrize(("sent", "kept"), [(1.0, "1"), (-0.0, "0"), (2.0**53, "9007199254740992"), (1.5, "1.5")])
def test_one_number_has_one_form(sent: float, kept: str) -> None:
    assert json.dumps(canonical_scalar(sent)) == kept


def test_true_and_1_are_two_values() -> None:
    one, true = (apply_change(NOTHING_KNOWN, ProfileChange(attributes={"x": value})) for value in (1, True))
    assert to_columns(one) != to_columns(true)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01", 0),
        ("1969-12-31", -86_400_000),
        ("2026-11-21T20:35:00Z", 1_795_293_300_000),
        ("2026-11-21T22:35:00.123+02:00", 1_795_293_300_123),
        ("2026-11-21t20:35:00z", 1_795_293_300_000),
        ("2026-02-29", None),
        ("20261121", None),
        ("2026-11-21 ", None),
        ("２０２６-11-21", None),  # noqa: RUF001 - digits of another script
        ("2026-11-21T20:35:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("", None),
    ],
)
def test_what_is_a_time_is_known_and_nothing_else(text: str, moment: int | None) -> None:
    assert parse_moment(text) == moment
    assert dates_of({"x": text, "y": 5}) == ({} if moment is None else {"x": moment})


@given(st.text())
def test_any_text_is_a_time_or_none(text: str) -> None:
    assert parse_moment(text) is None or format_joined(parse_moment(text))


@given(st.text(max_size=80))
def test_a_good_tag_can_be_stored_beside_others(tag: str) -> None:
    if find_tag_problem(tag) is None:
        assert decode_tags(encode_tags(["a", tag])) == ("a", tag)
        assert tag == tag.lower() == tag.strip()


def test_what_is_too_much_altogether_is_told() -> None:
    tags = tuple(f"t{number}" for number in range(257))
    attributes = {f"a{number}": 1 for number in range(201)}
    assert [one.path for one in find_profile_problems(Profile(tags=tags, attributes=attributes), "[3]")] == [
        "[3].tags",
        "[3].attributes",
    ]
    assert find_profile_problems(Profile(tags=tags[1:], attributes=dict(list(attributes.items())[1:]))) == []
    large = {f"a{number}": "\x01" * 4096 for number in range(3)}  # 24 KiB of JSON each
    assert [one.path for one in find_profile_problems(Profile(attributes=large))] == ["attributes"]
    assert find_profile_problems(Profile(attributes=large), before=large) == []
    del large["a2"]
    assert find_profile_problems(Profile(attributes=large)) == []
