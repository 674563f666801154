"""What a tribe is: filters over people. Values only; nothing here reads, stores or decides.

Who decides: `evaluator` for one person, `compiler` in SQL over everybody; both mean the same. `windows` turns what
speaks of days into times.
"""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from templates_server.features.people.app_versions import version_key
from templates_server.features.people.profile import Scalar, parse_moment
from templates_server.primitives.shares import ShareDraw, make_draw
from templates_server.primitives.timestamps import DAY

DAY_LENGTH = len("2026-11-21")


class Audience(enum.StrEnum):
    """Which kind of person a tribe can have."""

    USERS = "users"
    VISITORS = "visitors"
    ALL = "all"


class Match(enum.StrEnum):
    """How many of its filters a person must match."""

    ANY = "any"
    ALL = "all"


class Operator(enum.StrEnum):
    """How a value that is found is compared."""

    EXISTS = "exists"
    NOT_EXISTS = "not_exists"
    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    GREATER_THAN = "greater_than"
    GREATER_OR_EQUAL = "greater_or_equal"
    LESS_THAN = "less_than"
    LESS_OR_EQUAL = "less_or_equal"
    BETWEEN = "between"
    BEFORE = "before"
    AFTER = "after"
    ON_DAY = "on_day"
    LESS_THAN_DAYS_AGO = "less_than_days_ago"
    MORE_THAN_DAYS_AGO = "more_than_days_ago"
    VERSION_EQUALS = "version_equals"
    VERSION_AT_LEAST = "version_at_least"
    VERSION_BELOW = "version_below"


class Origin(enum.StrEnum):
    """Where a compared value comes from."""

    TEXT = "text"  # a field of every person that holds text
    DATE = "date"  # a field of every person that holds a time
    VERSION = "version"  # a field of every person that holds the key of a version
    ATTRIBUTE = "attribute"  # what is known of a person besides
    CONTEXTUAL = "contextual"  # what an app said when the session started
    BEHAVIOUR = "behaviour"  # a number that is counted
    DATA = "data"  # what an event holds: only within the filters on events


class Behaviour(enum.StrEnum):
    """Numbers that are counted."""

    SESSIONS_30_DAYS = "sessions_30_days"  # begun today or on one of the 29 days before
    DAYS_SINCE_SEEN = "days_since_seen"  # 0: today


TEXT_FIELDS = ("email", "locale", "timezone", "device.os", "device.model", "app.platform")
DATE_FIELDS = ("created", "first_seen", "last_seen", "joined")
VERSION_FIELDS = ("app.version", "device.os_version")
ATTRIBUTE_PREFIX = "attributes."
CONTEXTUAL_PREFIX = "fields."
DATA_PREFIX = "data."
PLAIN_STEP = re.compile(r"[\w-]+")  # stands without quotes in the name of a path
SESSION_DAYS = 30
LARGEST_COUNT = 2**53  # nobody has as many of anything; a double holds it, and databases take it as a LIMIT


@dataclass(frozen=True, slots=True)
class Source:
    """A compared value: `name` is without its prefix. `steps`: the keys that lead to it in the data of an event."""

    origin: Origin
    name: str
    steps: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """As documents name it, and as explanations name a value in data."""
        return PREFIXES.get(self.origin, "") + self.name


PREFIXES: Mapping[Origin, str] = {
    Origin.ATTRIBUTE: ATTRIBUTE_PREFIX,
    Origin.CONTEXTUAL: CONTEXTUAL_PREFIX,
    Origin.DATA: DATA_PREFIX,
}


def source_in_data(steps: tuple[str, ...]) -> Source:
    """The value that these keys lead to in the data of an event, named such as `price.amount` or `items."a.b"`."""
    named = (step if PLAIN_STEP.fullmatch(step) else json.dumps(step, ensure_ascii=False) for step in steps)
    return Source(Origin.DATA, ".".join(named), steps)


SESSIONS = Source(Origin.BEHAVIOUR, Behaviour.SESSIONS_30_DAYS)


