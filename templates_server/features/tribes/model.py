"""The definition of a tribe: filters over people. Values only; nothing here parses, stores or decides.

Decisions are made by `evaluator` for one person and by `compiler` in SQL over everybody; both are equivalent.
`time_windows` converts days into times.
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
    """The kinds of people in a tribe."""

    USERS = "users"
    VISITORS = "visitors"
    ALL = "all"


class Match(enum.StrEnum):
    """The number of its filters that a person must match."""

    ANY = "any"
    ALL = "all"


class Operator(enum.StrEnum):
    """The comparison of a found value."""

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
    """The origin of a compared value."""

    TEXT = "text"  # a field of every person that holds text
    DATE = "date"  # a field of every person that holds a time
    VERSION = "version"  # a field of every person that holds the key of a version
    ATTRIBUTE = "attribute"  # what is known of a person besides
    CONTEXTUAL = "contextual"  # what an app said when the session started
    BEHAVIOUR = "behaviour"  # a number that is counted
    DATA = "data"  # what an event holds: only within the filters on events


class Behaviour(enum.StrEnum):
    """Counted numbers."""

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
    """A compared value: `name` is without its prefix. `steps`: the keys of its path in the data of an event."""

    origin: Origin
    name: str
    steps: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The path, as in documents and in explanations of event data."""
        return PREFIXES.get(self.origin, "") + self.name


PREFIXES: Mapping[Origin, str] = {
    Origin.ATTRIBUTE: ATTRIBUTE_PREFIX,
    Origin.CONTEXTUAL: CONTEXTUAL_PREFIX,
    Origin.DATA: DATA_PREFIX,
}


def source_in_data(steps: tuple[str, ...]) -> Source:
    """Return the source with this path in the data of an event, named such as `price.amount` or `items."a.b"`."""
    named = (step if PLAIN_STEP.fullmatch(step) else json.dumps(step, ensure_ascii=False) for step in steps)
    return Source(Origin.DATA, ".".join(named), steps)


SESSIONS = Source(Origin.BEHAVIOUR, Behaviour.SESSIONS_30_DAYS)


@dataclass(frozen=True, slots=True)
class DateInterval:
    """A date as written: a whole day (UTC), or one millisecond; `ends` is exclusive."""

    text: str
    starts: int
    ends: int


def read_moment(text: str) -> DateInterval | None:
    """Return the day or time of a text; None when it has neither."""
    starts = parse_moment(text)
    if starts is None:
        return None
    return DateInterval(text, starts, starts + (DAY if len(text) == DAY_LENGTH else 1))


@dataclass(frozen=True, slots=True)
class VersionValue:
    """A version as written, and the key by which it is compared (`people.app_versions`)."""

    text: str
    key: str


def read_version(text: str) -> VersionValue | None:
    """Return the version in a text; None when it is not one."""
    key = version_key(text)
    return None if key is None else VersionValue(text, key)


OF_VERSIONS = frozenset({Operator.VERSION_EQUALS, Operator.VERSION_AT_LEAST, Operator.VERSION_BELOW})
ONE_OF = frozenset({Operator.EQUALS, Operator.NOT_EQUALS, Operator.IN, Operator.NOT_IN})
NONE_ALIKE: Mapping[Scalar, tuple[Scalar, ...]] = {}


def comparison_key(value: Scalar) -> Scalar:
    """Return a key that is equal for possibly equal values: a double for a number, otherwise the value itself."""
    try:
        return value if isinstance(value, str | bool) else float(value)
    except OverflowError:
        return value


