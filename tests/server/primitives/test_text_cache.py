"""What is remembered of sent texts: found once for short ones, within bytes that no sender can exceed."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from templates_server.features.events import parser as events
from templates_server.features.imports import fast_parser
from templates_server.features.people import identity
from templates_server.features.people import profile_parser as persons
from templates_server.features.people.identify import schemas as identities
from templates_server.http import host_validation, rate_limiter
from templates_server.primitives import ip_addresses
from templates_server.primitives.text_cache import MAX_KEY_BYTES, MAX_REMEMBERED_BYTES, memoize

LONG_CHARACTERS = 256 * 1024
MOST_HELD_BYTES = 16 * LONG_CHARACTERS


def counted() -> tuple[Callable[[str], int], list[str]]:
    asked: list[str] = []

    def length(text: str) -> int:
        asked.append(text)
        return len(text)

    return memoize(length), asked


def test_a_short_text_is_computed_once() -> None:
    length, asked = counted()
    assert [length("a"), length("bc"), length("a"), length("bc")] == [1, 2, 1, 2]
    assert asked == ["a", "bc"]


def test_a_failure_is_not_remembered() -> None:
    asked = []

    @memoize
    def fail(text: str) -> int:
        asked.append(text)
        raise ValueError(text)

    for _ in range(2):
        with pytest.raises(ValueError, match="a"):
            fail("a")
    assert asked == ["a", "a"]


@pytest.mark.parametrize("character", ["a", "\xe4", "\u20ac", "\U0001f600"])
def test_256_characters_of_any_script_are_short(character: str) -> None:
    length, asked = counted()
    assert length(character * 256) == length(character * 256) == 256
    assert len(asked) == 1


def test_a_long_text_is_computed_each_time() -> None:
    length, asked = counted()
    assert length("a" * MAX_KEY_BYTES) == length("a" * MAX_KEY_BYTES) == MAX_KEY_BYTES
    assert len(asked) == 2


def test_the_parts_of_a_key_count_as_its_bytes() -> None:
    asked = []

    @memoize
    def first(parts: tuple[str, ...]) -> str:
        asked.append(parts)
        return parts[0]

    short, long = ("a", "b"), ("a", "b" * MAX_KEY_BYTES)
    assert [first(short), first(short), first(long), first(long)] == ["a"] * 4
    assert asked == [short, long, long]


def test_many_short_texts_never_hold_more_than_the_limit() -> None:
    length, asked = counted()
    tracemalloc.start()
    try:
        for number in range(60_000):
            length(f"{number:0200}")
            asked.clear()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < MAX_REMEMBERED_BYTES


FUNCTIONS: dict[str, Callable[[str], Any]] = {
    "event name": events.find_name_problem,
    "event anonymous_id": events._problem_of_anonymous_id,
    "event external_id": events._problem_of_external_id,
    "event timestamp": events._parse_time,
    "visitor": lambda text: identity.claim_identity(text, None),
    "user": lambda text: identity.claim_identity(None, text),
    "visitor and user": lambda text: identity.claim_identity(text, text[1:]),
    "person": lambda text: identity.person_of(text, None),
    **{
        f"identify {field}": (lambda text, field=field: identities.PROBLEM_OF[field](text))  # type: ignore[misc] # a default binds it
        for field in persons.TEXT_FIELDS
    },
    "field": persons.find_intended_field,
    "attribute": persons.find_attribute_name_problem,
    "tag": persons.find_tag_problem,
    "day": fast_parser.day_of,
    "tags": lambda text: fast_parser.plain_tags((text,)),
    "names": lambda text: fast_parser.are_plain_names((text,)),
    "address": ip_addresses.parse_address,
    "counted address": rate_limiter._counted,
    "host": lambda text: host_validation.parse_host_name(text.encode()),
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_long_texts_are_not_held(function: Callable[[str], Any]) -> None:
    function("0")
    tracemalloc.start()
    try:
        for number in range(64):
            function(f"{number:0{LONG_CHARACTERS}}")
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < MOST_HELD_BYTES
