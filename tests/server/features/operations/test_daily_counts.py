"""Days are closed once, with the numbers that plain Python counts; what cannot be known is left out."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Table, delete, event, select

from templates_server.__main__ import main
from templates_server.errors import Unavailable
from templates_server.features.operations.daily_counts import job, store
from templates_server.features.operations.daily_counts.job import DailyCountJob
from templates_server.features.operations.retention_store import hold_purge_lock
from templates_server.features.spaces import store as spaces_store
from templates_server.features.tribes import store as tribes_store
from templates_server.primitives.revisions import to_json
from templates_server.primitives.timestamps import DAY, HOUR, MINUTE
from templates_server.settings import sqlite_url
from templates_server.storage import migrations, tables
from templates_server.storage.database import DAYS_LOCK, Database
from templates_server.storage.factory import open_database
from tests.people import add_organization, unique
from tests.servers import running_server
from tests.unhandled_exceptions import UNHANDLED

TODAY = 1_795_000_000_000 // DAY * DAY
NOW = TODAY + MINUTE
YESTERDAY = TODAY - DAY
NUMBERS = itertools.count()
EVERYBODY = {"name": "x", "category": "x", "audience": "all", "match": "all", "filters": []}
CONTEXTUAL = {**EVERYBODY, "filters": [{"contextual": "fields.cart", "operator": "exists"}]}
UNREADABLE = {**EVERYBODY, "match": "none"}


@pytest.fixture
def database(fresh_database_url: str) -> Iterator[Database]:
    database = open_database(fresh_database_url)
    migrations.upgrade(database)
    yield database
    database.close()


@dataclass(frozen=True)
class Place:
    """A Space and its production."""

    database: Database
    space_id: str
    environment_id: str

    def insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Store rows of the environment."""
        whole = [{"environment_id": self.environment_id, **row} for row in rows]
        self.database.write_sync(lambda connection: connection.execute(table.insert(), whole) if whole else None)

    def add_people(self, seen: Mapping[str, int | None]) -> None:
        """People who were last seen at these times."""
        rows = [
            {"person_id": name, "kind": "user", "called": name, "created": 1, "updated": 1, "share_number": 1}
            | {"last_seen": at}
            for name, at in seen.items()
        ]
        self.insert(tables.persons, rows)

    def add_sessions(self, started: Sequence[tuple[str, int]]) -> None:
        """Sessions of people, by when they began."""
        self.insert(
            tables.sessions,
            [{"person_id": who, "session_id": f"s{next(NUMBERS)}", "started": at} for who, at in started],
        )

    def add_events(self, received: Sequence[tuple[str, int]]) -> None:
        """Events of people, by when they arrived; they happened long before."""
        rows = [
            {"person_id": who, "event_id": f"e{next(NUMBERS)}", "name": "a/b", "happened": at - 5 * DAY, "received": at}
            for who, at in received
        ]
        self.insert(tables.events, rows)

    def add_tribes(self, tribes: Mapping[str, Any]) -> None:
        """The tribes of the Space."""
        document = {"space": "x", "tribes": tribes}
        row = {"space_id": self.space_id, "revision": 1, "document": to_json(document), "created": 1}

        def work(connection: Connection) -> None:
            connection.execute(tables.tribe_revisions.insert(), row | {"created_by": "x"})
            of_it = tables.spaces.c.id == self.space_id
            connection.execute(tables.spaces.update().where(of_it).values(tribes_revision=1))

        self.database.write_sync(work)

    def closed(self) -> dict[int, tuple[int | None, ...]]:
        """The counts of each day that is closed, by how many days ago it was."""
        columns = tables.daily_counts.c
        query = select(columns.day, columns.active_1, columns.active_7, columns.active_30, columns.active_90)
        query = query.add_columns(columns.sessions, columns.events)
        query = query.where(columns.environment_id == self.environment_id)
        rows = self.database.read_sync(lambda connection: connection.execute(query).all())
        return {(TODAY - row[0]) // DAY: tuple(row[1:]) for row in rows}

    def sizes(self) -> dict[str, int]:
        """How many people each tribe had yesterday."""
        columns = tables.tribe_sizes.c
        query = select(columns.tribe, columns.people)
        query = query.where(columns.environment_id == self.environment_id, columns.day == YESTERDAY)
        return {
            row.tribe: row.people for row in self.database.read_sync(lambda connection: connection.execute(query).all())
        }


def new_place(database: Database, *, created: int = TODAY - 1000 * DAY) -> Place:
    """A new Space, as if it had been created then."""
    organization, key = add_organization(database), unique("space")
    database.write_sync(
        lambda connection: spaces_store.create_space(connection, organization.id, key=key, name="x", now=created)
    )
    query = (
        select(tables.spaces.c.id, tables.environments.c.id)
        .join_from(tables.spaces, tables.environments)
        .where(tables.spaces.c.key == key, tables.environments.c.name == "production")
    )
    space_id, environment_id = database.read_sync(lambda connection: connection.execute(query).one())
    return Place(database, space_id, environment_id)


def close(database: Database, now: int = NOW, *, days: int = 30) -> None:
    """Look once, at a time."""
    DailyCountJob(database, lambda: now, keep_events_days=days).close()


def test_a_day_that_ended_is_counted_by_when_people_were_seen_and_what_began_and_arrived(database: Database) -> None:
    place = new_place(database)
    seen = {"never": None, "just": TODAY - 1, "day": YESTERDAY, "week": TODAY - 7 * DAY, "month": TODAY - 30 * DAY}
    place.add_people({**seen, "before": TODAY - 7 * DAY - 1, "quarter": TODAY - 90 * DAY, "gone": TODAY - 90 * DAY - 1})
    place.add_sessions([("just", TODAY - 1), ("day", YESTERDAY), ("day", YESTERDAY - 1), ("x", TODAY)])
    place.add_events([("just", TODAY - 1), ("just", TODAY - 2), ("x", YESTERDAY), ("x", TODAY)])
    close(database)
    assert place.closed()[1] == (2, 3, 5, 6, 2, 3)
    assert place.closed()[2] == (None, None, None, None, 1, 0)


def test_who_comes_again_before_the_count_counts_where_they_were_there_before(database: Database) -> None:
    place = new_place(database)
    place.add_people(dict.fromkeys(("new", "began", "sent", "both", "week"), TODAY + 1))
    place.add_sessions([(who, TODAY + 1) for who in ("new", "began", "sent", "both", "week")])
    place.add_sessions([("began", YESTERDAY), ("both", YESTERDAY), ("week", TODAY - 5 * DAY)])
    place.add_events([("sent", TODAY - 1), ("both", TODAY - 1)])
    new_place(database).add_sessions([("new", YESTERDAY)])
    close(database)
    assert place.closed()[1][:4] == (3, 4, 4, 4)


TIMES = st.integers(-100 * 24 * 4, 4).map(lambda quarters: TODAY + quarters * HOUR // 4)
PERSON = st.sampled_from(["per_a", "per_b", "per_c", "per_d", "per_e"])
HISTORIES = st.fixed_dictionaries(
    {
        "people": st.dictionaries(PERSON, st.one_of(st.none(), TIMES)),
        "sessions": st.lists(st.tuples(PERSON, TIMES), max_size=20),
        "events": st.lists(st.tuples(PERSON, TIMES), max_size=20),
    }
)


def expected(history: Mapping[str, Any], days_ago: int) -> tuple[int | None, ...]:
    """The counts of a day in plain Python."""
    end = TODAY - (days_ago - 1) * DAY
    times: dict[str, list[int]] = {}
    for who, seen in history["people"].items():
        moments = [] if seen is None else [seen]
        if seen is not None and seen >= TODAY:
            moments = [at for kind in ("sessions", "events") for one, at in history[kind] if one == who]
        times[who] = [at for at in moments if at < TODAY]
    active = [sum(any(at >= TODAY - days * DAY for at in found) for found in times.values()) for days in (1, 7, 30, 90)]
    sessions, events = (sum(end - DAY <= at < end for _, at in history[kind]) for kind in ("sessions", "events"))
    return (*(active if days_ago == 1 else [None] * 4), sessions, events if days_ago <= 29 else None)


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HISTORIES)
def test_the_counts_are_those_of_plain_python(database: Database, history: Mapping[str, Any]) -> None:
    def empty(connection: Connection) -> None:
        for table in (tables.persons, tables.sessions, tables.events, tables.spaces):
            connection.execute(delete(table))

    database.write_sync(empty)
    places = [new_place(database), new_place(database)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job, "ROWS_AT_ONCE", 3)
        patch.setattr(job, "DAYS_AT_ONCE", 7)
        for place in places:
            place.add_people(history["people"])
            place.add_sessions(history["sessions"])
            place.add_events(history["events"])
        close(database)
    for place in places:
        assert place.closed() == {days: expected(history, days) for days in range(1, 31)}


def test_days_without_a_server_are_made_up_for_as_far_as_everything_is_kept(database: Database) -> None:
    place = new_place(database)
    place.add_people({"x": YESTERDAY})
    place.add_sessions([("x", TODAY - days * DAY) for days in range(1, 40)])
    place.add_events([("x", TODAY - days * DAY) for days in range(1, 40)])
    close(database, TODAY - 4 * DAY + MINUTE, days=5)
    assert {days for days in place.closed() if days > 4} == set(range(5, 35))
    close(database, days=5)
    closed = place.closed()
    assert [closed[days] for days in (2, 3, 4)] == [(None, None, None, None, 1, 1)] * 3
    assert closed[1] == (1, 1, 1, 1, 1, 1)
    assert closed[10][-2:] == (1, None)
    assert set(closed) == set(range(1, 35))


def test_people_are_not_counted_for_a_day_that_ended_long_ago(database: Database) -> None:
    place = new_place(database)
    place.add_people({"x": YESTERDAY})
    place.add_tribes({"all": EVERYBODY})
    close(database, TODAY + job.KNOWN_FOR)
    assert place.closed()[1] == (None, None, None, None, 0, 0)
    assert place.sizes() == {}


def test_a_space_has_no_days_from_before_it_was_there(database: Database) -> None:
    place, young = new_place(database, created=TODAY - 2 * DAY - 1), new_place(database, created=TODAY)
    close(database)
    assert sorted(place.closed()) == [1, 2, 3]
    assert young.closed() == {}


def test_a_day_is_closed_once_and_what_comes_later_changes_nothing(database: Database) -> None:
    place = new_place(database)
    place.add_tribes({"all": EVERYBODY})
    place.add_people({"x": YESTERDAY})
    close(database)
    closed, sizes = place.closed(), place.sizes()
    place.add_people({"y": YESTERDAY})
    place.add_sessions([("y", YESTERDAY)])
    close(database, NOW + MINUTE)
    assert (place.closed(), place.sizes()) == (closed, sizes)
    store_again = store.DayCounts(place.environment_id, YESTERDAY, [9] * 4, 9, 9)
    size = store.TribeSize(place.environment_id, "all", YESTERDAY, 9)
    database.write_sync(lambda connection: store.close_days(connection, [store_again], now=NOW))
    database.write_sync(lambda connection: store.keep_size(connection, size, now=NOW))
    assert (place.closed(), place.sizes()) == (closed, sizes)


def test_what_a_clock_closed_that_was_ahead_is_counted_again(database: Database) -> None:
    place = new_place(database)
    place.add_tribes({"all": EVERYBODY})
    close(database, YESTERDAY + 12 * HOUR + 20 * DAY)
    place.add_people({"x": YESTERDAY})
    place.add_sessions([("x", YESTERDAY)])
    close(database)
    assert place.closed()[1] == (1, 1, 1, 1, 1, 0)
    assert place.sizes() == {"all": 1}


def test_of_two_processes_one_counts(postgres_url: str) -> None:
    one, other = open_database(postgres_url), open_database(postgres_url)
    migrations.upgrade(one)
    place = new_place(one)
    closings = [DailyCountJob(each, lambda: NOW, keep_events_days=30) for each in (one, other)]
    with hold_purge_lock(one, DAYS_LOCK) as is_alone:
        assert is_alone
        with hold_purge_lock(other) as is_purging:
            assert is_purging
        closings[1].close()
        assert place.closed() == {}
    inserted: list[str] = []
    for each in (one, other):
        event.listen(each.engine, "before_cursor_execute", lambda *said: inserted.append(said[2]))
    threads = [threading.Thread(target=each.close) for each in closings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    closings[0].close()
    closings[1].close()
    assert sorted(place.closed()) == list(range(1, 31))
    assert len([text for text in inserted if text.startswith("INSERT INTO daily_counts")]) == 1
    one.close()
    other.close()


def test_the_size_of_every_tribe_is_counted_but_of_those_that_only_a_session_knows(database: Database) -> None:
    place, other = new_place(database), new_place(database, created=TODAY)
    for one in (place, other):
        one.add_people({"a": 1, "b": None, "c": NOW})
        one.add_tribes({"all": EVERYBODY, "visitors": {**EVERYBODY, "audience": "visitors"}, "cart": CONTEXTUAL})
    close(database)
    assert place.sizes() == {"all": 3, "visitors": 0}
    assert other.sizes() == {}


def test_a_tribe_that_cannot_be_counted_leaves_out_no_other(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = new_place(database)
    place.add_people({"a": 1})
    place.add_tribes({"a": EVERYBODY, "b": UNREADABLE, "c": {**EVERYBODY, "audience": "users"}, "d": EVERYBODY})
    count = tribes_store.count_people

    def fails(connection: Connection, at: Any, tribe: Any) -> int:
        if tribe.key == "c":
            raise ZeroDivisionError("a bug")
        return count(connection, at, tribe)

    monkeypatch.setattr(tribes_store, "count_people", fails)
    close(database)
    assert place.sizes() == {"a": 1, "d": 1}
    assert len(UNHANDLED.take()) == 6  # two tribes in three environments


def test_what_was_interrupted_goes_on_where_it_stopped(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    place = new_place(database)
    place.add_people({"a": 1})
    place.add_tribes({f"tribe-{number}": EVERYBODY for number in range(4)})
    counted: list[str] = []
    count = tribes_store.count_people

    def goes_away(connection: Connection, at: Any, tribe: Any) -> int:
        if len(counted) == 2:
            counted.append("")
            raise Unavailable("The database is away.")
        counted.append(f"{at.environment_id} {tribe.key}")
        return count(connection, at, tribe)

    monkeypatch.setattr(tribes_store, "count_people", goes_away)
    running = DailyCountJob(database, lambda: NOW, keep_events_days=30)
    with pytest.raises(Unavailable):
        running.close()
    assert 1 in place.closed()
    running.close()
    assert len(counted) == len(set(counted)) == 3 * 4 + 1
    assert set(place.sizes()) == {f"tribe-{number}" for number in range(4)}


def test_counts_are_kept_for_400_days_and_then_removed(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "ROWS_A_STEP", 3)
    place = new_place(database)
    days = [TODAY - number * DAY for number in (1, 399, 400, 401, 402, 403, 404, 405, 900)]
    place.insert(tables.daily_counts, [{"day": day, "counted": 1} for day in days])
    place.insert(tables.tribe_sizes, [{"tribe": "x", "day": day, "people": 1, "counted": 1} for day in days])
    close(database)
    assert sorted(days_ago for days_ago in place.closed() if days_ago > 40) == [399, 400]
    kept = database.read_sync(lambda connection: connection.execute(select(tables.tribe_sizes.c.day)).scalars().all())
    assert sorted((TODAY - day) // DAY for day in kept) == [1, 399, 400]


def test_nothing_is_kept_of_a_space_that_was_deleted_meanwhile(database: Database) -> None:
    size = store.TribeSize("env_gone", "all", YESTERDAY, 9)
    counts = store.DayCounts("env_gone", YESTERDAY, [9] * 4, 9, 9)
    database.write_sync(lambda connection: store.close_days(connection, [counts], now=NOW))
    database.write_sync(lambda connection: store.keep_size(connection, size, now=NOW))
    for table in (tables.daily_counts, tables.tribe_sizes):
        assert database.read_sync(lambda connection, table=table: connection.execute(select(table)).all()) == []  # type: ignore[misc]


def test_a_backup_has_the_counts(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    with running_server(first, clock=lambda: NOW) as server:
        place = new_place(server.database)
        place.add_people({"a": YESTERDAY})
        place.add_tribes({"all": EVERYBODY})
        close(server.database)
        closed, sizes = place.closed(), place.sizes()
        assert main(["backup", str(tmp_path / "b.tar.zst"), "--data", str(first)]) == 0
    assert main(["restore", str(tmp_path / "b.tar.zst"), "--data", str(second)]) == 0
    database = open_database(sqlite_url(second))
    restored = replace(place, database=database)
    assert (restored.closed(), restored.sizes()) == (closed, sizes) != ({}, {})
    database.close()


def wait_for(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_bad_day_is_logged_and_the_next_look_goes_on(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "LOOK_AGAIN_SECONDS", 0.05)
    place = new_place(database)
    failures: Iterator[Exception] = iter([Unavailable("The database is away."), ZeroDivisionError("a bug")])
    real = store.next_stretch

    def fails(*given: Any, **named: Any) -> store.ScanRange:
        failure = next(failures, None)
        if failure is not None:
            raise failure
        return real(*given, **named)

    monkeypatch.setattr(store, "next_stretch", fails)
    running = DailyCountJob(database, lambda: NOW, keep_events_days=30)
    running.start()
    wait_for(lambda: 1 in place.closed())
    asyncio.run(running.finish())
    assert len(UNHANDLED.take()) == 1


def test_a_server_stops_in_the_midst_of_it(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "ROWS_AT_ONCE", 1)
    place = new_place(database)
    place.add_events([("x", YESTERDAY)] * 3000)
    running = DailyCountJob(database, lambda: NOW, keep_events_days=30)
    running.start()
    time.sleep(0.1)
    began = time.monotonic()
    asyncio.run(running.finish())
    assert time.monotonic() - began < 5
    assert place.closed() == {}
    monkeypatch.setattr(job, "ROWS_AT_ONCE", 1000)
    close(database)
    assert place.closed()[1][-1] == 3000
