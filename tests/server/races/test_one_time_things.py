"""What is good once is good once: 32 at a time, over and over, at a server of processes of its own.

On SQLite and on PostgreSQL, there with two processes. A few rounds; MTRIBES_FULL_SCALE=1 runs 200 of each.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select

from templates_server.security.secrets import hash_secret
from templates_server.settings import sqlite_url
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database
from templates_server.storage.tables import tokens
from tests.server.features.auth.device_flow import DEVICE_GRANT
from tests.server.features.auth.flows import REDIRECT, VERIFIER
from tests.server.races.race import CLIENT_ID, RACERS, Person, Race, describe_race, find_winner
from tests.server_processes import server_process
from tests.servers import PostgresServer

ROUNDS = 200 if os.environ.get("MTRIBES_FULL_SCALE") == "1" else 3
LOCAL_GRANT = "urn:mtribes:params:oauth:grant-type:local"
ONE_WINS = {"200": 1, "invalid_grant": RACERS - 1}


@dataclass(frozen=True)
class Track:
    """A server, a person who is signed in there, racers, and what is stored; `local_code` of a local server."""

    person: Person
    race: Race
    database: Database
    local_code: Path

    def redeem(self, code: str) -> dict[str, str]:
        """The form that redeems an authorization code."""
        return {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
        }


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def track(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Track]:
    """On a database of each kind."""
    yield from _track(request, tmp_path_factory, several=True)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def local_track(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Track]:
    """At a local server, which is one process."""
    yield from _track(request, tmp_path_factory, several=False)


def _track(request: pytest.FixtureRequest, paths: pytest.TempPathFactory, *, several: bool) -> Iterator[Track]:
    folder = paths.mktemp("race") / "data"
    url, options = str(sqlite_url(folder)), ["--demo"]
    if request.param == "postgresql":
        postgres: PostgresServer = request.getfixturevalue("postgres")
        url = postgres.new_database_url()
        options += ["--database", url, "--workers", "2" if several else "1"]
    with server_process(folder, *options, *([] if several else ["--local"])) as server:
        administrator = json.loads((folder / "demo.json").read_text())["people"][0]
        person, race, database = Person(server.url), Race(server.url), open_database(url, checkpoints=False)
        person.sign_in(administrator["email"], administrator["password"])
        yield Track(person, race, database, folder / "local-code")
        race.close()
        person.browser.close()
        database.close()


@pytest.mark.slow
def test_of_those_who_redeem_one_code_one_gets_tokens_which_the_replays_revoke(track: Track) -> None:
    for _ in range(ROUNDS):
        finishes = track.race.run(**track.redeem(track.person.allowed_code()))
        assert describe_race(finishes) == ONE_WINS
        assert not track.person.is_alive(find_winner(finishes)["access_token"])


@pytest.mark.slow
def test_those_who_use_one_refresh_token_share_one_successor(track: Track) -> None:
    code = track.person.allowed_code()
    redeem = {"client_id": CLIENT_ID, **track.redeem(code)}
    first = track.person.browser.post("/oauth/token", data=redeem).raise_for_status().json()["refresh_token"]
    refresh_token = first
    for _ in range(ROUNDS):
        finishes = track.race.run(grant_type="refresh_token", refresh_token=refresh_token)
        assert describe_race(finishes) == {"200": RACERS}
        (refresh_token,) = {finish.body["refresh_token"] for finish in finishes}
        assert track.person.is_alive(finishes[-1].body["access_token"])
    family = select(tokens.c.family_id).where(tokens.c.token_hash == hash_secret(first)).scalar_subquery()
    rows = select(func.count()).where(tokens.c.family_id == family, tokens.c.kind == "refresh")
    assert track.database.read_sync(lambda connection: connection.execute(rows).scalar_one()) == ROUNDS + 1


def test_of_those_who_poll_for_one_device_code_one_gets_tokens_that_live(track: Track) -> None:
    for _ in range(ROUNDS):
        finishes = track.race.run(grant_type=DEVICE_GRANT, device_code=track.person.allowed_device_code())
        assert describe_race(finishes) == ONE_WINS
        assert track.person.is_alive(find_winner(finishes)["access_token"])


@pytest.mark.slow
def test_of_those_who_use_one_local_code_one_signs_in_and_the_next_code_is_good(local_track: Track) -> None:
    for _ in range(ROUNDS):
        code = local_track.local_code.read_text()
        finishes = local_track.race.run(grant_type=LOCAL_GRANT, code=code)
        assert describe_race(finishes) == ONE_WINS
        assert local_track.person.is_alive(find_winner(finishes)["access_token"])
        assert local_track.local_code.read_text() != code
