"""The decision whether one person is in a tribe, from facts: used by sessions and explanations. Pure.

    evaluate(tribe, facts, now) -> Verdict              every filter with the value found
    decide_tribe(tribe, facts, now) -> TribeOutcome     the same outcome, with as few checks as possible
    collect_queries(tribes) -> CountQueries             (model) the counts required for `facts`

Three outcomes: without the context that an app sends at session start, a contextual filter is undecidable; the tribe
may still be decidable by its other filters. The same in SQL over everybody: `compiler`. Facts from the
database: `store.load_facts`.
"""

from __future__ import annotations

import enum
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from templates_server.features.people.identity import PersonKind
from templates_server.features.people.profile import Attributes, Scalar, dates_of
from templates_server.features.tribes.model import (
    Audience,
    Behaviour,
    Comparison,
    EventCondition,
    EventCountQuery,
    EventFilter,
    Filter,
    Frequency,
    FrequencyKind,
    Match,
    Operator,
    Origin,
    ShareFilter,
    Source,
    TagFilter,
    TribeDefinition,
    comparison_key,
    read_moment,
)
from templates_server.features.tribes.time_windows import WINDOWS, Window, days_since, start_of_day


class TribeOutcome(enum.StrEnum):
    """The outcome of a filter or a tribe for one person."""

    MATCHED = "matched"
    NOT_MATCHED = "not_matched"
    UNKNOWN = "cannot_be_known_here"


class PersonFacts(msgspec.Struct, frozen=True, gc=False):
    """The facts about one person. Times in milliseconds.

    `dates` are the times in attributes (`profile.dates_of`). The versions are keys (`people.app_versions`).
    `fields` is the app's context at session start; None: there is no session. `sessions_30_days` and `events`
    need only contain the tribes' queries (`collect_queries`): a missing one is a KeyError.
    """

    kind: PersonKind
    created: int
    share_number: int
    first_seen: int | None = None
    last_seen: int | None = None
    joined: int | None = None
    email: str | None = None
    locale: str | None = None
    timezone: str | None = None
    device_os: str | None = None
    device_model: str | None = None
    app_platform: str | None = None
    app_version: str | None = None
    device_os_version: str | None = None
    tags: tuple[str, ...] = ()
    attributes: Attributes = msgspec.field(default_factory=dict)
    dates: Mapping[str, int] = msgspec.field(default_factory=dict)
    fields: Mapping[str, Scalar | None] | None = None
    sessions_30_days: int = 0
    events: Mapping[EventCountQuery, int] = msgspec.field(default_factory=dict)


class PersonValue(msgspec.Struct, frozen=True, gc=False):
    """A value of a person: `value` is a scalar, `moment` the time that it represents; both are None if missing."""

    value: Scalar | None = None
    moment: int | None = None


class ShareBucket(msgspec.Struct, frozen=True, gc=False):
    """The bucket of a person for the salt of a share."""

    share: ShareFilter
    number: int


FoundOfFilter = PersonValue | tuple[str, ...] | ShareBucket | int | None
"""The value, the matching tags, the bucket, or the number of events; None: undecidable."""
Decision = tuple[TribeOutcome, FoundOfFilter]


