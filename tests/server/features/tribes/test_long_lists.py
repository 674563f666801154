"""A value that is looked for among a hundred takes no longer than one: tribes are decided on the event loop."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import FrameType

import pytest

from templates_server.features.people.identity import PersonKind
from templates_server.features.people.profile import Scalar
from templates_server.features.tribes.evaluator import PersonFacts, TribeOutcome, decide_tribe
from templates_server.features.tribes.model import Comparison, Operator, Origin, Source, TribeDefinition
from templates_server.primitives.timestamps import parse_day

DAYS = [f"2020-{month:02}-{day:02}" for month in range(1, 11) for day in range(1, 11)]
MOMENT = parse_day("2020-01-05")
FACTS = PersonFacts(
    PersonKind.USER,
    0,
    0,
    joined=MOMENT,
    attributes={"text": "t5", "number": 5, "flag": True},
    dates={},
    fields={"f": "t5"},
)
LISTS = {
    "days": (Source(Origin.DATE, "joined"), DAYS),
    "the same moment in many words": (
        Source(Origin.DATE, "joined"),
        [f"2020-01-05T00:00:00.{'0' * n}Z" for n in range(1, 21)],
    ),
    "texts": (Source(Origin.ATTRIBUTE, "text"), [f"t{number}" for number in range(100)]),
    "numbers": (Source(Origin.ATTRIBUTE, "number"), [*range(100)]),
    "numbers and a flag": (Source(Origin.ATTRIBUTE, "flag"), [True, *range(1, 100)]),
    "contextual texts": (Source(Origin.CONTEXTUAL, "f"), [f"t{number}" for number in range(100)]),
}
FEW_CALLS = 20  # of values that are alike, as True and 1 are
ALONE: dict[str, Scalar] = {"days": "2020-01-05", "numbers and a flag": True}


def calls_of(source: Source, operator: Operator, values: Sequence[Scalar]) -> int:
    """How many functions are called to decide a tribe with one filter: unlike time it is the same every time."""
    tribe = TribeDefinition("t", "", filters=(Comparison(source, operator, tuple(values)),))
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        outcome = decide_tribe(tribe, FACTS, 0)
    finally:
        sys.setprofile(None)
    assert outcome is (TribeOutcome.MATCHED if operator is Operator.IN else TribeOutcome.NOT_MATCHED)
    return calls


@pytest.mark.parametrize("operator", [Operator.IN, Operator.NOT_IN])
@pytest.mark.parametrize("name", LISTS)
def test_a_value_among_a_hundred_is_found_as_soon_as_the_only_one(name: str, operator: Operator) -> None:
    source, values = LISTS[name]
    alone = ALONE.get(name, values[5])
    assert calls_of(source, operator, [*values[::-1], alone]) <= calls_of(source, operator, [alone]) + FEW_CALLS


@pytest.mark.parametrize(
    ("value", "values", "is_in"),
    [
        (True, [1, "true"], False),
        (1, [True, 1.0], True),
        (2**53 + 1, [float(2**53)], True),
        (2**53, [2**53 + 1], True),
        ("1", [1, True], False),
        ("", [""], True),
        (0, [False, -0.0], True),
        (None, [False, 0, ""], False),
    ],
)
def test_values_are_the_same_as_they_were(value: Scalar | None, values: list[Scalar], is_in: object) -> None:
    facts = PersonFacts(PersonKind.USER, 0, 0, attributes={} if value is None else {"a": value})
    for operator, outcome in ((Operator.IN, bool(is_in)), (Operator.NOT_IN, not is_in)):
        tribe = TribeDefinition("t", "", filters=(Comparison(Source(Origin.ATTRIBUTE, "a"), operator, tuple(values)),))
        assert (decide_tribe(tribe, facts, 0) is TribeOutcome.MATCHED) is outcome
