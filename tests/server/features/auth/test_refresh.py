"""Refresh tokens: each is exchanged for its successor; old ones end the sign-in; nothing lives for ever."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from templates_server.primitives.timestamps import DAY, HOUR, SECOND
from templates_server.security.secrets import hash_secret, is_well_formed
from templates_server.storage.tables import authorization_codes, token_families
from templates_server.storage.tables import tokens as tokens_table
from tests.server.features.auth.conftest import TimedServer
from tests.server.features.auth.flows import code_for, redeem, refresh, someone, status_with, tokens_for
from tests.servers import RunningServer


def test_a_refresh_gives_a_new_access_token_and_the_next_refresh_token(server: RunningServer) -> None:
    first = tokens_for(server, someone(server))
    second = refresh(server, first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert is_well_formed(second["refresh_token"])
    assert (second["expires_in"], second["token_type"]) == (3600, "Bearer")
    assert status_with(server, second["access_token"]) == 200
    assert refresh(server, second["refresh_token"]).status_code == 200


def test_the_predecessor_gives_the_same_successor_for_30_seconds(timed: TimedServer) -> None:
    first = tokens_for(timed.server, someone(timed.server))
    second = refresh(timed.server, first["refresh_token"]).json()
    timed.clock.pass_by(30 * SECOND - 1)
    again = refresh(timed.server, first["refresh_token"]).json()
    assert again["refresh_token"] == second["refresh_token"]
    assert status_with(timed.server, again["access_token"]) == 200
    assert status_with(timed.server, second["access_token"]) == 200


def test_the_predecessor_after_30_seconds_ends_the_sign_in(timed: TimedServer) -> None:
    first = tokens_for(timed.server, someone(timed.server))
    second = refresh(timed.server, first["refresh_token"]).json()
    timed.clock.pass_by(30 * SECOND)
    assert refresh(timed.server, first["refresh_token"]).json()["error"] == "invalid_grant"
    assert status_with(timed.server, second["access_token"]) == 401
    assert refresh(timed.server, second["refresh_token"]).json()["error"] == "invalid_grant"


def test_the_predecessor_once_its_successor_was_used_ends_the_sign_in(server: RunningServer) -> None:
    first = tokens_for(server, someone(server))
    second = refresh(server, first["refresh_token"]).json()
    third = refresh(server, second["refresh_token"]).json()
    assert refresh(server, first["refresh_token"]).json()["error"] == "invalid_grant"
    assert status_with(server, third["access_token"]) == 401
    assert refresh(server, third["refresh_token"]).json()["error"] == "invalid_grant"


def test_one_sign_in_that_ends_leaves_the_others_alone(server: RunningServer) -> None:
    person = someone(server)
    ended, other = tokens_for(server, person), tokens_for(server, person)
    code = code_for(server, person)
    redeem(server, code)
    redeem(server, code)
    with_next = refresh(server, ended["refresh_token"]).json()
    refresh(server, with_next["refresh_token"])
    refresh(server, ended["refresh_token"])
    assert status_with(server, ended["access_token"]) == 401
    assert status_with(server, other["access_token"]) == 200
    assert refresh(server, other["refresh_token"]).status_code == 200


def test_32_that_refresh_at_once_all_get_one_successor(server: RunningServer) -> None:
    person = someone(server)
    first = tokens_for(server, person)
    with ThreadPoolExecutor(32) as threads:
        answers = list(threads.map(lambda _: refresh(server, first["refresh_token"]), range(32)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert all(status_with(server, answer.json()["access_token"]) == 200 for answer in answers[:3])
    query = select(func.count()).where(tokens_table.c.account_id == person.account_id, tokens_table.c.kind == "refresh")
    assert server.database.read_sync(lambda connection: connection.execute(query).scalar_one()) == 2


def test_access_tokens_live_an_hour(timed: TimedServer) -> None:
    token = tokens_for(timed.server, someone(timed.server))["access_token"]
    timed.clock.pass_by(HOUR - 1)
    assert status_with(timed.server, token) == 200
    timed.clock.pass_by(1)
    assert status_with(timed.server, token) == 401


def test_a_refresh_token_that_is_not_used_for_30_days_is_dead(timed: TimedServer) -> None:
    first = tokens_for(timed.server, someone(timed.server))
    timed.clock.pass_by(30 * DAY - 1)
    second = refresh(timed.server, first["refresh_token"]).json()
    timed.clock.pass_by(30 * DAY)
    assert refresh(timed.server, second["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_sign_in_ends_after_180_days_however_often_it_is_refreshed(timed: TimedServer) -> None:
    token = tokens_for(timed.server, someone(timed.server))["refresh_token"]
    for _ in range(8):
        timed.clock.pass_by(20 * DAY)
        token = refresh(timed.server, token).json()["refresh_token"]
    timed.clock.pass_by(20 * DAY - HOUR // 2)
    last = refresh(timed.server, token).json()
    assert status_with(timed.server, last["access_token"]) == 200
    timed.clock.pass_by(HOUR // 2)
    assert status_with(timed.server, last["access_token"]) == 401
    assert refresh(timed.server, last["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_sign_in_removes_what_earlier_ones_left_and_nothing_that_is_alive(timed: TimedServer) -> None:
    person = someone(timed.server)
    tokens_for(timed.server, person)
    timed.clock.pass_by(100 * DAY)
    alive = tokens_for(timed.server, person)
    timed.clock.pass_by(HOUR)
    tokens_for(timed.server, person)
    counts = [
        select(func.count()).where(table.c.account_id == person.account_id).scalar_subquery()
        for table in (tokens_table, authorization_codes, token_families)
    ]
    found = timed.server.database.read_sync(lambda connection: connection.execute(select(*counts)).one())
    assert tuple(found) == (4, 2, 3)
    timed.clock.pass_by(29 * DAY)
    assert refresh(timed.server, alive["refresh_token"]).status_code == 200


def test_a_refresh_may_narrow_the_scope_and_never_widen_it(server: RunningServer) -> None:
    first = tokens_for(server, someone(server), scope="code:read spaces:read")
    assert first["scope"] == "code:read spaces:read"
    assert refresh(server, first["refresh_token"], scope="users:read").json()["error"] == "invalid_scope"
    narrow = refresh(server, first["refresh_token"], scope="code:read").json()
    assert narrow["scope"] == "code:read"
    assert refresh(server, narrow["refresh_token"]).json()["scope"] == "code:read spaces:read"


def test_an_access_token_does_not_refresh_and_a_refresh_token_opens_nothing(server: RunningServer) -> None:
    tokens = tokens_for(server, someone(server))
    assert refresh(server, tokens["access_token"]).json()["error"] == "invalid_grant"
    assert status_with(server, tokens["refresh_token"]) == 401


def test_tokens_and_codes_are_stored_as_sha_256_alone(server: RunningServer) -> None:
    person = someone(server)
    code = code_for(server, person)
    tokens = redeem(server, code).json()
    query = select(tokens_table).where(tokens_table.c.account_id == person.account_id)
    rows = server.database.read_sync(lambda connection: connection.execute(query).all())
    assert {bytes(row.token_hash) for row in rows} == {
        hash_secret(tokens["access_token"]),
        hash_secret(tokens["refresh_token"]),
    }
    assert not any(secret in str(rows) for secret in (code, tokens["access_token"], tokens["refresh_token"]))