@dataclass(frozen=True, slots=True)
class DateInterval:
    """A date as it was written: a whole day (UTC), or one millisecond; `ends` is exclusive."""

    text: str
    starts: int
    ends: int


def read_moment(text: str) -> DateInterval | None:
    """The day or the time that a text says; None when it says neither."""
    starts = parse_moment(text)
    if starts is None:
        return None
    return DateInterval(text, starts, starts + (DAY if len(text) == DAY_LENGTH else 1))


@dataclass(frozen=True, slots=True)
class VersionValue:
    """A version as it was written, and the key by which it is compared (`people.app_versions`)."""

    text: str
    key: str


def read_version(text: str) -> VersionValue | None:
    """The version that a text says; None when it says none."""
    key = version_key(text)
    return None if key is None else VersionValue(text, key)


OF_VERSIONS = frozenset({Operator.VERSION_EQUALS, Operator.VERSION_AT_LEAST, Operator.VERSION_BELOW})
ONE_OF = frozenset({Operator.EQUALS, Operator.NOT_EQUALS, Operator.IN, Operator.NOT_IN})
NONE_ALIKE: Mapping[Scalar, tuple[Scalar, ...]] = {}


def comparison_key(value: Scalar) -> Scalar:
    """What is equal for values of which one may be the other: a number as a double, anything else as it is."""
    try:
        return value if isinstance(value, str | bool) else float(value)
    except OverflowError:
        return value


def _alike(source: Source, values: Iterable[Scalar]) -> Mapping[Scalar, tuple[Scalar, ...]]:
    """Each value once, by its likeness; of dates by where the day or the moment begins."""
    found: dict[Scalar, dict[tuple[Scalar, ...], Scalar]] = {}
    for value in values:
        if source.origin is Origin.DATE:
            moment = read_moment(value) if isinstance(value, str) else None
            if moment is not None:
                found.setdefault(moment.starts, {}).setdefault((moment.ends,), value)
        else:
            found.setdefault(comparison_key(value), {}).setdefault((type(value).__name__, value), value)
    return {key: tuple(each.values()) for key, each in found.items()}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A value of a person held against others.

    `values`: none for exists; one for equals, texts and numbers; two for between; any number for in. `moments` in their
    place for dates (before, after, on_day, between); `days` for less_than_days_ago and more_than_days_ago; `version`
    for those that compare versions. `types` of the values keep comparisons with true and with 1 apart, which are equal
    to Python.
    `alike`, made of the values where one of them must be the person's: those that may be it, by its likeness, so that
    a hundred of them take no longer than one.
    """

    source: Source
    operator: Operator
    values: tuple[Scalar, ...] = ()
    moments: tuple[DateInterval, ...] = ()
    days: int = 0
    version: VersionValue | None = None
    types: tuple[str, ...] = field(init=False, repr=False)
    alike: Mapping[Scalar, tuple[Scalar, ...]] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Note the types of the values, and sort them by what they are alike."""
        object.__setattr__(self, "types", tuple(type(value).__name__ for value in self.values))
        made = _alike(self.source, self.values) if self.operator in ONE_OF else NONE_ALIKE
        object.__setattr__(self, "alike", made)


@dataclass(frozen=True, slots=True)
class TagFilter:
    """Having a user tag, or one below it."""

    tag: str


class TimeframeKind(enum.StrEnum):
    """How a timeframe is told: in days ago (the first three), by a date, or not at all."""

    MORE_THAN = "more_than"
    LESS_THAN = "less_than"
    EXACTLY = "exactly"
    AFTER = "after"
    ON_DAY = "on_day"
    BEFORE = "before"
    ANY_TIME = "any_time"


@dataclass(frozen=True, slots=True)
class Timeframe:
    """When an event happened: `days` for the kinds that count them, `moment` for those with a date."""

    kind: TimeframeKind = TimeframeKind.ANY_TIME
    days: int = 0
    moment: DateInterval | None = None


