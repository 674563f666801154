"""Tribes as SQL over everybody: equivalent to the evaluator. Pure: it returns text and parameters and runs nothing.

    compile_tribe(tribe, dialect, now=, retention_ms=, environment_id=) -> (condition, parameters)

The condition follows `SELECT ... FROM persons WHERE`, for `exec_driver_sql` with its parameters in order; it includes
the environment itself, and may be followed by `AND` and `ORDER BY`. It is true or false, never NULL. `dialect` is
`sqlite` or `postgresql`. UndecidableTribe is raised for a tribe that only a session can decide. `compile_tribe_of_few`
is equivalent, and intended for queries of few people.

    compile_facts(questions, dialect, now=, retention_ms=) -> (columns, parameters)

The columns are the evaluator's input for one person (queried by `store.load_facts`): `FACTS`, the number of sessions,
and a count for each event question in its order. `FactsQuery` is the same for repeated queries.

Texts are compared only for equality and containment, byte by byte, independent of collations; version keys by code
points. Numbers are doubles everywhere, as integers are cast before they are compared. Names are in the SQL text, values
are parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from templates_server.features.people.identity import PersonKind
from templates_server.features.people.profile import Scalar
from templates_server.features.tribes.evaluator import number_in
from templates_server.features.tribes.json_paths import PATHS
from templates_server.features.tribes.model import (
    Audience,
    Behaviour,
    Comparison,
    CountQueries,
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
    decisive_count,
    decisive_session_count,
    read_moment,
)
from templates_server.features.tribes.sql_fragments import (
    DIALECTS,
    CompiledSql,
    Dialect,
    Parameter,
    SqlFragment,
    comma_separated,
    join_conditions,
    sql,
)
from templates_server.features.tribes.time_windows import (
    WINDOWS,
    Window,
    start_of_day,
    window_of_sessions,
    window_of_timeframe,
)
from templates_server.primitives.shares import BUCKETS, PRIME
from templates_server.primitives.timestamps import DAY

NOBODY = SqlFragment("1 = 0")
EVERYBODY = SqlFragment("1 = 1")
NOTHING = SqlFragment("NULL")
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
AUDIENCES: Mapping[Audience, SqlFragment] = {
    Audience.USERS: sql("persons.kind = {}", PersonKind.USER.value),
    Audience.VISITORS: sql("persons.kind = {}", PersonKind.VISITOR.value),
    Audience.ALL: EVERYBODY,
}
MATCHES: Mapping[Match, str] = {Match.ANY: "OR", Match.ALL: "AND"}
OF_NO_FILTERS: Mapping[Match, SqlFragment] = {Match.ANY: NOBODY, Match.ALL: EVERYBODY}
CONDITIONS: Mapping[EventCondition, str] = {EventCondition.HAVE_DONE: "{}", EventCondition.HAVE_NOT_DONE: "NOT {}"}
FREQUENCIES: Mapping[FrequencyKind, str] = {
    FrequencyKind.MORE_THAN: "({} > {})",
    FrequencyKind.LESS_THAN: "({} < {})",
    FrequencyKind.EXACTLY: "({} = {})",
    FrequencyKind.ANY: "({} > 0)",
}


class UndecidableTribe(Exception):
    """An error for a tribe that uses session context: its people cannot be listed."""


@dataclass(frozen=True, slots=True)
class CompileContext:
    """The database and the time. Events count while they are younger than `retention_ms`.

    `most_sessions`: where counting them stops. `is_of_few`: few people are examined, of an environment or of all.
    """

    dialect: Dialect
    now: int
    retention_ms: int
    most_sessions: int | None = None
    is_of_few: bool = True
    environment_id: str = ""

    def limit_of(self, most: int) -> int | None:
        """Return where counting stops, if it does, when everybody is examined."""
        return most if self.dialect.limits_counts else None


def compile_tribe(
    tribe: TribeDefinition, dialect: str, *, now: int, retention_ms: int, environment_id: str
) -> CompiledSql:
    """Return the condition on `persons` for the people in the tribe, with its parameters."""
    situation = CompileContext(DIALECTS[dialect], now, retention_ms, is_of_few=False, environment_id=environment_id)
    return _compiled_tribe(tribe, situation)


def compile_tribe_of_few(
    tribe: TribeDefinition, dialect: str, *, now: int, retention_ms: int, environment_id: str
) -> CompiledSql:
    """Return the condition for few people: examining each one's events is cheaper than finding all matching events."""
    return _compiled_tribe(tribe, CompileContext(DIALECTS[dialect], now, retention_ms, environment_id=environment_id))


