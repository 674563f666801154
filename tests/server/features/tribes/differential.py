"""Many rules over many people, decided four ways: by the oracle, the evaluator, SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from templates_server.features.people.app_versions import key_of
from templates_server.features.people.identity import PersonKind, make_person_ref
from templates_server.features.people.profile import COLUMNS, Profile, dates_of, merge_attributes, to_columns
from templates_server.features.tribes import compiler, facts, model
from templates_server.features.tribes.evaluator import PersonFacts, TribeOutcome, decide_tribe, evaluate
from templates_server.features.tribes.parser import read_tribe
from templates_server.features.tribes.sql_fragments import CompiledSql
from templates_server.storage import migrations
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database
from templates_server.storage.tables import events, persons, sessions
from tests import statements
from tests.server.features.tribes.oracle import EPOCH, MILLISECOND, History, count_of_events, is_member
from tests.server.features.tribes.oracle import behaviour as oracle_behaviour
from tests.server.features.tribes.strategies import KEPT

ENVIRONMENT = "env_of_the_test"
OTHER_ENVIRONMENT = "env_of_others"
RETENTION_MS = KEPT // MILLISECOND
OUTCOMES = {True: TribeOutcome.MATCHED, False: TribeOutcome.NOT_MATCHED, None: TribeOutcome.UNKNOWN}


def milliseconds(moment: datetime | None) -> Any:
    return None if moment is None else (moment - EPOCH) // MILLISECOND


@dataclass(frozen=True)
class DifferentialCase:
    """A tribe at a time, as its document and as rules, and who is in it."""

    document: Mapping[str, Any]
    tribe: model.TribeDefinition
    now: datetime
    expected: Sequence[bool | None]  # of each of the people
    facts: Sequence[PersonFacts]  # of each of the people, in a session

    @classmethod
    def from_document(cls, document: Mapping[str, Any], now: datetime, people: Sequence[History]) -> DifferentialCase:
        tribe = read_tribe(document, key="x")
        expected = [is_member(document, person, now, kept=KEPT) for person in people]
        return cls(document, tribe, now, expected, [facts_of(person, document, tribe, now) for person in people])


@dataclass(frozen=True)
class Disagreement:
    """Who decided otherwise than the oracle, about whom."""

    who: str
    asked: DifferentialCase
    person: History
    expected: bool | None


def profile_of(person: History) -> Profile:
    joined = None if person.joined is None else (person.joined - EPOCH.date()) // timedelta(days=1) * 86_400_000
    return Profile(
        person.email,
        None,
        person.timezone,
        person.locale,
        joined,
        person.tags,
        merge_attributes({}, person.attributes),
    )


def name_of(person: History) -> Any:
    return make_person_ref(PersonKind(person.kind), f"p{person.number}")


def store(database: Database, people: Sequence[History]) -> None:
    """All that is known of these people; in another environment there are others with the same names."""
    migrations.upgrade(database)

    def work(connection: Connection) -> None:
        for environment in (ENVIRONMENT, OTHER_ENVIRONMENT):
            for table, rows in _rows(people, environment).items():
                if rows:
                    connection.execute(table.insert(), rows)

    database.write_sync(work)


def _rows(people: Sequence[History], environment: str) -> Mapping[Any, list[dict[str, Any]]]:
    found: dict[Any, list[dict[str, Any]]] = {persons: [], events: [], sessions: []}
    for person in people:
        key = {"environment_id": environment, "person_id": name_of(person).person_id}
        found[persons].append({**key, **_person_row(person)})
        found[events] += [{**key, **row} for row in _event_rows(person)]
        found[sessions] += [
            {**key, "session_id": f"s{number}", "started": milliseconds(began)}
            for number, began in enumerate(person.sessions)
        ]
    return found


def _person_row(person: History) -> dict[str, Any]:
    return {
        "kind": person.kind,
        "called": f"p{person.number}",
        **{name: milliseconds(getattr(person, name)) for name in ("created", "first_seen", "last_seen")},
        "updated": milliseconds(person.created),
        "device_os": person.os,
        "device_model": person.model,
        "app_platform": person.platform,
        "app_version": key_of(person.app_version),
        "os_version": key_of(person.os_version),
        "share_number": person.share_number,
        **dict(zip(COLUMNS, to_columns(profile_of(person)), strict=True)),
    }


def _event_rows(person: History) -> list[dict[str, Any]]:
    return [
        {
            "event_id": f"e{number}",
            "name": event.name,
            "metadata": _encoded(event.metadata),
            "data": event.data,
            "happened": milliseconds(event.at),
            "received": milliseconds(event.at),
        }
        for number, event in enumerate(person.events)
    ]


def _encoded(metadata: Mapping[str, str] | None) -> str | None:
    return msgspec.json.encode(metadata, order="deterministic").decode() if metadata else None


def facts_of(person: History, document: Mapping[str, Any], tribe: model.TribeDefinition, now: datetime) -> PersonFacts:
    """What the evaluator is told; counts are the oracle's."""
    profile = profile_of(person)
    counts_sessions = model.collect_queries([tribe]).sessions
    return PersonFacts(
        PersonKind(person.kind),
        **{name: milliseconds(getattr(person, name)) for name in ("created", "first_seen", "last_seen")},
        share_number=person.share_number,
        joined=profile.joined,
        email=person.email,
        locale=person.locale,
        timezone=person.timezone,
        device_os=person.os,
        device_model=person.model,
        app_platform=person.platform,
        app_version=key_of(person.app_version),
        device_os_version=key_of(person.os_version),
        tags=person.tags,
        attributes=profile.attributes,
        dates=dates_of(profile.attributes),
        fields=person.fields,
        sessions_30_days=(oracle_behaviour("sessions_30_days", person, now) or 0) if counts_sessions else 0,
        events={
            each.question: count_of_events(rule, person, now, kept=KEPT)
            for rule, each in zip(document["filters"], tribe.filters, strict=True)
            if isinstance(each, model.EventFilter)
        },
    )


