"""`DELETE .../user-tags/:tag`: from everybody, in steps that resume, whatever else is written meanwhile."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from templates_server.features.people import profile_parser
from templates_server.features.people.apply_changes import UserChange
from templates_server.features.people.profile import ProfileChange, decode_tags
from templates_server.features.people.store import upsert_users
from templates_server.features.people.tag_removal import job, store
from templates_server.features.people.tag_removal.job import TagRemovalJob
from templates_server.security.authorization import Role, Scope
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database
from templates_server.storage.tables import audit_entries, metadata, persons, tag_removals, user_tags
from tests.people import Grant, Person, add_organization, add_person, add_space
from tests.server.features.people.conftest import Place
from tests.servers import running_server
from tests.unhandled_exceptions import UNHANDLED

WAIT_SECONDS = 30
TAG = "sports/football"
OTHERS = ("sports", "sports/football/australia", "sports/footballers", "news")


def delete(place: Place, tag: str = TAG) -> Any:
    return place.client.delete(place.url("user-tags", tag))


def tag_visitor(place: Place, visitor: str, *tags: str) -> None:
    with place.app() as app:
        assert app.post("/api/client/identify", json={"anonymous_id": visitor}).status_code == 204
    for tag in tags:
        assert place.client.put(place.url("visitors", visitor, "tags", tag)).status_code == 204


def counts(place: Place) -> dict[str, tuple[int, int]]:
    told = place.client.get(place.url("user-tags")).json()["data"]
    return {one["tag"]: (one["users"], one["visitors"]) for one in told}


def removals(place: Place) -> Sequence[Any]:
    query = select(tag_removals.c.tag).where(tag_removals.c.environment_id == place.environment_id)
    return place.server.database.read_sync(lambda connection: connection.execute(query).scalars().all())


def wait_for_the_end(place: Place) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while removals(place):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_tag_is_deleted_from_users_and_visitors_and_no_other_is(place: Place) -> None:
    place.upsert({"user_id": "u", "tags": [TAG, *OTHERS]}, {"user_id": "w", "tags": [TAG]}, {"user_id": "x"})
    tag_visitor(place, "v", TAG, "news")
    before = place.user("u")
    time.sleep(0.01)
    answer = delete(place)
    assert (answer.status_code, answer.content) == (204, b"")
    assert place.user("u")["tags"] == sorted(OTHERS)
    assert place.user("u")["updated"] > before["updated"]
    assert place.client.get(place.url("users"), params={"tag": TAG}).json()["data"] == [place.user("u")]
    assert counts(place) == {**dict.fromkeys(OTHERS, (1, 0)), "news": (1, 1)}
    assert removals(place) == []


def test_a_tag_that_nobody_has_is_gone_already(place: Place) -> None:
    place.upsert({"user_id": "u", "tags": [TAG]})
    assert [delete(place).status_code for _ in range(2)] == [204, 204]
    assert delete(place, "never/given").status_code == 204


def test_a_tag_of_a_tribe_may_be_deleted(place: Place) -> None:
    place.upsert({"user_id": "u", "tags": [TAG]})
    tribe = {"filters": [{"tag": TAG}]}
    assert place.client.put(f"/v2/spaces/{place.space}/tribes/fans", json=tribe).is_success
    assert delete(place).status_code == 204
    assert place.client.get(place.url("tribes", "fans", "count")).json()["data"][0]["count"] == 0


@pytest.mark.parametrize("tag", ["Sports", "a/b/c/d", " a"])
def test_a_text_that_is_no_tag_is_refused(place: Place, tag: str) -> None:
    answer = delete(place, tag)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "tag")


def test_other_environments_keep_the_tag(place: Place) -> None:
    elsewhere = place.path.replace("production", "staging")
    for path in (place.path, elsewhere):
        assert place.client.post(f"{path}/users", json={"user_id": "u", "tags": [TAG]}).is_success
    assert delete(place).status_code == 204
    assert place.client.get(f"{elsewhere}/users/u").json()["data"][0]["tags"] == [TAG]


def test_it_is_on_the_record_with_how_many_had_the_tag(place: Place) -> None:
    place.upsert({"user_id": "u", "tags": [TAG]}, {"user_id": "w", "tags": [TAG]})
    tag_visitor(place, "v", TAG)
    delete(place)
    delete(place)
    query = select(audit_entries.c.target, audit_entries.c.details).where(
        audit_entries.c.action == "tag.delete", audit_entries.c.space == place.space
    )
    entries = place.server.database.read_sync(lambda connection: connection.execute(query).all())
    assert [tuple(entry) for entry in entries] == [(TAG, '{"users": 2, "visitors": 1}')]


@pytest.mark.parametrize(("scope", "role"), [(Scope.USERS_READ, Role.DEVELOPER), (Scope.USERS_WRITE, Role.VIEWER)])
def test_it_takes_the_scope_and_a_role_that_may_change_people(place: Place, scope: Scope, role: Role) -> None:
    member = add_person(place.server.database, place.person.organization, role=role, grant=Grant(frozenset({scope})))
    stranger = add_person(place.server.database, add_organization(place.server.database))
    for who, status in ((member, 403), (stranger, 404)):
        with who.client(place.server) as client:
            assert client.delete(place.url("user-tags", TAG)).status_code == status


# Many


def test_many_take_long_and_the_server_goes_on_by_itself(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_CHANGED", 3)
    people = [f"u{number}" for number in range(40)]
    place.upsert(*({"user_id": one, "tags": [TAG, "news"]} for one in people))
    answer = delete(place)
    assert answer.status_code == 202
    [told] = answer.json()["data"]
    assert answer.json()["dataType"] == "tag_removal"
    assert (told["tag"], told["visitors"]) == (TAG, 0)
    assert 0 < told["users"] <= 40 - job.STEPS_AT_ONCE * 3
    wait_for_the_end(place)
    assert counts(place) == {"news": (40, 0)}


class Environment:
    """An environment of a database without a server, whose people have tags."""

    def __init__(self, url: str) -> None:
        self.database: Database = open_database(url)
        self.database.write_sync(metadata.create_all)
        self.database.write_sync(_add_environment)
        self.removals = TagRemovalJob(self.database, lambda: 7)

    def put(self, *users: str, tags: Sequence[str] = (TAG, "news"), now: int = 1) -> None:
        changes = [UserChange(one, ProfileChange(tags=tuple(tags))) for one in users]
        self.database.write_sync(lambda connection: upsert_users(connection, "env", changes, now=now))

    def begin(self) -> store.TagRemovalState:
        return self.database.write_sync(lambda connection: store.begin(connection, "env", TAG, now=2))

    def step(self, removal: store.TagRemovalState) -> store.TagRemovalState | None:
        stretch = self.database.read_sync(lambda connection: store.next_stretch(connection, removal))
        return self.take(removal, stretch)

    def take(self, removal: store.TagRemovalState, stretch: store.TaggedRange) -> store.TagRemovalState | None:
        return self.database.write_sync(lambda connection: store.take_step(connection, removal, stretch, now=3))

    def end(self, removal: store.TagRemovalState | None) -> int:
        """Take all steps; how many there were."""
        for number in itertools.count():
            if removal is None:
                return number
            removal = self.step(removal)
        raise AssertionError

    def tags(self) -> dict[str, tuple[str, ...]]:
        query = select(persons.c.called, persons.c.tags)
        found = self.database.read_sync(lambda connection: connection.execute(query).all())
        return {row.called: decode_tags(row.tags) for row in found}

    def check(self) -> None:
        """Nobody has the tag, everybody else's tags are counted as they are, and nothing is left to do."""
        tags = self.tags()
        assert TAG not in {one for mine in tags.values() for one in mine}
        query = select(user_tags.c.tag, user_tags.c.users)
        found = self.database.read_sync(lambda connection: connection.execute(query).all())
        counted = {row.tag: row.users for row in found}
        assert counted == dict(Counter(one for mine in tags.values() for one in mine))
        assert self.database.read_sync(store.list_removals) == []


