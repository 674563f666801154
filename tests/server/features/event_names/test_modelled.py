"""Whether an event is as the model says: by its keys and by its values, numbers as ECMAScript writes them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_server.features.event_names.model_check import (
    NOTHING_MODELLED,
    ModelledEvents,
    as_ecmascript,
    differs,
    is_number,
)
from templates_server.features.spaces.model import Event, Metadata, PropertyType

COMPLETED = Event(
    "video/completed",
    metadata=(
        Metadata("genre", PropertyType.SELECT, options=("Drama", "Fußball")),
        Metadata("live", PropertyType.TOGGLE),
        Metadata("title", PropertyType.TEXT, is_required=True),
    ),
)
RATED = Event("video/rated", metadata=(Metadata("stars", PropertyType.NUMBER),))
MODEL = {event.key: event for event in (COMPLETED, RATED, Event("app/opened"))}
Events = tuple[tuple[str, dict[str, str]], ...]
GOOD: Events = (
    ("video/completed", {"title": "x"}),
    ("video/completed", {"title": "", "genre": "Fußball", "live": "true"}),
    ("video/completed", {"live": "false", "title": "\u202e"}),
    ("video/rated", {}),
    ("video/rated", {"stars": "4.5"}),
    ("app/opened", {}),
    ("Product Purchased", {"title": "not modelled, so there is nothing to differ from"}),
    ("video", {}),
)
BAD: Events = (
    ("video/completed", {}),
    ("video/completed", {"genre": "Drama"}),
    ("video/completed", {"title": "x", "genre": "drama"}),
    ("video/completed", {"title": "x", "genre": ""}),
    ("video/completed", {"title": "x", "live": "True"}),
    ("video/completed", {"title": "x", "pair1": "y"}),
    ("video/rated", {"stars": "four"}),
    ("video/rated", {"stars": "1.0"}),
    ("app/opened", {"title": "x"}),
)


@pytest.mark.parametrize(("name", "metadata"), GOOD)
def test_an_event_as_modelled_or_of_no_model_does_not_differ(name: str, metadata: dict[str, str]) -> None:
    assert not differs(name, metadata, MODEL)
    assert not ModelledEvents(MODEL.values()).differs(name, metadata)
    assert not NOTHING_MODELLED.differs(name, metadata)


@pytest.mark.parametrize(("name", "metadata"), BAD)
def test_an_event_with_another_key_or_value_differs(name: str, metadata: dict[str, str]) -> None:
    assert differs(name, metadata, MODEL)
    assert ModelledEvents(MODEL.values()).differs(name, metadata)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-1.5, "-1.5"),
        (0.1, "0.1"),
        (1e21, "1e+21"),
        (123456789012345680000.0, "123456789012345680000"),
        (1.5e300, "1.5e+300"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (1.25e-7, "1.25e-7"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
    ],
)
def test_numbers_are_written_as_ecmascript_writes_them(number: float, text: str) -> None:
    assert as_ecmascript(number) == text
    assert is_number(text)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_is_one_as_it_is_written_and_not_otherwise(number: float) -> None:
    text = as_ecmascript(number)
    assert float(text) == number
    assert is_number(text)
    assert not is_number(f"{text}0" if "." in text and "e" not in text else f"{text}.0")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "+1",
        "-0",
        ".5",
        "1.",
        "01",
        "1e5",
        "1E+21",
        "1e400",
        "NaN",
        "Infinity",
        "0x1",
        "1_0",
        "\u0661",
        "9" * 400,
    ],
)
def test_what_ecmascript_writes_otherwise_is_no_number(text: str) -> None:
    assert not is_number(text)
    assert as_ecmascript(math.inf) == "Infinity"