class FrequencyKind(enum.StrEnum):
    """How often is often enough."""

    MORE_THAN = "more_than"
    LESS_THAN = "less_than"
    EXACTLY = "exactly"
    ANY = "any"  # at least once


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often an event happened."""

    kind: FrequencyKind = FrequencyKind.ANY
    number: int = 0


class EventCondition(enum.StrEnum):
    """Whether the whole of an event filter is meant or its contrary."""

    HAVE_DONE = "have_done"
    HAVE_NOT_DONE = "have_not_done"


@dataclass(frozen=True, slots=True)
class EventCountQuery:
    """How often did a person do this: a name, a timeframe, metadata (in order of key) and data.

    An event counts when all of its metadata and data match. The hash is made once: every session asks for counts by it.
    """

    name: str
    timeframe: Timeframe = Timeframe()
    metadata: tuple[tuple[str, str], ...] = ()
    data: tuple[Comparison, ...] = ()
    _hash: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Make the hash."""
        object.__setattr__(self, "_hash", hash((self.name, self.timeframe, self.metadata, self.data)))

    def __hash__(self) -> int:
        """The hash of all that is asked."""
        return self._hash


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Having done something so and so often, or not."""

    question: EventCountQuery
    condition: EventCondition = EventCondition.HAVE_DONE
    frequency: Frequency = Frequency()


@dataclass(frozen=True, slots=True)
class ShareFilter:
    """Being in a share of all people: in the buckets that a salt draws, from `starts` on and before `ends`.

    A bucket is a hundredth of a percent: there are `persons.shares.BUCKETS`. `draw` is made of the salt.
    """

    salt: str
    starts: int
    ends: int
    draw: ShareDraw = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Make the draw, once for all people."""
        object.__setattr__(self, "draw", make_draw(self.salt))

    def holds(self, bucket: int) -> bool:
        """Whether a bucket lies within."""
        return self.starts <= bucket < self.ends


Filter = Comparison | TagFilter | EventFilter | ShareFilter


@dataclass(frozen=True, slots=True)
class TribeDefinition:
    """A set of filters over people."""

    key: str
    name: str
    description: str = ""
    category: str = ""
    audience: Audience = Audience.ALL
    match: Match = Match.ALL
    filters: tuple[Filter, ...] = ()

    @property
    def is_contextual(self) -> bool:
        """Whether it can only be decided when a session starts."""
        return any(isinstance(each, Comparison) and each.source.origin is Origin.CONTEXTUAL for each in self.filters)


Tribes = Mapping[str, TribeDefinition]
"""The tribes of a Space, by key, in order of key."""


@dataclass(frozen=True, slots=True)
class CountQueries:
    """What must be counted of a person before tribes can be decided.

    `most_sessions` and, in the order of `events`, `most_events` are where counting may stop, as any larger number
    decides the same; None: everything is counted.
    """

    sessions: bool = False
    events: tuple[EventCountQuery, ...] = ()
    most_sessions: int | None = None
    most_events: tuple[int, ...] = ()

    @property
    def without_limits(self) -> CountQueries:
        """The same questions, with everything counted."""
        return CountQueries(self.sessions, self.events)


def collect_queries(tribes: Iterable[TribeDefinition]) -> CountQueries:
    """What these tribes ask, each question once."""
    filters = [each for tribe in tribes for each in tribe.filters]
    of_sessions = [each for each in filters if isinstance(each, Comparison) and each.source == SESSIONS]
    most: dict[EventCountQuery, int] = {}
    for each in filters:
        if isinstance(each, EventFilter):
            most[each.question] = max(most.get(each.question, 0), decisive_count(each.frequency))
    return CountQueries(
        bool(of_sessions),
        tuple(most),
        max(map(decisive_session_count, of_sessions), default=None),
        tuple(most.values()),
    )


def decisive_count(frequency: Frequency) -> int:
    """A count from which on it makes no difference how much more often something was done."""
    if frequency.kind is FrequencyKind.ANY:
        return 1
    return min(frequency.number + 1, LARGEST_COUNT)


def decisive_session_count(comparison: Comparison) -> int:
    """The same for a comparison of a number of sessions."""
    numbers = [value for value in comparison.values if isinstance(value, int | float) and not isinstance(value, bool)]
    return int(min(max([0, *numbers]) + 1, LARGEST_COUNT))