def _add_environment(connection: Connection) -> None:
    times = {"created": 0, "updated": 0}
    connection.execute(metadata.tables["organizations"].insert(), {"id": "org", "key": "org", "name": "", "created": 0})
    space = {"id": "spc", "organization_id": "org", "key": "spc", "name": "", "revision": 0, **times}
    connection.execute(metadata.tables["spaces"].insert(), space)
    row = {"id": "env", "space_id": "spc", "name": "production", "revision": 0}
    connection.execute(metadata.tables["environments"].insert(), row)


@pytest.fixture
def environment(fresh_database_url: str) -> Any:
    """An environment of each kind of database."""
    made = Environment(fresh_database_url)
    yield made
    made.database.close()


@pytest.mark.parametrize(("changed", "looked"), [(1, 100), (3, 100), (100, 1), (100, 7), (2, 3), (100, 100)])
def test_however_small_the_steps_everybody_is_reached(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, changed: int, looked: int
) -> None:
    monkeypatch.setattr(store, "MOST_CHANGED", changed)
    monkeypatch.setattr(store, "MOST_LOOKED_THROUGH", looked)
    environment.put(*(f"u{number}" for number in range(12)))
    environment.put(*(f"w{number}" for number in range(8)), tags=["sports/football/australia"])
    assert environment.end(environment.begin()) >= 12 / changed
    environment.check()
    assert all(tags in {("news",), ("sports/football/australia",)} for tags in environment.tags().values())