def _compiled_tribe(tribe: TribeDefinition, situation: CompileContext) -> CompiledSql:
    if tribe.is_contextual:
        raise UndecidableTribe(tribe.key)
    filters = [_certain(_compile_filter(each, situation), each) for each in tribe.filters]
    matched = join_conditions(MATCHES[tribe.match], filters) if filters else OF_NO_FILTERS[tribe.match]
    here = sql("persons.environment_id = {}", situation.environment_id)
    return situation.dialect.finished(sql("{} AND {} AND {}", here, AUDIENCES[tribe.audience], matched))


def _certain(condition: SqlFragment, each: Filter) -> SqlFragment:
    """Return a condition that is never NULL; for a negating operator, its negation."""
    negates = isinstance(each, Comparison) and each.operator in NEGATIONS
    return sql("(({}) IS NOT TRUE)" if negates else "(({}) IS TRUE)", condition)


def _compile_filter(each: Filter, situation: CompileContext) -> SqlFragment:
    match each:
        case Comparison():
            return _compile_comparison(
                each, replace(situation, most_sessions=situation.limit_of(decisive_session_count(each)))
            )
        case TagFilter(tag):
            return join_conditions("OR", [_has_tag(situation, f"\n{tag}{end}") for end in ("\n", "/")])
        case EventFilter():
            return (_done_by_each if situation.is_of_few else _done_by_some)(each, situation)
        case ShareFilter():
            return _is_in_share(each, situation.dialect)


def _done_by_each(done: EventFilter, situation: CompileContext) -> SqlFragment:
    """Return a condition that counts each person's events as they are examined, up to the decisive number."""
    frequency = done.frequency
    count = _count_of_events(done.question, situation, situation.limit_of(decisive_count(frequency)))
    return sql(CONDITIONS[done.condition], sql(FREQUENCIES[frequency.kind], count, *_number_of(frequency)))


def _done_by_some(done: EventFilter, situation: CompileContext) -> SqlFragment:
    """Return a condition on the people with matching events, by one scan of the index of names."""
    frequency = done.frequency
    compared = sql(FREQUENCIES[frequency.kind], SqlFragment("count(*)"), *_number_of(frequency))
    takes_nobody = _is_of_who_did_nothing(frequency)
    having = sql("NOT {}", compared) if takes_nobody else compared
    did = join_conditions("AND", _of_question(done.question, situation))
    found = sql(
        "persons.person_id IN (SELECT events.person_id FROM events "
        "WHERE events.environment_id = {} AND events.name >= '' AND {} GROUP BY {} HAVING {})",
        situation.environment_id,
        did,
        situation.dialect.by_no_index("events.person_id"),
        having,
    )
    is_negated = takes_nobody is not (done.condition is EventCondition.HAVE_NOT_DONE)
    return sql("NOT {}", found) if is_negated else found


def _is_of_who_did_nothing(frequency: Frequency) -> bool:
    """Return whether the condition holds for a count of 0, which has no events."""
    match frequency.kind:
        case FrequencyKind.LESS_THAN:
            return frequency.number > 0
        case FrequencyKind.EXACTLY:
            return frequency.number == 0
        case _:
            return False


def _number_of(frequency: Frequency) -> tuple[int, ...]:
    return () if frequency.kind is FrequencyKind.ANY else (frequency.number,)


def _is_in_share(share: ShareFilter, dialect: Dialect) -> SqlFragment:
    """Return the equivalent of `primitives.shares.Draw.bucket_of` and `ShareFilter.holds`, in integers up to 2^63."""
    drawn = sql("{} * persons.share_number + {}", share.draw.multiplier, share.draw.increment)
    bucket = dialect.remainder(dialect.remainder(drawn, PRIME), BUCKETS)
    return sql("{} >= {} AND {} < {}", bucket, share.starts, bucket, share.ends)


def _compile_comparison(comparison: Comparison, situation: CompileContext) -> SqlFragment:
    """Return the condition; for a negating operator, its negation."""
    operator = NEGATIONS.get(comparison.operator, comparison.operator)
    return CONDITIONS_OF[operator](_subject(comparison.source, situation), comparison, situation)


def _has_tag(situation: CompileContext, part: str) -> SqlFragment:
    return sql("{} > 0", situation.dialect.position(SqlFragment("persons.tags"), part))


# What is compared


