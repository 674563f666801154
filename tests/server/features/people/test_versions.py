"""Versions as keys: keys sort as versions do, equal ones are equal, and what is no version has none."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_server.features.people.app_versions import key_of, version_key, version_text

UNREADABLE = (
    "", "v", "vv2", "V2", ".", "2.", ".2", "2..3", "1.2.3.4.5", "12345678901", "1.12345678901", "2.3-", "2.3-+5", "-1",
    "2,3", "2.x", "1e3", "0x10", "+1", " 2.3", "2.3 ", "2.3\n", "\u0662.\u0663", "\uff12.3", "iOS 17", "\0", "2.3\0",
    "\ud800",
)  # fmt: skip
LARGEST = 9_999_999_999
numbers = st.lists(st.integers(0, 3) | st.integers(0, LARGEST), min_size=1, max_size=4)
marks = st.text(string.ascii_letters + string.digits + ".-", min_size=1, max_size=12)
pre_releases = st.none() | marks
builds = st.none() | st.text(max_size=12)


def written(parts: list[int], pre_release: str | None = None, build: str | None = None, *, lead: str = "") -> str:
    """A version as people write it."""
    tail = "" if pre_release is None else f"-{pre_release}"
    return lead + ".".join(map(str, parts)) + tail + ("" if build is None else f"+{build}")


def key(text: str) -> str:
    found = version_key(text)
    assert found is not None, text
    return found


def order_of(parts: list[int], pre_release: str | None) -> tuple[list[int], bool]:
    """What versions are sorted by: their numbers, then releases after their pre-releases."""
    return [*parts, *[0] * (4 - len(parts))], pre_release is None


@given(numbers, pre_releases, numbers, pre_releases)
def test_keys_sort_as_the_numbers_of_versions_do(
    one: list[int], one_mark: str | None, other: list[int], other_mark: str | None
) -> None:
    first, second = key(written(one, one_mark)), key(written(other, other_mark))
    ranks = order_of(one, one_mark), order_of(other, other_mark)
    assert (first < second, first == second) == (ranks[0] < ranks[1], ranks[0] == ranks[1])


@given(numbers, pre_releases, builds)
def test_builds_and_a_leading_v_count_for_nothing(parts: list[int], mark: str | None, build: str | None) -> None:
    assert key(written(parts, mark, build, lead="v")) == key(written(parts, mark))


@given(numbers, marks, marks)
def test_pre_releases_of_one_version_are_equal_and_before_it(parts: list[int], one: str, other: str) -> None:
    assert key(written(parts, one)) == key(written(parts, other)) < key(written(parts))


@given(numbers, st.integers(0, 5))
def test_numbers_may_have_leading_zeros(parts: list[int], zeros: int) -> None:
    padded = ".".join(str(part).zfill(min(10, len(str(part)) + zeros)) for part in parts)
    assert key(padded) == key(written(parts))


@given(st.text() | st.builds(written, numbers, pre_releases, builds))
def test_a_key_has_41_digits_or_there_is_none(text: str) -> None:
    found = version_key(text)
    assert found is None or (len(found) == 41 and found.isascii() and found.isdigit())


@given(numbers, pre_releases)
def test_what_is_shown_of_a_key_is_that_version(parts: list[int], mark: str | None) -> None:
    shown, _, rest = version_text(key(written(parts, mark))).partition(" ")
    assert key(shown) == key(written(parts))
    assert rest == ("" if mark is None else "(pre-release)")


@pytest.mark.parametrize(
    ("version", "shown"),
    [
        ("2", "2.0.0"),
        ("v2.3.0-beta.1+5", "2.3.0 (pre-release)"),
        ("10.0.22631.3007", "10.0.22631.3007"),
        ("2.3.0.0", "2.3.0"),
    ],
)
def test_a_version_is_shown_with_three_numbers_at_least(version: str, shown: str) -> None:
    assert version_text(key(version)) == shown


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_is_no_version_has_no_key(text: str) -> None:
    assert version_key(text) is None


@pytest.mark.parametrize("part", ["1.", "9", "v", "1-+", "."])
def test_an_endless_text_is_no_version(part: str) -> None:
    assert version_key(part * 100_000) is None


def test_what_is_not_given_has_no_key() -> None:
    assert key_of(None) is None
    assert key_of("2.3") == "0000000002" + "0000000003" + "0000000000" * 2 + "1"


def test_anything_may_stand_behind_a_plus() -> None:
    assert key("2.3+\n\0\ud800+-") == key("2.3")
