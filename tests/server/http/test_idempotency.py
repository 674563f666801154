"""`Idempotency-Key`: done once, answered the same however often it is asked, by whoever may have asked first."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, func, select

from templates_server.primitives.timestamps import DAY, system_clock
from templates_server.security.authorization import Scope
from templates_server.security.server_key import FILE_NAME
from templates_server.storage.database import Database
from templates_server.storage.tables import audit_entries, idempotent_answers, memberships
from tests.people import (
    OF_A_SIGN_IN,
    Grant,
    Person,
    add_organization,
    add_person,
    add_space,
    add_token,
    unique,
)
from tests.servers import RunningServer, running_server

RACERS = 32
NEW_KEY = {"name": "web"}


@dataclass(frozen=True)
class Asker:
    """Somebody who creates keys of an environment."""

    client: httpx.Client
    person: Person
    keys: str
    database: Database

    def ask(self, idempotency_key: str, body: Any = NEW_KEY, path: str | None = None) -> httpx.Response:
        return self.client.post(path or self.keys, json=body, headers={"Idempotency-Key": idempotency_key})

    def made(self) -> int:
        """How many keys there are."""
        return len(self.client.get(self.keys).json()["data"])


def asker(server: RunningServer, person: Person, client: httpx.Client) -> Asker:
    space = add_space(server, person)
    return Asker(client, person, f"/v2/spaces/{space}/environments/staging/keys", server.database)


@pytest.fixture(scope="module")
def person(server: RunningServer) -> Person:
    return add_person(server.database, add_organization(server.database), grant=OF_A_SIGN_IN)


@pytest.fixture
def one(server: RunningServer, person: Person) -> Iterator[Asker]:
    with person.client(server) as client:
        yield asker(server, person, client)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def test_the_same_again_is_answered_the_same_and_done_once(one: Asker) -> None:
    key = unique("idem")
    answers = [one.ask(key) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["content-type"] for answer in answers}) == 1
    assert [answer.headers.get("idempotency-replayed") for answer in answers] == [None, "true", "true"]
    assert one.made() == 1


def test_a_deed_that_is_replayed_is_remembered_once(one: Asker) -> None:
    for _ in range(2):
        one.ask("the same")
    query = select(func.count()).where(
        audit_entries.c.actor_id == one.person.id,
        audit_entries.c.action == "key.create",
        audit_entries.c.space == one.keys.split("/")[3],
    )
    assert one.database.read_sync(lambda connection: connection.execute(query).scalar_one()) == 1


def test_without_a_key_every_request_counts(one: Asker) -> None:
    for _ in range(2):
        assert one.client.post(one.keys, json=NEW_KEY).status_code == 201
    assert one.made() == 2


def test_a_key_that_was_used_for_another_request_is_refused(one: Asker) -> None:
    key = unique("idem")
    assert one.ask(key).status_code == 201
    others = [
        one.ask(key, {"name": "mobile"}),
        one.ask(key, path=one.keys.replace("staging", "production")),
        one.ask(key, path=f"{one.keys}?x=1"),
        one.client.post(one.keys, content=b'{"name":  "web"}', headers={"Idempotency-Key": key}),
        one.ask(key, path=one.keys.replace("/keys", "/unpublish"), body={"collections": ["home"]}),
    ]
    assert {code(answer) for answer in others} == {(422, "VALIDATION_ERROR")}
    assert {answer.json()["errors"][0]["path"] for answer in others} == {"Idempotency-Key"}
    assert one.made() == 1


@pytest.mark.parametrize("key", [b"", b"x" * 256, "schlüssel".encode(), b"a\tb", b"\xff"])
def test_a_key_that_is_none_is_refused(one: Asker, key: bytes) -> None:
    assert code(one.client.post(one.keys, json=NEW_KEY, headers={b"Idempotency-Key": key})) == (400, "BAD_REQUEST")
    assert one.made() == 0


def test_two_keys_are_refused_and_the_longest_is_taken(one: Asker) -> None:
    twice = [("Idempotency-Key", "a"), ("Idempotency-Key", "a")]
    assert code(one.client.post(one.keys, json=NEW_KEY, headers=twice)) == (400, "BAD_REQUEST")
    assert [one.ask("~ " * 127 + "!").status_code for _ in range(2)] == [201, 201]
    assert one.made() == 1


def test_a_refusal_is_not_kept(one: Asker) -> None:
    key, create = unique("idem"), f"/v2/organizations/{one.person.organization.key}/spaces"
    taken = one.keys.split("/")[3]
    assert code(one.ask(key, {"key": taken}, create)) == (409, "CONFLICT")
    assert one.client.delete(f"/v2/spaces/{taken}").status_code == 204
    assert one.ask(key, {"key": taken}, create).status_code == 201


def test_the_same_key_of_another_person_is_another_key(server: RunningServer, one: Asker) -> None:
    other = add_person(server.database, one.person.organization, grant=OF_A_SIGN_IN)
    first = one.ask("shared")
    with other.client(server) as client:
        second = client.post(one.keys, json=NEW_KEY, headers={"Idempotency-Key": "shared"})
    assert first.json()["data"][0]["id"] != second.json()["data"][0]["id"]
    assert one.made() == 2


@pytest.mark.parametrize("grant", [Grant(), Grant([Scope.SPACES_READ, Scope.SPACES_WRITE], kind="access")])
def test_a_token_that_may_do_less_never_gets_the_answer_of_one_that_may_more(
    server: RunningServer, one: Asker, grant: Grant
) -> None:
    key, weaker = unique("idem"), add_token(server.database, grant, account_id=one.person.id)
    first = one.ask(key)
    with server.client(Authorization=f"Bearer {weaker}") as client:
        second = client.post(one.keys, json=NEW_KEY, headers={"Idempotency-Key": key})
    assert "idempotency-replayed" not in second.headers
    assert first.json()["data"][0]["key"] != second.json()["data"][0]["key"]


def test_a_new_token_of_the_same_kind_gets_the_answer(server: RunningServer, one: Asker) -> None:
    renewed = add_token(server.database, OF_A_SIGN_IN, account_id=one.person.id)
    first = one.ask("kept")
    with server.client(Authorization=f"Bearer {renewed}") as client:
        second = client.post(one.keys, json=NEW_KEY, headers={"Idempotency-Key": "kept"})
    assert (second.content, second.headers["idempotency-replayed"]) == (first.content, "true")


def test_who_may_not_ask_any_more_gets_no_answer(server: RunningServer, one: Asker) -> None:
    person = add_person(server.database, one.person.organization)
    mine = (memberships.c.account_id == person.id) & (memberships.c.organization_id == person.organization.id)
    with person.client(server) as client:
        headers = {"Idempotency-Key": "lost"}
        assert client.post(one.keys, json=NEW_KEY, headers=headers).status_code == 201
        one.database.write_sync(
            lambda connection: connection.execute(memberships.update().where(mine).values(role="viewer"))
        )
        assert code(client.post(one.keys, json=NEW_KEY, headers=headers)) == (403, "FORBIDDEN")
        one.database.write_sync(lambda connection: connection.execute(memberships.delete().where(mine)))
        assert code(client.post(one.keys, json=NEW_KEY, headers=headers)) == (404, "NOT_FOUND")


def test_an_answer_stands_though_it_would_be_refused_by_now(one: Asker) -> None:
    """The collection is gone since: publishing it anew would be 422."""
    space = f"/v2/spaces/{one.keys.split('/')[3]}"
    model = {
        "experiences": {"header": {}},
        "collections": {"home": {"children": {"header": {"experience": "header"}}}},
    }
    assert one.client.put(f"{space}/model", json=model).status_code == 200
    publish, body = f"{space}/environments/staging/publish", {"collections": ["home"]}
    first = one.ask("publish", body, publish)
    assert one.client.put(f"{space}/model", json={}, headers={"If-Match": "*"}).status_code == 200
    assert one.client.post(publish, json=body).status_code == 422
    assert one.ask("publish", body, publish).content == first.content


def test_what_is_kept_does_not_hold_the_answer(one: Asker) -> None:
    told = one.ask("a secret of mine").json()["data"][0]["key"]
    rows = one.database.read_sync(lambda connection: connection.execute(select(idempotent_answers)).all())
    kept = b"".join(bytes(value) for row in rows for value in row if isinstance(value, bytes))
    assert len(rows) > 0
    assert told.encode() not in kept
    assert b"web" not in kept
    assert b"a secret of mine" not in kept


def raced(asks: Sequence[Any]) -> Sequence[httpx.Response]:
    """What each got, all of them at once."""
    with ThreadPoolExecutor(len(asks)) as threads:
        return list(threads.map(lambda ask: ask(), asks))


def test_of_many_at_once_one_has_the_effect_and_all_get_its_answer(one: Asker) -> None:
    for number in range(3):
        answers = raced([lambda number=number: one.ask(f"raced {number}")] * RACERS)
        statuses = Counter(answer.status_code for answer in answers)
        assert statuses.keys() <= {201, 409}
        assert {answer.headers["retry-after"] for answer in answers if answer.status_code == 409} <= {"1"}
        assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
        assert one.ask(f"raced {number}").headers["idempotency-replayed"] == "true"
        assert one.made() == number + 1


def test_while_the_first_runs_another_is_told_to_come_again(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        begun.set()
        go_on.wait(30)

    with running_server(tmp_path) as server, ThreadPoolExecutor(3) as threads:
        person = add_person(server.database, add_organization(server.database))
        with person.client(server) as client, person.client(server) as other:
            one = asker(server, person, client)
            threads.submit(server.database.write_sync, hold)
            assert begun.wait(30)
            asks = [threads.submit(each.ask, "held") for each in (one, Asker(other, person, one.keys, server.database))]
            (refused,), (waiting,) = wait(asks, return_when=FIRST_COMPLETED)
            go_on.set()
            second = refused.result()
            assert (second.status_code, second.headers["retry-after"]) == (409, "1")
            assert second.json()["errors"][0]["path"] == "Idempotency-Key"
            assert waiting.result().status_code == 201
            assert one.made() == 1


def test_of_many_at_two_servers_one_has_the_effect(postgres_url: str, tmp_path: Path) -> None:
    with (
        running_server(tmp_path, database_url=postgres_url) as here,
        running_server(tmp_path, database_url=postgres_url) as there,
    ):
        person = add_person(here.database, add_organization(here.database))
        with person.client(here) as client, person.client(there) as other_client:
            one = asker(here, person, client)
            other = Asker(other_client, person, one.keys, there.database)
            for number in range(3):
                asks = [lambda each=each, number=number: each.ask(f"raced {number}") for each in (one, other)]
                answers = raced(asks * (RACERS // 2))
                assert {answer.status_code for answer in answers} <= {201, 409}
                assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
                assert one.made() == number + 1


class Hands:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = system_clock()

    def __call__(self) -> int:
        return self.now


def test_a_key_is_free_again_after_a_day_and_nothing_is_kept_longer(fresh_database_url: str, tmp_path: Path) -> None:
    clock = Hands()
    with running_server(tmp_path, database_url=fresh_database_url, clock=clock) as server:
        person = add_person(server.database, add_organization(server.database))
        with person.client(server) as client:
            one = asker(server, person, client)
            for name in ("a", "b", "c"):
                one.ask(name)
            clock.now += DAY - 1000
            assert one.ask("a").headers["idempotency-replayed"] == "true"
            clock.now += 1000
            with_new_token(server, person, client)
            assert "idempotency-replayed" not in one.ask("a").headers
            assert one.made() == 4
        count = select(func.count()).select_from(idempotent_answers)
        assert server.database.read_sync(lambda connection: connection.execute(count).scalar_one()) == 1


def with_new_token(server: RunningServer, person: Person, client: httpx.Client) -> None:
    """Tokens of tests live for a day by the machine's clock; this one is as new as can be."""
    client.headers["Authorization"] = f"Bearer {add_token(server.database, Grant(), account_id=person.id)}"


def test_where_the_servers_key_was_lost_the_effect_is_not_repeated(fresh_database_url: str, tmp_path: Path) -> None:
    with running_server(tmp_path, database_url=fresh_database_url) as server:
        person = add_person(server.database, add_organization(server.database))
        with person.client(server) as client:
            one = asker(server, person, client)
            one.ask("kept")
    (tmp_path / FILE_NAME).unlink()
    with running_server(tmp_path, database_url=fresh_database_url) as server, person.client(server) as client:
        again = Asker(client, person, one.keys, server.database)
        assert code(again.ask("kept")) == (409, "CONFLICT")
        assert again.made() == 1