def test_no_step_changes_more_than_its_limit(environment: Environment) -> None:
    environment.put(*(f"u{number}" for number in range(store.MOST_CHANGED + 10)))
    removal: store.TagRemovalState | None = environment.begin()
    changed = []
    while removal is not None:
        before = sum(TAG in tags for tags in environment.tags().values())
        removal = environment.step(removal)
        changed.append(before - sum(TAG in tags for tags in environment.tags().values()))
    assert changed == [store.MOST_CHANGED, 10]
    environment.check()


def test_a_step_that_somebody_else_took_is_not_taken_again(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_CHANGED", 2)
    environment.put(*(f"u{number}" for number in range(6)))
    removal = environment.begin()
    stretch = environment.database.read_sync(lambda connection: store.next_stretch(connection, removal))
    moved = environment.take(removal, stretch)
    assert moved is not None
    environment.put("u0", "u1", "u2", "u3", "u4", "u5", now=4)  # everybody has it again
    assert environment.take(removal, stretch) == moved
    assert sum(TAG in tags for tags in environment.tags().values()) == 6
    environment.end(moved)
    assert environment.take(removal, stretch) is None
    environment.check()


def test_who_gets_the_tag_behind_the_position_loses_it_in_another_pass(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_CHANGED", 2)
    people = [f"u{number}" for number in range(6)]
    environment.put(*people)
    removal = environment.step(environment.begin())
    first = next(name for name, tags in environment.tags().items() if TAG not in tags)
    environment.put(first, now=4)
    environment.end(removal)
    environment.check()


def test_a_tag_that_somebody_keeps_giving_does_not_keep_it_running(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_LOOKED_THROUGH", 2)
    environment.put("a", "b", "c")
    removal: store.TagRemovalState | None = environment.begin()
    steps = 0
    while removal is not None:
        removal = environment.step(removal)
        environment.put("a", "b", "c")
        steps += 1
    assert steps <= store.MOST_PASSES * 3
    assert environment.database.read_sync(store.list_removals) == []


def test_beginning_again_leaves_what_was_reached(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_CHANGED", 2)
    environment.put(*(f"u{number}" for number in range(6)))
    moved = environment.step(environment.begin())
    assert moved is not None
    assert environment.begin() == moved
    environment.end(moved)
    environment.check()


def test_a_failure_in_a_step_leaves_the_people_and_the_position(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_CHANGED", 2)
    environment.put(*(f"u{number}" for number in range(6)))
    removal = environment.step(environment.begin())
    assert removal is not None
    before = environment.tags()

    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(store, "find_tag_counts", broken)
    with pytest.raises(RuntimeError):
        environment.step(removal)
    monkeypatch.undo()
    assert environment.tags() == before
    assert environment.database.read_sync(store.list_removals) == [removal]
    environment.end(removal)
    environment.check()


def test_several_removals_and_writers_at_once_end_as_they_should(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_CHANGED", 2)
    people = [f"u{number}" for number in range(30)]
    environment.put(*people)
    environment.begin()
    workers = [TagRemovalJob(environment.database, lambda: 7) for _ in range(2)]
    for worker in workers:
        worker.start()
    for number in range(30):
        environment.put(people[number], tags=["news", f"own-{number}"], now=5)
    deadline = time.monotonic() + WAIT_SECONDS
    while environment.database.read_sync(store.list_removals):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    for worker in workers:
        asyncio.run(worker.finish())
    environment.check()
    assert environment.tags() == {one: ("news", f"own-{number}") for number, one in enumerate(people)}


def test_what_was_accepted_is_done_after_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_CHANGED", 3)
    with monkeypatch.context() as stalled, running_server(tmp_path) as server:
        stalled.setattr(TagRemovalJob, "_end_all", lambda _removals: None)
        person: Person = add_person(server.database, add_organization(server.database))
        path = f"/v2/spaces/{add_space(server, person)}/environments/production"
        with person.client(server) as client:
            people = [{"user_id": f"u{number}", "tags": [TAG]} for number in range(40)]
            assert client.post(f"{path}/users", json=people).is_success
            assert client.delete(f"{path}/user-tags/{TAG}").status_code == 202
            assert client.get(f"{path}/user-tags").json()["data"][0]["users"] == 40 - 3 * job.STEPS_AT_ONCE
    with running_server(tmp_path) as server, person.client(server) as client:
        deadline = time.monotonic() + WAIT_SECONDS
        while client.get(f"{path}/user-tags").json()["data"]:
            assert time.monotonic() < deadline
            time.sleep(0.02)


# Many at once


def test_nobody_waits_until_all_removals_of_another_organization_have_ended(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [f"t{number:03}" for number in range(60)]
    environment.put("u", tags=[*many])
    environment.database.write_sync(lambda connection: _begin_all(connection, "env", many))
    _add_second_organization(environment.database)
    taken: list[str] = []
    take_step = store.take_step

    def noted(
        connection: Connection, removal: store.TagRemovalState, *rest: Any, **more: Any
    ) -> store.TagRemovalState | None:
        if removal.tag == many[0]:  # the thread works already when somebody else deletes a tag
            store.begin(connection, "other", TAG, now=3)
        taken.append(removal.environment_id)
        return take_step(connection, removal, *rest, **more)

    monkeypatch.setattr(store, "take_step", noted)
    environment.removals._end_all()
    assert len(taken) == 61
    assert taken.index("other") <= store.MOST_LISTED + 1
    environment.check()


def test_a_removal_that_fails_holds_up_no_other(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    environment.put("u", tags=["a", "b", "c"])
    environment.database.write_sync(lambda connection: _begin_all(connection, "env", ["a", "b", "c"]))
    take_step = store.take_step

    def failing(
        connection: Connection, removal: store.TagRemovalState, *rest: Any, **more: Any
    ) -> store.TagRemovalState | None:
        if removal.tag == "a":
            raise RuntimeError("a planted fault")
        return take_step(connection, removal, *rest, **more)

    monkeypatch.setattr(store, "take_step", failing)
    environment.removals._end_all()
    assert environment.tags() == {"u": ("a",)}
    assert ["a planted fault" in traceback for traceback in UNHANDLED.take()] == [True]
    monkeypatch.undo()
    environment.removals._end_all()
    environment.check()


def test_a_tag_is_taken_from_who_has_more_attributes_than_may_be_now(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment.put("u", tags=[TAG])
    large = UserChange("u", ProfileChange(attributes={f"a{number}": "x" * 4000 for number in range(20)}))
    with monkeypatch.context() as before:
        before.setattr(profile_parser, "MAX_ATTRIBUTES_BYTES", 10**6)
        environment.database.write_sync(lambda connection: upsert_users(connection, "env", [large], now=2))
    environment.end(environment.begin())
    environment.check()


def _begin_all(connection: Connection, environment_id: str, tags: Sequence[str]) -> None:
    for tag in tags:
        store.begin(connection, environment_id, tag, now=2)


def _add_second_organization(database: Database) -> None:
    def add(connection: Connection) -> None:
        row: dict[str, Any] = {"id": "org2", "key": "org2", "name": "", "created": 0}
        connection.execute(metadata.tables["organizations"].insert(), row)
        row = {"id": "spc2", "organization_id": "org2", "key": "spc2", "name": "", "revision": 0}
        connection.execute(metadata.tables["spaces"].insert(), {**row, "created": 0, "updated": 0})
        row = {"id": "other", "space_id": "spc2", "name": "production", "revision": 0}
        connection.execute(metadata.tables["environments"].insert(), row)

    database.write_sync(add)
