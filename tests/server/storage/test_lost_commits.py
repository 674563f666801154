"""A connection to PostgreSQL that is lost at COMMIT: with an Idempotency-Key it is found out what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select, text

from templates_server.storage.tables import audit_entries
from tests.people import Person, add_organization, add_person, add_space
from tests.postgres_relay import Loss, PostgresRelay, postgres_relay
from tests.server.features.imports.importer import NDJSON
from tests.servers import PostgresServer, RunningServer, running_server

MARKER = "the-key-of-a-lost-commit"
RUNS_INTO_ITS_END = """
CREATE FUNCTION end_backend() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF nextval('ends') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NULL; END $$;
CREATE SEQUENCE ends;
CREATE CONSTRAINT TRIGGER end_at_commit AFTER INSERT ON environment_keys DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION end_backend();
"""


@dataclass(frozen=True)
class Asker:
    """Somebody who creates keys of an environment, on a server behind a relay."""

    client: httpx.Client
    person: Person
    keys: str
    server: RunningServer
    relay: PostgresRelay

    def ask(self, key: str | None) -> httpx.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.client.post(self.keys, json={"name": MARKER}, headers=headers)

    def made(self) -> tuple[int, int]:
        """How many keys there are, and how many deeds that made one."""
        mine = (audit_entries.c.action == "key.create") & (audit_entries.c.actor_id == self.person.id)
        deeds = self.server.database.read_sync(
            lambda connection: connection.execute(select(func.count()).where(mine)).scalar_one()
        )
        return len(self.client.get(self.keys).json()["data"]), deeds


@pytest.fixture(scope="module")
def relay(postgres: PostgresServer) -> Iterator[PostgresRelay]:
    with postgres_relay(postgres.new_database_url(), MARKER.encode()) as relay:
        yield relay


@pytest.fixture(scope="module")
def behind(relay: PostgresRelay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server behind the relay."""
    with running_server(Path(tmp_path_factory.mktemp("behind")), database_url=relay.url) as server:
        yield server


@pytest.fixture
def one(relay: PostgresRelay, behind: RunningServer) -> Iterator[Asker]:
    person = add_person(behind.database, add_organization(behind.database))
    with person.client(behind) as client:
        space = add_space(behind, person)
        yield Asker(client, person, f"/v2/spaces/{space}/environments/staging/keys", behind, relay)


@pytest.mark.parametrize("loss", list(Loss))
def test_with_a_key_a_lost_commit_is_resolved(one: Asker, loss: Loss) -> None:
    one.relay.lose(loss)
    first = one.ask("once")
    assert (first.status_code, one.relay.lost) == (201, 1)
    assert first.headers.get("idempotency-replayed") == (None if loss is Loss.BEFORE else "true")
    assert one.ask("once").content == first.content
    assert one.made() == (1, 1)


@pytest.mark.parametrize("loss", list(Loss))
def test_without_a_key_nobody_says_that_it_was_done_or_that_it_was_not(one: Asker, loss: Loss) -> None:
    one.relay.lose(loss)
    answer = one.ask(None)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (503, "UNAVAILABLE")
    assert "retry-after" in answer.headers


def test_commits_that_are_lost_again_and_again_have_one_effect(one: Asker) -> None:
    one.relay.lose(Loss.BEFORE, 3)
    assert (one.ask("patient").status_code, one.relay.lost) == (201, 3)
    assert one.made() == (1, 1)


def test_a_backend_that_is_killed_at_commit_costs_nothing(one: Asker) -> None:
    """The trigger runs within COMMIT, and ends its own backend once."""
    one.server.database.write_sync(lambda connection: connection.execute(text(RUNS_INTO_ITS_END)))
    answers = [one.ask("killed") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert one.made() == (1, 1)
    tries = text("SELECT last_value FROM ends")
    assert one.server.database.read_sync(lambda connection: connection.execute(tries).scalar_one()) == 2


@pytest.mark.parametrize("loss", list(Loss))
def test_a_part_of_an_import_whose_commit_is_lost_is_applied_once(one: Asker, loss: Loss) -> None:
    one.relay.lose(loss)
    path = one.keys.replace("/keys", f"/imports/{loss.name.lower()}")
    answer = one.client.put(f"{path}/parts/1", content=f'{{"user_id":"{MARKER}"}}\n', headers=NDJSON)
    assert (answer.status_code, one.relay.lost) == (200, 1), answer.text
    assert answer.json()["data"][0]["created"] == 1
    assert one.client.post(f"{path}/complete", json={"parts": 1}).json()["data"][0]["totals"]["created"] == 1