@dataclass(frozen=True, slots=True)
class FilterVerdict:
    """The result of one filter."""

    filter: Filter
    outcome: TribeOutcome
    found: FoundOfFilter


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a tribe, and of each of its filters in order."""

    outcome: TribeOutcome
    in_audience: bool
    filters: tuple[FilterVerdict, ...]


AUDIENCES: Mapping[Audience, frozenset[PersonKind]] = {
    Audience.USERS: frozenset({PersonKind.USER}),
    Audience.VISITORS: frozenset({PersonKind.VISITOR}),
    Audience.ALL: frozenset(PersonKind),
}
DECIDING: Mapping[Match, TribeOutcome] = {Match.ANY: TribeOutcome.MATCHED, Match.ALL: TribeOutcome.NOT_MATCHED}
"""The outcome of one filter that decides the tribe."""
OTHERWISE: Mapping[Match, TribeOutcome] = {Match.ANY: TribeOutcome.NOT_MATCHED, Match.ALL: TribeOutcome.MATCHED}


def decide_tribe(tribe: TribeDefinition, facts: PersonFacts, now: int) -> TribeOutcome:
    """Return whether the person is in the tribe at that time."""
    if facts.kind not in AUDIENCES[tribe.audience]:
        return TribeOutcome.NOT_MATCHED
    deciding = DECIDING[tribe.match]
    unknown = False
    for each in tribe.filters:
        outcome, _ = _decide(each, facts, now)
        if outcome is deciding:
            return deciding
        unknown = unknown or outcome is TribeOutcome.UNKNOWN
    return TribeOutcome.UNKNOWN if unknown else OTHERWISE[tribe.match]


def evaluate(tribe: TribeDefinition, facts: PersonFacts, now: int) -> Verdict:
    """Return whether the person is in the tribe at that time, and the value found for each of its filters."""
    return Verdict(
        decide_tribe(tribe, facts, now),
        facts.kind in AUDIENCES[tribe.audience],
        tuple(FilterVerdict(each, *_decide(each, facts, now)) for each in tribe.filters),
    )


def _decide(each: Filter, facts: PersonFacts, now: int) -> Decision:
    return DECISIONS[type(each)](each, facts, now)


def _decide_tag(filter_: TagFilter, facts: PersonFacts, _now: int) -> Decision:
    tags = tuple(one for one in facts.tags if is_at_or_below(one, filter_.tag)) if facts.tags else ()
    return OUTCOMES[bool(tags)], tags


def _done(filter_: EventFilter, facts: PersonFacts, _now: int) -> Decision:
    count = facts.events[filter_.question]
    return OUTCOMES[CONDITIONS[filter_.condition](is_often_enough(count, filter_.frequency))], count


def _decide_share(filter_: ShareFilter, facts: PersonFacts, _now: int) -> Decision:
    bucket = filter_.draw.bucket_of(facts.share_number)
    return OUTCOMES[filter_.holds(bucket)], ShareBucket(filter_, bucket)


OUTCOMES: Mapping[bool, TribeOutcome] = {True: TribeOutcome.MATCHED, False: TribeOutcome.NOT_MATCHED}


def is_at_or_below(tag: str, wanted: str) -> bool:
    """Return whether a tag equals that tag, or is below it."""
    return tag == wanted or tag.startswith(f"{wanted}/")


def is_often_enough(count: int, frequency: Frequency) -> bool:
    """Return whether an event occurred with the required frequency."""
    return FREQUENCIES[frequency.kind](count, frequency.number)


FREQUENCIES: Mapping[FrequencyKind, Callable[[int, int], bool]] = {
    FrequencyKind.MORE_THAN: operator.gt,
    FrequencyKind.LESS_THAN: operator.lt,
    FrequencyKind.EXACTLY: operator.eq,
    FrequencyKind.ANY: lambda count, _: count > 0,
}
CONDITIONS: Mapping[EventCondition, Callable[[bool], bool]] = {
    EventCondition.HAVE_DONE: lambda is_done: is_done,
    EventCondition.HAVE_NOT_DONE: lambda is_done: not is_done,
}


# Values of a person


def _decide_comparison(comparison: Comparison, facts: PersonFacts, now: int) -> Decision:
    found = find(comparison.source, facts, now)
    if found is None:
        return TribeOutcome.UNKNOWN, None
    return OUTCOMES[TESTS[comparison.operator](found, comparison, now)], found


DECISIONS: Mapping[type[Filter], Callable[[Any, PersonFacts, int], Decision]] = {
    Comparison: _decide_comparison,
    TagFilter: _decide_tag,
    EventFilter: _done,
    ShareFilter: _decide_share,
}


def find(source: Source, facts: PersonFacts, now: int) -> PersonValue | None:
    """Return the value of a person; None when it is undecidable here."""
    match source.origin:
        case Origin.TEXT | Origin.VERSION:
            return PersonValue(getattr(facts, source.name.replace(".", "_")))
        case Origin.DATE:
            return PersonValue(moment=getattr(facts, source.name))
        case Origin.ATTRIBUTE:
            return PersonValue(facts.attributes.get(source.name), facts.dates.get(source.name))
        case Origin.CONTEXTUAL:
            return None if facts.fields is None else _found_in_session(facts.fields.get(source.name))
        case Origin.BEHAVIOUR:
            return PersonValue(_count(Behaviour(source.name), facts, now))
        case Origin.DATA:
            return None  # a value of one event of many, which are counted where they are stored


def _found_in_session(value: Scalar | None) -> PersonValue:
    return PersonValue() if value is None else PersonValue(value, dates_of({"": value}).get(""))


def _count(behaviour: Behaviour, facts: PersonFacts, now: int) -> int | None:
    if behaviour is Behaviour.SESSIONS_30_DAYS:
        return facts.sessions_30_days
    return None if facts.last_seen is None else days_since(facts.last_seen, now)


# Operators. A value that is missing or of another type is no value of the type that an operator compares.

Test = Callable[[PersonValue, Comparison, int], bool]


def number_in(value: Scalar | None) -> float | None:
    """Return a value as a double; None for a boolean and for numbers outside the range of doubles."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _negation(test: Test) -> Test:
    return lambda found, comparison, now: not test(found, comparison, now)


