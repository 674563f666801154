"""What is kept of one person has limits: beyond them is refused, and below them nothing is lost or takes long."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any
from unittest.mock import Mock

import pytest
from sqlalchemy import Connection, select, update

from templates_server.features.events import person_limit
from templates_server.features.events import store as events_store
from templates_server.features.events.parser import read_events
from templates_server.features.events.person_limit import MOST_UNITS, TOO_MANY, UNIT_BYTES, RecentCounts
from templates_server.features.events.store import EVENTS, EventBatch, add_events
from templates_server.features.operations.retention_job import RetentionJob
from templates_server.features.people import sighting_store as persons_store
from templates_server.features.people.devices.store import MOST_DEVICES
from templates_server.features.people.erasure_store import ROWS_A_STEP
from templates_server.features.people.identity import ClaimedIdentity, PersonKind, PersonRef, make_person_ref
from templates_server.features.people.merge_store import VisitorMerge
from templates_server.features.people.sighting_store import MOST_MOVED_AT_ONCE, Sighting, record_and_merge
from templates_server.features.sessions.app_report import NO_REPORT
from templates_server.features.sessions.store import MOST_SESSIONS, SESSIONS
from templates_server.primitives.timestamps import DAY, system_clock
from templates_server.storage import tables
from templates_server.storage.bulk import write_all
from tests.people import add_organization, add_person, add_space
from tests.server.client.app_of_tests import DEVICE, App

VISITOR, USER = {"anonymous_id": "v"}, {"external_id": "u"}
LONGEST_MOVE_SECONDS = 0.25


def person(who: dict[str, str]) -> PersonRef:
    kind = PersonKind.VISITOR if "anonymous_id" in who else PersonKind.USER
    return make_person_ref(kind, next(iter(who.values())))


def event(event_id: str | None = None, data: Any = None, **who: str) -> dict[str, Any]:
    return {"name": "video/completed", "id": event_id, "data": data, **who}


def fill(app: App, count: int, who: dict[str, str], *, data: str | None = None, happened: int | None = None) -> None:
    """So many events of a person, straight into the table: they were stored by a version that did not count them."""
    app.tell("identify", who)
    at, whose = happened or system_clock(), (app.environment.id, person(who).person_id)
    rows = [(*whose, f"old-{number:06}", "a/b", None, None, data, None, at, at) for number in range(count)]
    persons = tables.persons
    uncounted = update(persons).where(persons.c.environment_id == whose[0], persons.c.person_id == whose[1])

    def store(connection: Connection) -> None:
        write_all(connection, EVENTS, rows)
        connection.execute(uncounted.values(event_units=None))

    app.server.database.write_sync(store)


def count_events(app: App, who: dict[str, str]) -> int:
    events = tables.events.c
    query = select(events.event_id).where(
        events.environment_id == app.environment.id, events.person_id == person(who).person_id
    )
    return len(app.server.database.read_sync(lambda connection: connection.execute(query).all()))


def refused_at(app: App, events: list[Any]) -> str:
    """The place of the event because of which all of them are refused."""
    answer = app.say("events", events)
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert error["message"] == TOO_MANY
    return str(error["path"])


@pytest.mark.parametrize("who", [VISITOR, USER])
def test_an_event_beyond_the_limit_is_refused_by_its_index(app: App, who: dict[str, str]) -> None:
    fill(app, MOST_UNITS - 2, who)
    assert refused_at(app, [event("n-1", **who), event("n-2", **who), event("n-3", **who)]) == "[2]"
    assert count_events(app, who) == MOST_UNITS - 2
    app.tell("events", [event("n-1", **who), event("n-2", **who)])
    assert refused_at(app, [event("other", external_id="somebody-else"), event(None, **who)]) == "[1]"
    assert count_events(app, {"external_id": "somebody-else"}) == 0
    assert count_events(app, who) == MOST_UNITS


def test_events_that_are_stored_are_accepted_again_at_the_limit(app: App) -> None:
    fill(app, MOST_UNITS - 1, VISITOR)
    batch = [event("old-000007", **VISITOR), event("n-1", **VISITOR), event("n-1", **VISITOR)]
    for _ in range(3):  # as who has lost the answer sends them
        app.tell("events", batch)
    assert count_events(app, VISITOR) == MOST_UNITS


def test_repeated_events_use_no_room(app: App) -> None:
    for _ in range(MOST_UNITS // 1000 + 2):
        app.tell("events", [event(f"same-{number}", **VISITOR) for number in range(1000)])
    assert count_events(app, VISITOR) == 1000
    app.tell("events", [event(f"new-{number}", **VISITOR) for number in range(1000)])
    assert count_events(app, VISITOR) == 2000


def test_a_large_event_counts_once_more_for_each_kibibyte(app: App) -> None:
    large = {"x": "ż" * (7 * UNIT_BYTES // 2)}  # 7 KiB in bytes, and a little for the rest of it
    fill(app, 3, VISITOR, data=json.dumps(large, ensure_ascii=False))
    fill_up = [event(f"s-{number}", **VISITOR) for number in range(1000)]
    for start in range(0, MOST_UNITS - 4 * 8, 1000):
        app.tell("events", [{**one, "id": f"{one['id']}-{start}"} for one in fill_up[: MOST_UNITS - 4 * 8 - start]])
    assert refused_at(app, [event("l-1", large, **VISITOR), event("s", **VISITOR)]) == "[1]"
    app.tell("events", [event("l-1", large, **VISITOR)])
    assert refused_at(app, [event("s", **VISITOR)]) == "[0]"


def test_who_is_full_is_refused_without_counting_again(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    count = Mock(wraps=events_store._count_units)
    monkeypatch.setattr(events_store, "_count_units", count)
    fill(app, MOST_UNITS - 1, VISITOR)
    for _ in range(10):
        assert refused_at(app, [event("n-1", **VISITOR), event("n-2", **VISITOR)]) == "[1]"
    assert count.call_count == 1
    app.tell("events", [event("n-1", **VISITOR), event("old-000001", **VISITOR)])
    for _ in range(10):
        app.tell("events", [event("old-000001", **VISITOR)])
        assert refused_at(app, [event("n-2", **VISITOR)]) == "[0]"
    assert count.call_count <= 4
    assert count_events(app, VISITOR) == MOST_UNITS


def test_counts_are_remembered_for_a_minute_and_not_without_end() -> None:
    now = 1.0
    recent = RecentCounts(lambda: now)
    for number in range(person_limit.MOST_REMEMBERED + 1):
        recent.note(("env", str(number)), 7)
    assert [recent.find(("env", str(number))) for number in (0, 1, person_limit.MOST_REMEMBERED)] == [None, 7, 7]
    recent.note(("env", "1"), 9)
    assert recent.find(("env", "1")) == 9
    now += person_limit.RECENT_SECONDS
    assert recent.find(("env", "1")) is None


def test_events_are_accepted_again_when_older_ones_have_expired(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person_limit, "RECENT_SECONDS", 0.0)  # it takes a minute to be noticed
    fill(app, MOST_UNITS, VISITOR, happened=system_clock() - 31 * DAY)
    assert refused_at(app, [event(**VISITOR)]) == "[0]"
    RetentionJob(app.server.database, system_clock, keep_events_days=30).purge()
    app.tell("events", [event(**VISITOR)])
    assert count_events(app, VISITOR) == 1


def test_a_user_gets_beyond_the_limit_by_merges_alone(app: App) -> None:
    fill(app, MOST_UNITS - 10, USER)
    for name in ("v-1", "v-2"):
        app.tell("events", [event(f"{name}-{number}", anonymous_id=name) for number in range(20)])
        app.tell("alias", {"anonymous_id": name, **USER})
    assert count_events(app, USER) == MOST_UNITS + 30
    assert refused_at(app, [event(**USER)]) == "[0]"
    assert refused_at(app, [event(anonymous_id="v-1")]) == "[0]"
    app.start(**USER, anonymous_id="v-3")


def test_many_writers_at_once_never_exceed_the_limit(app: App) -> None:
    fill(app, MOST_UNITS - 205, USER)
    batches = [[event(f"w-{writer}-{number}", **USER) for number in range(50)] for writer in range(16)]
    with ThreadPoolExecutor(16) as threads:
        statuses = [answer.status_code for answer in threads.map(lambda batch: app.say("events", batch), batches)]
    assert sorted(statuses) == [204] * 4 + [422] * 12
    assert count_events(app, USER) == MOST_UNITS - 5


def test_a_user_with_more_events_than_one_step_removes_is_erased(app: App) -> None:
    admin = add_person(app.server.database, add_organization(app.server.database))
    path = f"/v2/spaces/{add_space(app.server, admin)}/environments/production"
    with admin.client(app.server) as client:
        key = client.post(f"{path}/keys", json={"name": "web"}).json()["data"][0]["key"]
        with app.server.client(Authorization=f"Bearer {key}") as own_client:
            own = App(app.server, replace(app.environment, id=_environment_of(app, key)), own_client)
            fill(own, 2 * ROWS_A_STEP + 7, USER)
            removed = client.delete(f"{path}/users/u").json()["data"][0]["removed"]
            assert (removed["events"], own.rows(tables.events)) == (2 * ROWS_A_STEP + 7, [])
            own.tell("events", [event(**USER)])
            assert count_events(own, USER) == 1


def _environment_of(app: App, key: str) -> str:
    query = select(tables.environment_keys.c.environment_id).where(tables.environment_keys.c.key == key)
    return str(app.server.database.read_sync(lambda connection: connection.execute(query).scalar_one()))


def test_events_that_come_late_move_no_time_back(app: App) -> None:
    app.tell("events", [event("e-1", **USER)])
    seen = app.user("u")["last_seen"]
    body = json.dumps([event("e-2", **USER)]).encode()
    late = EventBatch(app.environment.id, seen - DAY, read_events(body, seen - DAY, max_depth=9))
    app.server.database.write_sync(partial(add_events, arrivals=[late]))
    assert (app.user("u")["last_seen"], app.events_of("u")) == (seen, ["e-1", "e-2"])


# Sessions and devices


def fill_sessions(app: App, count: int, who: dict[str, str]) -> None:
    key = (app.environment.id, person(who).person_id)
    rows = [(*key, f"ses_{number:022}", system_clock(), *NO_REPORT) for number in range(count)]
    app.server.database.write_sync(lambda connection: write_all(connection, SESSIONS, rows))


def test_a_session_beyond_the_limit_of_a_visitor_is_refused(app: App) -> None:
    app.tell("identify", VISITOR)
    fill_sessions(app, MOST_SESSIONS - 1, VISITOR)
    app.start(**VISITOR)
    answer = app.say("sessions", VISITOR)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "anonymous_id")
    app.start(**VISITOR, **USER)  # a merge is no new session of the visitor
    app.start(**VISITOR)
    assert len(app.sessions_of("u")) == MOST_SESSIONS + 2


def test_a_device_beyond_the_limit_of_a_visitor_is_refused(app: App) -> None:
    for number in range(MOST_DEVICES):
        app.tell("devices", {**VISITOR, **DEVICE, "device_id": f"d-{number}"})
    answer = app.say("devices", {**VISITOR, **DEVICE, "device_id": "one-more"})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "device_id")
    app.tell("devices", {**VISITOR, **DEVICE, "device_id": "d-3", "os": "newer"})
    app.tell("alias", {**VISITOR, **USER})
    app.tell("devices", {**VISITOR, **DEVICE, "device_id": "one-more"})
    assert len(app.devices_of("u")) == MOST_DEVICES + 1
    assert app.devices_of("u")["d-3"]["os"] == "newer"


# Moving


@pytest.mark.slow
def test_moving_the_largest_visitor_takes_a_quarter_of_a_second_at_most(app: App) -> None:
    seconds = []
    for number in range(5):
        who = {"anonymous_id": f"large-{number}"}
        fill(app, MOST_UNITS // 2, who, data=json.dumps({"x": "y" * (UNIT_BYTES - 100)}))
        fill_sessions(app, MOST_SESSIONS, who)
        merge = VisitorMerge(app.environment.id, person(who), person(USER), system_clock())
        presence = Sighting(merge.environment_id, ClaimedIdentity(merge.visitor, merge.user), merge.at)
        began = time.process_time()
        app.server.database.write_sync(partial(record_and_merge, presences=[presence]))
        seconds.append(time.process_time() - began)
    assert count_events(app, USER) == 5 * (MOST_UNITS // 2) // 5  # the same ids, each once
    assert min(seconds) < LONGEST_MOVE_SECONDS


def test_one_transaction_moves_so_much_and_leaves_the_rest_for_later(app: App) -> None:
    names = [f"heavy-{number}" for number in range(3)]
    for name in names:
        fill(app, MOST_MOVED_AT_ONCE // 2 + 1, {"anonymous_id": name})
    presences = [
        Sighting(app.environment.id, ClaimedIdentity(person({"anonymous_id": name}), person(USER)), system_clock())
        for name in names
    ]
    found, _ = app.server.database.write_sync(lambda connection: record_and_merge(connection, presences))
    assert found == [person(USER), person(USER), None]
    assert {row["called"] for row in app.rows(tables.merges)} == set(names[:2])


def test_many_merges_at_once_are_all_made(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persons_store, "MOST_MOVED_AT_ONCE", 5)
    for number in range(24):
        app.send(*(f"{number}-{each}" for each in range(4)), anonymous_id=f"m-{number}")
    asked = [(("alias", "identify", "sessions")[number % 3], f"m-{number}") for number in range(24)]
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(lambda one: app.tell(one[0], {"anonymous_id": one[1], **USER}), asked))
    assert len(app.events_of("u")) == 24 * 4
    assert len(app.rows(tables.merges)) == 24
