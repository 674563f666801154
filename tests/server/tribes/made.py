"""People with histories, and rules, as hypothesis makes them: few names and values, chosen so that they meet often."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from templates_server.documents import LARGEST_INTEGER
from templates_server.tribes.reading import OF_DATES, OF_DAYS, OF_MANY, OF_TEXT, WITHOUT_VALUE
from templates_server.tribes.rules import DATE_FIELDS, TEXT_FIELDS, Behaviour, Operator
from tests.server.tribes.hostile import HOSTILE
from tests.server.tribes.oracle import Happened, History

Thing = TypeVar("Thing")
NOONS = (
    datetime(2026, 11, 21, 13, 45, 12, 345_000, tzinfo=UTC),
    datetime(2026, 11, 21, tzinfo=UTC),
    datetime(2026, 11, 21, 23, 59, 59, 999_000, tzinfo=UTC),
)
"""The times at which rules are asked: any, the first and the last moment of a day."""
KEPT = timedelta(days=30)

NAMES = ("plan", "age", "since", 'quo"te', "back\\slash", "日本", "a b", "a.b", "it's", "$", "[0]", "%s", "?", "é")
COMMON = ("gold", "Gold", "golden", "old", "go", "日本", "\U00010000", "\ue000", "1", "true", "")
NUMBERS = (
    0, 1, -1, 2, 18, 0.1, 0.2, 0.3, 0.1 + 0.2, 1 / 3, 1e-7, 1.5, -0.0, 1e15, 123456789.125, 1e16, 1e22, 2**53 - 1,
    2**53, 2**53 + 1, 2**53 + 2, LARGEST_INTEGER, LARGEST_INTEGER - 1, -LARGEST_INTEGER, float(2**63),
    1.7976931348623157e308, 5e-324, 2.2250738585072014e-308, -1e308,
)  # fmt: skip
TAGS = (
    "sports",
    "sports/football",
    "sports/football/australia",
    "sport",
    "sports/foot",
    "news",
    "日本/東京",
    "a'b",
    "%",
)
EVENTS = ("video/completed", "video/started", "shop/it's", "日本/東京", "a/%s", 'quo/"te')
PAIR_NAMES = ("genre", 'quo"te', "日本", ":", "x,", "a b")
PAIR_VALUES = ("Football", "football", "", ",", ":", '"', "\\", "日本", "1", "true")


def _around(moment: datetime) -> list[datetime]:
    return [moment + timedelta(milliseconds=ms) for ms in (-1, 0, 1)]


def _times() -> list[datetime]:
    midnight = NOONS[1]
    found = [moment for days in range(-2, 33) for moment in _around(midnight - timedelta(days=days))]
    for now in NOONS:
        found += [*_around(now), *_around(now - KEPT), *_around(now - timedelta(days=7))]
    return [*found, datetime(1970, 1, 2, tzinfo=UTC), datetime(2000, 2, 29, 12, tzinfo=UTC)]


TIMES = _times()
times = st.sampled_from(TIMES)
names = st.sampled_from(NAMES[:3] * 4 + NAMES)
texts = (
    st.sampled_from(COMMON)
    | st.sampled_from(COMMON)
    | st.sampled_from(HOSTILE)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
)
numbers = (
    st.sampled_from((0, 1, 2, 18))
    | st.sampled_from(NUMBERS)
    | st.integers(-3, 3)
    | st.floats(allow_nan=False, allow_infinity=False)
)


def written(moment: datetime, form: int) -> str:
    """A time as people write it: a day, UTC, with milliseconds, with an offset."""
    text = moment.isoformat(timespec="milliseconds").removesuffix("+00:00")
    there = (moment + timedelta(hours=5, minutes=30)).isoformat(timespec="milliseconds").removesuffix("+00:00")
    return (text[:10], f"{text[:19]}Z", f"{text}Z", f"{there}+05:30")[form]


dates = st.builds(written, times, st.integers(0, 3))
scalars = texts | numbers | st.booleans() | dates
fields = st.dictionaries(names, st.none() | scalars, max_size=4)


@st.composite
def histories(draw: st.DrawFn) -> History:
    """A person, and what they did."""

    def maybe(strategy: st.SearchStrategy[Thing]) -> Thing | None:
        return draw(st.none() | strategy)

    joined = maybe(times)
    events = st.builds(
        Happened,
        st.sampled_from(EVENTS[:3]) | st.sampled_from(EVENTS),
        times,
        st.none() | st.dictionaries(st.sampled_from(PAIR_NAMES), st.sampled_from(PAIR_VALUES), max_size=3),
    )
    return History(
        number=0,
        kind=draw(st.sampled_from(["user", "user", "visitor"])),
        created=draw(times),
        first_seen=maybe(times),
        last_seen=maybe(times),
        joined=None if joined is None else joined.date(),
        email=maybe(st.sampled_from(["ada@example.com", "Ada@example.com", "bob+x@example.org", "日本@例.jp"])),
        locale=maybe(st.sampled_from(["en", "de-DE", "ja"])),
        timezone=maybe(st.sampled_from(["Europe/Berlin", "UTC"])),
        os=maybe(texts),
        model=maybe(texts),
        tags=tuple(sorted(draw(st.sets(st.sampled_from(TAGS), max_size=4)))),
        attributes=draw(st.dictionaries(names, scalars, min_size=2, max_size=8)),
        events=tuple(draw(st.lists(events, max_size=8))),
        sessions=tuple(draw(st.lists(times, max_size=4))),
        fields=draw(st.none() | fields),
    )


def _sorted_pair(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(strategy, min_size=2, max_size=2).map(sorted)


def _range_of_dates(moments: list[datetime]) -> list[str]:
    return [written(moments[0], 0), written(moments[1], 2)]


def values_of(operator: Operator) -> st.SearchStrategy[Any]:
    """What an operator compares with."""
    if operator in OF_MANY:
        return st.lists(scalars, min_size=1, max_size=4)
    if operator in OF_TEXT:
        return texts.filter(bool)
    if operator in OF_DATES:
        return dates
    if operator in OF_DAYS:
        return st.integers(0, 35)
    if operator is Operator.BETWEEN:
        return _sorted_pair(numbers) | _sorted_pair(times).map(_range_of_dates)
    return scalars if operator in {Operator.EQUALS, Operator.NOT_EQUALS} else numbers


@st.composite
def comparisons(draw: st.DrawFn) -> dict[str, Any]:
    """A filter on a value of a person."""
    kind, name = draw(
        names.map(lambda name: ("attribute", f"attributes.{name}"))
        | names.map(lambda name: ("attribute", f"attributes.{name}"))
        | st.sampled_from([*TEXT_FIELDS, *DATE_FIELDS]).map(lambda name: ("attribute", name))
        | st.sampled_from(list(Behaviour)).map(lambda name: ("behaviour", name.value))
        | names.map(lambda name: ("contextual", f"fields.{name}"))
    )
    operator = draw(st.sampled_from(list(Operator)))
    rule: dict[str, Any] = {kind: name, "operator": operator.value}
    return rule if operator in WITHOUT_VALUE else {**rule, "value": draw(values_of(operator))}


def _only(**choices: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of([st.fixed_dictionaries({word: strategy}) for word, strategy in choices.items()])


counts, days = st.integers(0, 4), st.integers(0, 32)
event_filters = st.fixed_dictionaries(
    {
        "event": st.sampled_from(EVENTS[:3]) | st.sampled_from(EVENTS),
        "condition": st.sampled_from(["have_done", "have_not_done"]),
        "frequency": st.just("any") | _only(more_than=counts, less_than=counts, exactly=counts),
        "timeframe": st.just("any_time")
        | _only(more_than=days, less_than=days, exactly=days, after=dates, on_day=dates, before=dates),
    },
    optional={"metadata": st.dictionaries(st.sampled_from(PAIR_NAMES), st.sampled_from(PAIR_VALUES), max_size=2)},
)
tag_filters = st.fixed_dictionaries({"tag": st.sampled_from(TAGS)})
filters = comparisons() | comparisons() | event_filters | tag_filters


@st.composite
def tribes(draw: st.DrawFn) -> tuple[Mapping[str, Any], datetime]:
    """A tribe as a document, and when it is asked for."""
    one = st.lists(filters, min_size=1, max_size=1)
    document = {
        "audience": draw(st.sampled_from(["all", "all", "users", "visitors"])),
        "match": draw(st.sampled_from(["any", "all"])),
        "filters": draw(one | one | st.lists(filters, min_size=2, max_size=4)),
    }
    return json.loads(json.dumps(document)), draw(st.sampled_from(NOONS))


def collected(strategy: st.SearchStrategy[Thing], number: int) -> list[Thing]:
    """So many things of hypothesis's making; the same at every run."""
    found: list[Thing] = []

    @settings(
        max_examples=number,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(thing: Thing) -> None:
        found.append(thing)

    collect()
    return found
