"""The numbers of people and the buckets that salts draw: as written down, even and independent."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from templates_server.features.people.identity import ClaimedIdentity, PersonKind, make_person_ref, share_number_of
from templates_server.features.tribes.model import ShareFilter
from templates_server.features.tribes.percentages import to_hundredths, to_percent
from templates_server.primitives.shares import (
    BUCKETS,
    PRIME,
    ShareDraw,
    ids_and_numbers,
    make_draw,
    share_number,
)

P = 2**31 - 1
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=64)
remainders = st.sampled_from((0, 1, P // 2, P - 2, P - 1)) | st.integers(0, P - 1)


def whole(digest: bytes, first: int) -> int:
    return int.from_bytes(digest[first : first + 8], "big")


@given(st.sampled_from(PersonKind), texts)
def test_a_number_is_made_of_the_last_bytes_of_the_digest_of_kind_and_name(kind: PersonKind, called: str) -> None:
    digest = hashlib.sha256(f"{kind.value}\0{called}".encode()).digest()
    assert share_number(kind, called) == whole(digest, 24) % P
    assert PRIME == P


@given(texts)
def test_a_draw_is_made_of_the_digest_of_its_salt(salt: str) -> None:
    digest = hashlib.sha256(f"share\0{salt}".encode()).digest()
    assert make_draw(salt) == ShareDraw(whole(digest, 0) % (P - 1) + 1, whole(digest, 8) % P)
    assert ShareFilter(salt, 0, 1).draw == make_draw(salt)


def test_the_numbers_of_some_people_stay_what_they_are() -> None:
    assert [share_number(PersonKind.USER, "ada"), share_number(PersonKind.VISITOR, "ada")] == [1658269473, 867854348]
    assert [make_draw(salt).bucket_of(share_number(PersonKind.USER, "ada")) for salt in ("spring", "autumn")] == [
        3720,
        7935,
    ]


@given(st.sampled_from(PersonKind), st.lists(texts, max_size=5))
def test_many_names_give_what_each_gives(kind: PersonKind, names: list[str]) -> None:
    one_by_one = [make_person_ref(kind, name).person_id for name in names], [share_number(kind, name) for name in names]
    assert ids_and_numbers(kind, names) == one_by_one


# Evenness. All is fixed: names and salts, so that what is found is found in every run.

PEOPLE, PAIRS, GROUPS = 100_000, 60, 10
VERY_UNLIKELY = 5.0  # standard deviations, of 120 values


@pytest.fixture(scope="module")
def numbers() -> Sequence[int]:
    return ids_and_numbers(PersonKind.USER, [f"user-{number}" for number in range(PEOPLE)])[1]


def chi_square(counts: Sequence[int], expected: float) -> float:
    """How far counts are from even, in standard deviations (Wilson and Hilferty): 0 on average."""
    degrees = len(counts) - 1
    found = sum((count - expected) ** 2 for count in counts) / expected
    spread = 2 / (9 * degrees)
    return float(((found / degrees) ** (1 / 3) - (1 - spread)) / math.sqrt(spread))


def salts() -> Sequence[tuple[str, str]]:
    """Pairs as people would choose them: names, and such as differ in one character."""
    alike = [(f"spring-{number}", f"spring-{number + 1}") for number in range(0, PAIRS, 2)]
    return alike + [(f"rollout of banner {number}", f"holdout {number}") for number in range(PAIRS // 2)]


def drawn(numbers: Sequence[int], salt: str) -> Sequence[int]:
    draw = make_draw(salt)
    return [draw.bucket_of(number) for number in numbers]


def deviations(numbers: Sequence[int], pairs: Sequence[tuple[str, str]]) -> dict[str, list[float]]:
    """Of each pair: how even both draws are over all buckets, and the second within each tenth of the first."""
    found: dict[str, list[float]] = {"even": [], "independent": []}
    for pair in pairs:
        first, second = (drawn(numbers, salt) for salt in pair)
        for buckets in (first, second):
            counts = Counter(buckets)
            found["even"].append(chi_square([counts[number] for number in range(BUCKETS)], PEOPLE / BUCKETS))
        width = BUCKETS // GROUPS
        cells = Counter(zip([one // width for one in first], [one // width for one in second], strict=True))
        places = itertools.product(range(GROUPS), range(GROUPS))
        found["independent"].append(chi_square([cells[place] for place in places], PEOPLE / GROUPS**2))
    return found


@pytest.mark.slow
def test_people_fall_evenly_into_buckets_and_each_salt_by_itself(numbers: Sequence[int]) -> None:
    pairs = salts()
    assert len({salt for pair in pairs for salt in pair}) == 2 * PAIRS
    found = deviations(numbers, pairs)
    assert [len(found["even"]), len(found["independent"])] == [2 * PAIRS, PAIRS]
    for values in found.values():
        assert max(map(abs, values)) < VERY_UNLIKELY
        assert abs(sum(values)) / math.sqrt(len(values)) < VERY_UNLIKELY


def test_uneven_and_dependent_draws_are_seen(numbers: Sequence[int]) -> None:
    """The check above can fail: the same salt twice, and numbers that only a part of all people have."""
    assert deviations(numbers, [("spring", "spring")])["independent"][0] > VERY_UNLIKELY
    counts = Counter(number // 2 * 2 % BUCKETS for number in numbers)
    assert chi_square([counts[number] for number in range(BUCKETS)], PEOPLE / BUCKETS) > VERY_UNLIKELY


def test_a_tenth_is_about_a_tenth_for_many_salts(numbers: Sequence[int]) -> None:
    for salt in ("spring", "autumn", "new-checkout", "日本"):
        share = ShareFilter(salt, 0, 1000)
        within = sum(share.holds(bucket) for bucket in drawn(numbers, salt))
        assert abs(within - PEOPLE / 10) < VERY_UNLIKELY * math.sqrt(PEOPLE * 0.1 * 0.9)


# Ranges

ranges = st.tuples(st.integers(0, BUCKETS), st.integers(0, BUCKETS)).map(sorted).filter(lambda ends: ends[0] < ends[1])


@given(texts, ranges, st.integers(0, BUCKETS), remainders)
def test_raising_to_moves_nobody_out(salt: str, ends: list[int], more: int, number: int) -> None:
    before, after = ShareFilter(salt, *ends), ShareFilter(salt, ends[0], min(BUCKETS, ends[1] + more))
    bucket = make_draw(salt).bucket_of(number)
    assert after.holds(bucket) or not before.holds(bucket)


@given(texts, st.lists(st.integers(1, BUCKETS - 1), unique=True, max_size=6), remainders)
def test_ranges_that_meet_are_groups_of_which_each_person_is_in_one(salt: str, borders: list[int], number: int) -> None:
    ends = [0, *sorted(borders), BUCKETS]
    groups = [ShareFilter(salt, *pair) for pair in itertools.pairwise(ends)]
    assert sum(group.holds(make_draw(salt).bucket_of(number)) for group in groups) == 1


def test_each_hundredth_of_a_percent_is_read_and_written_exactly() -> None:
    for hundredths in range(BUCKETS + 1):
        written = float(f"{hundredths // 100}.{hundredths % 100:02}")
        assert to_hundredths(written) == hundredths
        assert to_percent(hundredths) == written
        assert repr(to_percent(hundredths)) == f"{hundredths / 100:.2f}".rstrip("0").rstrip(".")
        for neighbour in (math.nextafter(written, -1), math.nextafter(written, 101)):
            assert to_hundredths(neighbour) is None


@given(st.floats() | st.integers() | st.decimals(0, 100, places=3).map(float))
@example(0.29)
@example(0.57)
@example(1.15)
@example(0.1 + 0.2)
@example(1e308)
@example(-0.0)
@example(math.nan)
@example(10**400)
def test_a_percentage_is_read_if_it_has_two_decimals_at_most(value: float) -> None:
    is_one = 0 <= value <= 100 and float(f"{float(value):.2f}") == value
    assert (to_hundredths(value) is not None) is is_one


def test_who_would_be_created_now_has_the_number_of_the_visitor_where_there_is_one() -> None:
    visitor, user = make_person_ref(PersonKind.VISITOR, "v"), make_person_ref(PersonKind.USER, "u")
    number_of_visitor, number_of_user = share_number(PersonKind.VISITOR, "v"), share_number(PersonKind.USER, "u")
    assert (
        share_number_of(ClaimedIdentity(visitor, None))
        == share_number_of(ClaimedIdentity(visitor, user))
        == number_of_visitor
    )
    assert share_number_of(ClaimedIdentity(None, user)) == number_of_user
