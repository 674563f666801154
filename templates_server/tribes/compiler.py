"""Tribes as SQL over everybody: the same meaning as the evaluator's. Pure: text and parameters come out, nothing runs.

    compile_tribe(tribe, dialect, now=, retention_ms=, environment_id=) -> (condition, parameters)

The condition stands behind `SELECT ... FROM persons WHERE`, for `exec_driver_sql` with its parameters in order; it
names the environment itself, and may be followed by `AND` and `ORDER BY`. It is true or false, never NULL. `dialect` is
`sqlite` or `postgresql`. CannotBeKnown is raised for a tribe that only a session can decide. `compile_tribe_of_few`
means the same: it is for who asks few people.

    compile_facts(questions, dialect, now=, retention_ms=) -> (columns, parameters)

The columns give what the evaluator needs of one person (`store.load_facts` asks for them): `FACTS`, the number of
sessions, and a count for each event question in its order. `FactsQuery` is the same for who asks again and again.

Texts are compared for equality and for parts only, byte by byte: no collation has a say; the keys of versions by code
points. Numbers are doubles
everywhere, as whole numbers are cast before they are compared. Names stand here, values are parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from templates_server.persons.names import PersonKind
from templates_server.persons.profiles import Scalar
from templates_server.persons.shares import BUCKETS, PRIME
from templates_server.times import DAY
from templates_server.tribes.evaluator import number_in
from templates_server.tribes.json_paths import PATHS
from templates_server.tribes.rules import (
    Audience,
    Behaviour,
    Comparison,
    Condition,
    Done,
    EventQuestion,
    Filter,
    Frequency,
    FrequencyKind,
    Match,
    Operator,
    Origin,
    Questions,
    Share,
    Source,
    Tagged,
    Tribe,
    decided_at,
    decided_at_sessions,
    read_moment,
)
from templates_server.tribes.sql import DIALECTS, Dialect, Finished, Parameter, Sql, joined, listed, sql
from templates_server.tribes.windows import WINDOWS, Window, day_of, window_of_sessions, window_of_timeframe

NOBODY = Sql("1 = 0")
EVERYBODY = Sql("1 = 1")
NOTHING = Sql("NULL")
FACTS = (
    "kind", "created", "share_number", "first_seen", "last_seen", "joined", "email", "locale", "timezone",
    "device_os", "device_model", "app_platform", "app_version", "os_version", "tags", "attributes", "dates",
)  # fmt: skip
COLUMNS = {
    "email": "persons.email",
    "locale": "persons.locale",
    "timezone": "persons.timezone",
    "device.os": "persons.device_os",
    "device.model": "persons.device_model",
    "app.platform": "persons.app_platform",
    "app.version": "persons.app_version",
    "device.os_version": "persons.os_version",
    "created": "persons.created",
    "first_seen": "persons.first_seen",
    "last_seen": "persons.last_seen",
    "joined": "persons.joined",
}
DATA = "events.data"
AUDIENCES: Mapping[Audience, Sql] = {
    Audience.USERS: sql("persons.kind = {}", PersonKind.USER.value),
    Audience.VISITORS: sql("persons.kind = {}", PersonKind.VISITOR.value),
    Audience.ALL: EVERYBODY,
}
MATCHES: Mapping[Match, str] = {Match.ANY: "OR", Match.ALL: "AND"}
OF_NO_FILTERS: Mapping[Match, Sql] = {Match.ANY: NOBODY, Match.ALL: EVERYBODY}
CONDITIONS: Mapping[Condition, str] = {Condition.HAVE_DONE: "{}", Condition.HAVE_NOT_DONE: "NOT {}"}
FREQUENCIES: Mapping[FrequencyKind, str] = {
    FrequencyKind.MORE_THAN: "({} > {})",
    FrequencyKind.LESS_THAN: "({} < {})",
    FrequencyKind.EXACTLY: "({} = {})",
    FrequencyKind.ANY: "({} > 0)",
}


class CannotBeKnown(Exception):
    """A tribe that asks what apps say when a session starts: nobody can list its people."""


@dataclass(frozen=True, slots=True)
class Situation:
    """In which database, and when. Events count while they are younger than `retention_ms`.

    `most_sessions`: where counting them stops. `is_of_few`: few people are looked at, of an environment or of all.
    """

    dialect: Dialect
    now: int
    retention_ms: int
    most_sessions: int | None = None
    is_of_few: bool = True
    environment_id: str = ""

    def limit_of(self, most: int) -> int | None:
        """Where counting stops, if it does, when everybody is looked at."""
        return most if self.dialect.limits_counts else None


def compile_tribe(tribe: Tribe, dialect: str, *, now: int, retention_ms: int, environment_id: str) -> Finished:
    """The condition on `persons` that holds for those who are in the tribe, with its parameters."""
    situation = Situation(DIALECTS[dialect], now, retention_ms, is_of_few=False, environment_id=environment_id)
    return _compiled_tribe(tribe, situation)


def compile_tribe_of_few(tribe: Tribe, dialect: str, *, now: int, retention_ms: int, environment_id: str) -> Finished:
    """The same to be asked of few people: to look at what each of them did takes less than to find all who did it."""
    return _compiled_tribe(tribe, Situation(DIALECTS[dialect], now, retention_ms, environment_id=environment_id))


def _compiled_tribe(tribe: Tribe, situation: Situation) -> Finished:
    if tribe.is_contextual:
        raise CannotBeKnown(tribe.key)
    filters = [_certain(_compiled(each, situation), each) for each in tribe.filters]
    matched = joined(MATCHES[tribe.match], filters) if filters else OF_NO_FILTERS[tribe.match]
    here = sql("persons.environment_id = {}", situation.environment_id)
    return situation.dialect.finished(sql("{} AND {} AND {}", here, AUDIENCES[tribe.audience], matched))


def _certain(condition: Sql, each: Filter) -> Sql:
    """A condition that is never NULL; for an operator that negates, its contrary."""
    negates = isinstance(each, Comparison) and each.operator in NEGATIONS
    return sql("(({}) IS NOT TRUE)" if negates else "(({}) IS TRUE)", condition)


def _compiled(each: Filter, situation: Situation) -> Sql:
    match each:
        case Comparison():
            return _compared(each, replace(situation, most_sessions=situation.limit_of(decided_at_sessions(each))))
        case Tagged(tag):
            return joined("OR", [_has_tag(situation, f"\n{tag}{end}") for end in ("\n", "/")])
        case Done():
            return (_done_by_each if situation.is_of_few else _done_by_some)(each, situation)
        case Share():
            return _is_in_share(each, situation.dialect)


def _done_by_each(done: Done, situation: Situation) -> Sql:
    """What a person did is counted as they are looked at, up to where that decides."""
    frequency = done.frequency
    count = _count_of_events(done.question, situation, situation.limit_of(decided_at(frequency)))
    return sql(CONDITIONS[done.condition], sql(FREQUENCIES[frequency.kind], count, *_number_of(frequency)))


def _done_by_some(done: Done, situation: Situation) -> Sql:
    """Who is among those who did it: their events are gone through once, by the index of names."""
    frequency = done.frequency
    compared = sql(FREQUENCIES[frequency.kind], Sql("count(*)"), *_number_of(frequency))
    takes_nobody = _is_of_who_did_nothing(frequency)
    having = sql("NOT {}", compared) if takes_nobody else compared
    did = joined("AND", _of_question(done.question, situation))
    found = sql(
        "persons.person_id IN (SELECT events.person_id FROM events "
        "WHERE events.environment_id = {} AND events.name >= '' AND {} GROUP BY {} HAVING {})",
        situation.environment_id,
        did,
        situation.dialect.by_no_index("events.person_id"),
        having,
    )
    is_negated = takes_nobody is not (done.condition is Condition.HAVE_NOT_DONE)
    return sql("NOT {}", found) if is_negated else found


def _is_of_who_did_nothing(frequency: Frequency) -> bool:
    """Whether it holds for a count of 0, of which no event tells."""
    match frequency.kind:
        case FrequencyKind.LESS_THAN:
            return frequency.number > 0
        case FrequencyKind.EXACTLY:
            return frequency.number == 0
        case _:
            return False


def _number_of(frequency: Frequency) -> tuple[int, ...]:
    return () if frequency.kind is FrequencyKind.ANY else (frequency.number,)


def _is_in_share(share: Share, dialect: Dialect) -> Sql:
    """As `persons.shares.Draw.bucket_of` and `Share.holds` have it: whole numbers throughout, none above 2^63."""
    drawn = sql("{} * persons.share_number + {}", share.draw.multiplier, share.draw.increment)
    bucket = dialect.remainder(dialect.remainder(drawn, PRIME), BUCKETS)
    return sql("{} >= {} AND {} < {}", bucket, share.starts, bucket, share.ends)


def _compared(comparison: Comparison, situation: Situation) -> Sql:
    """The condition; of an operator that negates, its contrary."""
    operator = NEGATIONS.get(comparison.operator, comparison.operator)
    return CONDITIONS_OF[operator](_subject(comparison.source, situation), comparison, situation)


def _has_tag(situation: Situation, part: str) -> Sql:
    return sql("{} > 0", situation.dialect.position(Sql("persons.tags"), part))


# What is compared


@dataclass(frozen=True, slots=True)
class Subject:
    """A value of a person by the types that it can have; NULL where it has another."""

    is_there: Sql
    text: Sql = NOTHING
    number: Sql = NOTHING
    boolean: Sql = NOTHING
    moment: Sql = NOTHING
    version: Sql = NOTHING


def _subject(source: Source, situation: Situation) -> Subject:
    match source.origin:
        case Origin.TEXT:
            column = Sql(COLUMNS[source.name])
            return Subject(sql("{} IS NOT NULL", column), text=column)
        case Origin.DATE:
            column = Sql(COLUMNS[source.name])
            return Subject(sql("{} IS NOT NULL", column), moment=column)
        case Origin.VERSION:
            column = Sql(COLUMNS[source.name])
            return Subject(sql("{} IS NOT NULL", column), version=situation.dialect.by_code_points(column))
        case Origin.ATTRIBUTE:
            return _attribute(source.name, situation.dialect)
        case Origin.BEHAVIOUR:
            number = BEHAVIOURS[Behaviour(source.name)](situation)
            return Subject(sql("{} IS NOT NULL", number), number=sql("CAST({} AS DOUBLE PRECISION)", number))
        case Origin.CONTEXTUAL:
            raise CannotBeKnown(source.path)
        case Origin.DATA:
            return _in_data(source.steps, situation.dialect)


def _attribute(name: str, dialect: Dialect) -> Subject:
    attributes = "persons.attributes"
    return Subject(
        dialect.has_key(attributes, name),
        dialect.json_text(attributes, name),
        dialect.json_number(attributes, name),
        dialect.json_boolean(attributes, name),
        dialect.json_integer("persons.dates", name),
    )


def _in_data(steps: Sequence[str], dialect: Dialect) -> Subject:
    """What stands at the end of a path into the data of an event."""
    paths = PATHS[dialect.name]
    return Subject(paths.is_there(DATA, steps), paths.text(DATA, steps), paths.number(DATA, steps))


def _count_of_sessions(situation: Situation) -> Sql:
    began = _within(Sql("sessions.started"), window_of_sessions(situation.now))
    return _counted("sessions", began, situation.most_sessions)


def _counted(table: str, condition: Sql, most: int | None) -> Sql:
    """How many rows of the person there are, up to so many."""
    rows = f"FROM {table} WHERE {_of_the_person(table)} AND {{}}"
    if most is None:
        return sql(f"(SELECT count(*) {rows})", condition)
    return sql(f"(SELECT count(*) FROM (SELECT 1 AS one {rows} LIMIT {{}}) AS counted)", condition, most)  # noqa: S608 - names of ours


def _days_since_seen(situation: Situation) -> Sql:
    """As `windows.days_since`: a division of whole numbers, of which none is negative."""
    tomorrow = day_of(situation.now) + DAY
    seen = Sql("persons.last_seen")
    return sql(f"(CASE WHEN {{}} >= {{}} THEN 0 ELSE ({{}} - {{}}) / {DAY} END)", seen, tomorrow, tomorrow - 1, seen)


BEHAVIOURS: Mapping[Behaviour, Callable[[Situation], Sql]] = {
    Behaviour.SESSIONS_30_DAYS: _count_of_sessions,
    Behaviour.DAYS_SINCE_SEEN: _days_since_seen,
}


def _of_the_person(table: str) -> str:
    return f"{table}.environment_id = persons.environment_id AND {table}.person_id = persons.person_id"


def _count_of_events(question: EventQuestion, situation: Situation, most: int | None) -> Sql:
    return _counted("events", joined("AND", _of_question(question, situation)), most)


def _of_question(question: EventQuestion, situation: Situation) -> Iterator[Sql]:
    """The conditions on an event that counts."""
    window = window_of_timeframe(question.timeframe, situation.now, retention_ms=situation.retention_ms)
    yield sql("events.name = {}", question.name)
    yield _within(Sql("events.happened"), window)
    yield from _within_event(question, situation)


def _within_event(question: EventQuestion, situation: Situation) -> Iterator[Sql]:
    """The conditions on metadata and data, in the order in which they stand in the count of events."""
    for key, value in question.metadata:
        yield sql("{} = {}", situation.dialect.json_text("events.metadata", key), value)
    for comparison in question.data:
        yield _certain(_compared(comparison, situation), comparison)


# How it is compared

Compile = Callable[[Subject, Comparison, Situation], Sql]

NEGATIONS: Mapping[Operator, Operator] = {
    Operator.NOT_EXISTS: Operator.EXISTS,
    Operator.NOT_EQUALS: Operator.EQUALS,
    Operator.NOT_IN: Operator.IN,
    Operator.NOT_CONTAINS: Operator.CONTAINS,
}


def _exists(subject: Subject, _comparison: Comparison, _situation: Situation) -> Sql:
    return subject.is_there


def _is_one_of(subject: Subject, comparison: Comparison, situation: Situation) -> Sql:
    if comparison.source.origin is Origin.DATE:
        return _is_at_one_of(subject, comparison.values)
    if comparison.source.origin is Origin.DATA:
        return PATHS[situation.dialect.name].is_one_of(DATA, comparison.source.steps, comparison.values)
    values = comparison.values
    alternatives = [
        _among(subject.text, [value for value in values if isinstance(value, str)]),
        _among(subject.number, [number for value in values if (number := number_in(value)) is not None]),
        _among(subject.boolean, [int(value) for value in values if isinstance(value, bool)]),
    ]
    return _any(condition for condition in alternatives if condition is not None)


def _among(subject: Sql, values: Sequence[str | int | float]) -> Sql | None:
    return sql("{} IN ({})", subject, listed(values)) if values and subject != NOTHING else None


def _is_at_one_of(subject: Subject, values: Sequence[Scalar]) -> Sql:
    written = [read_moment(value) for value in values if isinstance(value, str)]
    return _any(_within(subject.moment, Window(one.starts, one.ends)) for one in written if one is not None)


def _any(conditions: Iterable[Sql]) -> Sql:
    alternatives = list(conditions)
    return joined("OR", alternatives) if alternatives else NOBODY


def _of_text(compare: Callable[[Dialect, Sql, str], Sql]) -> Compile:
    def condition(subject: Subject, comparison: Comparison, situation: Situation) -> Sql:
        part = str(comparison.values[0])
        return NOBODY if subject.text == NOTHING else compare(situation.dialect, subject.text, part)

    return condition


def _of_number(template: str) -> Compile:
    def condition(subject: Subject, comparison: Comparison, _situation: Situation) -> Sql:
        numbers = [number_in(value) for value in comparison.values]
        return NOBODY if subject.number == NOTHING or None in numbers else sql(template, subject.number, *numbers)

    return condition


def _in_window(subject: Subject, comparison: Comparison, situation: Situation) -> Sql:
    return _within(subject.moment, WINDOWS[comparison.operator](comparison, situation.now))


def _within(moment: Sql, window: Window) -> Sql:
    bounds = [sql(f"{{}} {sign} {{}}", moment, bound) for sign, bound in _bounds(window)]
    return NOBODY if moment == NOTHING else joined("AND", bounds or [sql("{} IS NOT NULL", moment)])


def _bounds(window: Window) -> Iterator[tuple[str, int]]:
    if window.starts is not None:
        yield ">=", window.starts
    if window.ends is not None:
        yield "<", window.ends


def _between(subject: Subject, comparison: Comparison, situation: Situation) -> Sql:
    compare = _in_window if comparison.moments else NUMBERS_BETWEEN
    return compare(subject, comparison, situation)


def _of_version(template: str) -> Compile:
    def condition(subject: Subject, comparison: Comparison, _situation: Situation) -> Sql:
        version = comparison.version
        return NOBODY if subject.version == NOTHING or version is None else sql(template, subject.version, version.key)

    return condition


NUMBERS_BETWEEN = _of_number("{} BETWEEN {} AND {}")
CONDITIONS_OF: Mapping[Operator, Compile] = {
    Operator.EXISTS: _exists,
    Operator.EQUALS: _is_one_of,
    Operator.IN: _is_one_of,
    Operator.CONTAINS: _of_text(lambda dialect, text, part: sql("{} > 0", dialect.position(text, part))),
    Operator.STARTS_WITH: _of_text(lambda dialect, text, part: sql("{} = 1", dialect.position(text, part))),
    Operator.ENDS_WITH: _of_text(lambda dialect, text, part: sql("{} = {}", dialect.end(text, part), part)),
    Operator.GREATER_THAN: _of_number("{} > {}"),
    Operator.GREATER_OR_EQUAL: _of_number("{} >= {}"),
    Operator.LESS_THAN: _of_number("{} < {}"),
    Operator.LESS_OR_EQUAL: _of_number("{} <= {}"),
    Operator.BETWEEN: _between,
    Operator.BEFORE: _in_window,
    Operator.AFTER: _in_window,
    Operator.ON_DAY: _in_window,
    Operator.LESS_THAN_DAYS_AGO: _in_window,
    Operator.MORE_THAN_DAYS_AGO: _in_window,
    Operator.VERSION_EQUALS: _of_version("{} = {}"),
    Operator.VERSION_AT_LEAST: _of_version("{} >= {}"),
    Operator.VERSION_BELOW: _of_version("{} < {}"),
}
"""Of each operator that is not the contrary of another."""


# Of one person


class FactsQuery:
    """The columns of one person that the evaluator needs, made once: only the times change from one asking to the next.

    `FACTS`, the number of sessions, and a count for each event question in its order.
    """

    def __init__(self, questions: Questions, dialect: str) -> None:
        self.questions = questions
        at_no_time = Situation(DIALECTS[dialect], 0, 0, questions.most_sessions)
        sessions = _count_of_sessions(at_no_time) if questions.sessions else Sql("0")
        most_events = questions.most_events or [None] * len(questions.events)
        asked = [*zip(questions.events, most_events, strict=True)]
        counts = [_count_of_events(question, at_no_time, most) for question, most in asked]
        columns = [Sql(f"persons.{name}") for name in FACTS]
        self.columns = at_no_time.dialect.finished(listed([*columns, sessions, *counts])).text
        self._events = [
            (question, (*listed(_within_event(question, at_no_time)).parameters, *_if_given(most)))
            for question, most in asked
        ]

    def parameters(self, *, now: int, retention_ms: int) -> tuple[Parameter, ...]:
        """The parameters of the columns at a time."""
        found: list[Parameter] = []
        if self.questions.sessions:
            found += (time for _, time in _bounds(window_of_sessions(now)))
            found += _if_given(self.questions.most_sessions)
        for question, others in self._events:
            window = window_of_timeframe(question.timeframe, now, retention_ms=retention_ms)
            found += (question.name, *(time for _, time in _bounds(window)), *others)
        return tuple(found)


def _if_given(most: int | None) -> tuple[int, ...]:
    return () if most is None else (most,)


def compile_facts(questions: Questions, dialect: str, *, now: int, retention_ms: int) -> Finished:
    """The columns of one person that the evaluator needs: `FACTS`, the sessions, each event question in its order."""
    query = FactsQuery(questions, dialect)
    return Finished(query.columns, query.parameters(now=now, retention_ms=retention_ms))