@dataclass(frozen=True, slots=True)
class TypedValue:
    """A value of a person, by its possible types; NULL if it has another."""

    is_there: SqlFragment
    text: SqlFragment = NOTHING
    number: SqlFragment = NOTHING
    boolean: SqlFragment = NOTHING
    moment: SqlFragment = NOTHING
    version: SqlFragment = NOTHING


def _subject(source: Source, situation: CompileContext) -> TypedValue:
    match source.origin:
        case Origin.TEXT:
            column = SqlFragment(COLUMNS[source.name])
            return TypedValue(sql("{} IS NOT NULL", column), text=column)
        case Origin.DATE:
            column = SqlFragment(COLUMNS[source.name])
            return TypedValue(sql("{} IS NOT NULL", column), moment=column)
        case Origin.VERSION:
            column = SqlFragment(COLUMNS[source.name])
            return TypedValue(sql("{} IS NOT NULL", column), version=situation.dialect.by_code_points(column))
        case Origin.ATTRIBUTE:
            return _attribute(source.name, situation.dialect)
        case Origin.BEHAVIOUR:
            number = BEHAVIOURS[Behaviour(source.name)](situation)
            return TypedValue(sql("{} IS NOT NULL", number), number=sql("CAST({} AS DOUBLE PRECISION)", number))
        case Origin.CONTEXTUAL:
            raise UndecidableTribe(source.path)
        case Origin.DATA:
            return _in_data(source.steps, situation.dialect)


def _attribute(name: str, dialect: Dialect) -> TypedValue:
    attributes = "persons.attributes"
    return TypedValue(
        dialect.has_key(attributes, name),
        dialect.json_text(attributes, name),
        dialect.json_number(attributes, name),
        dialect.json_boolean(attributes, name),
        dialect.json_integer("persons.dates", name),
    )


def _in_data(steps: Sequence[str], dialect: Dialect) -> TypedValue:
    """Return the value at the end of a path into the data of an event."""
    paths = PATHS[dialect.name]
    return TypedValue(paths.is_there(DATA, steps), paths.text(DATA, steps), paths.number(DATA, steps))


def _count_of_sessions(situation: CompileContext) -> SqlFragment:
    began = _within(SqlFragment("sessions.started"), window_of_sessions(situation.now))
    return _compile_count("sessions", began, situation.most_sessions)


def _compile_count(table: str, condition: SqlFragment, most: int | None) -> SqlFragment:
    """Return the number of rows of the person, up to a limit."""
    rows = f"FROM {table} WHERE {_of_the_person(table)} AND {{}}"
    if most is None:
        return sql(f"(SELECT count(*) {rows})", condition)
    return sql(f"(SELECT count(*) FROM (SELECT 1 AS one {rows} LIMIT {{}}) AS counted)", condition, most)  # noqa: S608 - names of ours


def _days_since_seen(situation: CompileContext) -> SqlFragment:
    """Return the equivalent of `time_windows.days_since`: a division of non-negative integers."""
    tomorrow = start_of_day(situation.now) + DAY
    seen = SqlFragment("persons.last_seen")
    return sql(f"(CASE WHEN {{}} >= {{}} THEN 0 ELSE ({{}} - {{}}) / {DAY} END)", seen, tomorrow, tomorrow - 1, seen)


BEHAVIOURS: Mapping[Behaviour, Callable[[CompileContext], SqlFragment]] = {
    Behaviour.SESSIONS_30_DAYS: _count_of_sessions,
    Behaviour.DAYS_SINCE_SEEN: _days_since_seen,
}


def _of_the_person(table: str) -> str:
    return f"{table}.environment_id = persons.environment_id AND {table}.person_id = persons.person_id"


def _count_of_events(question: EventCountQuery, situation: CompileContext, most: int | None) -> SqlFragment:
    return _compile_count("events", join_conditions("AND", _of_question(question, situation)), most)


def _of_question(question: EventCountQuery, situation: CompileContext) -> Iterator[SqlFragment]:
    """Return the conditions on an event that counts."""
    window = window_of_timeframe(question.timeframe, situation.now, retention_ms=situation.retention_ms)
    yield sql("events.name = {}", question.name)
    yield _within(SqlFragment("events.happened"), window)
    yield from _within_event(question, situation)


def _within_event(question: EventCountQuery, situation: CompileContext) -> Iterator[SqlFragment]:
    """Return the conditions on metadata and data, in their order in the count of events."""
    for key, value in question.metadata:
        yield sql("{} = {}", situation.dialect.json_text("events.metadata", key), value)
    for comparison in question.data:
        yield _certain(_compile_comparison(comparison, situation), comparison)


# How it is compared

Compile = Callable[[TypedValue, Comparison, CompileContext], SqlFragment]