def find_disagreements(
    asked: Sequence[DifferentialCase],
    people: Sequence[History],
    databases: Sequence[Database] = (),
    *,
    evaluator: bool = True,
) -> Iterator[Disagreement]:
    """Everything that is decided otherwise than by the oracle, as it is found."""
    for one in asked:
        if evaluator:
            yield from _of_evaluator(one, people)
        for database in databases:
            yield from _of_sql(one, people, database)


def _of_evaluator(asked: DifferentialCase, people: Sequence[History]) -> Iterator[Disagreement]:
    now = milliseconds(asked.now)
    for person, expected, known in zip(people, asked.expected, asked.facts, strict=True):
        outcome, verdict = decide_tribe(asked.tribe, known, now), evaluate(asked.tribe, known, now)
        if not OUTCOMES[expected] == outcome == verdict.outcome:
            yield Disagreement("the evaluator", asked, person, expected)


def _of_sql(asked: DifferentialCase, people: Sequence[History], database: Database) -> Iterator[Disagreement]:
    if model.collect_queries([asked.tribe]) != model.CountQueries():
        yield from _of_facts(asked, people, database)
    if asked.tribe.is_contextual:
        return
    for make in (compiler.compile_tribe, compiler.compile_tribe_of_few):
        members = _found(database, asked, make)
        for person, expected in zip(people, asked.expected, strict=True):
            if (name_of(person).person_id in members) is not expected:
                yield Disagreement(f"{make.__name__} on {database.dialect}", asked, person, expected)


def _of_facts(asked: DifferentialCase, people: Sequence[History], database: Database) -> Iterator[Disagreement]:
    loaded = stored_facts(database, asked, people)
    questions = model.collect_queries([asked.tribe])
    for person, known, found in zip(people, asked.facts, loaded, strict=True):
        if repr(found) != repr(_as_counted(replace(known, fields=None), questions)):
            yield Disagreement(f"facts from {database.dialect}", asked, person, None)


def _as_counted(known: PersonFacts, questions: model.CountQueries) -> PersonFacts:
    """What is known when counting ends where the tribe is decided."""
    most = dict(zip(questions.events, questions.most_events, strict=True))
    sessions = known.sessions_30_days
    return replace(
        known,
        sessions_30_days=sessions if questions.most_sessions is None else min(sessions, questions.most_sessions),
        events={question: min(count, most[question]) for question, count in known.events.items()},
    )


def _found(database: Database, asked: DifferentialCase, make: Callable[..., CompiledSql]) -> set[str]:
    where, parameters = make(
        asked.tribe,
        database.dialect,
        now=milliseconds(asked.now),
        retention_ms=RETENTION_MS,
        environment_id=ENVIRONMENT,
    )
    query = f"SELECT person_id FROM persons WHERE {where}"  # noqa: S608 - what is tested
    return set(database.read_sync(lambda connection: connection.exec_driver_sql(query, parameters).scalars().all()))


def stored_facts(database: Database, asked: DifferentialCase, people: Sequence[History]) -> list[PersonFacts]:
    """The facts of everybody, as the database gives them."""
    questions = model.collect_queries([asked.tribe])
    columns, parameters = compiler.compile_facts(
        questions, database.dialect, now=milliseconds(asked.now), retention_ms=RETENTION_MS
    )
    query = f"SELECT {columns}, person_id FROM persons WHERE environment_id = '{ENVIRONMENT}'"  # noqa: S608 - as above
    with statements.apart():  # of everybody at once, which no server asks
        rows = database.read_sync(lambda connection: connection.exec_driver_sql(query, parameters).all())
    by_id = {row[-1]: facts.read_facts(row[:-1], questions) for row in rows}
    return [by_id[name_of(person).person_id] for person in people]


def open_with_people(url: str, people: Sequence[History]) -> Database:
    """A database with these people in it."""
    database = open_database(url)
    store(database, people)
    return database