def _alike(source: Source, values: Iterable[Scalar]) -> Mapping[Scalar, tuple[Scalar, ...]]:
    """Return distinct values by comparison key; for dates, by the start of the day or the moment."""
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
    """A comparison of a person's value with others.

    `values`: none for exists; one for equals, texts and numbers; two for between; any number for in. `moments` replaces
    it for dates (before, after, on_day, between); `days` for less_than_days_ago and more_than_days_ago; `version`
    for version comparisons. `types` of the values distinguishes true from 1, which are equal
    in Python.
    `alike`, derived from the values if one of them must be the person's: the candidates by comparison key, so that
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
        """Store the types of the values, and group them by comparison key."""
        object.__setattr__(self, "types", tuple(type(value).__name__ for value in self.values))
        made = _alike(self.source, self.values) if self.operator in ONE_OF else NONE_ALIKE
        object.__setattr__(self, "alike", made)


@dataclass(frozen=True, slots=True)
class TagFilter:
    """A filter by a user tag, or one below it."""

    tag: str


class TimeframeKind(enum.StrEnum):
    """The form of a timeframe: in days ago (the first three), by a date, or unlimited."""

    MORE_THAN = "more_than"
    LESS_THAN = "less_than"
    EXACTLY = "exactly"
    AFTER = "after"
    ON_DAY = "on_day"
    BEFORE = "before"
    ANY_TIME = "any_time"


@dataclass(frozen=True, slots=True)
class Timeframe:
    """The time of an event: `days` for the kinds that count them, `moment` for those with a date."""

    kind: TimeframeKind = TimeframeKind.ANY_TIME
    days: int = 0
    moment: DateInterval | None = None


class FrequencyKind(enum.StrEnum):
    """The kinds of required frequency."""

    MORE_THAN = "more_than"
    LESS_THAN = "less_than"
    EXACTLY = "exactly"
    ANY = "any"  # at least once


@dataclass(frozen=True, slots=True)
class Frequency:
    """The required frequency of an event."""

    kind: FrequencyKind = FrequencyKind.ANY
    number: int = 0


class EventCondition(enum.StrEnum):
    """Whether an event filter applies as a whole or is negated."""

    HAVE_DONE = "have_done"
    HAVE_NOT_DONE = "have_not_done"


@dataclass(frozen=True, slots=True)
class EventCountQuery:
    """A query for the number of a person's events: a name, a timeframe, metadata (in order of key) and data.

    An event counts when all of its metadata and data match. The hash is cached: every session looks up counts by it.
    """

    name: str
    timeframe: Timeframe = Timeframe()
    metadata: tuple[tuple[str, str], ...] = ()
    data: tuple[Comparison, ...] = ()
    _hash: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Cache the hash."""
        object.__setattr__(self, "_hash", hash((self.name, self.timeframe, self.metadata, self.data)))

    def __hash__(self) -> int:
        """Return the hash of the whole query."""
        return self._hash


@dataclass(frozen=True, slots=True)
class EventFilter:
    """A filter by how often an event occurred, or its negation."""

    question: EventCountQuery
    condition: EventCondition = EventCondition.HAVE_DONE
    frequency: Frequency = Frequency()


@dataclass(frozen=True, slots=True)
class ShareFilter:
    """A filter by a share of all people: the buckets drawn by a salt, from `starts` up to but excluding `ends`.

    A bucket is a hundredth of a percent: there are `primitives.shares.BUCKETS`. `draw` is derived from the salt.
    """

    salt: str
    starts: int
    ends: int
    draw: ShareDraw = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Create the draw, once for all people."""
        object.__setattr__(self, "draw", make_draw(self.salt))

    def holds(self, bucket: int) -> bool:
        """Return whether a bucket is in the share."""
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
        """Return whether it can only be decided when a session starts."""
        return any(isinstance(each, Comparison) and each.source.origin is Origin.CONTEXTUAL for each in self.filters)


Tribes = Mapping[str, TribeDefinition]
"""The tribes of a Space, by key, in order of key."""


@dataclass(frozen=True, slots=True)
class CountQueries:
    """The counts of a person that are required to decide tribes.

    `most_sessions` and, in the order of `events`, `most_events` are where counting may stop, as any larger number
    gives the same result; None: everything is counted.
    """

    sessions: bool = False
    events: tuple[EventCountQuery, ...] = ()
    most_sessions: int | None = None
    most_events: tuple[int, ...] = ()

    @property
    def without_limits(self) -> CountQueries:
        """Return the same queries without count limits."""
        return CountQueries(self.sessions, self.events)


def collect_queries(tribes: Iterable[TribeDefinition]) -> CountQueries:
    """Return the queries of these tribes, without duplicates."""
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
    """Return the count of events above which higher counts give the same result."""
    if frequency.kind is FrequencyKind.ANY:
        return 1
    return min(frequency.number + 1, LARGEST_COUNT)


def decisive_session_count(comparison: Comparison) -> int:
    """Return the count of sessions above which higher counts give the same result."""
    numbers = [value for value in comparison.values if isinstance(value, int | float) and not isinstance(value, bool)]
    return int(min(max([0, *numbers]) + 1, LARGEST_COUNT))
