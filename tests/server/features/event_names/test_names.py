"""`GET .../environments/:environment/event-names`: what arrives, counted exactly, on both databases."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from templates_server.features.event_names.changes import MOST_KEYS, MOST_NAMES
from templates_server.features.event_names.job import fold_changes
from templates_server.features.event_names.store import fold_all
from templates_server.features.operations.retention_job import RetentionJob
from templates_server.primitives.timestamps import DAY, HOUR, MINUTE, system_clock, to_rfc3339
from templates_server.security.authorization import ALL_SCOPES, Role, Scope
from templates_server.storage import tables
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database
from tests.people import Grant, Person, add_organization, add_person, add_space
from tests.servers import RunningServer, running_server
from tests.unhandled_exceptions import UNHANDLED

NOW = system_clock() // 1000 * 1000
TABLES = (tables.event_names, tables.event_name_changes)


class Place:
    """The production of a Space: who reads it, its app, and the clock of its server."""

    def __init__(self, server: RunningServer, clock: list[int]) -> None:
        self.server, self.clock = server, clock
        self.person: Person = add_person(server.database, add_organization(server.database))
        self.path = f"/v2/spaces/{add_space(server, self.person)}/environments/production"
        never = tables.tokens.update().values(expires=NOW + 10_000 * DAY)  # whatever the clock says
        server.database.write_sync(lambda connection: connection.execute(never))
        self.reader: httpx.Client = self.person.client(server)
        key = self.reader.post(f"{self.path}/keys", json={"name": "tests"}).json()["data"][0]["key"]
        self.app = server.client(Authorization=f"Bearer {key}")

    def send(self, *events: Mapping[str, Any]) -> None:
        self.clock[0] += 1  # what is stored within a millisecond has no order
        answer = self.app.post("/api/client/events", json=[{"anonymous_id": "v", **event} for event in events])
        assert answer.status_code == 204, answer.text

    def names(self, **query: Any) -> dict[str, dict[str, Any]]:
        """Every name, by following the links; in the order of the answers."""
        found: list[dict[str, Any]] = []
        url: str | None = str(httpx.URL(f"{self.path}/event-names", params=query))
        while url is not None:
            answer = self.reader.get(url)
            assert answer.status_code == 200, answer.text
            assert answer.json()["dataType"] == "event_name"
            found += answer.json()["data"]
            link = re.search(r"<(.*)>", answer.headers.get("link", ""))
            url = link[1] if link else None
        return {one["name"]: one for one in found}

    def fold(self) -> None:
        fold_changes(self.server.database, threading.Event())

    def purge(self) -> None:
        RetentionJob(self.server.database, lambda: self.clock[0], keep_events_days=30).purge()

    def erase(self, user: str) -> None:
        assert self.reader.delete(f"{self.path}/users/{user}").status_code == 200

    def alias(self, visitor: str, user: str) -> int:
        body = {"anonymous_id": visitor, "external_id": user}
        return self.app.post("/api/client/alias", json=body).status_code

    def close(self) -> None:
        self.reader.close()
        self.app.close()


@pytest.fixture(scope="module")
def clock() -> list[int]:
    return [NOW]


@pytest.fixture(scope="module")
def own_server(
    database_url: str, tmp_path_factory: pytest.TempPathFactory, clock: list[int]
) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("names")
    url = None if database_url.startswith("sqlite") else database_url
    with running_server(folder, database_url=url, clock=lambda: clock[0]) as server:
        yield server


@pytest.fixture
def place(own_server: RunningServer, clock: list[int]) -> Iterator[Place]:
    clock[0] = NOW
    found = Place(own_server, clock)
    yield found
    found.close()


def pairs(*keys: str) -> list[dict[str, str]]:
    return [{"key": key, "value": "x"} for key in keys]


def rows_of(database: Database) -> dict[str, int]:
    def count(connection: Any) -> dict[str, int]:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in TABLES
        }

    return database.read_sync(count)


def stored_texts(database: Database) -> str:
    """All that is kept of names, counted or waiting."""
    return database.read_sync(lambda connection: str([connection.execute(select(table)).all() for table in TABLES]))


def test_a_name_is_told_with_how_often_and_when_it_arrived(place: Place) -> None:
    place.send({"name": "video/completed", "metadata": pairs("title", "genre")}, {"name": "Product Purchased"})
    place.clock[0] += HOUR
    place.send({"name": "video/completed", "metadata": pairs("genre", "b")}, {"name": "video/completed"})
    told = {"modelled": False, "differing": 0}
    first, last = to_rfc3339(NOW + 1), to_rfc3339(NOW + HOUR + 2)
    completed = {"events": 3, "metadata_keys": ["b", "genre", "title"], "first": first, "last": last}
    expected = [
        {"name": "Product Purchased", "events": 1, "metadata_keys": [], "first": first, "last": first, **told},
        {"name": "video/completed", **completed, **told},
    ]
    assert list(place.names().values()) == expected
    place.fold()
    assert list(place.names().values()) == expected
    assert place.reader.get(f"{place.path.replace('production', 'staging')}/event-names").json()["data"] == []


def test_an_event_that_is_stored_already_is_not_counted_again(place: Place) -> None:
    event = {"name": "a/b", "id": "e-1", "metadata": pairs("k")}
    place.send(event, {**event, "name": "c/d"}, {"name": "a/b", "id": "e-2"})
    place.send({**event, "metadata": pairs("other")}, {"name": "a/b", "id": "e-3"}, {**event, "anonymous_id": "w"})
    place.send(event)
    names = place.names()
    assert {name: (one["events"], one["metadata_keys"]) for name, one in names.items()} == {"a/b": (4, ["k"])}


def test_events_that_a_refused_call_sends_are_not_counted(place: Place) -> None:
    bad = [{"name": "a/b", "anonymous_id": "v"}, {"name": "sdk/x", "anonymous_id": "v"}]
    assert place.app.post("/api/client/events", json=bad).status_code == 422
    assert place.names() == {}


def test_names_are_found_by_a_part_and_told_page_by_page(place: Place) -> None:
    texts = ["Zoo", "a/é", "video/A", "video/b", "🎬 seen", "x" * 256, "%_' OR 1=1", "\u202eevil"]
    place.send(*({"name": text} for text in texts))
    place.fold()
    place.send({"name": "Été"})
    assert list(place.names(limit=2)) == sorted([*texts, "Été"])
    assert list(place.names(search="VIDEO/", limit=1)) == ["video/A", "video/b"]
    assert list(place.names(search="é")) == ["a/é", "Été"]
    assert list(place.names(search="%_'")) == ["%_' OR 1=1"]


@pytest.mark.parametrize(
    ("role", "scopes", "names", "events"),
    [
        (Role.DEVELOPER, {Scope.EVENTS_READ}, 200, 200),
        (Role.DEVELOPER, ALL_SCOPES - {Scope.EVENTS_READ}, 403, 403),
        (Role.VIEWER, {Scope.EVENTS_READ}, 200, 403),
        (Role.VIEWER, ALL_SCOPES - {Scope.EVENTS_READ}, 403, 403),
    ],
)
def test_names_take_the_scope_and_events_a_role_that_may_see_people_besides(
    place: Place, role: Role, scopes: frozenset[Scope], names: int, events: int
) -> None:
    person = add_person(place.server.database, place.person.organization, role=role, grant=Grant(scopes))
    with person.client(place.server) as client:
        assert client.get(f"{place.path}/event-names").status_code == names
        assert client.get(f"{place.path}/events").status_code == events
        exported = client.post(f"{place.path}/events/exports", json={"format": "csv"})
    assert exported.status_code == (202 if events == 200 else 403)
    assert place.app.get(f"{place.path}/event-names").status_code == 403


def test_a_viewer_reads_counts_of_names_and_nothing_that_says_whose_the_events_are(place: Place) -> None:
    secrets = ("secret-user", "secret-visitor", "secret-event", "secret-value", "secret-session")
    place.send(
        {
            "name": "video/completed",
            "external_id": "secret-user",
            "anonymous_id": "secret-visitor",
            "id": "secret-event",
            "session": "secret-session",
            "data": {"secret-value": "secret-value"},
            "metadata": [{"key": "title", "value": "secret-value"}],
        }
    )
    viewer = add_person(place.server.database, place.person.organization, role=Role.VIEWER)
    with viewer.client(place.server) as client:
        waiting, stored = client.get(f"{place.path}/event-names"), stored_texts(place.server.database)
        place.fold()
        stored += stored_texts(place.server.database)
        folded = client.get(f"{place.path}/event-names")
        refused = client.get(f"{place.path}/events").json()["errors"][0]["message"]
    assert waiting.json() == folded.json()
    [told] = folded.json()["data"]
    assert (told["name"], told["events"], told["metadata_keys"]) == ("video/completed", 1, ["title"])
    assert "video/completed" in stored
    assert not [secret for secret in secrets if secret in folded.text + stored]
    assert refused.startswith("This requires the role developer")


def test_names_beyond_the_limit_are_counted_nowhere_and_push_nobody_out(place: Place) -> None:
    place.send({"name": "mine", "external_id": "ada", "anonymous_id": None})
    for start in (0, 1000, 2000):
        place.send(*({"name": f"made/up-{number}"} for number in range(start, start + 1000)))
        place.fold()
    place.send({"name": "late"}, {"name": "mine"})
    names = place.names(limit=1000)
    assert len(names) == MOST_NAMES
    assert names["mine"]["events"] == 2
    assert "made/up-1998" in names
    assert not {"made/up-1999", "late"} & names.keys()
    place.fold()
    assert place.names(limit=1000) == names
    place.send({"name": "leaves", "external_id": "bob", "anonymous_id": None})
    place.erase("bob")  # what was never counted is not taken off
    assert len(place.names(limit=1000)) == MOST_NAMES


def test_a_name_that_found_no_place_gets_one_that_becomes_free(place: Place) -> None:
    place.send({"name": "goes", "external_id": "ada", "anonymous_id": None})
    place.send(*({"name": f"made/up-{number}"} for number in range(1000)))
    place.send(*({"name": f"made/up-{number}"} for number in range(1000, MOST_NAMES)))
    place.send({"name": "late", "id": "early", "external_id": "bob", "anonymous_id": None})
    place.erase("ada")
    place.clock[0] += 1
    place.send({"name": "late"})
    assert place.names(search="late")["late"]["events"] == 1
    place.erase("bob")  # whose event was not counted
    assert place.names(search="late")["late"]["events"] == 1


def test_a_name_has_so_many_keys_and_the_first_stay(place: Place) -> None:
    place.send(*({"name": "a/b", "metadata": pairs(f"key-{number:02}")} for number in range(MOST_KEYS + 10)))
    keys = [f"key-{number:02}" for number in range(MOST_KEYS)]
    assert place.names()["a/b"]["metadata_keys"] == keys
    place.fold()
    place.send({"name": "a/b", "metadata": pairs("other", "key-01")})
    assert place.names()["a/b"]["metadata_keys"] == keys


def test_names_and_keys_of_an_erased_person_are_gone_at_once(place: Place) -> None:
    place.send({"name": "ada@example.com/left", "external_id": "ada"}, {"name": "a/b", "metadata": pairs("all")})
    place.send({"name": "a/b", "metadata": pairs("of ada", "all"), "anonymous_id": "w", "id": "e"})
    assert place.alias("w", "ada") == 204
    place.erase("ada")
    assert {name: one["metadata_keys"] for name, one in place.names().items()} == {"a/b": ["all"]}
    environment = select(tables.event_names.c.name, tables.event_names.c.metadata_keys)
    text = str(place.server.database.read_sync(lambda connection: connection.execute(environment).all()))
    assert "ada" not in text
    changes = select(tables.event_name_changes.c.change)
    assert "ada" not in str(place.server.database.read_sync(lambda connection: connection.execute(changes).all()))


def test_who_has_very_many_events_is_erased_with_their_names(place: Place) -> None:
    for start in range(0, 7000, 1000):
        place.send(
            *({"name": f"of ada {number % 3}", "external_id": "ada"} for number in range(start, start + 1000)),
        )
    place.erase("ada")
    assert place.names() == {}


def test_a_name_expires_with_its_last_event(place: Place) -> None:
    old = to_rfc3339(NOW - 29 * DAY)
    place.send({"name": "a/b", "timestamp": old, "metadata": pairs("old")}, {"name": "a/b"}, {"name": "c/d"})
    place.send({"name": "old", "timestamp": old})
    place.clock[0] = NOW + 2 * DAY
    place.purge()
    names = place.names()
    assert {name: (one["events"], one["metadata_keys"]) for name, one in names.items()} == {
        "a/b": (2, []),
        "c/d": (1, []),
    }
    place.clock[0] = NOW + 31 * DAY
    place.purge()
    assert place.names() == {}


def test_a_merge_changes_no_name_but_for_what_both_had(place: Place) -> None:
    place.send({"name": "a/b", "id": "both"}, {"name": "c/d", "id": "mine"})
    place.send({"name": "a/b", "id": "both", "external_id": "u", "anonymous_id": None})
    before = place.names()
    assert place.alias("v", "u") == 204
    assert place.names() == before
    place.erase("u")
    assert place.names() == {}


def test_names_go_with_their_space_also_those_that_are_not_counted_yet(place: Place) -> None:
    place.fold()
    before = rows_of(place.server.database)
    place.send({"name": "a/b"})
    place.fold()
    place.send({"name": "c/d"})
    assert rows_of(place.server.database) != before
    assert place.reader.delete(place.path.partition("/environments")[0]).status_code == 204
    assert rows_of(place.server.database) == before


def test_a_change_of_a_space_that_has_gone_is_dropped(place: Place) -> None:
    gone = {"environment_id": "env_gone", "change_id": "a1", "change": '{"added":{"[\\"x\\"]":1}}'}
    insert = tables.event_name_changes.insert()
    place.send({"name": "of a Space that is there"})
    place.server.database.write_sync(lambda connection: connection.execute(insert, gone))
    place.fold()
    assert list(place.names()) == ["of a Space that is there"]
    table = tables.event_name_changes
    left = select(table.c.change_id).where(table.c.environment_id == "env_gone")
    assert place.server.database.read_sync(lambda connection: connection.execute(left).all()) == []


def test_a_change_that_cannot_be_read_keeps_no_other_environment_from_being_counted(place: Place) -> None:
    table = tables.event_name_changes
    environment = select(table.c.environment_id)
    places = [place, Place(place.server, place.clock), Place(place.server, place.clock)]
    for number, one in enumerate(places):
        one.send({"name": f"of {number}"})
    damaged, *others = place.server.database.read_sync(
        lambda connection: sorted(connection.execute(environment).scalars())
    )
    broken = table.update().where(table.c.environment_id == damaged).values(change="{")
    place.server.database.write_sync(lambda connection: connection.execute(broken))
    place.fold()
    assert [f"could not count event names in {damaged}" in traceback for traceback in UNHANDLED.take()] == [True]
    left = place.server.database.read_sync(lambda connection: set(connection.execute(environment).scalars()))
    assert left.isdisjoint(others)
    assert left == {damaged}
    gone = table.delete().where(table.c.environment_id == damaged)
    place.server.database.write_sync(lambda connection: connection.execute(gone))
    for one in places[1:]:
        one.close()


def test_folding_one_environment_leaves_what_waits_in_another(place: Place) -> None:
    place.fold()
    other = Place(place.server, place.clock)
    environment = select(tables.event_name_changes.c.environment_id)
    other.send({"name": "of the other"})
    [other_id] = place.server.database.read_sync(lambda connection: connection.execute(environment).scalars().all())
    place.send({"name": "mine"})
    ids = place.server.database.read_sync(lambda connection: set(connection.execute(environment).scalars()))
    [own_id] = ids - {other_id}
    place.server.database.write_sync(lambda connection: fold_all(connection, own_id))
    assert list(other.names()) == ["of the other"]
    assert list(place.names()) == ["mine"]
    other.close()


def test_what_many_send_at_once_is_counted_exactly(place: Place) -> None:
    def send(number: int) -> None:
        place.send(*({"name": f"n/{(number + each) % 7}", "anonymous_id": f"v-{number}"} for each in range(20)))
        if number % 5 == 0:
            place.fold()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(send, range(60)))
    assert sum(one["events"] for one in place.names().values()) == 1200
    place.fold()
    assert sum(one["events"] for one in place.names().values()) == 1200


def test_two_processes_on_one_database_count_together(postgres_url: str, tmp_path: Path) -> None:
    with (
        running_server(tmp_path / "one", database_url=postgres_url) as one,
        running_server(tmp_path / "two", database_url=postgres_url) as two,
    ):
        place = Place(one, [0])
        environment = select(tables.environments.c.id).where(tables.environments.c.name == "production")
        environment_id = one.database.read_sync(lambda connection: connection.execute(environment).scalar_one())
        apps = [place.app, two.client(Authorization=place.app.headers["Authorization"])]
        other = open_database(postgres_url)

        def send(number: int) -> None:
            events = [{"name": f"n/{(number * each) % 700}", "anonymous_id": f"v-{number % 9}"} for each in range(50)]
            assert apps[number % 2].post("/api/client/events", json=events).status_code == 204
            if number % 4 == 0:
                (one.database, two.database, other)[number % 3].write_sync(
                    lambda connection: fold_all(connection, environment_id)
                )
            if number % 10 == 9:
                body = {"anonymous_id": f"v-{number % 9}", "external_id": f"u-{number % 2}"}
                assert apps[0].post("/api/client/alias", json=body).status_code in {204, 422}

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(send, range(80)))
        assert sum(each["events"] for each in place.names(limit=1000).values()) == 4000
        for user in ("u-0", "u-1"):
            place.reader.delete(f"{place.path}/users/{user}")
        stored = select(tables.events.c.name).distinct()
        left = one.database.read_sync(lambda connection: set(connection.execute(stored).scalars()))
        assert set(place.names(limit=1000)) == left
        other.close()
        apps[1].close()
        place.close()


# Whatever happens, in whichever order


@dataclass
class Plain:
    """What is stored, and what is to be told of it."""

    stored: dict[tuple[str, str], tuple[str, tuple[str, ...], int]] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    told: dict[str, dict[str, Any]] = field(default_factory=dict)

    def store(self, key: tuple[str, str], event: tuple[str, tuple[str, ...], int], *, at: int) -> None:
        person, event_id = self.merged.get(key[0], key[0]), key[1]
        if (person, event_id) in self.stored:
            return
        self.stored[person, event_id] = event
        name = event[0]
        one = self.told.setdefault(name, {"events": 0, "first": at})
        one["events"] += 1
        one["last"] = at

    def keep(self, wanted: Mapping[tuple[str, str], tuple[str, tuple[str, ...], int]]) -> None:
        self.stored = dict(wanted)
        names = {name for name, _, _ in self.stored.values()}
        self.told = {name: one for name, one in self.told.items() if name in names}

    def erase(self, user: str) -> None:
        self.keep({key: event for key, event in self.stored.items() if key[0] != user})
        self.merged = {visitor: of for visitor, of in self.merged.items() if of != user}

    def merge(self, visitor: str, user: str) -> None:
        if visitor in self.merged:
            return
        self.merged[visitor] = user
        moved = {(user, event_id): event for (person, event_id), event in self.stored.items() if person == visitor}
        self.keep({**moved, **{key: event for key, event in self.stored.items() if key[0] != visitor}})

    def expire(self, before: int) -> None:
        self.keep({key: event for key, event in self.stored.items() if event[2] >= before})

    def expected(self) -> Mapping[str, tuple[int, str, str, list[str]]]:
        return {
            name: (one["events"], to_rfc3339(one["first"]), to_rfc3339(one["last"]), self.keys_of(name))
            for name, one in self.told.items()
        }

    def keys_of(self, name: str) -> list[str]:
        return sorted({key for each, keys, _ in self.stored.values() if each == name for key in keys})


NAMES, KEYS, PEOPLE = ("a/b", "c/d", "Ünïcode 🎬"), ("k", "ключ", "[]"), ("v-1", "v-2", "u-1", "u-2")
EVENTS = st.tuples(
    st.sampled_from(PEOPLE),
    st.sampled_from([f"e-{number}" for number in range(6)]),
    st.sampled_from(NAMES),
    st.lists(st.sampled_from(KEYS), unique=True, max_size=3).map(tuple),
    st.integers(0, 40),
)
STEPS = st.one_of(
    st.tuples(st.just("send"), st.lists(EVENTS, min_size=1, max_size=5)),
    st.tuples(st.just("send"), st.lists(EVENTS, min_size=1, max_size=5)),
    st.tuples(st.just("erase"), st.sampled_from(PEOPLE[2:])),
    st.tuples(st.just("merge"), st.tuples(st.sampled_from(PEOPLE[:2]), st.sampled_from(PEOPLE[2:]))),
    st.tuples(st.just("wait"), st.integers(1, 20)),
    st.tuples(st.just("purge"), st.none()),
    st.tuples(st.just("fold"), st.none()),
)


def take(place: Place, plain: Plain, step: tuple[str, Any]) -> None:
    """Do one thing, at the server and in the plain model of it."""
    place.clock[0] += MINUTE
    now, (kind, value) = place.clock[0], step
    if kind == "send":
        sent = []
        for person, event_id, name, keys, age in value:
            happened = now - age * DAY
            who = {"external_id" if person.startswith("u") else "anonymous_id": person}
            sent.append({"anonymous_id": None, **who, "id": event_id, "name": name, "metadata": pairs(*keys)})
            sent[-1]["timestamp"] = to_rfc3339(happened)
            plain.store((person, event_id), (name, keys, happened), at=now)
        place.clock[0] -= 1
        place.send(*sent)
    elif kind == "erase":
        place.reader.delete(f"{place.path}/users/{value}")
        plain.erase(value)
    elif kind == "merge":
        if place.alias(*value) == 204:
            plain.merge(*value)
    elif kind == "wait":
        place.clock[0] += value * DAY
    elif kind == "purge":
        place.purge()
        plain.expire(now - 30 * DAY)
    else:
        place.fold()


@settings(deadline=None, max_examples=20)
@given(steps=st.lists(STEPS, min_size=1, max_size=14))
def test_names_are_those_of_the_events_that_are_stored(
    own_server: RunningServer, clock: list[int], steps: Sequence[tuple[str, Any]]
) -> None:
    clock[0] = NOW
    place, plain = Place(own_server, clock), Plain()
    try:
        for step in steps:
            take(place, plain, step)
            told = {
                name: (one["events"], one["first"], one["last"], one["metadata_keys"])
                for name, one in place.names().items()
            }
            assert told == plain.expected()
    finally:
        place.close()