NEGATIONS: Mapping[Operator, Operator] = {
    Operator.NOT_EXISTS: Operator.EXISTS,
    Operator.NOT_EQUALS: Operator.EQUALS,
    Operator.NOT_IN: Operator.IN,
    Operator.NOT_CONTAINS: Operator.CONTAINS,
}


def _exists(subject: TypedValue, _comparison: Comparison, _situation: CompileContext) -> SqlFragment:
    return subject.is_there


def _is_one_of(subject: TypedValue, comparison: Comparison, situation: CompileContext) -> SqlFragment:
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


def _among(subject: SqlFragment, values: Sequence[str | int | float]) -> SqlFragment | None:
    return sql("{} IN ({})", subject, comma_separated(values)) if values and subject != NOTHING else None


def _is_at_one_of(subject: TypedValue, values: Sequence[Scalar]) -> SqlFragment:
    written = [read_moment(value) for value in values if isinstance(value, str)]
    return _any(_within(subject.moment, Window(one.starts, one.ends)) for one in written if one is not None)


def _any(conditions: Iterable[SqlFragment]) -> SqlFragment:
    alternatives = list(conditions)
    return join_conditions("OR", alternatives) if alternatives else NOBODY


def _of_text(compare: Callable[[Dialect, SqlFragment, str], SqlFragment]) -> Compile:
    def condition(subject: TypedValue, comparison: Comparison, situation: CompileContext) -> SqlFragment:
        part = str(comparison.values[0])
        return NOBODY if subject.text == NOTHING else compare(situation.dialect, subject.text, part)

    return condition


def _of_number(template: str) -> Compile:
    def condition(subject: TypedValue, comparison: Comparison, _situation: CompileContext) -> SqlFragment:
        numbers = [number_in(value) for value in comparison.values]
        return NOBODY if subject.number == NOTHING or None in numbers else sql(template, subject.number, *numbers)

    return condition


def _in_window(subject: TypedValue, comparison: Comparison, situation: CompileContext) -> SqlFragment:
    return _within(subject.moment, WINDOWS[comparison.operator](comparison, situation.now))


def _within(moment: SqlFragment, window: Window) -> SqlFragment:
    bounds = [sql(f"{{}} {sign} {{}}", moment, bound) for sign, bound in _bounds(window)]
    return NOBODY if moment == NOTHING else join_conditions("AND", bounds or [sql("{} IS NOT NULL", moment)])


def _bounds(window: Window) -> Iterator[tuple[str, int]]:
    if window.starts is not None:
        yield ">=", window.starts
    if window.ends is not None:
        yield "<", window.ends


def _between(subject: TypedValue, comparison: Comparison, situation: CompileContext) -> SqlFragment:
    compare = _in_window if comparison.moments else NUMBERS_BETWEEN
    return compare(subject, comparison, situation)


def _of_version(template: str) -> Compile:
    def condition(subject: TypedValue, comparison: Comparison, _situation: CompileContext) -> SqlFragment:
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
"""The SQL of each operator that is not the negation of another."""


# Of one person


class FactsQuery:
    """The evaluator's input columns for one person, compiled once: only the times change between queries.

    `FACTS`, the number of sessions, and a count for each event question in its order.
    """

    def __init__(self, questions: CountQueries, dialect: str) -> None:
        self.questions = questions
        at_no_time = CompileContext(DIALECTS[dialect], 0, 0, questions.most_sessions)
        sessions = _count_of_sessions(at_no_time) if questions.sessions else SqlFragment("0")
        most_events = questions.most_events or [None] * len(questions.events)
        asked = [*zip(questions.events, most_events, strict=True)]
        counts = [_count_of_events(question, at_no_time, most) for question, most in asked]
        columns = [SqlFragment(f"persons.{name}") for name in FACTS]
        self.columns = at_no_time.dialect.finished(comma_separated([*columns, sessions, *counts])).text
        self._events = [
            (question, (*comma_separated(_within_event(question, at_no_time)).parameters, *_if_given(most)))
            for question, most in asked
        ]

    def parameters(self, *, now: int, retention_ms: int) -> tuple[Parameter, ...]:
        """Return the parameters of the columns at a time."""
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


def compile_facts(questions: CountQueries, dialect: str, *, now: int, retention_ms: int) -> CompiledSql:
    """Return the evaluator's input columns for one person: `FACTS`, the sessions, each event question in order."""
    query = FactsQuery(questions, dialect)
    return CompiledSql(query.columns, query.parameters(now=now, retention_ms=retention_ms))