def _exists(found: PersonValue, _comparison: Comparison, _now: int) -> bool:
    return found.value is not None or found.moment is not None


def _is_one_of(found: PersonValue, comparison: Comparison, _now: int) -> bool:
    if comparison.source.origin is Origin.DATE:
        begins = () if found.moment is None else {found.moment, start_of_day(found.moment)}
        return any(_is_at(found.moment, value) for each in begins for value in comparison.alike.get(each, ()))
    if found.value is None:
        return False
    return any(_is_same(found.value, value) for value in comparison.alike.get(comparison_key(found.value), ()))


def _is_at(moment: int | None, value: Scalar) -> bool:
    """Return whether a date field is on the day, or at the time, of a text."""
    written = read_moment(value) if isinstance(value, str) else None
    return moment is not None and written is not None and Window(written.starts, written.ends).holds(moment)


def _is_same(found: Scalar | None, value: Scalar) -> bool:
    if isinstance(value, str | bool):
        return type(found) is type(value) and found == value
    number = number_in(found)
    return number is not None and number == number_in(value)


def _of_text(test: Callable[[str, str], bool]) -> Test:
    def decide(found: PersonValue, comparison: Comparison, _now: int) -> bool:
        return isinstance(found.value, str) and test(found.value, str(comparison.values[0]))

    return decide


def _of_number(test: Callable[[float, float], bool]) -> Test:
    def decide(found: PersonValue, comparison: Comparison, _now: int) -> bool:
        number, value = number_in(found.value), number_in(comparison.values[0])
        return number is not None and value is not None and test(number, value)

    return decide


def _in_window(found: PersonValue, comparison: Comparison, now: int) -> bool:
    return found.moment is not None and WINDOWS[comparison.operator](comparison, now).holds(found.moment)


def _between(found: PersonValue, comparison: Comparison, now: int) -> bool:
    if comparison.moments:
        return _in_window(found, comparison, now)
    number = number_in(found.value)
    least, most = (number_in(value) for value in comparison.values)
    return number is not None and least is not None and most is not None and least <= number <= most


def _of_version(test: Callable[[str, str], bool]) -> Test:
    def decide(found: PersonValue, comparison: Comparison, _now: int) -> bool:
        version = comparison.version
        return isinstance(found.value, str) and version is not None and test(found.value, version.key)

    return decide


TESTS: Mapping[Operator, Test] = {
    Operator.EXISTS: _exists,
    Operator.NOT_EXISTS: _negation(_exists),
    Operator.EQUALS: _is_one_of,
    Operator.NOT_EQUALS: _negation(_is_one_of),
    Operator.IN: _is_one_of,
    Operator.NOT_IN: _negation(_is_one_of),
    Operator.CONTAINS: _of_text(operator.contains),
    Operator.NOT_CONTAINS: _negation(_of_text(operator.contains)),
    Operator.STARTS_WITH: _of_text(str.startswith),
    Operator.ENDS_WITH: _of_text(str.endswith),
    Operator.GREATER_THAN: _of_number(operator.gt),
    Operator.GREATER_OR_EQUAL: _of_number(operator.ge),
    Operator.LESS_THAN: _of_number(operator.lt),
    Operator.LESS_OR_EQUAL: _of_number(operator.le),
    Operator.BETWEEN: _between,
    Operator.BEFORE: _in_window,
    Operator.AFTER: _in_window,
    Operator.ON_DAY: _in_window,
    Operator.LESS_THAN_DAYS_AGO: _in_window,
    Operator.MORE_THAN_DAYS_AGO: _in_window,
    Operator.VERSION_EQUALS: _of_version(operator.eq),
    Operator.VERSION_AT_LEAST: _of_version(operator.ge),
    Operator.VERSION_BELOW: _of_version(operator.lt),
}
