"""People with histories, and rules, as hypothesis makes them: few names and values, chosen so that they meet often."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from templates_server.features.tribes.model import (
    DATE_FIELDS,
    OF_VERSIONS,
    TEXT_FIELDS,
    VERSION_FIELDS,
    Behaviour,
    Operator,
)
from templates_server.features.tribes.parser import OF_DATES, OF_DAYS, OF_MANY, OF_TEXT, WITHOUT_VALUE
from templates_server.primitives.yaml_json import LARGEST_INTEGER
from tests.server.features.tribes.hostile import HOSTILE
from tests.server.features.tribes.oracle import Happened, History, P, bucket, share_number

Thing = TypeVar("Thing")
Filters = st.SearchStrategy[dict[str, Any]]
Rule = tuple[Mapping[str, Any], datetime]
"""A tribe as a document, and when it is asked for."""
NOONS = (
    datetime(2026, 11, 21, 13, 45, 12, 345_000, tzinfo=UTC),
    datetime(2026, 11, 21, tzinfo=UTC),
    datetime(2026, 11, 21, 23, 59, 59, 999_000, tzinfo=UTC),
)
"""The times at which rules are asked: any, the first and the last moment of a day."""
KEPT = timedelta(days=30)

OF_NUMBERS = frozenset(
    {Operator.GREATER_THAN, Operator.GREATER_OR_EQUAL, Operator.LESS_THAN, Operator.LESS_OR_EQUAL, Operator.BETWEEN}
)
NAMES = ("plan", "age", "since", 'quo"te', "back\\slash", "日本", "a b", "a.b", "it's", "$", "[0]", "%s", "?", "é")
COMMON = ("gold", "Gold", "golden", "old", "marigold", "\U00010000\ue000", "1", "true", "")
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
PLATFORMS = ("browser", "android", "ios", "roku", "server", "other")
VERSIONS = (
    "2.3.0", "2.3", "v2.3.0", "2.3.0+7", "2.3.0-beta", "2.3.0-rc.1+7", "2.3.0.1", "2.3.1", "2.10.0", "2.9.9", "3",
    "10.0", "0", "0-0", "02.03", "9999999999", "9999999999.9999999999.9999999999.9999999999", "2.3.0.0-a",
)  # fmt: skip
UNREADABLE = (
    "", "v", "2.", ".3", "2..3", "1.2.3.4.5", "12345678901", "2.3-", "V2.3", "2.3 ", "2.x", "\u0662.3", "1e3", "-1",
)  # fmt: skip
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
HOT_DAYS = (-1, 0, 1, 7, 29, 30)
HOT_TIMES = [moment for days in HOT_DAYS for moment in _around(NOONS[1] - timedelta(days=days))]
times = st.sampled_from(HOT_TIMES) | st.sampled_from(HOT_TIMES) | st.sampled_from(TIMES)
some_days = st.sampled_from((*HOT_DAYS[1:], 2, 8, 31)) | st.integers(0, 35)
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


def format_date(moment: datetime, form: int) -> str:
    """A time as people write it: a day, UTC, with milliseconds, with an offset."""
    text = moment.isoformat(timespec="milliseconds").removesuffix("+00:00")
    there = (moment + timedelta(hours=5, minutes=30)).isoformat(timespec="milliseconds").removesuffix("+00:00")
    return (text[:10], f"{text[:19]}Z", f"{text}Z", f"{there}+05:30")[form]


dates = st.builds(format_date, times, st.integers(0, 3))
scalars = texts | numbers | st.booleans() | dates
fields = st.dictionaries(names, st.none() | scalars, max_size=4)


mostly_text = st.one_of(*[st.sampled_from(COMMON)] * 4, st.booleans(), texts, scalars)
mostly_number = st.one_of(*[st.sampled_from(NUMBERS[:5])] * 4, numbers, scalars)
mostly_date = dates | dates | scalars
attributes = st.builds(
    lambda usual, others: {**others, **usual},
    st.fixed_dictionaries({"plan": mostly_text}, optional={"age": mostly_number, "since": mostly_date}),
    st.dictionaries(names, scalars, max_size=5),
)


readable = (
    st.sampled_from(VERSIONS[:6])
    | st.sampled_from(VERSIONS)
    | st.builds(
        lambda numbers, end: ".".join(map(str, numbers)) + end,
        st.lists(st.integers(0, 3) | st.integers(0, 9_999_999_999), min_size=1, max_size=4),
        st.sampled_from(("", "", "-beta", "+1", "-a-b.1+c-d")),
    )
)
versions = readable | readable | st.sampled_from(UNREADABLE) | st.sampled_from(HOSTILE)


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
        attributes=draw(attributes),
        events=tuple(draw(st.lists(events, max_size=8))),
        sessions=tuple(draw(st.lists(times, max_size=4))),
        fields=draw(st.none() | fields),
        platform=maybe(st.sampled_from(PLATFORMS)),
        app_version=maybe(versions),
        os_version=maybe(versions),
    )


def _sorted_pair(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(strategy, min_size=2, max_size=2).map(sorted)


def _range_of_dates(moments: list[datetime]) -> list[str]:
    return [format_date(moments[0], 0), format_date(moments[1], 2)]


def values_of(operator: Operator) -> st.SearchStrategy[Any]:
    """What an operator compares with."""
    if operator in OF_VERSIONS:
        return readable
    if operator in OF_MANY:
        return st.lists(mostly_text | mostly_number | mostly_date, min_size=1, max_size=4)
    if operator in OF_TEXT:
        return (st.sampled_from(COMMON) | st.sampled_from(COMMON) | texts).filter(bool)
    if operator in OF_DATES:
        return dates
    if operator in OF_DAYS:
        return some_days
    if operator is Operator.BETWEEN:
        return _sorted_pair(numbers) | _sorted_pair(times).map(_range_of_dates)
    if operator in OF_NUMBERS:
        return st.sampled_from(NUMBERS[:5]) | st.sampled_from(NUMBERS[:5]) | numbers
    return mostly_text | mostly_number | mostly_date


def _usual_names(operator: Operator) -> list[tuple[str, str]]:
    """Where values are that the operator can compare."""
    if operator in OF_TEXT:
        return [("attribute", f"attributes.{name}") for name in ("plan", "plan", 'quo"te')] + [
            ("attribute", "device.os")
        ]
    if operator in OF_DATES | OF_DAYS:
        return [("attribute", name) for name in ("attributes.since", "attributes.since", *DATE_FIELDS)]
    if operator in OF_NUMBERS:
        return [("attribute", "attributes.age")] * 2 + [("behaviour", each.value) for each in Behaviour]
    return [("attribute", f"attributes.{name}") for name in ("plan", "age", "since")] + [("attribute", "last_seen")]


@st.composite
def comparisons(draw: st.DrawFn, operator: Operator) -> dict[str, Any]:
    """A filter on a value of a person, by that operator."""
    if operator in OF_VERSIONS:
        name = draw(st.sampled_from(VERSION_FIELDS))
        return {"attribute": name, "operator": operator.value, "value": draw(values_of(operator))}
    of_any_value = VERSION_FIELDS if operator in WITHOUT_VALUE else ()
    usual = st.sampled_from(_usual_names(operator))
    kind, name = draw(
        usual
        | usual
        | usual
        | names.map(lambda name: ("attribute", f"attributes.{name}"))
        | names.map(lambda name: ("contextual", f"fields.{name}"))
        | st.sampled_from([*TEXT_FIELDS, *DATE_FIELDS, *of_any_value]).map(lambda name: ("attribute", name))
        | st.sampled_from(list(Behaviour)).map(lambda name: ("behaviour", name.value))
    )
    rule: dict[str, Any] = {kind: name, "operator": operator.value}
    return rule if operator in WITHOUT_VALUE else {**rule, "value": draw(values_of(operator))}


def _only(**choices: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of([st.fixed_dictionaries({word: strategy}) for word, strategy in choices.items()])


counts = st.integers(0, 4)
frequencies = {"any": st.just("any")} | {
    word: _only(**{word: counts}) for word in ("more_than", "less_than", "exactly")
}
timeframes = (
    {"any_time": st.just("any_time")}
    | {word: _only(**{word: some_days}) for word in ("more_than", "less_than", "exactly")}
    | {word: _only(**{word: dates}) for word in ("after", "on_day", "before")}
)


def event_filters(frequency: st.SearchStrategy[Any], timeframe: st.SearchStrategy[Any]) -> Filters:
    """Filters on what somebody has done, or not."""
    return st.fixed_dictionaries(
        {
            "event": st.sampled_from(EVENTS[:2]) | st.sampled_from(EVENTS),
            "condition": st.sampled_from(["have_done", "have_not_done"]),
            "frequency": frequency,
            "timeframe": timeframe,
        },
        optional={"metadata": st.dictionaries(st.sampled_from(PAIR_NAMES), st.sampled_from(PAIR_VALUES), max_size=2)},
    )


tag_filters = st.fixed_dictionaries({"tag": st.sampled_from(TAGS)})
filters = (
    st.sampled_from(list(Operator)).flatmap(comparisons)
    | event_filters(st.one_of(*frequencies.values()), st.one_of(*timeframes.values()))
    | tag_filters
)


@st.composite
def tribes(draw: st.DrawFn, of: Filters, most: int = 1) -> Rule:
    """A tribe as a document, and when it is asked for."""
    document = {
        "audience": draw(st.sampled_from(["all", "all", "users", "visitors"])),
        "match": draw(st.sampled_from(["any", "all"])),
        "filters": draw(st.lists(of, min_size=1, max_size=most)),
    }
    return json.loads(json.dumps(document)), draw(st.sampled_from(NOONS))


SALTS = ("spring", "autumn", "日本", "it's", "%s")
NUMBERS_OF_PEOPLE = (0, 1, 2, P // 2, P - 2, P - 1)
"""Of the first people; the others have those of their names, as if nobody had been merged."""
HOT_HUNDREDTHS = (0, 1, 29, 57, 58, 115, 1000, 3333, 5000, 9999, 10_000)


def percent(hundredths: int) -> int | float:
    """As people write it."""
    return hundredths // 100 if hundredths % 100 == 0 else float(f"{hundredths // 100}.{hundredths % 100:02}")


def share_filter(salt: str, starts: int, ends: int) -> dict[str, Any]:
    """A share of people, by hundredths of a percent."""
    return {"share": {"salt": salt, "from": percent(starts), "to": percent(ends)}}


hundredths = st.sampled_from(HOT_HUNDREDTHS) | st.integers(0, 10_000)
shares = st.builds(
    lambda salt, ends: share_filter(salt, *sorted(ends)),
    st.sampled_from(SALTS),
    st.tuples(hundredths, hundredths).filter(lambda ends: ends[0] != ends[1]),
)


@st.composite
def share_tribes(draw: st.DrawFn, most: int) -> Rule:
    """A tribe that is a share of those who match so many other filters."""
    filters_of_tribe = draw(st.permutations([draw(shares), *draw(st.lists(filters, max_size=most))]))
    audience = draw(st.sampled_from(["all", "all", "users", "visitors"]))
    document = {"audience": audience, "match": "all", "filters": filters_of_tribe}
    return json.loads(json.dumps(document)), draw(st.sampled_from(NOONS))


def kinds_of_rules() -> list[st.SearchStrategy[Rule]]:
    """Every operator, every frequency, every timeframe by itself; tags; several filters together."""
    some_timeframe = st.one_of(*timeframes.values())
    return [
        *(tribes(comparisons(operator)) for operator in Operator),
        *(tribes(event_filters(frequency, some_timeframe)) for frequency in frequencies.values()),
        *(tribes(event_filters(st.just({"more_than": 0}), timeframe)) for timeframe in timeframes.values()),
        tribes(tag_filters),
        tribes(filters, most=4),
        tribes(filters, most=4),
        share_tribes(most=0),
        share_tribes(most=2),
    ]


def generate_rules(number: int) -> list[Rule]:
    """At least so many rules, as many of every kind."""
    kinds = kinds_of_rules()
    return [rule for kind in kinds for rule in collect_examples(kind, -(-number // len(kinds)))]


def generate_people(number: int) -> list[History]:
    """So many people of hypothesis's making; the first of them each have one of the usual values."""
    usual = [{"plan": value, "age": value} for value in (*COMMON, *NUMBERS[:5], True, False, 18.5, "18")]
    usual += [{"since": format_date(moment, form)} for moment in HOT_TIMES for form in (0, 2)]
    found = []
    for place, person in enumerate(collect_examples(histories(), number)):
        own = usual[place] if place < min(len(usual), number // 2) else {}
        of_name = share_number(person.kind, f"p{place}")
        number_of_share = NUMBERS_OF_PEOPLE[place] if place < len(NUMBERS_OF_PEOPLE) else of_name
        attributes_of_person = {**person.attributes, **own}
        found.append(
            dataclasses.replace(person, number=place, share_number=number_of_share, attributes=attributes_of_person)
        )
    return found


def border_rules() -> list[Rule]:
    """Rules at the borders on which many of the people stand: every operator with every usual value."""
    singles = [*_borders_of_values(), *_borders_of_dates(), *_borders_of_events(), *_borders_of_versions()]
    singles += _borders_of_shares()
    return [({"audience": "all", "match": "all", "filters": [each]}, NOONS[0]) for each in singles]


def _borders_of_values() -> Iterator[dict[str, Any]]:
    for value in (*COMMON, *NUMBERS[:5], True, False):
        for operator in (Operator.EQUALS, Operator.NOT_EQUALS, Operator.IN, Operator.NOT_IN):
            for name in ("plan", "age"):
                given = [value] if operator in OF_MANY else value
                yield {"attribute": f"attributes.{name}", "operator": operator.value, "value": given}
    for text, operator in itertools.product(filter(None, COMMON), sorted(OF_TEXT)):
        yield {"attribute": "attributes.plan", "operator": operator.value, "value": text}
    for operator in sorted(OF_NUMBERS - {Operator.BETWEEN}):
        for number, source in itertools.product((0, 1, 2, 18), (*Behaviour, "attributes.age")):
            kind = "attribute" if source == "attributes.age" else "behaviour"
            yield {kind: str(source), "operator": operator.value, "value": number}


def _borders_of_dates() -> Iterator[dict[str, Any]]:
    for name, day in itertools.product(("attributes.since", "last_seen", "joined"), HOT_DAYS):
        midnight = NOONS[1] - timedelta(days=day)
        for operator, form in itertools.product(sorted(OF_DATES), (0, 2)):
            yield {"attribute": name, "operator": operator.value, "value": format_date(midnight, form)}
        for operator in sorted(OF_DAYS):
            yield {"attribute": name, "operator": operator.value, "value": max(0, day)}
        ends = [format_date(midnight - timedelta(days=1), 2), format_date(midnight, 2)]
        yield {"attribute": name, "operator": Operator.BETWEEN.value, "value": ends}


def _borders_of_events() -> Iterator[dict[str, Any]]:
    for word, day in itertools.product(("more_than", "less_than", "exactly"), HOT_DAYS[1:]):
        yield {**EVENT_FILTER, "timeframe": {word: day}}
    for word, day in itertools.product(("after", "on_day", "before"), HOT_DAYS):
        yield {**EVENT_FILTER, "timeframe": {word: format_date(NOONS[1] - timedelta(days=day), 0)}}
    for word, number in itertools.product(("more_than", "less_than", "exactly"), range(3)):
        yield {**EVENT_FILTER, "frequency": {word: number}}


def _borders_of_versions() -> Iterator[dict[str, Any]]:
    for name, operator, version in itertools.product(VERSION_FIELDS, sorted(OF_VERSIONS), VERSIONS[:10]):
        yield {"attribute": name, "operator": operator.value, "value": version}
    for operator, platform in itertools.product((Operator.EQUALS, Operator.NOT_EQUALS), PLATFORMS):
        yield {"attribute": "app.platform", "operator": operator.value, "value": platform}


def _borders_of_shares() -> Iterator[dict[str, Any]]:
    for salt, number in itertools.product(SALTS[:2], NUMBERS_OF_PEOPLE):
        own = bucket(salt, number)
        for starts, ends in ((0, own), (own, own + 1), (own + 1, 10_000)):
            if starts < ends:
                yield share_filter(salt, starts, ends)


EVENT_FILTER = {"event": EVENTS[0], "condition": "have_done", "frequency": "any", "timeframe": "any_time"}


def collect_examples(strategy: st.SearchStrategy[Thing], number: int) -> list[Thing]:
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
